import { main } from '@deploy-actions/runner';
import { openSession } from '@deploy-actions/shell';
import { fields, outputs } from './fields.ts';

main({
  name: 'blue-green-switch',
  fields,
  outputs,
  async run(inputs, ports) {
    const { blueGreenSwitch } = await import('./blue-green-switch.ts');
    return await blueGreenSwitch(inputs, { ...ports, connect: (server) => openSession(server, ports) });
  },
});
