import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findRoot } from './root.ts';
import { UsageError } from './usage-error.ts';

/** `npm run bench [-- name…]`: runs test/bench/<name>.bench.ts; each exports `run()` and prints a table of ratios. */
export async function run(args: string[]): Promise<number> {
  const folder = join(findRoot(), 'test/bench');
  const known = readdirSync(folder)
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length))
    .sort();
  const unknown = args.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`there is no benchmark "${unknown}"; there are ${known.join(', ')}`);
  for (const name of args.length > 0 ? args : known) {
    console.log(`\n=== ${name}`);
    const bench = (await import(pathToFileURL(join(folder, `${name}.bench.ts`)).href)) as {
      run(): Promise<void>;
    };
    await bench.run();
  }
  return 0;
}
