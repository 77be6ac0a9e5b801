import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'health-wait',
  fields,
  outputs,
  async run(inputs, ports) {
    const { healthWait } = await import('./health-wait.ts');
    const { openWorld } = await import('./world.ts');
    const world = openWorld(inputs, ports);
    try {
      return await healthWait(inputs, ports, world);
    } finally {
      await world.close();
    }
  },
});
