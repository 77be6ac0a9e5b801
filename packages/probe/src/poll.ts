import type { Clock } from '@deploy-actions/kit';
import type { Attempt } from './target.ts';

/** How a target is waited for; Kubernetes' probe fields are named behind the arrows. */
export interface PollRules {
  /** Milliseconds before the first attempt -> initialDelaySeconds. */
  initialDelay: number;
  /** Longest milliseconds between attempts, until the wait is long -> periodSeconds. */
  interval: number;
  /** Consecutive good attempts that make it ready -> successThreshold. */
  successes: number;
  /** Consecutive bad attempts after which it is given up; undefined: only time ends it -> failureThreshold. */
  failures?: number;
  /** Milliseconds from the start until it must be ready. */
  timeout: number;
  /** Milliseconds that an attempt would take at most, were it not for the end -> timeoutSeconds. */
  requestTimeout?: number;
}

export interface PollPorts {
  clock: Clock;
  signal: AbortSignal;
  random?: () => number;
  /** Called after each attempt, the last included. */
  onAttempt?(attempt: Attempt, number: number): void;
}

/** An attempt as the timeline shows it. */
export interface Tick {
  /** Milliseconds from the start of the wait to the attempt's end. */
  atMs: number;
  elapsedMs: number;
  /** `ok`, or the phase that failed. */
  outcome: string;
}

export interface PollResult {
  ok: boolean;
  attempts: number;
  /** Milliseconds from the start to the deciding answer. */
  elapsedMs: number;
  last: Attempt | undefined;
  /** How many attempts failed in each phase. */
  phases: Record<string, number>;
  /** At most 500, thinned out evenly. */
  timeline: Tick[];
  /** Why it ended without being ready. */
  gaveUp?: 'timeout' | 'failures' | 'final';
}

/** The first delays, while something that is up already should cost no time. */
const FIRST_DELAY = 50;
/** Once the wait is long, a delay is this share of it: what is waited for is seen at most 2.5 % too late. */
const SHARE = 0.025;
const LONGEST_DELAY = 2000;
/** Least milliseconds that an attempt gets, also the last one. */
const LAST_LOOK = 250;

/**
 * Milliseconds to the next attempt: 50 ms doubling up to the interval, then growing slowly with the time
 * waited, to 2 s at most (or the interval, when that is longer). Jitter only shortens, by up to a fifth.
 */
export function nextDelay(
  interval: number,
  attempt: number,
  waited: number,
  random: () => number = Math.random,
): number {
  const base = Math.min(interval, FIRST_DELAY * 2 ** Math.min(attempt - 1, 30));
  const delay = Math.max(base, Math.min(LONGEST_DELAY, waited * SHARE));
  return delay * (1 - 0.2 * random());
}

/** A signal's reason that ends a wait with a result instead of an exception: nothing can become ready any more. */
export class StopWaiting extends Error {
  readonly attempt: Attempt;
  constructor(attempt: Attempt) {
    super(attempt.detail ?? 'stopped');
    this.name = 'StopWaiting';
    this.attempt = attempt;
  }
}

/**
 * Tries until the target is ready, given up, or out of time. `look` gets the milliseconds that it may take.
 * Throws only the signal's reason or what `look` throws; a reason that is StopWaiting becomes the result.
 */
export async function pollUntilReady(
  look: (limit: number) => Promise<Attempt>,
  rules: PollRules,
  ports: PollPorts,
): Promise<PollResult> {
  const { clock, signal } = ports;
  const started = clock.now();
  const timeline: Tick[] = [];
  const phases: Record<string, number> = {};
  let good = 0;
  let bad = 0;
  let last: Attempt | undefined;
  let attempts = 0;
  const result = (ok: boolean, gaveUp?: PollResult['gaveUp']): PollResult => ({
    ok,
    attempts,
    elapsedMs: clock.now() - started,
    last,
    phases,
    timeline,
    ...(gaveUp ? { gaveUp } : {}),
  });
  const stopped = (error: unknown): PollResult => {
    if (!(error instanceof StopWaiting)) throw error;
    last = error.attempt;
    const outcome = last.phase ?? 'failed';
    timeline.push({ atMs: clock.now() - started, elapsedMs: 0, outcome });
    phases[outcome] = (phases[outcome] ?? 0) + 1;
    return result(false, 'final');
  };
  try {
    return await poll();
  } catch (error) {
    return stopped(error);
  }

  async function poll(): Promise<PollResult> {
    signal.throwIfAborted();
    if (rules.initialDelay > 0) await clock.sleep(Math.min(rules.initialDelay, rules.timeout), signal);
    for (let lastLook = false; ;) {
      const left = rules.timeout - (clock.now() - started);
      const limit = Math.max(left, LAST_LOOK);
      const attempt = await look(limit);
      const short = limit < (rules.requestTimeout ?? LAST_LOOK + 1) && attempt.elapsedMs >= limit - 50;
      attempts += 1;
      // An attempt that was cut short by the end says less than the one before it.
      if (attempt.ok || !short || last === undefined) last = attempt;
      const outcome = attempt.ok ? 'ok' : (attempt.phase ?? 'failed');
      timeline.push({ atMs: clock.now() - started, elapsedMs: attempt.elapsedMs, outcome });
      if (timeline.length > 500) thin(timeline);
      if (attempt.ok) {
        good += 1;
        bad = 0;
      } else {
        good = 0;
        bad += 1;
        phases[outcome] = (phases[outcome] ?? 0) + 1;
      }
      ports.onAttempt?.(attempt, attempts);
      if (good >= rules.successes) return result(true);
      if (attempt.final) return result(false, 'final');
      if (rules.failures !== undefined && bad >= rules.failures) return result(false, 'failures');
      if (lastLook) return result(false, 'timeout');
      const waited = clock.now() - started;
      // A success in a row is confirmed at the pace of the interval, not in a burst.
      const delay = good > 0 ? rules.interval : nextDelay(rules.interval, attempts, waited, ports.random);
      const rest = rules.timeout - waited;
      // One last look at the very end, rather than giving up a moment before what would have been ready.
      lastLook = delay >= rest;
      if (lastLook && (rest <= 0 || good + 1 < rules.successes)) return result(false, 'timeout');
      await clock.sleep(lastLook ? rest : delay, signal);
    }
  }
}

/** Leaves out every second tick but the first and the last ones. */
function thin(timeline: Tick[]): void {
  const kept = timeline.filter((_, index) => index % 2 === 0 || index > timeline.length - 20);
  timeline.splice(0, timeline.length, ...kept);
}
