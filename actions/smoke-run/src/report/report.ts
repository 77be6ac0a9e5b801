import {
  type Place,
  type Report,
  codeBlock,
  cut,
  escapeMarkdown,
  folded,
  formatDuration,
  markdownTable,
  quantile,
} from '@deploy-actions/kit';
import { curlCommand } from '../request/request.ts';
import { type CheckOutcome, bodyBeginning, isWarning } from '../run-check.ts';
import type { ThresholdOutcome } from './threshold.ts';

const SHOWN_FAILURES = 20;
const SHOWN_ROWS = 100;
/** GitHub shows ten annotations of each level for a step. */
const SHOWN_ANNOTATIONS = 10;

/** Why a check failed, in one sentence; the step is named where there are several. */
export function detailOf({ check, failure, attempts }: CheckOutcome): string {
  if (!failure) return '';
  const step =
    check.steps.length > 1 ? `step ${check.steps.indexOf(failure.step) + 1} (${failure.step.name}): ` : '';
  return `${step}${failure.detail}${attempts > 1 ? ` (${attempts} attempts)` : ''}`;
}

/** Failed checks without warnings: those that fail the run, and those that the error-rate of their file tolerates. */
export function failuresOf(outcomes: readonly CheckOutcome[]): {
  fatal: CheckOutcome[];
  tolerated: CheckOutcome[];
} {
  const failed = outcomes.filter(({ ok, check }) => !ok && check.severity === 'error');
  return {
    fatal: failed.filter(({ tolerated }) => !tolerated),
    tolerated: failed.filter(({ tolerated }) => tolerated),
  };
}

/** The outcomes as the report that every consumer reads; thresholds are checks of their own. */
export function reportOf(
  outcomes: CheckOutcome[],
  thresholds: ThresholdOutcome[],
  elapsedMs: number,
): Report {
  const { fatal, tolerated } = failuresOf(outcomes);
  const warned = outcomes.filter(({ ok, check }) => !ok && check.severity === 'warn');
  const broken = thresholds.filter(({ ok }) => !ok);
  const ok = broken.length === 0 && fatal.length === 0;
  const ran = outcomes.filter(({ skipped }) => skipped === undefined).length;
  return {
    kind: 'smoke',
    ok,
    summary: headline(fatal, tolerated, broken, warned.length, ran, elapsedMs),
    elapsedMs,
    checks: [
      ...outcomes.map((outcome) => ({
        name: outcome.check.name,
        ok: outcome.ok,
        ...(isWarning(outcome) ? { severity: 'warn' as const } : {}),
        ...(outcome.skipped === undefined ? {} : { skipped: true, detail: outcome.skipped }),
        attempts: outcome.attempts,
        elapsedMs: Math.round(outcome.elapsedMs),
        ...(outcome.failure ? { phase: outcome.failure.phase, detail: detailOf(outcome) } : {}),
      })),
      ...thresholds.map(({ name, ok: held, detail }) => ({
        name,
        ok: held,
        attempts: 1,
        elapsedMs: 0,
        ...(held ? {} : { phase: 'threshold', detail }),
      })),
    ],
  };
}

function othersOf(count: number): string {
  return count === 0 ? '' : `; and ${count} ${count === 1 ? 'other' : 'others'}`;
}

const UNREACHABLE = new Set(['dns', 'tcp', 'tls', 'proxy']);

function headline(
  fatal: CheckOutcome[],
  tolerated: CheckOutcome[],
  broken: ThresholdOutcome[],
  warnings: number,
  ran: number,
  elapsedMs: number,
): string {
  const failed = fatal.length + tolerated.length;
  const warned = warnings === 0 ? '' : `, ${warnings} warned`;
  const [first] = fatal;
  if (first) {
    const what = isUnreachable([...fatal, ...tolerated]) ? 'the application cannot be reached: ' : '';
    return `${what}${failed} of ${ran} checks failed${warned}: ${first.check.name}: ${cut(detailOf(first), 500)}${othersOf(failed - 1)}`;
  }
  const passed = `${ran - failed} of ${ran} checks passed`;
  return broken.length === 0
    ? `${passed} in ${formatDuration(elapsedMs)}${warned}`
    : `${passed}${warned}, but ${broken.map(({ detail }) => detail).join('; ')}`;
}

/** Whether there are failures, and each was before anything answered. */
export function isUnreachable(failed: readonly CheckOutcome[]): boolean {
  return failed.length > 0 && failed.every(({ failure }) => UNREACHABLE.has(failure!.phase));
}

/** Annotations at the failed expectation's own line, errors first. */
export function annotationsOf(
  outcomes: CheckOutcome[],
): { level: 'error' | 'warning'; message: string; place: Place }[] {
  const found = outcomes.flatMap((outcome) => {
    const { failure, check } = outcome;
    const where = failure?.unmet[0]?.where ?? failure?.step.where;
    if (!failure || where?.file === undefined) return [];
    const level = isWarning(outcome) ? ('warning' as const) : ('error' as const);
    return [
      {
        level,
        message: `${check.name}: ${detailOf(outcome)}`,
        place: { file: where.file, line: where.line, column: where.column },
      },
    ];
  });
  const first = (level: 'error' | 'warning') =>
    found.filter((one) => one.level === level).slice(0, SHOWN_ANNOTATIONS);
  return [...first('error'), ...first('warning')];
}

/** The job summary: failures first, each with request, got, wanted and a curl command. */
export function summaryOf(
  outcomes: CheckOutcome[],
  thresholds: ThresholdOutcome[],
  report: Report,
  durations: readonly number[],
  redact: (text: string) => string,
): string {
  const failures = outcomes
    .filter(({ ok }) => !ok)
    .sort((a, b) => Number(isWarning(a)) - Number(isWarning(b)));
  const times =
    durations.length === 0
      ? ''
      : ` p50 ${formatDuration(quantile(durations, 0.5)!)}, p95 ${formatDuration(quantile(durations, 0.95)!)} over ${durations.length} answers.`;
  const broken = thresholds.filter(({ ok }) => !ok);
  const rows = outcomes
    .filter(({ ok }) => ok)
    .slice(0, SHOWN_ROWS)
    .map((outcome) => [
      outcome.skipped === undefined ? '✅' : '⏭️',
      escapeMarkdown(outcome.check.name),
      outcome.skipped === undefined ? formatDuration(outcome.elapsedMs) : escapeMarkdown(outcome.skipped),
    ]);
  return [
    `### ${report.ok ? '✅' : '❌'} smoke-run: ${escapeMarkdown(report.summary)}`,
    '',
    ...(times === '' ? [] : [times.trim(), '']),
    ...broken.map(({ name, detail }) => `- ❌ **${escapeMarkdown(name)}**: ${escapeMarkdown(detail)}`),
    ...(broken.length > 0 ? [''] : []),
    ...failures.slice(0, SHOWN_FAILURES).flatMap((outcome) => failureBlock(outcome, redact)),
    ...(failures.length > SHOWN_FAILURES
      ? [`_and ${failures.length - SHOWN_FAILURES} more failures_`, '']
      : []),
    ...(rows.length > 0
      ? [folded('Passed and skipped', markdownTable(['', 'Check', 'Time'], rows)), '']
      : []),
  ].join('\n');
}

function failureBlock(outcome: CheckOutcome, redact: (text: string) => string): string[] {
  const { check, failure } = outcome;
  if (!failure) return [];
  const { unmet, request, answer } = failure;
  const got = answer?.response
    ? `status ${answer.response.status} in ${formatDuration(answer.durationMs)}`
    : answer?.exec
      ? `exit code ${answer.exec.exitCode}`
      : undefined;
  const body = bodyBeginning(answer, redact);
  return [
    `#### ${isWarning(outcome) ? '⚠️' : '❌'} ${escapeMarkdown(check.name)}`,
    '',
    unmet.length > 0
      ? markdownTable(
          ['What', 'Got', 'Wanted'],
          unmet.map((one) => [
            escapeMarkdown(one.subject),
            escapeMarkdown(cut(redact(one.got), 500)),
            escapeMarkdown(cut(redact(one.wanted), 500)),
          ]),
        )
      : escapeMarkdown(detailOf(outcome)),
    '',
    ...(check.steps.length > 1
      ? [escapeMarkdown(`In step ${check.steps.indexOf(failure.step) + 1}: ${failure.step.name}.`), '']
      : []),
    ...(request ? [codeBlock(curlCommand(request, redact), 'sh'), ''] : []),
    ...(got === undefined
      ? []
      : [folded(`Answer: ${escapeMarkdown(got)}`, body === '' ? '_empty_' : codeBlock(body)), '']),
  ];
}
