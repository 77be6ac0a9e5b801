import { type MemberOutcome, outcomeText, succeeded } from '@deploy-actions/host';
import { type Failure, type FailureKind, type Report, formatDuration } from '@deploy-actions/kit';
import type { RollbackDecision } from '@deploy-actions/ledger';

/** What is done, and why, for the log and for whoever is told. */
export function sentenceOf(decision: RollbackDecision): string {
  const { reason } = decision;
  if (decision.kind === 'nothing') return `Nothing is rolled back: ${reason}.`;
  if (decision.kind === 'flip') {
    const release = decision.release ? ` (${decision.release})` : '';
    return `The traffic goes from ${decision.from} back to ${decision.to}${release}: ${reason}.`;
  }
  const what = `${decision.release.id} (${decision.release.version})`;
  return decision.kind === 'recolor'
    ? `${what} is brought up in ${decision.to}, then the traffic goes there from ${decision.from}: ${reason}.`
    : `${what} is brought back in place of ${decision.from}: ${reason}.`;
}

/** One check per server that was to go back; none where nothing was to be done. */
export function reportOf(
  acting: readonly { server: { name: string }; decision: RollbackDecision }[],
  outcomes: readonly MemberOutcome[],
  elapsedMs: number,
): Report {
  const checks = acting.flatMap(({ server, decision }) => {
    const outcome = outcomes.find((one) => one.name === server.name);
    if (!outcome) return [];
    // One that was undone serves what it served before.
    const ok = succeeded(outcome) && outcome.undone === undefined;
    return [
      {
        name: server.name,
        ok,
        attempts: 1,
        elapsedMs: outcome.result?.elapsedMs ?? 0,
        detail: ok ? sentenceOf(decision) : outcomeText(outcome),
      },
    ];
  });
  const failed = outcomes.filter((one) => !succeeded(one));
  const summary =
    failed.length > 0
      ? `the rollback failed on ${failed.map(({ name }) => name).join(', ')}: ${outcomeText(failed[0]!)}`
      : `rolled back in ${formatDuration(elapsedMs)}: ${checks[0]?.detail ?? ''}`;
  return { kind: 'rollback', ok: failed.length === 0, summary, elapsedMs, checks };
}

/** Where nothing was to be rolled back, or a plan only says what would be. */
export function idleReport(decision: RollbackDecision, elapsedMs: number): Report {
  return { kind: 'rollback', ok: true, summary: sentenceOf(decision), elapsedMs, checks: [] };
}

/** What a failure comes to; otherwise nothing was changed. */
const BEGINNINGS: Partial<Record<FailureKind, string>> = {
  lost: 'the rollback was cut off',
  unhealthy: 'the rollback failed',
  remote: 'the rollback failed',
};

/** Where the rollback was refused, or ended before the outcome on the servers was known. */
export function refusedReport(failure: Failure, elapsedMs: number): Report {
  const remedy = failure.remedy === undefined ? '' : `. ${failure.remedy}`;
  return {
    kind: 'rollback',
    ok: false,
    summary: `${BEGINNINGS[failure.kind] ?? 'nothing was rolled back'}: ${failure.message}${remedy}`,
    elapsedMs,
    checks: [],
  };
}
