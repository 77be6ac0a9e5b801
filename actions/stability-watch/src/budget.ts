import { type Base, explained, slowBeside } from './baseline.ts';
import { tail } from './binomial.ts';
import { P95_ANSWERS } from './p95.ts';

/** One answer, or none, of a target. */
export interface Sample {
  /** The target's place among the watch's targets. */
  target: number;
  /** Milliseconds from the start of the watch to the asking. */
  at: number;
  /** Undefined where nothing tells it. */
  elapsedMs: number | undefined;
  ok: boolean;
  /** What was wrong, in one sentence. */
  detail?: string;
}

/** What a release may do wrong. */
export interface Limits {
  /** Errors of all targets together; undefined: the default, which grows with the requests. */
  maxErrors: number | undefined;
  /** Share of a target's requests, 0 to 1. */
  maxErrorRate: number | undefined;
  /** Requests of a target from which on its share is judged. */
  minRequests: number;
  /** Errors of a target in a row. */
  maxConsecutive: number;
  /** Milliseconds. */
  maxP95: number | undefined;
}

/** What was counted of a target. */
export interface Tally {
  requests: number;
  errors: number;
  /** Errors in a row, up to now. */
  consecutive: number;
  /** Milliseconds of the good answers. */
  times: number[];
  /** What was wrong last. */
  detail: string | undefined;
}

/** Which limit was passed. */
export interface Spent {
  /** The target's place; undefined where all of them together have spent it. */
  target: number | undefined;
  limit: 'max-errors' | 'max-error-rate' | 'max-consecutive-errors' | 'max-p95';
  /** One sentence. */
  reason: string;
}

/** Errors that the default bears in any case, and the share of the requests that it bears when there are many. */
export const BORNE_ERRORS = 3;
export const BORNE_SHARE = 0.01;
/** A p95 ends the watch early only when chance explains the slow answers in one of a thousand cases. */
const SURE = 0.001;
/** One look at the end may err more often than each of many. */
const SURE_AT_LAST = 0.01;

export interface Budget {
  /** Counts a sample; answers the limit that it passed. */
  add(sample: Sample): Spent | undefined;
  /** Holds the times against `max-p95`. Before the end only what is beyond doubt is an answer: each look is another chance to err. */
  slow(final: boolean): Spent | undefined;
  tallies: readonly Readonly<Tally>[];
}

/**
 * An empty budget for so many targets. Pure over the samples that it is given: neither time nor chance is in it. `seldom`
 * has the places of targets that are asked too seldom for a share: the default count is theirs. `bases` says how each was
 * before, where that is known.
 */
export function openBudget(
  limits: Limits,
  targets: number,
  seldom: ReadonlySet<number> = new Set(),
  bases: readonly (Base | undefined)[] = [],
): Budget {
  const limitsOf = (target: number) => (seldom.has(target) ? { ...limits, maxErrorRate: undefined } : limits);
  const tallies = Array.from({ length: targets }, (): Tally => ({
    requests: 0,
    errors: 0,
    consecutive: 0,
    times: [],
    detail: undefined,
  }));
  let all = 0;
  return {
    tallies,
    add({ target, ok, elapsedMs, detail }) {
      const tally = tallies[target]!;
      tally.requests += 1;
      if (ok) {
        tally.consecutive = 0;
        if (elapsedMs !== undefined) tally.times.push(elapsedMs);
        return errorSpent(limitsOf(target), tally, all, target, false, bases[target]);
      }
      all += 1;
      tally.errors += 1;
      tally.consecutive += 1;
      tally.detail = detail;
      return errorSpent(limitsOf(target), tally, all, target, true, bases[target]);
    },
    slow: (final) => {
      for (const [target, tally] of tallies.entries()) {
        const spent = slowSpent(limits, tally, target, final, bases[target]);
        if (spent) return spent;
      }
      return undefined;
    },
  };
}

/** Errors that a target may have after so many requests, where nobody has set a limit: more, where it had them before. */
export function borne(requests: number, base?: Base): number {
  return Math.max(
    BORNE_ERRORS,
    Math.floor(requests * BORNE_SHARE),
    base === undefined ? 0 : explained(base, requests),
  );
}

function errorSpent(
  { maxErrors, maxErrorRate, minRequests, maxConsecutive }: Limits,
  { requests, errors, consecutive }: Tally,
  all: number,
  target: number,
  failed: boolean,
  base: Base | undefined,
): Spent | undefined {
  const of = `${errors} of ${requests} requests failed`;
  if (maxErrors !== undefined && failed && all > maxErrors)
    return {
      target: undefined,
      limit: 'max-errors',
      reason: `${all} ${all === 1 ? 'error' : 'errors'}, and max-errors is ${maxErrors}`,
    };
  // A rate can be passed by a good answer too: by the one that makes the requests enough to judge.
  if (maxErrorRate !== undefined && requests >= minRequests && errors > maxErrorRate * requests)
    return {
      target,
      limit: 'max-error-rate',
      reason: `${of} (${share(errors / requests)}), and max-error-rate is ${share(maxErrorRate)}`,
    };
  if (maxErrors === undefined && maxErrorRate === undefined && failed && errors > borne(requests, base))
    return {
      target,
      limit: 'max-errors',
      reason: `${of} (${share(errors / requests)}), more than ${BORNE_ERRORS} and more than ${share(BORNE_SHARE)}${base === undefined ? '' : `; before, ${base.errors} of ${base.requests} did`}`,
    };
  if (failed && consecutive > maxConsecutive)
    return {
      target,
      limit: 'max-consecutive-errors',
      reason: `${consecutive} errors in a row, and max-consecutive-errors is ${maxConsecutive}`,
    };
  return undefined;
}

function slowSpent(
  { maxP95 }: Limits,
  { times }: Tally,
  target: number,
  final: boolean,
  base: Base | undefined,
): Spent | undefined {
  const beside = slowBeside(base);
  const limit = maxP95 ?? beside;
  if (limit === undefined || times.length < P95_ANSWERS) return undefined;
  const slow = times.filter((ms) => ms > limit).length;
  const chance = tail(slow, times.length, 0.05);
  // What a person has set is kept to the letter at the end; a comparison of two samples is not.
  const spent = final
    ? maxP95 === undefined
      ? chance < SURE_AT_LAST
      : slow > times.length * 0.05
    : chance < SURE;
  if (!spent) return undefined;
  const of = `${slow} of ${times.length} answers (${share(slow / times.length)}) took longer than ${Math.round(limit)} ms`;
  return {
    target,
    limit: 'max-p95',
    reason:
      maxP95 === undefined
        ? `${of}; before, 95 % were there in ${Math.round(base!.p95Ms!)} ms`
        : `${of}, and by max-p95 only 5 % may`,
  };
}

/** A share in percent with the figures that matter: `5 %`, `0.33 %`. */
export function share(value: number): string {
  const percent = value * 100;
  return `${Number(percent.toPrecision(percent >= 100 ? 3 : 2))} %`;
}

/** The same for a bound, which must hold: rounded up, never down. */
export function shareAtMost(value: number): string {
  if (value <= 0) return share(0);
  const percent = value * 100;
  const step = 10 ** (Math.floor(Math.log10(percent)) - 1);
  return share(Math.min(100, Math.ceil(percent / step - 1e-9) * step) / 100);
}
