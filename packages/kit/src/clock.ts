import { setTimeout as delay } from 'node:timers/promises';

/** Time, passed in so that a test can own it. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean something. */
  now(): number;
  /** The time of day. */
  wall(): Date;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  async sleep(ms, signal) {
    try {
      await delay(Math.max(0, ms), undefined, { signal });
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
  },
};

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
