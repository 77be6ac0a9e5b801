import { VERIFIED, type Verified } from './backup-record.ts';
import type { Color } from './color.ts';
import { FOLDER } from './folder.ts';
import { COUNT, FLAG, type Form, LINE, type Reading, TEXT, TIME, formOf, readLines, wordOf } from './form.ts';
import { COLOR_KIND, COMMIT_KIND, ID_KIND, IMAGES_KIND, SHARE_KIND, URL_KIND, orNone } from './kinds.ts';

/** What every line of history.jsonl says. Lines of older versions may have no version, commit and environment. */
export interface HistoryLine {
  deployment_id: string;
  /** The release that it is about; empty where a colour holds none that was recorded. */
  release: string;
  version: string;
  sha: string;
  environment: string;
  /** The colour that the release is in; empty in place. */
  color: Color | '';
  actor: string;
  run_url: string;
  reason: string;
  /** The release is not to be gone back to. */
  bad: boolean;
  /** RFC 3339, UTC: when it ended. */
  at: string;
}

const DEPLOY_OUTCOMES = ['succeeded', 'unchanged', 'failed', 'restored', 'interrupted'] as const;
const SWITCH_OUTCOMES = ['succeeded', 'failed'] as const;
const CONFIRM_OUTCOMES = ['confirmed', 'returned', 'failed'] as const;
const INSTALL_OUTCOMES = ['installed'] as const;
const UNINSTALL_OUTCOMES = ['uninstalled'] as const;
const ROLLBACK_OUTCOMES = ['succeeded', 'restored', 'failed', 'rolled-back', 'taken-back'] as const;
const REDEPLOY_OUTCOMES = ['succeeded', 'failed'] as const;
const BACKUP_OUTCOMES = ['succeeded', 'failed'] as const;
const RESTORE_OUTCOMES = ['succeeded', 'failed'] as const;

/** A release was brought up, in place or in a colour. */
export interface DeployEntry extends HistoryLine {
  operation: 'deploy';
  outcome: (typeof DEPLOY_OUTCOMES)[number];
  ref: string;
  /** Milliseconds. */
  duration_ms: number;
  /** Service -> its image by digest, or its id. */
  digests: Readonly<Record<string, string>>;
  /** Left on the disk of the images when it ended; absent on lines of older versions. */
  free_bytes?: number;
}

/** Names of shares; where they are the same, the traffic stayed. */
interface Moved {
  from: string;
  to: string;
}

/** The traffic was moved, or given back because the target could not be proven. */
export interface SwitchEntry extends HistoryLine, Moved {
  operation: 'switch';
  outcome: (typeof SWITCH_OUTCOMES)[number];
}

/** A switch was confirmed; or nobody did, and the server took it back (`returned`) or could not. */
export interface ConfirmEntry extends HistoryLine, Moved {
  operation: 'confirm';
  outcome: (typeof CONFIRM_OUTCOMES)[number];
}

/** The proxy was prepared. */
export interface InstallEntry extends HistoryLine, Moved {
  operation: 'install';
  outcome: (typeof INSTALL_OUTCOMES)[number];
}

/** Our parts were taken out of the proxy's configuration again. */
export interface UninstallEntry extends HistoryLine, Moved {
  operation: 'uninstall';
  outcome: (typeof UNINSTALL_OUTCOMES)[number];
}

/**
 * A release came back: by the traffic (then `from` and `to` are shares), or in place of another one (`previous`).
 * `rolled-back` and `taken-back` are marks on the release of the line: it was left by a rollback, or that was undone.
 */
export interface RollbackEntry extends HistoryLine {
  operation: 'rollback';
  outcome: (typeof ROLLBACK_OUTCOMES)[number];
  from: string;
  to: string;
  previous: string;
  duration_ms: number;
  /** The data were taken back for it (`down-migrate`, `restore-backup`). */
  data_taken_back?: true;
}

/** A recorded release was brought up in the idle colour; no traffic moved. */
export interface RedeployEntry extends HistoryLine {
  operation: 'redeploy';
  outcome: (typeof REDEPLOY_OUTCOMES)[number];
  duration_ms: number;
  digests: Readonly<Record<string, string>>;
  /** As with a rollback. */
  data_taken_back?: true;
}

/** The data were saved, or could not be. It is about no release, since it changes nothing of what serves. */
export interface BackupEntry extends HistoryLine {
  operation: 'backup';
  outcome: (typeof BACKUP_OUTCOMES)[number];
  /** The backup's id: its folder below `backups`. */
  backup: string;
  /** How far it was proven: see BackupRecord. */
  verified: Verified;
  /** Of all its files. */
  bytes: number;
  duration_ms: number;
}

/** The data of a backup took the place of those that were there, or could not. It is about no release either. */
export interface RestoreEntry extends HistoryLine {
  operation: 'restore';
  outcome: (typeof RESTORE_OUTCOMES)[number];
  /** The backup's id. */
  backup: string;
  duration_ms: number;
  /** RFC 3339, UTC: when the data were saved that took the place of others, if only in a part; absent where none did. */
  data_saved?: string;
}

/** A line of history.jsonl: what was done, by whom, and how it ended. */
export type HistoryEntry =
  | DeployEntry
  | SwitchEntry
  | ConfirmEntry
  | InstallEntry
  | UninstallEntry
  | RollbackEntry
  | RedeployEntry
  | BackupEntry
  | RestoreEntry;

const SHARE_OR_NONE = orNone(SHARE_KIND);

/** The operations that leave a line, and what each says beside what all do. */
const OPERATIONS: {
  [O in HistoryEntry['operation']]: (
    form: Form,
  ) => Omit<Extract<HistoryEntry, { operation: O }>, keyof HistoryLine | 'operation'>;
} = {
  deploy: (form) => ({
    outcome: form.get('outcome', wordOf(DEPLOY_OUTCOMES)),
    ref: form.get('ref', LINE, ''),
    duration_ms: form.get('duration_ms', COUNT, 0),
    digests: form.get('digests', IMAGES_KIND, {}),
    ...freeBytes(form),
  }),
  switch: (form) => ({ outcome: form.get('outcome', wordOf(SWITCH_OUTCOMES)), ...moved(form) }),
  confirm: (form) => ({ outcome: form.get('outcome', wordOf(CONFIRM_OUTCOMES)), ...moved(form) }),
  install: (form) => ({ outcome: form.get('outcome', wordOf(INSTALL_OUTCOMES)), ...moved(form) }),
  uninstall: (form) => ({ outcome: form.get('outcome', wordOf(UNINSTALL_OUTCOMES)), ...moved(form) }),
  rollback: (form) => ({
    outcome: form.get('outcome', wordOf(ROLLBACK_OUTCOMES)),
    from: form.get('from', SHARE_OR_NONE, ''),
    to: form.get('to', SHARE_OR_NONE, ''),
    previous: form.get('previous', orNone(ID_KIND), ''),
    duration_ms: form.get('duration_ms', COUNT, 0),
    ...dataTakenBack(form),
  }),
  redeploy: (form) => ({
    outcome: form.get('outcome', wordOf(REDEPLOY_OUTCOMES)),
    duration_ms: form.get('duration_ms', COUNT, 0),
    digests: form.get('digests', IMAGES_KIND, {}),
    ...dataTakenBack(form),
  }),
  backup: (form) => ({
    outcome: form.get('outcome', wordOf(BACKUP_OUTCOMES)),
    backup: form.get('backup', ID_KIND),
    verified: form.get('verified', wordOf(VERIFIED)),
    bytes: form.get('bytes', COUNT),
    duration_ms: form.get('duration_ms', COUNT),
  }),
  restore: (form) => ({
    outcome: form.get('outcome', wordOf(RESTORE_OUTCOMES)),
    backup: form.get('backup', ID_KIND),
    duration_ms: form.get('duration_ms', COUNT),
    ...dataSaved(form),
  }),
};

function dataSaved(form: Form): Pick<RestoreEntry, 'data_saved'> {
  const saved = form.get('data_saved', TIME, '');
  return saved === '' ? {} : { data_saved: saved };
}

function freeBytes(form: Form): Pick<DeployEntry, 'free_bytes'> {
  const free = form.get('free_bytes', COUNT, 0);
  return free > 0 ? { free_bytes: free } : {};
}

function dataTakenBack(form: Form): Pick<RollbackEntry, 'data_taken_back'> {
  return form.get('data_taken_back', FLAG, false) ? { data_taken_back: true } : {};
}

function moved(form: Form): Moved {
  return { from: form.get('from', SHARE_OR_NONE), to: form.get('to', SHARE_OR_NONE) };
}

/** A line of history.jsonl; a text says what is wrong with it. */
export function parseHistoryEntry(value: unknown): HistoryEntry | string {
  const form = formOf(value);
  const operation = form.get('operation', wordOf(Object.keys(OPERATIONS) as HistoryEntry['operation'][]));
  const line: HistoryLine = {
    deployment_id: form.get('deployment_id', ID_KIND),
    release: form.get('release', orNone(ID_KIND)),
    version: form.get('version', LINE, ''),
    sha: form.get('sha', orNone(COMMIT_KIND), ''),
    environment: form.get('environment', LINE, ''),
    color: form.get('color', orNone(COLOR_KIND), ''),
    actor: form.get('actor', LINE, ''),
    run_url: form.get('run_url', orNone(URL_KIND), ''),
    reason: form.get('reason', TEXT, ''),
    bad: form.get('bad', FLAG, false),
    at: form.get('at', TIME, ''),
  };
  if (form.problem() !== undefined) return form.problem()!;
  const entry = { operation, ...line, ...OPERATIONS[operation](form) } as HistoryEntry;
  return form.problem() ?? entry;
}

/** Reads history.jsonl, or its end; oldest first. */
export function readHistory(text: string): Reading<HistoryEntry> {
  return readLines(text, `a line of ${FOLDER.history}`, parseHistoryEntry);
}

/** Whether the entry says that the data of a backup took the place of others. */
export function isDataReturn(entry: HistoryEntry): entry is RestoreEntry & { data_saved: string } {
  return entry.operation === 'restore' && entry.data_saved !== undefined;
}

/** Whether the entry is about what serves, as all are but those of the data: decisions about releases go by no other ones. */
export function isAboutServing(entry: HistoryEntry): boolean {
  return entry.operation !== 'backup' && entry.operation !== 'restore';
}

/** Whether the entry says that its release serves since, by a switch or a rollback. */
export function isMove(entry: HistoryEntry): entry is SwitchEntry | RollbackEntry {
  const moves = entry.operation === 'switch' || entry.operation === 'rollback';
  return moves && entry.outcome === 'succeeded' && entry.release !== '';
}

/** Whether the entry says that traffic went from one share to another one and stayed there. */
export function movedTraffic(entry: HistoryEntry): entry is SwitchEntry | RollbackEntry {
  const moves = entry.operation === 'switch' || entry.operation === 'rollback';
  return moves && entry.outcome === 'succeeded' && entry.from !== '' && entry.from !== entry.to;
}

/** Whether it is a switch that nobody confirmed and that the server took back. */
export function isReturn(entry: HistoryEntry): boolean {
  return entry.outcome === 'returned';
}
