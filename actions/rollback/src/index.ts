import { main } from '@deploy-actions/runner';
import { openSession } from '@deploy-actions/shell';
import { fields, outputs } from './fields.ts';

main({
  name: 'rollback',
  fields,
  outputs,
  async run(inputs, ports) {
    const { rollback } = await import('./rollback.ts');
    return await rollback(inputs, { ...ports, connect: (server) => openSession(server, ports) });
  },
});
