import { expect, test } from '@jest/globals';
import { explainDips, findDips } from './dip.ts';

/** One request each 10 ms but between `from` and `to`. */
const withGap = (from: number, to: number) =>
  Array.from({ length: 500 }, (_, index) => ({
    at: index * 10,
    tookMs: index * 10 < from && index * 10 + 10 >= from ? to - from + 10 : 4,
    version: 'v1',
  })).filter(({ at }) => at < from || at >= to);

const PHASES = [
  { name: 'deploy v2', from: 0, to: 2800 },
  { name: 'switch', from: 2800, to: 5000 },
];

test('a dip says when, in which step, how many were missing and how long an answer took', () => {
  const dips = findDips(withGap(1500, 2300), 5000, 100, PHASES);
  expect(dips).toEqual([{ from: 1500, to: 2500, missing: 80, slowestMs: 810, phase: 'deploy v2' }]);
  expect(explainDips(dips, { rate: 100, connections: 16 })).toEqual([
    'In a dip fewer than 100 requests a second were sent: all 16 connections of the client were busy, as it shares this machine with the server.',
    'At 2 s, during "deploy v2": 80 requests fewer, the slowest answer took 810 ms.',
  ]);
});

test('a steady rate needs no explanation', () => {
  expect(findDips(withGap(9000, 9000), 4990, 100, PHASES)).toEqual([]);
  expect(explainDips([], { rate: 100, connections: 16 })).toEqual([]);
});

test('of many dips the three deepest are told, in the order of time', () => {
  const dip = (from: number, missing: number) => ({
    from,
    to: from + 500,
    missing,
    slowestMs: 20,
    phase: '',
  });
  const lines = explainDips([dip(1000, 10), dip(3000, 40), dip(6000, 20), dip(9000, 30)], {
    rate: 100,
    connections: 16,
  });
  expect(lines.slice(1)).toEqual([
    'The deepest of 4:',
    'At 3 s: 40 requests fewer, the slowest answer took 20 ms.',
    'At 6 s: 20 requests fewer, the slowest answer took 20 ms.',
    'At 9 s: 30 requests fewer, the slowest answer took 20 ms.',
  ]);
});
