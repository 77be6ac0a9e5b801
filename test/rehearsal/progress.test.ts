import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { openProgress } from './progress.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

const clock = {
  now: () => Date.now(),
  wall: () => new Date(),
  sleep: () => Promise.reject(new Error('nothing sleeps here')),
};

/** The lines of a phase of 40 s whose work tells something every so many milliseconds. */
async function linesOf(every: number): Promise<string[]> {
  const lines: string[] = [];
  const progress = openProgress((line) => lines.push(line.slice(11)), clock);
  const { promise, resolve } = Promise.withResolvers<'v1 runs'>();
  const running = progress.phase('deploy v1', async (tell) => {
    const ticker = setInterval(() => tell('pulling: still at it'), every);
    const outcome = await promise;
    clearInterval(ticker);
    return { outcome, value: undefined };
  });
  await jest.advanceTimersByTimeAsync(40_000);
  resolve('v1 runs');
  await running;
  return lines;
}

test('work that gives signs of life has the only ticker', async () => {
  const lines = await linesOf(10_000);
  expect(lines.filter((line) => line.includes('still at it'))).toHaveLength(4);
  expect(lines.filter((line) => line.includes('so far'))).toEqual([]);
});

test('nobody looks at a silent screen for 15 seconds', async () => {
  const lines = await linesOf(100_000);
  expect(lines).toEqual([
    '▶ deploy v1',
    '    … deploy v1, 12.0 s so far',
    '    … deploy v1, 24.0 s so far',
    '    … deploy v1, 36.0 s so far',
    '✔ deploy v1: v1 runs (40.0 s)',
  ]);
});

test('a phase that ended badly and is answered all the same is not shown as good', async () => {
  const lines: string[] = [];
  const progress = openProgress((line) => lines.push(line.slice(11)), clock);
  await progress.phase('watch', () => Promise.resolve({ outcome: '4 requests failed', ok: false, value: 1 }));
  expect(lines.at(-1)).toBe('✘ watch: 4 requests failed (0 ms)');
  expect(progress.phases).toMatchObject([{ name: 'watch', ok: false }]);
});
