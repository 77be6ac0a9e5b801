import { LOOK_AT_BACKUPS, type Source, sourceFile } from '@deploy-actions/archive';
import { inspect } from '@deploy-actions/host';
import { escapeMarkdown, formatBytes, formatDuration, markdownTable } from '@deploy-actions/kit';
import { type BackupRecord, readBackups } from '@deploy-actions/ledger';
import type { Server } from '@deploy-actions/shell';
import { type BackupInputs, type BackupOutputs, EMPTY } from './fields.ts';
import { seconds } from './seconds.ts';
import type { World } from './world.ts';

/** One backup of one server, for the output `backups`. */
interface ListedBackup extends Pick<
  BackupRecord,
  'id' | 'created' | 'release' | 'version' | 'verified' | 'bytes'
> {
  server: string;
  files: readonly string[];
}

/** Prints which backups there are, and with `plan` what the next one would save. Changes nothing. */
export async function lookAtBackups(
  servers: readonly Server[],
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
): Promise<BackupOutputs> {
  const seen = await Promise.all(servers.map((server) => lookAt(server, sources, inputs, world)));
  const listed: ListedBackup[] = [];
  const rows: string[][] = [];
  for (const { server, backups, broken, plan } of seen) {
    const say = (text: string) => world.log.info(`${server}: ${text}`);
    for (const sentence of broken) world.log.warning(`${server}: ${sentence}`);
    if (backups.length === 0) say('there is no backup');
    for (const one of backups) {
      const { id, created, release, version, verified, bytes } = one;
      const age = `${formatDuration(Math.max(0, world.clock.wall().getTime() - Date.parse(created)))} ago`;
      const files = one.files.map(({ name }) => name);
      listed.push({ server, id, created, release, version, verified, bytes, files });
      const cells = [id, age, formatBytes(bytes), verified, version, files.join(', ')];
      say(cells.join('  '));
      rows.push([server, ...cells].map(escapeMarkdown));
    }
    for (const line of plan) say(line);
  }
  world.summary(
    `### Backups\n\n${markdownTable(['Server', 'Backup', 'Age', 'Size', 'Verified', 'Version', 'Files'], rows)}\n`,
  );
  return { ...EMPTY, backups: listed };
}

interface Seen {
  server: string;
  /** The newest first. */
  backups: readonly BackupRecord[];
  broken: readonly string[];
  /** What the next one would do, in sentences. */
  plan: readonly string[];
}

async function lookAt(
  server: Server,
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
): Promise<Seen> {
  const session = await world.connect(server);
  const { fields } = await inspect(session, {
    path: server.path,
    program: LOOK_AT_BACKUPS.with({
      project: inputs.project,
      docker_host: server.dockerHost ?? '',
      plan: inputs.plan ? '1' : '',
      retention: seconds(inputs.retention),
      keep_last: String(inputs['keep-last']),
    }),
    files: [{ name: 'sources', content: sourceFile(sources) }],
    signal: world.signal,
  });
  const { records, unread } = readBackups(fields['whole'] ?? '');
  const linesOf = (name: string) => (fields[name] ?? '').split('\n').filter((line) => line !== '');
  const broken = linesOf('broken').map((name) => `the backup ${name} is not whole, and counts for nothing`);
  return {
    server: server.name,
    backups: records.reverse(),
    broken: [...unread, ...broken],
    plan: inputs.plan
      ? [
          ...linesOf('planned').map(plannedText),
          ...linesOf('old').map((id) => `would remove the old backup ${id}`),
          `${formatBytes(Number(fields['room'] ?? 0))} are free`,
        ]
      : [],
  };
}

/** A line of the program's: service, database and bytes, or a sentence. */
function plannedText(line: string): string {
  const [, service, database, bytes] = /^(\S+) (.*) (\d{1,15})$/.exec(line) ?? [];
  if (bytes === undefined) return line;
  return `would save ${database} of ${service}, ${formatBytes(Number(bytes))} in the database`;
}
