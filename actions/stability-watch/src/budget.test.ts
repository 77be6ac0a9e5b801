import { expect, test } from '@jest/globals';
import { tail, upperBound } from './binomial.ts';
import { type Limits, type Sample, borne, openBudget, shareAtMost } from './budget.ts';

const DEFAULTS: Limits = {
  maxErrors: undefined,
  maxErrorRate: undefined,
  minRequests: 100,
  maxConsecutive: 5,
  maxP95: undefined,
};
/** As action.yml has it: 100 requests in 10 seconds, for 5 minutes. */
const IN_30_SECONDS = 300;
const IN_ALL = 3000;

const good: Sample = { target: 0, at: 0, elapsedMs: 5, ok: true };
const bad: Sample = { target: 0, at: 0, elapsedMs: 5, ok: false, detail: 'status 500, wanted 200-399' };

/** Which of the samples spends the budget, counted from 1; undefined when none does. */
function spentBy(limits: Limits, samples: Iterable<Sample>, targets = 1): [number, string] | undefined {
  const budget = openBudget(limits, targets);
  let number = 0;
  for (const sample of samples) {
    number += 1;
    const spent = budget.add(sample);
    if (spent) return [number, spent.limit];
  }
  return undefined;
}

/** The exact chance that the default budget is spent within `n` requests of which each fails with probability `p`. */
function chanceOfAlarm(n: number, p: number): number {
  let alive = [1];
  let alarm = 0;
  for (let request = 1; request <= n; request += 1) {
    const next = new Array<number>(alive.length + 1).fill(0);
    for (const [errors, chance] of alive.entries()) {
      next[errors]! += chance * (1 - p);
      if (errors + 1 > borne(request)) alarm += chance * p;
      else next[errors + 1]! += chance * p;
    }
    alive = next.slice(0, borne(request) + 1);
  }
  return alarm;
}

test('by default 5 % of errors are found within 30 seconds, and one in a thousand ends under 1 % of the watches', () => {
  expect(chanceOfAlarm(IN_30_SECONDS, 0.05)).toBeGreaterThan(0.999);
  expect(chanceOfAlarm(IN_ALL, 0.001)).toBeLessThan(0.002);
});

test('the same by playing 600 watches with a seeded chance, the budget itself judging', () => {
  const random = seeded(20261127);
  const play = (n: number, p: number) => {
    let alarms = 0;
    for (let watch = 0; watch < 600; watch += 1) {
      const samples = (function* () {
        for (let i = 0; i < n; i += 1) yield random() < p ? bad : good;
      })();
      if (spentBy(DEFAULTS, samples)) alarms += 1;
    }
    return alarms / 600;
  };
  expect(play(IN_30_SECONDS, 0.05)).toBeGreaterThan(0.99);
  expect(play(IN_ALL, 0.001)).toBeLessThan(0.01);
});

test('one request every ten seconds finds 5 % of errors in 6 % of the watches: why that is not the default', () => {
  expect(tail(4, 30, 0.05)).toBeCloseTo(0.061, 3);
});

test('max-errors 3: the fourth error ends it, however many requests there were, of all targets together', () => {
  const limits = { ...DEFAULTS, maxErrors: 3 };
  const rare = Array.from({ length: 4000 }, (_, i) => (i % 1000 === 999 ? bad : good));
  expect(spentBy(limits, rare)).toEqual([4000, 'max-errors']);
  expect(spentBy(limits, rare.slice(0, 3999))).toBeUndefined();
  const four = [0, 1, 2, 3].map((target) => ({ ...bad, target }));
  expect(spentBy(limits, four, 4)).toEqual([4, 'max-errors']);
  expect(spentBy({ ...limits, maxErrors: 0 }, [good, bad])).toEqual([2, 'max-errors']);
});

test('without a limit the fourth error of a target ends it, unless they are 1 % of its requests or fewer', () => {
  const thirty = [...Array<Sample>(26).fill(good), good, bad, bad, bad, good, bad];
  expect(spentBy(DEFAULTS, thirty)).toEqual([32, 'max-errors']);
  const rare = Array.from({ length: 4000 }, (_, i) => (i % 200 === 199 ? bad : good));
  expect(spentBy(DEFAULTS, rare)).toBeUndefined();
  // Five targets with one error each are five that bear it.
  expect(
    spentBy(
      DEFAULTS,
      [0, 1, 2, 3, 4].map((target) => ({ ...bad, target })),
      5,
    ),
  ).toBeUndefined();
});

test('max-error-rate is judged from min-requests on, and by itself', () => {
  const limits = { ...DEFAULTS, maxErrorRate: 0.1, minRequests: 20, maxConsecutive: 100 };
  const three = [bad, bad, bad, ...Array<Sample>(17).fill(good)];
  expect(spentBy(limits, three)).toEqual([20, 'max-error-rate']);
  expect(spentBy(limits, three.slice(0, 19))).toBeUndefined();
  expect(spentBy({ ...limits, maxErrorRate: 0.15 }, three)).toBeUndefined();
});

test('a target that is asked too seldom for a share has the default count', () => {
  const limits = { ...DEFAULTS, maxErrorRate: 0.5, minRequests: 100 };
  const budget = openBudget(limits, 2, new Set([1]));
  const fourth = [0, 0, 0, 0].map(() => [
    budget.add({ ...good, target: 1 }),
    budget.add({ ...bad, target: 1 }),
  ]);
  expect(fourth.flat().filter(Boolean)).toMatchObject([{ target: 1, limit: 'max-errors' }]);
});

test('errors in a row end it before any other limit', () => {
  const limits = { ...DEFAULTS, maxErrors: 1000 };
  expect(spentBy(limits, Array<Sample>(9).fill(bad))).toEqual([6, 'max-consecutive-errors']);
  expect(spentBy(limits, [bad, bad, bad, bad, bad, good, bad])).toBeUndefined();
});

test('max-p95 is judged from 100 answers on; before the end only beyond doubt', () => {
  const budget = openBudget({ ...DEFAULTS, maxP95: 100 }, 1);
  const slow = { ...good, elapsedMs: 500 };
  for (let i = 0; i < 99; i += 1) budget.add(slow);
  expect(budget.slow(true)).toBeUndefined();
  budget.add(slow);
  expect(budget.slow(false)).toMatchObject({ limit: 'max-p95' });

  const close = openBudget({ ...DEFAULTS, maxP95: 100 }, 1);
  for (let i = 0; i < 100; i += 1) close.add(i % 16 === 0 ? slow : good);
  expect(close.slow(false)).toBeUndefined();
  expect(close.slow(true)!.reason).toBe(
    '7 of 100 answers (7 %) took longer than 100 ms, and by max-p95 only 5 % may',
  );
});

test.each([
  [0, 300, '1 %'],
  [0, 100, '3 %'],
  [0, 30, '9.6 %'],
  [0, 3000, '0.1 %'],
  [3, 300, '2.6 %'],
  [5, 5, '100 %'],
])(
  '%i errors of %i: below %s with 95 % confidence, and never rounded below the bound',
  (errors, requests, expected) => {
    const bound = upperBound(errors, requests);
    expect(shareAtMost(bound)).toBe(expected);
    expect(Number.parseFloat(shareAtMost(bound)) / 100).toBeGreaterThanOrEqual(bound - 1e-9);
  },
);

test('no errors at all: the rule of three, on the safe side of the exact bound', () => {
  for (const requests of [30, 100, 300, 3000]) {
    const exact = 1 - 0.05 ** (1 / requests);
    expect(upperBound(0, requests)).toBeCloseTo(exact, 8);
    expect([requests, exact < 3 / requests, exact > 2.85 / requests]).toEqual([requests, true, true]);
  }
});

test('the tail of the binomial distribution, against values of its tables', () => {
  expect(tail(0, 10, 0.5)).toBe(1);
  expect(tail(8, 10, 0.5)).toBeCloseTo(0.0546875, 10);
  expect(tail(11, 10, 0.5)).toBe(0);
  expect(tail(4, 200, 0.05)).toBeCloseTo(0.991, 3);
});

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
