import { expect, test } from '@jest/globals';
import { newTally } from './tally.ts';

test('a tool that is missing is said in one line, however many tests want it', () => {
  const said: string[] = [];
  const tally = newTally((line) => said.push(line));
  tally.passed(2);
  tally.skipped('traefik › first', 'Traefik has no package');
  tally.skipped('traefik › second', 'Traefik has no package');
  tally.skipped('act › only', 'Go is not installed');
  expect(said).toEqual([
    'skipped traefik › first, and what else needs it: Traefik has no package',
    'skipped act › only, and what else needs it: Go is not installed',
  ]);
  expect(tally.summary()).toBe(
    [
      'skipped 2 tests: Traefik has no package',
      'skipped act › only: Go is not installed',
      '2 passed, 0 failed, 3 skipped',
    ].join('\n'),
  );
});

test('each failure stands in the summary by its name', () => {
  const tally = newTally(() => {});
  tally.failed('unit › one', 'why');
  expect(tally.summary()).toBe('failed unit › one\n0 passed, 1 failed');
});
