import { expect, test } from '@jest/globals';
import { baseOf, baselineJson, explained, parseBaseline, slowBeside } from './baseline.ts';
import { openBudget } from './budget.ts';

const NONE = {
  maxErrors: undefined,
  maxErrorRate: undefined,
  minRequests: 100,
  maxConsecutive: 1000,
  maxP95: undefined,
};

/** Numbers from 0 to 1 that are the same in every run. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Times as services have them: most are short, few are long; `slower` is added to each. */
function timesOf(count: number, random: () => number, slower = 0): number[] {
  return Array.from({ length: count }, () => 20 - 40 * Math.log(1 - random()) + slower);
}

function watched(times: readonly number[], base: ReturnType<typeof baseOf>): boolean {
  const budget = openBudget(NONE, 1, new Set(), [base]);
  for (const elapsedMs of times) budget.add({ target: 0, at: 0, ok: true, elapsedMs });
  return budget.slow(true) !== undefined;
}

test('errors that were there before are not blamed on the new version, and twice as many are', () => {
  const base = { requests: 300, errors: 15, p95Ms: undefined, p95AtMostMs: undefined };
  const fails = (every: number) => {
    const budget = openBudget(NONE, 1, new Set(), [base]);
    for (let i = 1; i <= 1000; i += 1)
      if (budget.add({ target: 0, at: i, elapsedMs: 1, ok: i % every !== 0 })) return i;
    return undefined;
  };
  expect(fails(20)).toBeUndefined();
  expect(fails(8)).toBeLessThan(1000);
  const budget = openBudget(NONE, 1, new Set(), [base]);
  const spent = Array.from({ length: 100 }, (_, at) =>
    budget.add({ target: 0, at, elapsedMs: 1, ok: false }),
  ).find((one) => one !== undefined);
  expect(spent!.reason).toContain('before, 15 of 300 did');
});

test('a baseline without errors allows none beside the default', () => {
  expect(explained({ requests: 300, errors: 0, p95Ms: undefined, p95AtMostMs: undefined }, 3000)).toBe(0);
});

test('two watches of the same service differ by chance, and in 1 of 500 of them at most that is told as slower', () => {
  let wrong = 0;
  for (let seed = 1; seed <= 500; seed += 1) {
    const random = chance(seed);
    const base = baseOf({ requests: 300, errors: 0, times: timesOf(300, random) });
    if (watched(timesOf(300, random), base)) wrong += 1;
  }
  expect(wrong).toBeLessThanOrEqual(1);
});

test('a version whose answers take 150 ms longer is found in every one of 100 watches', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = chance(seed);
    const base = baseOf({ requests: 300, errors: 0, times: timesOf(300, random) });
    expect([seed, watched(timesOf(300, random, 150), base)]).toEqual([seed, true]);
  }
});

test('what is slower by less than 50 ms or a fifth is none, however sure it is', () => {
  const base = baseOf({ requests: 1000, errors: 0, times: Array.from({ length: 1000 }, () => 10) });
  expect(slowBeside(base)).toBe(60);
  expect(
    watched(
      Array.from({ length: 1000 }, () => 55),
      base,
    ),
  ).toBe(false);
  expect(
    watched(
      Array.from({ length: 1000 }, () => 65),
      base,
    ),
  ).toBe(true);
});

test('of fewer than 100 answers no time is compared', () => {
  const base = baseOf({ requests: 99, errors: 0, times: Array.from({ length: 99 }, () => 1) });
  expect([base.p95AtMostMs, slowBeside(base)]).toEqual([undefined, undefined]);
});

test('a baseline is read as it was written, and nothing else is one', () => {
  const base = baseOf({ requests: 200, errors: 2, times: Array.from({ length: 198 }, (_, i) => i) });
  const baseline = { via: 'runner', alarm: '', targets: new Map([['shop', base]]) };
  expect(parseBaseline(baselineJson(baseline))).toEqual(baseline);
  for (const wrong of [
    'none',
    '[]',
    '{"targets":{},"via":"mail","alarm":""}',
    '{"targets":{"a":{"requests":1,"errors":2}},"via":"ssh","alarm":""}',
    '{"targets":{"a":{"requests":-1,"errors":0}},"via":"ssh","alarm":""}',
    '{"targets":{"a":{"requests":1,"errors":0,"p95Ms":"1"}},"via":"ssh","alarm":""}',
    '{"targets":{"a":{"requests":200,"errors":0,"p95AtMostMs":90}},"via":"ssh","alarm":""}',
    '{"targets":{"a":{"requests":200,"errors":0,"p95Ms":90}},"via":"ssh","alarm":""}',
    '{"targets":{"a":{"requests":200,"errors":0,"p95Ms":90,"p95AtMostMs":80}},"via":"ssh","alarm":""}',
    '{"targets":{"a":null},"via":"ssh","alarm":""}',
  ])
    expect(() => parseBaseline(wrong)).toThrow(/^it (is not JSON|lacks|has figures)/);
});
