import { readLatency } from './latency.ts';
import type { CheckResult, Report } from './report.ts';

/** Reports that were found in an input, and what was not understood, as sentences for a warning. */
export interface FoundReports {
  reports: Report[];
  /** Each report as it was written, in the same order: a `report-file` may hold more than the report. Nothing in it is checked. */
  wholes: unknown[];
  problems: string[];
}

/**
 * The reports of other actions: JSON (one report, a list, or one per line) or the path of a `report-file` per
 * line; a step that did not run leaves an empty line. Nothing here fails: the message about a failed
 * deployment must not be lost to a broken report.
 */
export function readReports(text: string, readFile: (path: string) => string): FoundReports {
  const found: FoundReports = { reports: [], wholes: [], problems: [] };
  const whole = text.trim();
  if (whole === '') return found;
  if (/^[[{]/.test(whole) && take(found, parse(whole))) return found;
  for (const [index, raw] of whole.split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const where = `\`reports\`, line ${index + 1}`;
    let source = line;
    if (!/^[[{]/.test(line)) {
      try {
        source = readFile(line);
      } catch {
        found.problems.push(`${where} is neither JSON nor a file that can be read; it is left out`);
        continue;
      }
    }
    if (!take(found, parse(source))) found.problems.push(`${where} is not a report; it is left out`);
  }
  return found;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function take(found: FoundReports, value: unknown): boolean {
  const items = Array.isArray(value) ? value : [value];
  const reports = items.map(asReport);
  if (items.length === 0 || reports.includes(undefined)) return false;
  found.reports.push(...(reports as Report[]));
  found.wholes.push(...(items as unknown[]));
  return true;
}

const number = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0;

/** A value as a report, its unknown parts left out; undefined when it has neither an outcome nor a sentence. */
export function asReport(value: unknown): Report | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { kind, ok, summary, elapsedMs, checks, omitted } = value as Record<string, unknown>;
  if (typeof ok !== 'boolean' || typeof summary !== 'string') return undefined;
  return {
    kind: (typeof kind === 'string' ? kind : 'report') as Report['kind'],
    ok,
    summary,
    elapsedMs: number(elapsedMs),
    checks: Array.isArray(checks) ? checks.flatMap(asCheck) : [],
    ...(number(omitted) > 0 ? { omitted: number(omitted) } : {}),
  };
}

function asCheck(value: unknown): CheckResult[] {
  if (typeof value !== 'object' || value === null) return [];
  const { name, ok, severity, skipped, attempts, elapsedMs, phase, detail, latency } = value as Record<
    string,
    unknown
  >;
  if (typeof name !== 'string' || typeof ok !== 'boolean') return [];
  const times = readLatency(latency);
  return [
    {
      name,
      ok,
      attempts: number(attempts),
      elapsedMs: number(elapsedMs),
      ...(severity === 'warn' || severity === 'error' ? { severity } : {}),
      ...(skipped === true ? { skipped } : {}),
      ...(typeof phase === 'string' ? { phase } : {}),
      ...(typeof detail === 'string' ? { detail } : {}),
      ...(times ? { latency: times } : {}),
    },
  ];
}
