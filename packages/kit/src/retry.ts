import type { Clock } from './clock.ts';

export interface Backoff {
  /** First delay, in milliseconds. */
  initial: number;
  /** Longest delay, in milliseconds. */
  max: number;
  /** What each delay is multiplied by; default 2. */
  factor?: number;
  /** Share of the delay that is random, 0 to 1; default 0.2: the delay lies within ±20 %. */
  jitter?: number;
}

/** The delay in milliseconds before attempt `attempt` + 1 (attempts count from 1). */
export function backoffDelay(backoff: Backoff, attempt: number, random: () => number = Math.random): number {
  const { initial, max, factor = 2, jitter = 0.2 } = backoff;
  const delay = Math.min(max, initial * factor ** (attempt - 1));
  return Math.min(max, Math.max(0, delay * (1 + jitter * (2 * random() - 1))));
}

export interface RetryOptions {
  clock: Clock;
  backoff: Backoff;
  /** Most attempts, the first included; default unlimited (then the deadline ends it). */
  attempts?: number;
  /** No attempt starts later than this many milliseconds after the first one began. */
  within?: number;
  signal?: AbortSignal;
  random?: () => number;
  /**
   * Whether this error is worth another attempt; a number is the least delay in milliseconds that the
   * server asked for (Retry-After), which the backoff never shortens.
   */
  retryable(error: unknown, attempt: number): boolean | number;
  onRetry?(error: unknown, attempt: number, delay: number): void;
}

/**
 * Calls `work` until it succeeds, is not worth retrying, or time is up; then throws the last error itself,
 * so that no cause is lost.
 */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const { clock, backoff, attempts = Infinity, within = Infinity, signal } = options;
  const started = clock.now();
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await work(attempt);
    } catch (error) {
      const verdict = options.retryable(error, attempt);
      if (verdict === false || attempt >= attempts) throw error;
      const asked = verdict === true ? 0 : verdict;
      const delay = Math.max(asked, backoffDelay(backoff, attempt, options.random));
      if (clock.now() - started + delay > within) throw error;
      options.onRetry?.(error, attempt, delay);
      await clock.sleep(delay, signal);
    }
  }
}

/** Runs `work` over the items with at most `limit` under way at once; results keep the items' order. */
export async function pool<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(limit, items.length)) }, lane));
  return results;
}
