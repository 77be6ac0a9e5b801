import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'telegram-notify',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ openHttp }, { sendTelegram }] = await Promise.all([
      import('@deploy-actions/http'),
      import('./telegram-notify.ts'),
    ]);
    const http = openHttp({ env: process.env, redactor: ports.redactor });
    try {
      return { ...(await sendTelegram(inputs, ports, http)) };
    } finally {
      await http.close();
    }
  },
});
