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
}

export interface Report {
  kind: 'health' | 'smoke' | 'watch' | 'switch' | 'rollback' | 'verify' | 'deploy';
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
 * The report as JSON of at most `limit` bytes: the summary first, failed checks before passed ones, details
 * cut and then whole checks left out (counted in `omitted`) until it fits.
 */
export function reportJson(report: Report, limit = REPORT_LIMIT): string {
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
