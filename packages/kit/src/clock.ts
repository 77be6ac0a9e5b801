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
