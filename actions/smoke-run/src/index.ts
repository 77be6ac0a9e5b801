import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'smoke-run',
  fields,
  outputs,
  async run(inputs, ports) {
    const { smokeRun } = await import('./smoke-run.ts');
    const { openWorld } = await import('./world.ts');
    const world = openWorld(inputs, ports);
    try {
      return await smokeRun(inputs, ports, world);
    } finally {
      await world.close();
    }
  },
});
