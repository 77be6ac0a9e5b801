import { FOLDER } from './folder.ts';
import {
  COUNT,
  LINE,
  type Reading,
  TEXT,
  TIME,
  formOf,
  listOf,
  objectOf,
  readLines,
  textLike,
  wordOf,
} from './form.ts';
import { COMMIT_KIND, ID_KIND, URL_KIND, orNone } from './kinds.ts';

/**
 * How far a backup was proven: `none` not beyond its checksums, `read` every byte was read back by the tool's own reader,
 * `restore` it was loaded into a database of its own and asked.
 */
export const VERIFIED = ['none', 'read', 'restore'] as const;
export type Verified = (typeof VERIFIED)[number];

/** A file of a backup. */
export interface BackupFile {
  name: string;
  /** What made it, such as `postgres`. */
  kind: string;
  /** The service that it was taken from. */
  service: string;
  /** What of the service: a database's name. */
  source: string;
  bytes: number;
  sha256: string;
  /** The program that made it, with its version as it says it. */
  tool: string;
  /** What `verify-query` answered in the same snapshot; empty where it was not asked. */
  answer: string;
}

/** A container as it was then. */
export interface BackupService {
  name: string;
  image: string;
  image_id: string;
  state: string;
}

/** backups/<id>/manifest.json. A folder without it is no backup. */
export interface BackupRecord {
  id: string;
  /** RFC 3339, UTC: when it was begun; what was written later may not be in it. */
  created: string;
  deployment_id: string;
  project: string;
  /** The release that served; empty without one. */
  release: string;
  version: string;
  sha: string;
  actor: string;
  run_url: string;
  verified: Verified;
  /** Of all files. */
  bytes: number;
  services: readonly BackupService[];
  files: readonly BackupFile[];
}

const SERVICES = listOf(
  objectOf<BackupService>('a service with its name, image, image_id and state', {
    name: TEXT,
    image: TEXT,
    image_id: TEXT,
    state: TEXT,
  }),
);
const FILES = listOf(
  objectOf<BackupFile>('a file with its name, kind, service, source, bytes, sha256, tool and answer', {
    name: textLike(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/, 'a file name'),
    kind: TEXT,
    service: TEXT,
    source: TEXT,
    bytes: COUNT,
    sha256: textLike(/^[0-9a-f]{64}$/, 'a SHA-256'),
    tool: TEXT,
    answer: TEXT,
  }),
);

/** A manifest.json; a text says what is wrong with it. */
export function parseBackupRecord(value: unknown): BackupRecord | string {
  const form = formOf(value);
  const record: BackupRecord = {
    id: form.get('id', ID_KIND),
    created: form.get('created', TIME),
    deployment_id: form.get('deployment_id', ID_KIND),
    project: form.get('project', LINE),
    release: form.get('release', orNone(ID_KIND)),
    version: form.get('version', LINE, ''),
    sha: form.get('sha', orNone(COMMIT_KIND), ''),
    actor: form.get('actor', LINE, ''),
    run_url: form.get('run_url', orNone(URL_KIND), ''),
    verified: form.get('verified', wordOf(VERIFIED)),
    bytes: form.get('bytes', COUNT),
    services: form.get('services', SERVICES),
    files: form.get('files', FILES),
  };
  return form.problem() ?? record;
}

/** Reads manifests, one a line; in the order in which the backups were begun. */
export function readBackups(text: string): Reading<BackupRecord> {
  const reading = readLines(text, `manifest.json of a folder in ${FOLDER.backups}`, parseBackupRecord);
  reading.records.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  return reading;
}
