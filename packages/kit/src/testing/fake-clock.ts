import type { Clock } from '../clock.ts';

/**
 * A clock for tests: `sleep` advances it at once, so that code which waits for minutes runs in no time.
 * `sleeps` lists what was asked for, in milliseconds.
 */
export function fakeClock(
  startAt = Date.UTC(2026, 0, 1),
): Clock & { advance(ms: number): void; sleeps: number[] } {
  let elapsed = 0;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => elapsed,
    wall: () => new Date(startAt + elapsed),
    advance(ms) {
      elapsed += ms;
    },
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      sleeps.push(ms);
      elapsed += Math.max(0, ms);
      await Promise.resolve();
    },
  };
}
