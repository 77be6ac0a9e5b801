import { type MemberOutcome, outcomeText, succeeded } from '@deploy-actions/host';
import { type Report, escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';

/** What is said of an operation on several servers. */
export interface Telling {
  /** What failed, such as `the backup failed`. */
  failed: string;
  /** What went well, such as `backup 20260101-000000-ab12`. */
  done: string;
  /** What became of one server where it went well, in a sentence. */
  sentence(outcome: MemberOutcome): string;
}

/** The report of what became of each server. */
export function reportOf(outcomes: readonly MemberOutcome[], telling: Telling, elapsedMs: number): Report {
  const checks = outcomes.map((outcome) => ({
    name: outcome.name,
    ok: succeeded(outcome),
    attempts: 1,
    elapsedMs: outcome.result?.elapsedMs ?? 0,
    detail: succeeded(outcome) ? telling.sentence(outcome) : outcomeText(outcome),
  }));
  const failed = checks.filter(({ ok }) => !ok);
  const summary =
    failed.length > 0
      ? `${telling.failed} on ${failed.map(({ name }) => name).join(', ')}: ${failed[0]!.detail}`
      : `${telling.done} in ${formatDuration(elapsedMs)}: ${checks[0]?.detail ?? ''}`;
  return { kind: 'backup', ok: failed.length === 0, summary, elapsedMs, checks };
}

/** The same as Markdown. */
export function summaryOf(report: Report): string {
  const rows = report.checks.map(({ name, elapsedMs, detail }) =>
    [name, formatDuration(elapsedMs), detail ?? ''].map(escapeMarkdown),
  );
  return `### ${report.ok ? '✅' : '❌'} ${escapeMarkdown(report.summary)}\n\n${markdownTable(['Server', 'Time', 'Outcome'], rows)}\n`;
}
