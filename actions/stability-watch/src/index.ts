import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'stability-watch',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ stabilityWatch }, { openWorld }] = await Promise.all([
      import('./stability-watch.ts'),
      import('./world.ts'),
    ]);
    const world = openWorld(inputs, ports);
    try {
      return await stabilityWatch(inputs, ports, world);
    } finally {
      await world.close();
    }
  },
});
