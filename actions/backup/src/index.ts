import { main } from '@deploy-actions/runner';
import { openSession } from '@deploy-actions/shell';
import { fields, outputs } from './fields.ts';

main({
  name: 'backup',
  fields,
  outputs,
  async run(inputs, ports) {
    const { backUp } = await import('./backup.ts');
    return await backUp(inputs, { ...ports, connect: (server) => openSession(server, ports) });
  },
});
