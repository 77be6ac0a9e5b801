import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'deployment-prepare',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ prepareDeployment }, { openWorld }] = await Promise.all([
      import('./deployment-prepare.ts'),
      import('./world.ts'),
    ]);
    const world = openWorld(inputs, ports);
    try {
      return await prepareDeployment(inputs, ports, world);
    } finally {
      await world.close();
    }
  },
});
