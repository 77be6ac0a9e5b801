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

test('each failure stands in the summary by its name, with how its reason begins', () => {
  const said: string[] = [];
  const tally = newTally((line) => said.push(line));
  const reason = ['\u001b[31mexpect(received).toBe(expected)\u001b[39m', '', 'Expected: 1', 'x'.repeat(500)];
  tally.failed(
    'unit › one',
    [...reason, ...Array.from({ length: 20 }, (_, at) => `at ${at}`)].join('\n'),
    'told',
  );
  tally.failed('unit › two');
  const frames = ['at 0', 'at 1', 'at 2', 'at 3', 'at 4'];
  const lines = ['expect(received).toBe(expected)', 'Expected: 1', `${'x'.repeat(195)}…`, ...frames];
  expect(tally.summary().split('\n')).toEqual([
    'failed unit › one',
    ...lines.map((line) => `    ${line}`),
    'failed unit › two',
    '0 passed, 2 failed',
  ]);
  // The reporter printed it when it happened.
  expect(said).toEqual(['FAILED unit › one', 'FAILED unit › two']);
});

test('many failures share the last lines, and none is without its reason', () => {
  const tally = newTally(() => {});
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'])
    tally.failed(name, 'why\n'.repeat(9));
  expect(tally.summary().split('\n')).toHaveLength(12 * 4 + 1);
  for (let more = 0; more < 50; more += 1) tally.failed(`m${more}`, 'why\n'.repeat(9));
  expect(tally.summary().split('\n')).toHaveLength(62 * 3 + 1);
});
