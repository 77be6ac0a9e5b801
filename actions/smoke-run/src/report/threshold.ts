import { formatDuration, quantile } from '@deploy-actions/kit';
import type { CheckOutcome } from '../run-check.ts';
import type { Check, Specification } from '../specification/specification.ts';

/** A limit over a file's checks, and whether it held. */
export interface ThresholdOutcome {
  name: string;
  ok: boolean;
  detail: string;
  /** Failed checks that this limit allows. */
  tolerated: readonly Check[];
}

/** Holds each file's checks against its thresholds. That no check ran in the whole run is always a failure. */
export function judgeThresholds(
  specifications: readonly Specification[],
  outcomes: readonly CheckOutcome[],
): ThresholdOutcome[] {
  const found = specifications.flatMap((specification) => judgeFile(specification, outcomes));
  const idle = outcomes.every(({ skipped }) => skipped !== undefined);
  if (idle && found.every(({ ok }) => ok))
    found.push({
      name: 'threshold min-checks',
      ok: false,
      detail: '0 checks ran, wanted at least 1',
      tolerated: [],
    });
  return found;
}

function judgeFile(specification: Specification, outcomes: readonly CheckOutcome[]): ThresholdOutcome[] {
  const own = new Set(specification.checks);
  const mine = outcomes.filter(({ check }) => own.has(check));
  const ran = mine.filter(({ skipped }) => skipped === undefined);
  const { p95Ms, errorRate, minChecks } = specification.thresholds;
  const found: ThresholdOutcome[] = [];
  const judge = (name: string, ok: boolean, detail: string, tolerated: Check[] = []) =>
    found.push({ name: `threshold ${name}`, ok, detail, tolerated });
  if (minChecks !== undefined) {
    const ok = ran.length >= minChecks;
    judge('min-checks', ok, `${ran.length} checks ran${ok ? '' : `, wanted at least ${minChecks}`}`);
  }
  // Where `only` and `skip` leave nothing of a file, there is nothing to measure.
  if (ran.length === 0) return found;
  if (p95Ms !== undefined) {
    const durations = ran.flatMap((outcome) => outcome.durations);
    const p95 = quantile(durations, 0.95) ?? 0;
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
    const failed = ran.filter(({ ok, check }) => !ok && check.severity === 'error');
    const rate = failed.length / ran.length;
    const held = rate <= errorRate;
    judge(
      'error-rate',
      held,
      `${failed.length} of ${ran.length} checks failed (${(rate * 100).toFixed(1)}%), wanted at most ${(errorRate * 100).toFixed(1)}%`,
      held ? failed.map(({ check }) => check) : [],
    );
  }
  return found;
}
