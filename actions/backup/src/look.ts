import {
  LOOK_AT_BACKUPS,
  LOOK_AT_REPOSITORY,
  type Repository,
  type SentBackup,
  type Source,
  readSent,
  repositoryValues,
  sourceFile,
} from '@deploy-actions/archive';
import { inspect } from '@deploy-actions/host';
import { escapeMarkdown, formatBytes, formatDuration, markdownTable } from '@deploy-actions/kit';
import { type BackupRecord, readBackups } from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import { type BackupInputs, type BackupOutputs, EMPTY } from './fields.ts';
import { type Place, placesOf } from './nodes.ts';
import { seconds } from './seconds.ts';
import type { World } from './world.ts';

/** One backup of one server, for the output `backups`. */
interface ListedBackup extends Pick<BackupRecord, 'id' | 'created' | 'release' | 'version' | 'bytes'> {
  server: string;
  verified: string;
  /** `server`: its folder is there. `repository`: a snapshot of it is. */
  where: readonly ('server' | 'repository')[];
  files: readonly string[];
}

/** Prints which backups there are, and with `plan` what the next one would save. Changes nothing. */
export async function lookAtBackups(
  servers: readonly Server[],
  sources: readonly Source[],
  repository: Repository | undefined,
  inputs: BackupInputs,
  world: World,
): Promise<BackupOutputs> {
  const places = inputs.plan ? await placesOf(servers, sources, inputs, world) : [];
  const seen = await Promise.all(
    servers.map(async (server) => {
      const place = places.find((one) => one.server === server);
      const session = place?.session ?? (await world.connect(server));
      return await lookAt(server, session, place, repository, inputs, world);
    }),
  );
  const listed: ListedBackup[] = [];
  const rows: string[][] = [];
  for (const { server, backups, sent, broken, plan } of seen) {
    const say = (text: string) => world.log.info(`${server}: ${text}`);
    for (const sentence of broken) world.log.warning(`${server}: ${sentence}`);
    if (backups.length + sent.length === 0) say('there is no backup');
    for (const one of everywhere(server, backups, sent)) {
      const { id, created, version, verified, bytes, where, files } = one;
      const age = `${formatDuration(Math.max(0, world.clock.wall().getTime() - Date.parse(created)))} ago`;
      listed.push(one);
      const cells = [id, age, formatBytes(bytes), verified, where.join(' and '), version, files.join(', ')];
      say(cells.join('  '));
      rows.push([server, ...cells].map(escapeMarkdown));
    }
    for (const line of plan) say(line);
  }
  world.summary(
    `### Backups\n\n${markdownTable(['Server', 'Backup', 'Age', 'Size', 'Verified', 'Where', 'Version', 'Files'], rows)}\n`,
  );
  return { ...EMPTY, backups: listed };
}

/** What is on the server and what is in the repository, each once, the newest first. */
function everywhere(
  server: string,
  backups: readonly BackupRecord[],
  sent: readonly SentBackup[],
): ListedBackup[] {
  const isSent = new Set(sent.filter(({ own }) => own).map(({ id }) => id));
  const here = backups.map(({ id, created, release, version, verified, bytes, files }): ListedBackup => ({
    ...{ server, id, created, release, version, verified, bytes, files: files.map(({ name }) => name) },
    where: isSent.has(id) ? ['server', 'repository'] : ['server'],
  }));
  const known = new Set(here.map(({ id }) => id));
  const elsewhere = new Map(sent.filter(({ id }) => !known.has(id)).map((one) => [one.id, one]));
  const there = [...elsewhere.values()].map(({ id, created, release, verified, bytes }): ListedBackup => ({
    ...{ server, id, created, release, version: '', verified, bytes, files: [] },
    where: ['repository'],
  }));
  return [...here, ...there].sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : 0));
}

interface Seen {
  server: string;
  /** The newest first. */
  backups: readonly BackupRecord[];
  /** What is in the repository, of this server and of others of the same application. */
  sent: readonly SentBackup[];
  broken: readonly string[];
  /** What the next one would do, in sentences. */
  plan: readonly string[];
}

/** What a server has of one backup; undefined where it has no whole one. */
export async function backupOn(
  server: Server,
  session: Session,
  backup: string,
  inputs: BackupInputs,
  world: World,
): Promise<BackupRecord | undefined> {
  const { backups } = await lookAt(server, session, undefined, undefined, inputs, world);
  return backups.find(({ id }) => id === backup);
}

/** Where there is no place, nothing would be saved there. */
async function lookAt(
  server: Server,
  session: Session,
  place: Place | undefined,
  repository: Repository | undefined,
  inputs: BackupInputs,
  world: World,
): Promise<Seen> {
  const { fields } = await inspect(session, {
    path: server.path,
    program: LOOK_AT_BACKUPS.with({
      project: inputs.project,
      engine: place?.engine ?? 'compose',
      docker_host: server.dockerHost ?? '',
      plan: place ? '1' : '',
      retention: seconds(inputs.retention),
      keep_last: String(inputs['keep-last']),
    }),
    files: [{ name: 'sources', content: sourceFile(place?.sources ?? []) }],
    passing: true,
    signal: world.signal,
  });
  const there =
    repository === undefined ? {} : await askRepository(session, server, repository, inputs, world);
  const { records, unread } = readBackups(fields['whole'] ?? '');
  const linesOf = (name: string) => (fields[name] ?? '').split('\n').filter((line) => line !== '');
  const broken = linesOf('broken').map((name) => `the backup ${name} is not whole, and counts for nothing`);
  return {
    server: server.name,
    backups: records.reverse(),
    sent: readSent(there['sent'] ?? ''),
    broken: [...unread, ...broken],
    plan: place
      ? [
          ...linesOf('planned').map(plannedText),
          ...linesOf('old').map((id) => `would remove the old backup ${id}`),
          ...(repository === undefined ? [] : ['would send it to the repository']),
          ...wordsOf(there['old']).map((id) => `would remove the old backup ${id} from the repository`),
          `${formatBytes(Number(fields['room'] ?? 0))} are free`,
        ]
      : [],
  };
}

const wordsOf = (text = '') => text.split(/\s+/).filter((word) => word !== '');

async function askRepository(
  session: Session,
  server: Server,
  repository: Repository,
  inputs: BackupInputs,
  world: World,
): Promise<Readonly<Record<string, string>>> {
  const { fields } = await inspect(session, {
    path: server.path,
    program: LOOK_AT_REPOSITORY.with({
      project: inputs.project,
      retention: seconds(inputs.retention),
      keep_last: String(inputs['keep-last']),
      ...repositoryValues(repository),
    }),
    passing: true,
    signal: world.signal,
  });
  return fields;
}

/** A line of the program's: service, database and bytes, or a sentence. */
function plannedText(line: string): string {
  const [, service, database, bytes] = /^(\S+) (.*) (\d{1,15})$/.exec(line) ?? [];
  if (bytes === undefined) return line;
  return `would save ${database} of ${service}, ${formatBytes(Number(bytes))} in the database`;
}
