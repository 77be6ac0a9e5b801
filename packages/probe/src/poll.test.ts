import { expect, test } from '@jest/globals';
import { fakeClock } from '@deploy-actions/kit/testing';
import { StopWaiting, nextDelay, pollUntilReady } from './poll.ts';
import type { Attempt } from './target.ts';

const rules = { initialDelay: 0, interval: 250, successes: 1, timeout: 120_000 };
const good: Attempt = { ok: true, elapsedMs: 1 };
const bad: Attempt = { ok: false, elapsedMs: 1, phase: 'tcp', detail: 'refused' };
const signal = new AbortController().signal;

test('in 200 trials readiness within ten seconds is seen within the interval and 100 ms', async () => {
  const late: number[] = [];
  for (let trial = 0; trial < 200; trial += 1) {
    const clock = fakeClock();
    const readyAt = 20 + ((trial * 7919) % 9_900);
    const result = await pollUntilReady(async () => (clock.now() >= readyAt ? good : bad), rules, {
      clock,
      signal,
    });
    expect(result.ok).toBe(true);
    late.push(result.elapsedMs - readyAt);
  }
  late.sort((a, b) => a - b);
  expect(late[190]).toBeLessThanOrEqual(350);
  expect(late.at(-1)).toBeLessThanOrEqual(350);
});

test('after a long wait it asks more rarely, yet never sees readiness more than 2.5 % too late', () => {
  for (const waited of [0, 1000, 10_000, 60_000, 600_000]) {
    const delay = nextDelay(250, 50, waited, () => 0);
    expect(delay).toBe(Math.max(250, Math.min(2000, waited * 0.025)));
  }
  expect([1, 2, 3, 4, 5].map((attempt) => nextDelay(250, attempt, 0, () => 0))).toEqual([
    50, 100, 200, 250, 250,
  ]);
  expect(nextDelay(5000, 20, 600_000, () => 0)).toBe(5000);
  expect(nextDelay(250, 50, 0, () => 1)).toBe(200);
});

test('a service that flaps is never called ready: 1,000 trials with three successes in a row', async () => {
  for (let trial = 0; trial < 1000; trial += 1) {
    const clock = fakeClock();
    let streak = 0;
    const look = async () => {
      // Good by chance, but never three times in a row.
      streak = streak < 2 && Math.random() < 0.7 ? streak + 1 : 0;
      return streak > 0 ? good : bad;
    };
    const result = await pollUntilReady(look, { ...rules, successes: 3, timeout: 10_000 }, { clock, signal });
    expect(result).toMatchObject({ ok: false, gaveUp: 'timeout' });
  }
});

test('time runs out with the last reason, also when the very last look is cut short', async () => {
  const clock = fakeClock();
  const limits: number[] = [];
  const result = await pollUntilReady(
    async (limit) => {
      limits.push(limit);
      return limit <= 250 ? { ok: false, elapsedMs: 250, phase: 'http', detail: 'cut short' } : bad;
    },
    { ...rules, timeout: 2000 },
    { clock, signal },
  );
  expect(result).toMatchObject({
    ok: false,
    gaveUp: 'timeout',
    elapsedMs: 2000,
    last: { detail: 'refused' },
  });
  expect(limits.at(-1)).toBe(250);
});

test('initial delay, failures in a row and a final answer end the wait as they should', async () => {
  const clock = fakeClock();
  const three = await pollUntilReady(
    async () => bad,
    { ...rules, failures: 3, initialDelay: 1000 },
    { clock, signal },
  );
  expect(three).toMatchObject({ ok: false, gaveUp: 'failures', attempts: 3, phases: { tcp: 3 } });
  expect(clock.sleeps[0]).toBe(1000);
  const final = await pollUntilReady(async () => ({ ...bad, final: true }), rules, { clock, signal });
  expect(final).toMatchObject({ ok: false, gaveUp: 'final', attempts: 1 });
});

test('news that nothing can become ready ends it with that news, a cancelled run with its reason', async () => {
  const crash = new AbortController();
  const clock = fakeClock();
  const result = await pollUntilReady(
    async () => {
      crash.abort(
        new StopWaiting({
          ok: false,
          elapsedMs: 0,
          phase: 'container',
          detail: 'exited with code 1',
          final: true,
        }),
      );
      return bad;
    },
    rules,
    { clock: { ...clock, sleep: async (_ms, stop) => stop?.throwIfAborted() }, signal: crash.signal },
  );
  expect(result).toMatchObject({ ok: false, gaveUp: 'final', last: { detail: 'exited with code 1' } });
  const reason = new Error('cancelled');
  await expect(
    pollUntilReady(async () => bad, rules, { clock, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});

test('the timeline of a wait of hours stays small', async () => {
  const clock = fakeClock();
  const result = await pollUntilReady(async () => bad, { ...rules, timeout: 36_000_000 }, { clock, signal });
  expect(result.attempts).toBeGreaterThan(10_000);
  expect(result.timeline.length).toBeLessThanOrEqual(500);
});
