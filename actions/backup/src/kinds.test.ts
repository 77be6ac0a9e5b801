import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackupRig, backupRig, idOf, well } from './testing/backup-rig.ts';
import { withVolume } from './testing/volume.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

/** A Redis, a MariaDB and a file of SQLite beside the PostgreSQL: tools that write what theirs do. */
const TOOLS: Readonly<Record<string, string>> = {
  'redis-cli': `case "$*" in
  *INFO*) printf 'used_memory:1000\r\n' ;;
  *--version*) echo 'redis-cli 8.0.1' ;;
  *--rdb*)
    printf 'REDIS0012 keys'
    [ "$(cat "$HOME/how/redis-cli" 2>/dev/null)" != cuts ] || exit 0
    printf 'a-mark-of-forty-bytes-that-ends-the-stream'
    echo 'Transfer finished with success after 14 bytes' >&2 ;;
esac`,
  'redis-check-rdb': `[ "$1" = /dev/stdin ] || exit 1
case "$(cat)" in 'REDIS0012 keys') echo '[offset 14] Checksum OK' ;; *) echo 'Unexpected EOF' >&2; exit 1 ;; esac`,
  mariadb: `case "$*" in
  *SUM*) printf '1000\tshop\n' ;;
  *CONCAT*) [ ! -f "$HOME/how/mute" ] || { echo 'ERROR 2013: Lost connection' >&2; exit 1; }; [ ! -f "$HOME/how/old-tables" ] || echo shop.sessions ;;
  *--execute*) ;;
  *) cat >"$HOME/loaded" ;;
esac`,
  'mariadb-dump': `case "$*" in
  *--version*) echo 'mariadb-dump from 11.8.2-MariaDB' ;;
  *)
    echo "-- dump of $*"
    [ "$(cat "$HOME/how/mariadb-dump" 2>/dev/null)" != cuts ] || exit 0
    echo '-- Dump completed on 2026-11-27' ;;
esac`,
  sqlite3: `case "$*" in
  *--version*) echo '3.46.1 2024' ;;
  *integrity_check*) if [ "$(cat "$3" 2>/dev/null || cat "$2")" = rows ]; then echo ok; else echo 'row 3 missing from index'; fi ;;
  *.backup*) for word; do :; done; to=\${word#*\\"}; printf 'rows' >"\${to%\\"}" ;;
esac`,
};

function rigged(): BackupRig {
  const rig = backupRig(hostWith);
  for (const [name, text] of Object.entries(TOOLS)) rig.host.tool(name, text);
  for (const name of ['cache', 'sales', 'app']) rig.service(name);
  return rig;
}

const read = (rig: BackupRig, id: string, name: string) =>
  readFileSync(path.join(rig.host.path, 'backups', id, name));

test('Redis, MariaDB and SQLite are saved by their own tools and read back', async () => {
  const rig = rigged();
  const file = path.join(rig.host.home, 'app.db');
  writeFileSync(file, 'torn');
  const done = await rig.go({ databases: `cache: redis\nsales: mariadb\napp: sqlite ${file}` });
  const id = idOf(done);
  expect(rig.records()[0]!.files.map(({ name, kind, source, tool }) => [name, kind, source, tool])).toEqual([
    ['cache.rdb', 'redis', '', 'redis-cli 8.0.1'],
    ['sales.shop.sql.gz', 'mariadb', 'shop', 'mariadb-dump from 11.8.2-MariaDB'],
    ['app.app.db', 'sqlite', file, 'sqlite3 3.46.1 2024'],
  ]);
  // Without the mark that ends the stream.
  expect(read(rig, id, 'cache.rdb').toString()).toBe('REDIS0012 keys');
  const dump = gunzipSync(read(rig, id, 'sales.shop.sql.gz')).toString();
  expect(dump).toContain('--single-transaction --quick --routines --events --triggers');
  expect(dump).not.toContain('gtid');
  expect(read(rig, id, 'app.app.db').toString()).toBe('rows');
});

test.each([
  ['redis-cli', 'cuts', 'cache: redis', 'was not sent to its end'],
  ['mariadb-dump', 'cuts', 'sales: mariadb', 'cannot be read back: it has no end'],
] as const)('where %s %s, nothing is kept', async (tool, how, databases, message) => {
  const rig = rigged();
  rig.tool(tool, how);
  const { failure } = await rig.go({ databases });
  expect(failure?.message).toContain(message);
  expect(failure?.message).toContain('nothing of this backup is kept');
  expect(rig.folders()).toEqual([]);
});

test('MySQL is saved by its own tools, as one that has global transaction ids would not take it back without a word of its own', async () => {
  const rig = backupRig(hostWith);
  rig.service('sales');
  rig.host.tool('mysql', TOOLS['mariadb']!);
  rig.host.tool(
    'mysqldump',
    TOOLS['mariadb-dump']!.replace(
      'mariadb-dump from 11.8.2-MariaDB',
      'mysqldump  Ver 9.7.4 for Linux on x86_64',
    ),
  );
  const id = idOf(await rig.go({ databases: 'sales: mysql', verify: 'restore' }));
  expect(rig.records()[0]!.files.map(({ name, kind, tool }) => [name, kind, tool])).toEqual([
    ['sales.shop.sql.gz', 'mysql', 'mysqldump  Ver 9.7.4 for Linux on x86_64'],
  ]);
  const words = gunzipSync(read(rig, id, 'sales.shop.sql.gz'))
    .toString()
    .split('\n')[0];
  expect(words).toBe(
    '-- dump of --user=root --single-transaction --quick --routines --events --triggers --no-tablespaces --hex-blob --default-character-set=utf8mb4 --set-gtid-purged=OFF shop',
  );
  expect(readFileSync(path.join(rig.host.home, 'loaded'), 'utf8')).toContain('-- Dump completed');
});

test('tables that know no transactions are told, and verify: restore loads a MariaDB apart', async () => {
  const rig = rigged();
  writeFileSync(path.join(rig.host.home, 'how/old-tables'), '');
  const done = await rig.go({ databases: 'sales: mariadb', verify: 'restore' });
  expect(well(done).outputs.verified).toBe('restore');
  expect(done.log).toContain('shop.sessions');
  expect(readFileSync(path.join(rig.host.home, 'loaded'), 'utf8')).toContain('-- Dump completed');
  expect(rig.docker.containers()).toHaveLength(4);
});

test('a MariaDB that does not say which tables know no transactions is not saved as if all did', async () => {
  const rig = rigged();
  writeFileSync(path.join(rig.host.home, 'how/mute'), '');
  const { failure } = await rig.go({ databases: 'sales: mariadb' });
  expect(failure?.message).toContain('does not say which tables know no transactions: ERROR 2013');
  expect(rig.folders()).toEqual([]);
});

test('what cannot be done with a kind is refused before a server is asked', async () => {
  const rig = rigged();
  for (const [more, message] of [
    [{ databases: 'cache: redis', verify: 'restore' }, 'cannot load the redis cache'],
    [
      { databases: 'cache: redis', 'verify-query': 'cache: SELECT 1' },
      'of which no PostgreSQL, MySQL or MariaDB is saved',
    ],
    [{ databases: 'db: postgres', pause: 'app' }, 'there are none'],
    [
      {
        restore: '20260101-000000-ab12',
        confirm: '20260101-000000-ab12',
        databases: '',
        commands: 'app: cat a -> x',
      },
      'restore brings back no command (app)',
    ],
  ] as const) {
    expect((await rig.go(more)).failure?.message).toContain(message);
  }
  expect(rig.sessions).toEqual([]);
});

test.each([
  [{ databases: 'cache: redis one' }, 'a Redis is saved whole'],
  [{ databases: 'app: sqlite' }, 'names no file'],
  [{ databases: 'app: sqlite ../app.db' }, 'is no absolute path'],
  [{ commands: 'app: cat /etc/passwd -> ../x' }, 'is no name for a file'],
  [{ commands: 'app: cat x -> manifest.json' }, 'is no name for a file'],
  [{ commands: 'app: cat x' }, 'is not service: command -> file'],
  [{ commands: 'app: cat a -> x\napp: cat b -> x' }, 'two commands write x'],
  [{ paths: '../other' }, 'is no path below'],
  [{ paths: '/etc' }, 'is no path below'],
  [{ paths: 'backups/x' }, 'is of the actions'],
  [{ volumes: 'me/dia' }, 'is no name of a volume'],
] as const)('the inputs %j are refused', async (more, message) => {
  const rig = rigged();
  await expect((async () => await rig.go(more as Record<string, string>))()).rejects.toThrow(message);
});

test('the output of a command is saved, and a command that fails or prints nothing saves nothing', async () => {
  const rig = rigged();
  const id = idOf(await rig.go({ databases: '', commands: 'app: printf a; printf b -> out.txt' }));
  expect(read(rig, id, 'out.txt').toString()).toBe('ab');
  for (const [command, message] of [
    ['echo half; exit 3', 'exit code 3'],
    ['true', 'is empty'],
  ] as const) {
    const { failure } = await rig.go({ databases: '', commands: `app: ${command} -> out.txt` });
    expect(failure?.message).toContain(message);
  }
  expect(rig.folders()).toEqual([id]);
});

test('a command that does not end is ended with all that it started', async () => {
  const rig = rigged();
  const pids = path.join(rig.host.home, 'pids/sleeper');
  const { failure } = await rig.go({
    databases: '',
    commands: `app: sh -c 'echo $$ >>${pids}; exec sleep 300' & wait -> out.txt`,
    timeout: '3s',
  });
  expect(failure).toMatchObject({ code: 'timed-out' });
  await eventually(() => rig.running('sleeper').length === 0, 'the end of what the command had started');
  expect(rig.folders()).toEqual([]);
});

test('a volume is saved with its root entry while its service stands still, and a path beside it', async () => {
  const rig = rigged();
  withVolume(rig);
  mkdirSync(path.join(rig.host.path, 'shared/uploads'), { recursive: true });
  writeFileSync(path.join(rig.host.path, 'shared/uploads/b.txt'), 'uploaded');
  const done = await rig.go({ databases: '', volumes: 'media', paths: 'shared/uploads', pause: 'web' });
  const id = idOf(done);
  expect(rig.records()[0]!.files.map(({ name, service, source }) => [name, service, source])).toEqual([
    ['volume.media.tar.gz', '', 'media'],
    ['path.shared_uploads.tar.gz', '', 'shared/uploads'],
  ]);
  expect(gunzipSync(read(rig, id, 'volume.media.tar.gz')).toString()).toMatch(/^\.\/\0/);
  expect(gunzipSync(read(rig, id, 'path.shared_uploads.tar.gz')).toString()).toContain('uploaded');
  const calls = rig.docker.calls();
  const at = (start: string) => calls.findIndex((line) => line.startsWith(start));
  expect(at('pause')).toBeLessThan(at('create'));
  expect(at('create')).toBeLessThan(at('unpause'));
  expect(calls[at('create')]).toMatch(/--user 0 --volume shop_media:\/volume:ro --entrypoint timeout/);
  expect(rig.docker.containers().map(({ State: { Status } }) => Status)).toEqual(Array(5).fill('running'));
});

test('a path that is a link is refused: nothing of what it leads to would be saved', async () => {
  const rig = rigged();
  mkdirSync(path.join(rig.host.path, 'shared'), { recursive: true });
  symlinkSync('/etc', path.join(rig.host.path, 'shared/uploads'));
  const { failure } = await rig.go({ databases: '', paths: 'shared/uploads' });
  expect(failure).toMatchObject({ kind: 'input', message: expect.stringContaining('is a link') });
  expect(rig.folders()).toEqual([]);
});

test('a file that changes while it is read fails the backup, and the services go on', async () => {
  const rig = rigged();
  withVolume(rig);
  rig.tool('tar', 'fails');
  const { failure } = await rig.go({ databases: '', volumes: 'media', pause: 'web' });
  expect(failure?.message).toContain('file changed as we read it');
  expect(rig.folders()).toEqual([]);
  await eventually(() => rig.docker.running('shop').length === 5, 'the services to go on');
  expect(rig.docker.containers().every(({ State: { Status } }) => Status === 'running')).toBe(true);
});

test('a volume of a database that runs is refused, and so is one that is not there', async () => {
  const rig = rigged();
  withVolume(rig, '/var/lib/postgresql/data');
  expect((await rig.go({ databases: '', volumes: 'media' })).failure?.message).toContain(
    'holds a database that runs',
  );
  expect((await rig.go({ databases: '', volumes: 'medium' })).failure).toMatchObject({
    message: 'there is no volume medium of shop',
    remedy: 'It has: media ',
  });
});

test('services that stand still go on when everything is killed', async () => {
  const rig = rigged();
  withVolume(rig);
  rig.host.pauseAt('phase:read-back:before');
  rig.host.tool('gzip', 'sleep 300');
  const { done, ports } = rig.start({ databases: '', volumes: 'media', pause: 'web' });
  const isPaused = () => rig.docker.containers().some(({ State: { Status } }) => Status === 'paused');
  await eventually(isPaused, 'the pause of the service');
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  await done;
  await eventually(() => !isPaused(), 'the service to go on');
  expect(rig.records()).toEqual([]);
});

const KEY = `age1${'q'.repeat(58)}`;

/** Writes as age does, but for what it does. */
const AGE = `cat >/dev/null </dev/null
case "$(cat "$HOME/how/age" 2>/dev/null)" in fails) echo 'age: error: disk is full' >&2; exit 1 ;; esac
for word; do :; done
echo age-encryption.org/v1
case $word in */recipients) cat ;; *) tr a-z n-za-m <"$word" ;; esac`;

test('what was saved is encrypted once it is proven, and does not come back by itself', async () => {
  const rig = rigged();
  rig.host.tool('age', AGE);
  const id = idOf(await rig.go({ 'encrypt-to': KEY, 'verify-query': 'db/shop: SELECT 1' }));
  const [record] = rig.records();
  expect(record!.verified).toBe('read');
  expect(record!.files.map(({ name }) => name)).toEqual([
    'db.shop.pgdump.age',
    'db.shop.query.age',
    'db.globals.sql.age',
  ]);
  expect(readdirSync(path.join(rig.host.path, 'backups', id)).sort()).toEqual(
    ['manifest.json', ...record!.files.map(({ name }) => name)].sort(),
  );
  expect(read(rig, id, 'db.shop.pgdump.age').toString()).not.toContain('many rows');
  const { failure } = await rig.go({ restore: id, confirm: id, databases: '' });
  expect(failure?.message).toContain('is encrypted, and the server has no key to it');
});

test('encrypt-to is refused where age is not there, where it fails, and for what is no public key', async () => {
  const rig = rigged();
  rig.host.tool('age', 'exit 127');
  const broken = await rig.go({ 'encrypt-to': KEY });
  expect(broken.failure?.message).toContain('age takes no recipient');
  rig.host.tool(
    'age',
    AGE.replace('case "$(cat', 'case "$*" in */recipients) cat; exit ;; esac\ncase "$(cat'),
  );
  rig.tool('age', 'fails');
  expect((await rig.go({ 'encrypt-to': KEY })).failure?.message).toContain('could not be encrypted');
  expect(rig.folders()).toEqual([]);
  await expect((async () => await rig.go({ 'encrypt-to': 'AGE-SECRET-KEY-1QQ' }))()).rejects.toThrow(
    'this is no public key of age',
  );
});
