import { formatDuration } from '@deploy-actions/kit';
import type { CheckOutcome } from './run-check.ts';
import type { Specification } from './specification.ts';

/** A limit over the whole run, and whether it held. */
export interface ThresholdOutcome {
  name: string;
  ok: boolean;
  detail: string;
}

/** Holds a file's checks against its thresholds. That no check ran at all is always a failure. */
export function judgeThresholds(
  specification: Specification,
  outcomes: readonly CheckOutcome[],
): ThresholdOutcome[] {
  const own = new Set(specification.checks);
  const mine = outcomes.filter(({ check }) => own.has(check));
  const ran = mine.filter(({ skipped }) => skipped === undefined);
  const { p95Ms, errorRate, minChecks = 1 } = specification.thresholds;
  const found: ThresholdOutcome[] = [];
  const judge = (name: string, ok: boolean, detail: string) =>
    found.push({ name: `threshold ${name}`, ok, detail });
  if (ran.length < minChecks)
    judge('min-checks', false, `${ran.length} checks ran, wanted at least ${minChecks}`);
  else if (specification.thresholds.minChecks !== undefined)
    judge('min-checks', true, `${ran.length} checks ran`);
  if (p95Ms !== undefined) {
    const durations = ran.flatMap((outcome) => outcome.durations);
    const p95 = quantile(durations, 0.95);
    const ok = durations.length > 0 && p95 <= p95Ms;
    judge(
      'p95',
      ok,
      durations.length === 0
        ? 'no answer came, so there is no p95'
        : `p95 is ${formatDuration(p95)}, wanted at most ${formatDuration(p95Ms)}`,
    );
  }
  if (errorRate !== undefined) {
    const failed = ran.filter(({ ok }) => !ok).length;
    const rate = ran.length === 0 ? 1 : failed / ran.length;
    judge(
      'error-rate',
      rate <= errorRate,
      `${failed} of ${ran.length} checks failed (${(rate * 100).toFixed(1)}%), wanted at most ${(errorRate * 100).toFixed(1)}%`,
    );
  }
  return found;
}

/** The nearest-rank quantile; 0 for no values. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) return 0;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
}
