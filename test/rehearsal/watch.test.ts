import { expect, test } from '@jest/globals';
import type { LoadRecord } from '@deploy-actions/lab';
import { readTraffic } from './watch.ts';

const record = (at: number, version: string, failure?: string): LoadRecord => ({
  at,
  tookMs: 4,
  method: 'GET',
  path: '/version',
  status: failure === undefined ? 200 : 500,
  version,
  color: undefined,
  failure,
});

const RECORDS = [
  record(1000, 'v1'),
  // Sent before the one above it was, and answered later.
  record(2600, 'v2'),
  record(2500, 'v1'),
  record(3000, 'v2'),
  record(4000, 'v3', 'status 500'),
  record(4100, 'v3'),
  record(5000, 'v2'),
];

test('a mark stands at the first answer of the version that takes the traffic, not where its step begins', () => {
  const { marks } = readTraffic(
    RECORDS,
    [],
    [
      { from: 2000, version: 'v2', label: 'v2 takes the traffic' },
      { from: 3500, version: 'v3', label: 'v3 takes the traffic' },
      { from: 4200, version: 'v2', label: 'v2 has it back' },
    ],
  );
  expect(marks).toEqual([
    { label: 'v2 takes the traffic', at: 1600 },
    { label: 'v3 takes the traffic', at: 3100 },
    { label: 'v2 has it back', at: 4000 },
  ]);
});

test('a version that never answered has no mark', () => {
  expect(readTraffic(RECORDS, [], [{ from: 4200, version: 'v3', label: 'never' }]).marks).toEqual([]);
});

test('each request counts for the release under which it was sent, and each failure with who answered so', () => {
  const span = { release: 'v2', step: 'switch', from: 2600, to: 3500 };
  const read = readTraffic(RECORDS, [span, { ...span, step: 'watch', from: 3600, to: 4050 }], []);
  const failures = [{ reason: 'status 500', version: 'v3', count: 1 }];
  expect(read.releases).toEqual({ v2: { served: 2, failed: 1, failures } });
  expect(read.all).toEqual({ served: 6, failed: 1, failures });
  expect(read.spans.map(({ from, to }) => [from, to])).toEqual([
    [1600, 2500],
    [2600, 3050],
  ]);
});
