import type { Clock } from '@deploy-actions/kit';
import type { Sample } from './budget.ts';

/** How often each target is asked. */
export interface Pace {
  /** Milliseconds whose samples do not count, before `duration` begins. */
  warmUp: number;
  duration: number;
  interval: number;
  /** For each target: how often it is asked in an interval. */
  perInterval: readonly number[];
}

/** Requests that may be under way at a time: those of a service that hangs must not pile up without end. */
const UNDER_WAY = 256;

export interface SamplingPorts {
  clock: Clock;
  /** Ends the sampling and what is under way. */
  signal: AbortSignal;
  /** Gets each counted sample; `at` is from the end of the warm-up. */
  onSample(sample: Sample): void;
  /** At the end of each whole interval. */
  onInterval(): void;
}

/**
 * Asks every target at its pace until the time is over, whether or not answers have come: a slow service gets no fewer
 * requests for being slow. Resolves, when all answers are there, with the requests that were left out because too many
 * were under way. Throws the signal's reason, or what `ask` throws.
 */
export async function sampleTargets(
  ask: (target: number) => Promise<Omit<Sample, 'target' | 'at'>>,
  pace: Pace,
  { clock, signal, onSample, onInterval }: SamplingPorts,
): Promise<{ skipped: number }> {
  const started = clock.now();
  const end = pace.warmUp + pace.duration;
  const next = pace.perInterval.map((count, target) => (pace.interval / count) * firstShare(target, pace));
  const open = new Set<Promise<void>>();
  let intervalEnd = pace.warmUp + pace.interval;
  let skipped = 0;
  let broken: { error: unknown } | undefined;
  const one = async (target: number, due: number): Promise<void> => {
    try {
      const answer = await ask(target);
      if (due >= pace.warmUp && !signal.aborted) onSample({ ...answer, target, at: due - pace.warmUp });
    } catch (error) {
      broken ??= { error };
    }
  };
  for (;;) {
    const due = Math.min(...next, intervalEnd, end);
    const wait = due - (clock.now() - started);
    if (wait > 0) await clock.sleep(wait, signal);
    signal.throwIfAborted();
    if (broken) throw broken.error;
    for (const [target, at] of next.entries()) {
      if (at > due || at >= end) continue;
      next[target] = at + pace.interval / pace.perInterval[target]!;
      if (open.size >= UNDER_WAY) {
        if (at >= pace.warmUp) skipped += 1;
        continue;
      }
      const work: Promise<void> = one(target, at).finally(() => open.delete(work));
      open.add(work);
    }
    if (due >= intervalEnd && due < end) {
      intervalEnd += pace.interval;
      onInterval();
    }
    if (due >= end) break;
  }
  // Each request has its own time limit, so this ends.
  await Promise.all(open);
  signal.throwIfAborted();
  if (broken) throw (broken as { error: unknown }).error;
  onInterval();
  return { skipped };
}

/** Targets take turns, so that they are not asked in bursts. */
function firstShare(target: number, { perInterval }: Pace): number {
  return target / perInterval.length;
}
