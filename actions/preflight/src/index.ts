import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'preflight',
  fields,
  outputs,
  async run(inputs, ports) {
    const [{ preflight }, { openWorld }] = await Promise.all([
      import('./preflight.ts'),
      import('./world.ts'),
    ]);
    const world = openWorld(ports);
    try {
      return await preflight(inputs, world);
    } finally {
      await world.close();
    }
  },
});
