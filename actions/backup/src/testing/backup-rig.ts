import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Failure, parseFields } from '@deploy-actions/kit';
import { type BackupRecord, type HistoryEntry, readBackups, readHistory } from '@deploy-actions/ledger';
import {
  type DockerServer,
  type HostWith,
  dockerServers,
  runningContainer,
} from '@deploy-actions/release/testing';
import { type FakePorts, fakePorts, mustBeWellTold } from '@deploy-actions/runner/testing';
import { backUp } from '../backup.ts';
import { type BackupOutputs, fields } from '../fields.ts';

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

/** One run of the action. */
export interface BackedUp {
  outputs: BackupOutputs;
  failure: Failure | undefined;
  ports: FakePorts;
  log: string;
}

/** A volume by its name, or a folder of the server. */
export interface Mount {
  Type?: 'bind' | 'volume';
  Name?: string;
  Source?: string;
  Destination: string;
}

/** A server with a PostgreSQL whose databases are files, and the action that saves them. */
export interface BackupRig extends DockerServer {
  start(more?: Record<string, string>): { ports: FakePorts; done: Promise<BackedUp> };
  go(more?: Record<string, string>): Promise<BackedUp>;
  /** Makes a database, or another content of it. */
  database(name: string, content: string): void;
  /** Another service that runs; its tools are programs of the test's host as well. */
  service(name: string, mounts?: readonly Mount[]): void;
  /** The databases that the server has, with their content. */
  databases(): Record<string, string>;
  /** How a tool behaves from now on: `fails`, `lies` (exit code 0 and nothing written), `hangs`, `cuts` what it writes. */
  tool(name: string, how: 'fails' | 'lies' | 'hangs' | 'cuts' | 'loses' | 'busy' | ''): void;
  /** Ids of tools that run. */
  running(name: string): number[];
  /** What is in `backups`, also what is no backup. */
  folders(): string[];
  records(): BackupRecord[];
  history(): HistoryEntry[];
  /** Makes a backup look as if it were of so many days ago, and perhaps as if it had other bytes. */
  age(id: string, days: number): void;
}

/** Fails with the log where a backup that should go well does not. */
export function well(back: BackedUp): BackedUp {
  if (back.failure) throw new Error(`${back.failure.message}\n${back.failure.details ?? ''}\n${back.log}`);
  return back;
}

/** The id of a backup that should go well. */
export const idOf = (back: BackedUp) => String(well(back).outputs.backup);

/**
 * The tools of the container, which are programs on the test's host. Each does as the file of its name says. A database is a
 * file; those of the throw-away container are in a folder of their own.
 */
const HOW = (name: string) => `how=
if [ -e "$HOME/how/${name}" ]; then
  # One that cannot read how it is to behave must not behave well.
  read -r how <"$HOME/how/${name}" || { echo "${name}: its part is not known" >&2; exit 99; }
fi
echo $$ >>"$HOME/pids/${name}"
case $how in
  fails) echo "${name}: error: connection to server was lost" >&2; exit 1 ;;
  lies) exit 0 ;;
  hangs) printf PGDMP; exec sleep 300 ;;
esac
case $IN_CONTAINER in *trial*) databases=$HOME/trial ;; *) databases=$HOME/databases ;; esac
for word; do
  case $word in
    --dbname=*) database=\${word#--dbname=} ;;
    --set=query=*) query=\${word#--set=query=} ;;
    --set=name=*) name=\${word#--set=name=} ;;
    --set=new=*) new=\${word#--set=new=} ;;
    --set=old=*) old=\${word#--set=old=} ;;
  esac
done`;

/** Statements that stand for those of psql: what is asked is how many words the database has, and its name. */
const PSQL = String.raw`${HOW('psql')}
case "$*" in
  *'SELECT datname'*) ls "$databases"; exit 0 ;;
  *pg_database_size*) for each in "$databases"/*; do echo "$(wc -c <"$each") ${'$'}{each##*/}"; done; exit 0 ;;
  *ANALYZE*) exit 0 ;;
  *pg_largeobject_metadata*) wc -l <"$databases/postgres"; exit 0 ;;
esac
while IFS= read -r line; do
  case $line in
    *pg_export_snapshot*) echo 'snapshot 00000003-1' ;;
    *\\gexec) [ "$query" != wrong ] || { echo 'ERROR: syntax error' >&2; exit 3; }; echo "$(wc -w <"$databases/$database") \"words\" by $query" ;;
    '\echo '*) echo "${'$'}{line#* }" ;;
    '\echo') echo ;;
    'CREATE DATABASE :"new"'*) : >"$databases/$new" ;;
    'DROP DATABASE IF EXISTS :"new"'*) rm -f "$databases/$new" ;;
    'ALTER DATABASE :"name" RENAME TO :"old"'*) [ "$how" != busy ] || { echo 'ERROR:  database is being accessed by other users' >&2; exit 3; }; mv "$databases/$name" "$databases/$old" ;;
    'ALTER DATABASE :"new" RENAME TO :"name"'*) mv "$databases/$new" "$databases/$name" ;;
    *'WITH ALLOW_CONNECTIONS '*) echo "$name ${'$'}{line##* }" >>"$HOME/connections" ;;
  esac
done
exit 0`;

const TOOLS: Readonly<Record<string, string>> = {
  psql: PSQL,
  pg_isready: `${HOW('pg_isready')}
exit 0`,
  pg_dump: `[ "$1" != --version ] || { echo 'pg_dump (PostgreSQL) 17.2 (Debian "x")'; exit 0; }
case "$*" in *--host=*)
  if [ -e "$HOME/how/zstd" ]; then echo 'pg_dump: error: connection to server on socket "/no-server-is-here/.s.PGSQL.5432" failed' >&2; else echo 'pg_dump: error: this build does not support compression with zstd' >&2; fi
  exit 1 ;;
esac
${HOW('pg_dump')}
echo "$*" >>"$HOME/dumps"
case "$*" in *--snapshot=*) echo "$*" >>"$HOME/snapshots" ;; esac
printf 'PGDMP %s\\n' "$database" && cat "$databases/$database" || exit 1
[ "$how" = cuts ] || echo END`,
  pg_dumpall: `${HOW('pg_dumpall')}
printf 'CREATE ROLE shop;\\n'
[ "$how" = cuts ] || printf -- '--\\n-- PostgreSQL database cluster dump complete\\n--\\n\\n'`,
  pg_restore: `${HOW('pg_restore')}
cat >"$HOME/loading.$$"
[ "$(tail -n 1 "$HOME/loading.$$")" = END ] || { echo 'pg_restore: error: could not read from input file: end of file' >&2; exit 1; }
dumped=$(sed -n '1s/^PGDMP //p' "$HOME/loading.$$")
case "$*" in
  *--schema-only*) printf -- '--\\n-- Name: %s; Type: DATABASE; Schema: -; Owner: shop\\n--\\n\\nCREATE DATABASE %s WITH TEMPLATE = template0;\\n' "$dumped" "$dumped" ;;
  *--create*) sed '1d; $d' "$HOME/loading.$$" >"$databases/$dumped" ;;
  *--dbname=*) sed '1d; $d' "$HOME/loading.$$" >"$databases/$database" ;;
esac
[ "$how" != loses ] || for each in "$databases"/*; do : >"$each"; done
rm -f "$HOME/loading.$$"`,
};

/** Servers by their names; the one with the data first. */
function rigOf<N extends string>(names: readonly [N, ...N[]], hostWith: HostWith) {
  const { servers, connect } = dockerServers(names, hostWith, {});
  const own = servers[names[0]];
  const { host, docker } = own;
  const at = (...names: string[]) => path.join(host.home, ...names);
  for (const folder of ['how', 'pids', 'databases', 'trial']) mkdirSync(at(folder), { recursive: true });
  for (const [name, text] of Object.entries(TOOLS)) host.tool(name, text);
  docker.putImage('postgres:17', `sha256:${'1'.repeat(64)}`);
  const backups = path.join(host.path, 'backups');
  const folders = () => (existsSync(backups) ? readdirSync(backups).sort() : []);
  const manifest = (id: string) => path.join(backups, id, 'manifest.json');
  const rig: BackupRig = {
    ...own,
    start(more = {}) {
      const given: Record<string, string> = {
        host: names.map((name) => `deploy@${name}`).join('\n'),
        'ssh-key': KEY,
        path: '/srv/shop',
        project: 'shop',
        databases: 'db: postgres',
        'min-free-disk': '1kB',
        timeout: '60s',
        ...more,
      };
      const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
      const ports = fakePorts({ runId: '101', runUrl: 'https://ci.test/101', temp: host.home });
      const ended = (outputs: BackupOutputs, failure?: Failure): BackedUp => {
        if (failure) mustBeWellTold(ports, failure);
        return { outputs, failure, ports, log: ports.log.lines.join('\n') };
      };
      const done = backUp(inputs, { ...ports, connect }).then(
        (outputs) => ended(outputs),
        (error: Failure) => ended((error.outputs ?? {}) as BackupOutputs, error),
      );
      return { ports, done };
    },
    go: (more) => rig.start(more).done,
    database: (name, content) => writeFileSync(at('databases', name), `${content}\n`),
    service: (name, mounts) => docker.put(runningContainer(name, { mounts })),
    databases: () =>
      Object.fromEntries(
        readdirSync(at('databases')).map((name) => [
          name,
          readFileSync(at('databases', name), 'utf8').trim(),
        ]),
      ),
    // In one step: a tool may be reading it.
    tool(name, how) {
      writeFileSync(at('how.new'), `${how}\n`);
      renameSync(at('how.new'), at('how', name));
    },
    running: (name) =>
      (existsSync(at('pids', name)) ? readFileSync(at('pids', name), 'utf8') : '')
        .split('\n')
        .filter((pid) => pid !== '' && isAlive(Number(pid)))
        .map(Number),
    folders,
    records: () =>
      readBackups(
        folders()
          .map((id) => (existsSync(manifest(id)) ? readFileSync(manifest(id), 'utf8') : ''))
          .join(''),
      ).records,
    history: () => readHistory(host.read('.deploy/history.jsonl')).records,
    age(id, days) {
      const record = readFileSync(manifest(id), 'utf8');
      const then = new Date(Date.now() - days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z');
      writeFileSync(manifest(id), record.replace(/"created":"[^"]*"/, `"created":"${then}"`));
    },
  };
  rig.database('shop', 'many rows of the shop');
  return { rig, servers };
}

export function backupRig(hostWith: HostWith): BackupRig {
  const { rig } = rigOf(['web1'], hostWith);
  rig.service('db');
  return rig;
}

/** The same where the database is a task of a swarm, on the worker `w1`; the manager is `m1`. */
export function swarmBackupRig(hostWith: HostWith) {
  const { rig, servers } = rigOf(['w1', 'm1', 'w2'], hostWith);
  const nodes = ['m1', 'w1', 'w2'] as const;
  for (const name of nodes)
    servers[name].docker.script({
      swarm: name === 'm1' ? { nodes: [...nodes] } : { nodes: [name], manager: false },
    });
  const { host } = servers.m1;
  mkdirSync(path.join(host.path, 'releases/r1'), { recursive: true });
  writeFileSync(
    path.join(host.path, 'releases/r1/release.json'),
    '{"id":"r1","engine":"swarm","created":"2026-01-01T00:00:00Z"}\n',
  );
  symlinkSync('releases/r1', path.join(host.path, 'current'));
  const all = nodes.map((name) => `deploy@${name}`).join('\n');
  return {
    ...rig,
    servers,
    go: (more: Record<string, string> = {}) => rig.go({ host: all, ...more }),
    /** A task of a service runs on a node. */
    task(service: string, node: (typeof nodes)[number] | 'elsewhere', mounts: readonly Mount[] = []) {
      servers.m1.docker.putTask(`shop_${service}`, 'shop', node);
      if (node !== 'elsewhere') servers[node].docker.put(taskOf(service, mounts));
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The container of a task, as Swarm names and labels it. */
function taskOf(service: string, mounts: readonly Mount[]): ReturnType<typeof runningContainer> {
  const container = runningContainer(service, {
    mounts: mounts.map((one) => ({ Type: 'volume', ...one })),
  });
  const {
    'com.docker.compose.project': _,
    'com.docker.compose.service': __,
    ...Labels
  } = container.Config.Labels;
  return {
    ...container,
    Name: `/shop_${service}.1.${'t'.repeat(25)}`,
    Config: {
      ...container.Config,
      Labels: {
        ...Labels,
        'com.docker.stack.namespace': 'shop',
        'com.docker.swarm.service.name': `shop_${service}`,
      },
    },
  };
}
