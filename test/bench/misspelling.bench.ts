import { misspell } from '@deploy-actions/tooling/misspelling';
import { table } from './peers.ts';

const SEEDS = [1, 2, 3];
const COUNT = 100;

/** How many of 100 misspelt names in server programs the checks notice that need no Docker; three times, each its own names. */
export async function run(): Promise<void> {
  const rows: string[][] = [];
  for (const seed of SEEDS) {
    const { noticed, missed } = await misspell({ seed, count: COUNT });
    const by = (check: 'syntax' | 'names' | 'shellcheck') => String(noticed.get(check) ?? 0);
    rows.push([
      String(seed),
      `${COUNT - missed.length} of ${COUNT}`,
      by('syntax'),
      by('names'),
      by('shellcheck'),
    ]);
    for (const one of missed) console.log(`not noticed: ${one}`);
  }
  console.log(table(['seed', 'noticed', 'by syntax', 'by names', 'by shellcheck'], rows));
}
