/** Run by the child that a run leaves behind: `reaper.ts RUN` removes what a dead process left. */
import { openEngine } from './engine.ts';
import { removeRuns } from './run.ts';

const run = process.argv[2];
if (run !== undefined) {
  const engine = await openEngine();
  await removeRuns(engine, run);
  await engine.close();
}
