import type { Latency } from './latency.ts';
import type { Redactor } from './redact.ts';

/**
 * The one shape in which health-wait, smoke-run and the stability watch say what they saw, so that one
 * summary, one JUnit writer and one notice can show any of them.
 */
export interface CheckResult {
  name: string;
  ok: boolean;
  /** Set when a failed check only warns. */
  severity?: 'error' | 'warn';
  skipped?: boolean;
  attempts: number;
  /** Milliseconds from the first attempt to the last answer. */
  elapsedMs: number;
  /** Which phase failed last, such as `dns`, `tcp`, `tls`, `http`, `expectation`, `container`. */
  phase?: string;
  /** What was got against what was wanted, in one sentence. */
  detail?: string;
  /** Of its good answers, where several were measured. */
  latency?: Latency;
}

export interface Report {
  kind:
    | 'prepare'
    | 'preflight'
    | 'health'
    | 'smoke'
    | 'watch'
    | 'switch'
    | 'rollback'
    | 'verify'
    | 'deploy'
    | 'pull'
    | 'record'
    | 'backup';
  ok: boolean;
  /** One sentence. */
  summary: string;
  elapsedMs: number;
  checks: CheckResult[];
  /** Checks that were left out to keep the report within its size. */
  omitted?: number;
}

/** A `report` output is at most this many bytes: as an input it must fit an environment variable. */
export const REPORT_LIMIT = 48 * 1024;

/**
 * A value with every secret taken out of its texts, one by one and before anything is cut or written down: a secret
 * that is a number, such as a PIN, breaks the figures of a JSON text that is redacted as a whole. Names of members,
 * numbers and the rest stay as they are.
 */
export function redactTexts<T>(value: T, redactor: Pick<Redactor, 'redact'>): T {
  if (typeof value === 'string') return redactor.redact(value) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => redactTexts(item, redactor)) as T;
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, redactTexts(item as unknown, redactor)]),
  ) as T;
}

/** What every action's report becomes: the output of limited size, and the file with the whole. */
export interface PublishedReport {
  report: string;
  'report-file': string;
}

/**
 * A report made fit for others to see, in this order: secrets out of each text, then cut, then written.
 *
 * @param write puts the JSON into a file and answers its path
 * @param whole what the file holds, where that is more than the report
 */
export function publishReport(
  report: Report,
  redactor: Pick<Redactor, 'redact'>,
  write: (json: string) => string,
  whole: object = report,
): PublishedReport {
  return {
    report: reportJson(report, redactor),
    'report-file': write(JSON.stringify(redactTexts(whole, redactor), null, 2)),
  };
}

/**
 * The report as JSON of at most `limit` bytes without secrets: the summary first, failed checks before passed ones,
 * details cut and then whole checks left out (counted in `omitted`) until it fits.
 */
export function reportJson(
  withSecrets: Report,
  redactor: Pick<Redactor, 'redact'>,
  limit = REPORT_LIMIT,
): string {
  const report = redactTexts(withSecrets, redactor);
  const render = (checks: CheckResult[]) => {
    const omitted = report.checks.length - checks.length;
    const { kind, ok, summary, elapsedMs } = report;
    return JSON.stringify({
      kind,
      ok,
      summary: cut(summary, 1000),
      elapsedMs,
      checks,
      ...(omitted > 0 ? { omitted } : {}),
    });
  };
  const whole = JSON.stringify(report);
  if (Buffer.byteLength(whole) <= limit) return whole;
  const ordered = [...report.checks].sort((a, b) => Number(a.ok) - Number(b.ok));
  const short = ordered.map((check) => ({
    ...check,
    name: cut(check.name, 200),
    ...(check.detail === undefined ? {} : { detail: cut(check.detail, 300) }),
  }));
  let low = 0;
  let high = short.length;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Buffer.byteLength(render(short.slice(0, middle))) <= limit) low = middle;
    else high = middle - 1;
  }
  return render(short.slice(0, low));
}

/** Text of at most `length` UTF-16 units, with an ellipsis where it was cut, never inside a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = Math.max(0, length - 1);
  const last = text.charCodeAt(end - 1);
  if (last >= 0xd800 && last <= 0xdbff) end -= 1;
  return `${text.slice(0, end)}…`;
}
