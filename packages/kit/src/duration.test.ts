import { expect, test } from '@jest/globals';
import { formatDuration, parseDuration } from './duration.ts';

test('a time has a unit, and several add up', () => {
  expect(['500ms', '30s', '1m30s', '2h', '0', '1.5s', '10m1h5m'].map(parseDuration)).toEqual([
    500, 30_000, 90_000, 7_200_000, 0, 1500, 4_500_000,
  ]);
});

test('a bare number, a sign, a gap and an unknown unit are no times', () => {
  for (const text of ['30', '-1s', '1 s', '5x', '', 's', '1e3s']) expect(parseDuration(text)).toBeUndefined();
});

test('a duration reads like one', () => {
  expect([85, 1400, 59_949, 59_960, 125_000, 3_720_000].map(formatDuration)).toEqual([
    '85 ms',
    '1.4 s',
    '59.9 s',
    '1 m 00 s',
    '2 m 05 s',
    '1 h 02 m',
  ]);
});
