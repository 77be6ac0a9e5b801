import { expect, test } from '@jest/globals';
import { latencyOf, quantile, readLatency } from './latency.ts';

test('a quantile is one of the values: the nearest rank', () => {
  const values = [50, 10, 40, 20, 30];
  expect([0, 0.2, 0.5, 0.95, 1].map((share) => quantile(values, share))).toEqual([10, 10, 30, 50, 50]);
  expect(quantile([], 0.5)).toBeUndefined();
});

test('of a hundred times each percentile is that time, in whole milliseconds', () => {
  const times = [...Array(100).keys()].map((index) => index + 1.4);
  expect(latencyOf(times)).toEqual({ answers: 100, p50Ms: 50, p90Ms: 90, p95Ms: 95, p99Ms: 99, maxMs: 100 });
  expect(latencyOf([7])).toBeUndefined();
});

test('what others wrote counts only where it can be a distribution', () => {
  const good = latencyOf([1, 2, 3])!;
  expect(readLatency({ ...good, more: 1 })).toEqual(good);
  for (const value of [
    undefined,
    'x',
    {},
    { ...good, maxMs: '3' },
    { ...good, p90Ms: 0 },
    { ...good, p50Ms: -1 },
  ])
    expect([value, readLatency(value)]).toEqual([value, undefined]);
});
