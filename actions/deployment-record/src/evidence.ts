import { type Report, asReport, formatBytes, readReports } from '@deploy-actions/kit';
import { type DeploymentRecord, parseBackupRecord, parseDeploymentRecord } from '@deploy-actions/ledger';
import type { RecordInputs } from './fields.ts';
import { DEPLOY_OUTCOMES, type DeployOutcome, outcomeOfRecord } from './verdict.ts';

/** Of the report file of deployment-prepare and of a rollback that did something; each empty where none says it. */
export type Said = Record<'version' | 'environment' | 'deployment-id' | 'reason' | 'rollback-mode', string>;

/** What the steps before left, read and checked; nothing of it stops the record from being written. */
export interface Found {
  /** The record of the step that deployed; undefined where there is none that can be read. */
  record: DeploymentRecord | undefined;
  reports: Report[];
  /** The same reports as they were written: a file holds more than its report. */
  wholes: unknown[];
  /** What the `report-file`s say beside their reports. */
  said: Said;
  /** What the step that deployed came to, by its record, else by its report; undefined where neither tells. */
  outcome: DeployOutcome | undefined;
  /** What was backed up before, in words; empty where nothing is told. */
  backup: string;
  /** Sentences about what could not be read. */
  problems: string[];
}

export function findEvidence(
  inputs: Pick<RecordInputs, 'record' | 'reports' | 'backup'>,
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
  const saved = readBackup(inputs.backup?.trim() ?? '', readFile);
  if (saved.problem !== undefined) problems.push(saved.problem);
  // It was made before anything else that reports tell of, and may stand among them already.
  const reports = saved.report ? [saved.report.report, ...found.reports] : found.reports;
  const wholes = saved.report ? [saved.report.whole, ...found.wholes] : found.wholes;
  const kept = single({ reports, wholes });
  const prepared = (name: string) => saidBy(kept.wholes, 'prepare', name);
  const said: Said = {
    version: prepared('version'),
    environment: prepared('environment'),
    'deployment-id': prepared('deployment-id'),
    reason: prepared('reason'),
    'rollback-mode': saidBy(kept.wholes, 'rollback', 'mode'),
  };
  const backup = saved.words || saidBy(kept.wholes, 'backup', 'backup');
  const outcome = record ? outcomeOfRecord(record.status) : outcomeOfReports(kept);
  return { record, problems, outcome, backup, ...kept, said };
}

/** What the last report of a kind says beside what every report has; empty where it says nothing. */
function saidBy(wholes: readonly unknown[], kind: Report['kind'], name: string): string {
  const value = wholes
    .flatMap((whole) =>
      typeof whole === 'object' && whole !== null ? [whole as Record<string, unknown>] : [],
    )
    .findLast((whole) => whole['kind'] === kind)?.[name];
  return typeof value === 'string' ? value : '';
}

/** The outcome as the file of the last deployment's report says it; of one that went well its report has a word of each server. */
function outcomeOfReports({ reports, wholes }: Pick<Found, 'reports' | 'wholes'>): DeployOutcome | undefined {
  const said = saidBy(wholes, 'deploy', 'outcome');
  const outcome = DEPLOY_OUTCOMES.find((one) => one === said);
  if (outcome !== undefined) return outcome;
  const last = reports.findLast(({ kind }) => kind === 'deploy');
  if (last === undefined || !last.ok || last.checks.length === 0) return undefined;
  return last.checks.every(({ detail }) => detail === 'unchanged') ? 'unchanged' : 'deployed';
}

interface Saved {
  words: string;
  report?: { report: Report; whole: unknown };
  problem?: string;
}

/** An id, or what the action backup left: its report, its report's file, or the manifest of a backup. */
function readBackup(given: string, readFile: (path: string) => string): Saved {
  const isPath = /[/\\]|\.json$/.test(given);
  if (!given.startsWith('{') && !isPath) return { words: given };
  const problem =
    '`backup` is neither an id, nor a report of the action backup or its file, nor a manifest.json';
  let value: unknown;
  try {
    value = JSON.parse(isPath && !given.startsWith('{') ? readFile(given) : given);
  } catch {
    return { words: '', problem };
  }
  const report = asReport(value);
  if (report?.kind === 'backup') {
    // A report's file has the id, which the report itself has not.
    const words = saidBy([value], 'backup', 'backup') || report.summary;
    return { words, report: { report, whole: value } };
  }
  const manifest = parseBackupRecord(value);
  if (typeof manifest === 'string') return { words: '', problem };
  const { id, created, bytes, verified } = manifest;
  return { words: `${id} of ${created}, ${formatBytes(bytes)}, verified: ${verified}` };
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
