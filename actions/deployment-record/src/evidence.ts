import { type Report, readReports } from '@deploy-actions/kit';
import { type DeploymentRecord, parseDeploymentRecord } from '@deploy-actions/ledger';
import type { RecordInputs } from './fields.ts';

/** What the steps before left, read and checked; nothing of it stops the record from being written. */
export interface Found {
  /** The record of the step that deployed; undefined where there is none that can be read. */
  record: DeploymentRecord | undefined;
  reports: Report[];
  /** The same reports as they were written: a file holds more than its report. */
  wholes: unknown[];
  /** Sentences about what could not be read. */
  problems: string[];
}

export function findEvidence(
  inputs: Pick<RecordInputs, 'record' | 'reports'>,
  readFile: (path: string) => string,
): Found {
  const found = readReports(inputs.reports ?? '', readFile);
  const problems = [...found.problems];
  let record: DeploymentRecord | undefined;
  const given = inputs.record?.trim() ?? '';
  if (given !== '') {
    const read = readRecord(given, readFile);
    if (typeof read === 'string') problems.push(`\`record\` ${read}; the record is made without it`);
    else record = read;
  }
  return { record, problems, ...single(found) };
}

function readRecord(given: string, readFile: (path: string) => string): DeploymentRecord | string {
  let text = given;
  if (!given.startsWith('{')) {
    try {
      text = readFile(given);
    } catch {
      return 'is neither JSON nor a file that can be read';
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  const record = parseDeploymentRecord(value);
  return typeof record === 'string' ? `is no deployment record: it ${record}` : record;
}

/** A step that gave both its report and its file is one: the one with more checks stays, in the place of the first. */
function single({
  reports,
  wholes,
}: {
  reports: Report[];
  wholes: unknown[];
}): Pick<Found, 'reports' | 'wholes'> {
  const places = new Map<string, number>();
  const kept: { report: Report; whole: unknown }[] = [];
  for (const [index, report] of reports.entries()) {
    const key = JSON.stringify([report.kind, report.ok, report.summary.slice(0, 300), report.elapsedMs]);
    const place = places.get(key);
    const one = { report, whole: wholes[index] };
    if (place === undefined) {
      places.set(key, kept.length);
      kept.push(one);
    } else if (sizeOf(one) > sizeOf(kept[place]!)) kept[place] = one;
  }
  return { reports: kept.map(({ report }) => report), wholes: kept.map(({ whole }) => whole) };
}

function sizeOf({ whole }: { whole: unknown }): number {
  return JSON.stringify(whole).length;
}
