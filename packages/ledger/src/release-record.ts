import type { Color } from './color.ts';
import { ENGINES, type EngineKind } from './engine.ts';
import { FOLDER } from './folder.ts';
import {
  COUNT,
  FLAG,
  LINE,
  type Reading,
  TEXT,
  TIME,
  formOf,
  listOf,
  mapOf,
  objectOf,
  readLines,
  textLike,
  wordOf,
} from './form.ts';
import { COLOR_KIND, COMMIT_KIND, ID_KIND, IMAGE_KIND, SERVICE_KIND, URL_KIND, orNone } from './kinds.ts';

export interface RecordedService {
  name: string;
  /** The reference that was asked for. */
  image: string;
  replicas: number;
  /** SHA-256 of its resolved configuration. */
  hash: string;
  kind: 'long' | 'once';
}

/** What a deploy did to the database. */
export interface RecordedMigrations {
  ran: boolean;
  reversible: boolean;
  /** SHA-256 of what `migration-state` printed; empty without it. */
  state_before: string;
  state_after: string;
}

/** release.json: a release that is on the server, in releases/<id>. It holds no value of the environment. */
export interface ReleaseRecord {
  id: string;
  version: string;
  project: string;
  /** The colour that it was deployed to; empty in place. */
  color: Color | '';
  /** What runs its containers. */
  engine: EngineKind;
  environment: string;
  repository: string;
  ref: string;
  sha: string;
  actor: string;
  run_url: string;
  compose_files: readonly string[];
  profiles: readonly string[];
  env_file: string;
  services: readonly RecordedService[];
  files: readonly string[];
  hooks: Readonly<Record<string, readonly string[]>>;
  /** RFC 3339, UTC. */
  created: string;
  /** What it took the place of: in place the release before, with colours the one that was in its colour. */
  previous: string;
  /** Service -> image id. */
  images: Readonly<Record<string, string>>;
  migrations: RecordedMigrations;
  /** The backup that was taken before it was deployed; empty without one. It stays as long as the release does. */
  backup: string;
}

const TEXTS = listOf(TEXT);
const SERVICES = listOf(
  objectOf<RecordedService>('a service with its name, image, replicas, hash and kind', {
    name: SERVICE_KIND,
    image: IMAGE_KIND,
    replicas: COUNT,
    hash: textLike(/^[0-9a-f]{64}$/, 'a SHA-256'),
    kind: wordOf(['long', 'once']),
  }),
);
const IMAGES = mapOf(textLike(/^sha256:[0-9a-f]{64}$/, 'an image id'));
const MIGRATIONS = objectOf<RecordedMigrations>(
  'what was migrated: ran, reversible, state_before and state_after',
  { ran: FLAG, reversible: FLAG, state_before: TEXT, state_after: TEXT },
);

/** A release.json; a text says what is wrong with it. */
export function parseReleaseRecord(value: unknown): ReleaseRecord | string {
  const form = formOf(value);
  const record: ReleaseRecord = {
    id: form.get('id', ID_KIND),
    version: form.get('version', LINE),
    project: form.get('project', LINE),
    color: form.get('color', orNone(COLOR_KIND), ''),
    // Recorded when there was no other.
    engine: form.get('engine', wordOf(ENGINES), 'compose'),
    environment: form.get('environment', LINE, ''),
    repository: form.get('repository', LINE, ''),
    ref: form.get('ref', LINE, ''),
    sha: form.get('sha', orNone(COMMIT_KIND), ''),
    actor: form.get('actor', LINE, ''),
    run_url: form.get('run_url', orNone(URL_KIND), ''),
    compose_files: form.get('compose_files', TEXTS, []),
    profiles: form.get('profiles', TEXTS, []),
    env_file: form.get('env_file', TEXT, ''),
    services: form.get('services', SERVICES),
    files: form.get('files', TEXTS, []),
    hooks: form.get('hooks', mapOf(TEXTS), {}),
    created: form.get('created', TIME),
    previous: form.get('previous', orNone(ID_KIND)),
    images: form.get('images', IMAGES),
    migrations: form.get('migrations', MIGRATIONS),
    backup: form.get('backup', orNone(ID_KIND), ''),
  };
  return form.problem() ?? record;
}

/** Reads the records of releases, one a line; in the order in which they were made. */
export function readReleases(text: string): Reading<ReleaseRecord> {
  const reading = readLines(text, `release.json of a folder in ${FOLDER.releases}`, parseReleaseRecord);
  reading.records.sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
  return reading;
}

/** Whether old code may not run on the schema that a release has left: nothing says that it did not change, or may. */
export function changesSchema({ migrations }: Pick<ReleaseRecord, 'migrations'>): boolean {
  const { ran, reversible, state_before: before, state_after: after } = migrations;
  return ran && !reversible && (before === '' || before !== after);
}
