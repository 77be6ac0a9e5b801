import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'slack-notify',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ openHttp }, { sendSlack }] = await Promise.all([
      import('@deploy-actions/http'),
      import('./slack-notify.ts'),
    ]);
    const http = openHttp({ env: process.env, redactor: ports.redactor });
    try {
      return { ...(await sendSlack(inputs, ports, http)) };
    } finally {
      await http.close();
    }
  },
});
