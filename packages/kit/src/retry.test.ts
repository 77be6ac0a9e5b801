import { expect, test } from '@jest/globals';
import { fakeClock } from './testing/fake-clock.ts';
import { backoffDelay, pool, retry } from './retry.ts';

const backoff = { initial: 100, max: 1000, jitter: 0 };

test('work is repeated with growing delays until it succeeds', async () => {
  const clock = fakeClock();
  const result = await retry(
    async (attempt) => {
      if (attempt < 4) throw new Error(`no ${attempt}`);
      return attempt;
    },
    { clock, backoff, retryable: () => true },
  );
  expect(result).toBe(4);
  expect(clock.sleeps).toEqual([100, 200, 400]);
});

test('the delay that a server asks for is never shortened', async () => {
  const clock = fakeClock();
  await retry(
    async (attempt) => {
      if (attempt === 1) throw new Error('429');
    },
    { clock, backoff, retryable: () => 7000 },
  );
  expect(clock.sleeps).toEqual([7000]);
});

test('the last error itself comes out when attempts or time are used up', async () => {
  const clock = fakeClock();
  const fail = async (attempt: number) => {
    throw new Error(`no ${attempt}`);
  };
  await expect(retry(fail, { clock, backoff, attempts: 2, retryable: () => true })).rejects.toThrow('no 2');
  await expect(retry(fail, { clock, backoff, within: 250, retryable: () => true })).rejects.toThrow('no 2');
  await expect(retry(fail, { clock, backoff, retryable: () => false })).rejects.toThrow('no 1');
});

test('jitter stays within its share and under the ceiling', () => {
  for (const random of [0, 0.5, 0.999]) {
    const delay = backoffDelay({ initial: 100, max: 1000, jitter: 0.2 }, 3, () => random);
    expect(delay).toBeGreaterThanOrEqual(320);
    expect(delay).toBeLessThanOrEqual(480);
  }
  expect(backoffDelay({ initial: 100, max: 1000 }, 50, () => 0.999)).toBe(1000);
});

test('a pool keeps order and never exceeds its limit', async () => {
  let active = 0;
  let peak = 0;
  const results = await pool([5, 1, 3, 2, 4], 2, async (item) => {
    active += 1;
    peak = Math.max(peak, active);
    await new Promise((resolve) => setTimeout(resolve, item));
    active -= 1;
    return item * 10;
  });
  expect(results).toEqual([50, 10, 30, 20, 40]);
  expect(peak).toBe(2);
});
