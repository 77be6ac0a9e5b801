import { expect, test } from '@jest/globals';
import { lostRequests, tellPhases, tellVisitors } from './figures.ts';

const release = (version: string, steps: [label: string, ms: number, ok?: boolean][]) => ({
  version,
  steps: steps.map(([label, ms, ok = true]) => ({ label, ms, ok, outcome: '' })),
  ms: steps.reduce((sum, [, ms]) => sum + ms, 0),
});

test('each phase stands beside what the document allows, with the seconds of all its steps', () => {
  const table = tellPhases(
    [
      release('v1.1.0', [
        ['prepare', 700],
        ['verify', 400],
        ['preflight', 1600],
        ['watch', 15_000],
        ['confirm', 900],
      ]),
      release('v1.2.0', [
        ['prepare', 800],
        ['watch', 4000, false],
        ['rollback', 1200],
      ]),
    ],
    118,
  )
    .split('\n')
    .map((line) => line.replace(/ {2,}/g, ' | '));
  expect(table).toContain('Preflight | 10 min | 2.0 s | –');
  expect(table).toContain('Tests | 30 min | in CI | in CI');
  expect(table).toContain('Watch, to its confirmation | 15 min | 15.9 s | 4.0 s ✘');
  expect(table).toContain('The way back | 5 min | – | 1.2 s');
  expect(table).toContain('From the release to the message | 135 min | 18.6 s | 6.0 s');
  expect(table).toContain('Lines of the workflow | 847 | 118 | 118');
});

test('what visitors had of a release names each kind of failure and who answered so', () => {
  expect(tellVisitors('v1.1.0', { served: 40, failed: 0, failures: [] })).toBe(
    'v1.1.0: 40 requests of visitors, none failed.',
  );
  const failures = [
    { reason: 'status 500', version: 'v1.2.0', count: 9 },
    { reason: 'ECONNRESET', version: '', count: 1 },
  ];
  expect(tellVisitors('v1.2.0', { served: 40, failed: 10, failures })).toBe(
    'v1.2.0: 50 requests of visitors, 10 failed: 9 × status 500, answered by v1.2.0; 1 × ECONNRESET.',
  );
  expect(lostRequests({ served: 40, failed: 10, failures }, 'v1.2.0')).toEqual([failures[1]]);
});
