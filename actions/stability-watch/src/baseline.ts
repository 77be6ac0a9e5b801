import { FieldError, quantile, quote } from '@deploy-actions/kit';
import { tail } from './binomial.ts';
import { P95_ANSWERS } from './p95.ts';

/** How a target was before: what the new version is compared with. */
export interface Base {
  requests: number;
  errors: number;
  /** Milliseconds below which 95 % of the good answers were; undefined with too few of them. */
  p95Ms: number | undefined;
  /** The largest p95 that those answers do not rule out, in milliseconds. */
  p95AtMostMs: number | undefined;
}

/** One watch, as a later one takes it. */
export interface Baseline {
  /** From where it was asked: times from elsewhere say nothing. */
  via: string;
  /** By the targets' names. */
  targets: ReadonlyMap<string, Base>;
  /** What was wrong already, in one sentence; empty when nothing was. */
  alarm: string;
}

/** A new p95 is slower only where it is so by a fifth and by 50 ms: less is noise that would fail releases. */
const SLOWER_BY_SHARE = 1.2;
const SLOWER_BY_MS = 50;
/** How sure the bound on the baseline's p95 is. */
const DOUBT = 0.05;

/** Milliseconds beyond which an answer is slow beside the baseline; undefined where that has too few answers. */
export function slowBeside(base: Base | undefined): number | undefined {
  const p95 = base?.p95AtMostMs;
  return p95 === undefined ? undefined : Math.max(p95 * SLOWER_BY_SHARE, p95 + SLOWER_BY_MS);
}

/** Errors among so many requests that the baseline's own rate explains: what it lets expect, and three standard deviations. */
export function explained({ requests: of, errors }: Base, requests: number): number {
  if (errors === 0) return 0;
  // The rate of a few errors is known badly: one more could have been seen as well.
  const expected = (requests * (errors + 1)) / of;
  return Math.floor(expected + 3 * Math.sqrt(expected));
}

/** @param times milliseconds of the good answers */
export function baseOf({
  requests,
  errors,
  times,
}: Readonly<{ requests: number; errors: number; times: readonly number[] }>): Base {
  const enough = times.length >= P95_ANSWERS;
  return {
    requests,
    errors,
    p95Ms: enough ? quantile(times, 0.95) : undefined,
    p95AtMostMs: enough ? upperP95(times) : undefined,
  };
}

/** The upper end of the one-sided interval of the p95, by order statistics: no shape of the times is assumed. */
function upperP95(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  // The k-th largest is beyond the p95 unless k or more answers are, by chance, of the slowest 5 %.
  let largest = 1;
  while (largest < sorted.length && 1 - tail(largest + 1, sorted.length, 0.05) <= DOUBT) largest += 1;
  return sorted[sorted.length - largest]!;
}

export function baselineJson({ via, targets, alarm }: Baseline): string {
  return JSON.stringify({ via, alarm, targets: Object.fromEntries(targets) });
}

/** Reads `baseline`. Throws a FieldError for what no watch has written. */
export function parseBaseline(text: string): Baseline {
  const wrong = (what: string) =>
    new FieldError(`it ${what}`, { remedy: 'Give it the `baseline` output of an earlier stability-watch.' });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('is not JSON');
  }
  const object = (one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? (one as Record<string, unknown>)
      : undefined;
  const whole = object(value);
  const targets = object(whole?.['targets']);
  const { via, alarm } = whole ?? {};
  if (targets === undefined || (via !== 'runner' && via !== 'ssh') || typeof alarm !== 'string')
    throw wrong('lacks `targets`, `via` or `alarm`');
  const count = (one: unknown): one is number => Number.isSafeInteger(one) && (one as number) >= 0;
  const time = (one: unknown): one is number | undefined =>
    one === undefined || (typeof one === 'number' && Number.isFinite(one) && one >= 0);
  const read = Object.entries(targets).map(([name, one]): [string, Base] => {
    const { requests, errors, p95Ms, p95AtMostMs } = object(one) ?? {};
    const cannotBe = wrong(`has figures of ${quote(name)} that cannot be`);
    if (!count(requests) || !count(errors) || errors > requests || !time(p95Ms) || !time(p95AtMostMs))
      throw cannotBe;
    // A watch writes both, or neither.
    const isBound =
      p95Ms === undefined ? p95AtMostMs === undefined : p95AtMostMs !== undefined && p95AtMostMs >= p95Ms;
    if (!isBound) throw cannotBe;
    return [name, { requests, errors, p95Ms, p95AtMostMs }];
  });
  return { via, alarm: alarm.slice(0, 1000), targets: new Map(read) };
}
