import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'deployment-record',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ recordDeployment }, { openWorld }] = await Promise.all([
      import('./deployment-record.ts'),
      import('./world.ts'),
    ]);
    const world = openWorld(inputs, ports);
    try {
      return await recordDeployment(inputs, ports, world);
    } finally {
      await world.close();
    }
  },
});
