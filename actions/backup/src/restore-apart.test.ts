import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  chmodSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { REDIS_TOOLS } from '@deploy-actions/archive/testing';
import { hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackupRig, backupRig, idOf, well } from './testing/backup-rig.ts';

// Databases that are files of a server's own: SQLite while its service stands still, Redis by a start anew. Real processes on a
// busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

/** SQLite, whose database is good where it says so, and which works a write-ahead log into its file. */
const SQLITE = `case "$*" in
  *--version*) echo '3.46.1 2024' ;;
  *integrity_check*)
    for word; do case $word in PRAGMA*) ;; -*) ;; *) file=$word ;; esac; done
    case $(cat "$file") in *rows*) echo ok ;; *) echo 'row 3 missing from index' ;; esac ;;
  *wal_checkpoint*) cat "$2-wal" >>"$2" && rm "$2-wal" ;;
  *.backup*) for word; do :; done; to=\${word#*\\"}; cat "$4" >"\${to%\\"}" ;;
esac`;

const before = (id: string) => `_before_${id.replaceAll('-', '_')}`;
const restore = (id: string) => ({ restore: id, confirm: id, databases: '' });

async function killedAt(place: string, rig: BackupRig, id: string): Promise<void> {
  rig.host.pauseAt(place);
  const { done, ports } = rig.start(restore(id));
  await paused(rig.host, '101-deploy/restore-1');
  process.kill(pidOf(rig.host, '101-deploy/restore-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  rig.host.pauseAt(undefined);
  expect((await done).failure?.kind).toBe('lost');
}

interface Filed {
  rig: BackupRig;
  id: string;
  folder: string;
}
const read = ({ folder }: Filed, name: string) => readFileSync(path.join(folder, name), 'utf8');

/** A database of SQLite that was spoilt after it was saved, with a write-ahead log; its service is stopped. */
async function sqlite(): Promise<Filed> {
  const rig = backupRig(hostWith);
  rig.host.tool('sqlite3', SQLITE);
  const folder = path.join(rig.host.home, 'data');
  mkdirSync(folder);
  rig.service('app', [{ Type: 'bind', Name: '', Source: folder, Destination: folder }]);
  writeFileSync(path.join(folder, 'app.db'), 'rows of then');
  chmodSync(path.join(folder, 'app.db'), 0o640);
  const id = idOf(await rig.go({ databases: `app: sqlite ${path.join(folder, 'app.db')}` }));
  writeFileSync(path.join(folder, 'app.db'), 'rows of now');
  writeFileSync(path.join(folder, 'app.db-wal'), ' and some more');
  rig.docker.stop('shop-app-1');
  return { rig, id, folder };
}

test('SQLite comes back as one file, the old one has what its log had, and it is let go', async () => {
  const filed = await sqlite();
  const { rig, id, folder } = filed;
  const { outputs } = well(await rig.go(restore(id)));
  expect(outputs.replaced).toBe(`app:${folder}/app.db${before(id)}`);
  expect(read(filed, 'app.db')).toBe('rows of then');
  expect(statSync(path.join(folder, 'app.db')).mode & 0o777).toBe(0o640);
  expect(read(filed, `app.db${before(id)}`)).toBe('rows of now and some more');
  expect(readdirSync(folder).sort()).toEqual(['app.db', `app.db${before(id)}`]);
  well(await rig.go({ confirm: id, databases: '' }));
  expect(readdirSync(folder)).toEqual(['app.db']);
});

test('SQLite whose service runs is refused by name, and so is a file of the container alone', async () => {
  const filed = await sqlite();
  const { rig, id, folder } = filed;
  rig.service('app', [{ Type: 'bind', Name: '', Source: folder, Destination: folder }]);
  const running = await rig.go(restore(id));
  expect(running.failure?.message).toBe(`containers work with ${folder}/app.db of app: shop-app-1`);
  rig.service('app');
  rig.docker.stop('shop-app-1');
  const alone = await rig.go({ ...restore(id), 'deployment-id': 'alone' });
  expect(alone.failure?.message).toContain('is in no volume or folder');
  expect([read(filed, 'app.db'), read(filed, 'app.db-wal')]).toEqual(['rows of now', ' and some more']);
});

test.each(['load:begin:after', 'exchange:begin:before', 'exchange:begin:after'])(
  'a restore of SQLite that is killed at %s has changed nothing, and the next run brings it back',
  async (place) => {
    const filed = await sqlite();
    const { rig, id, folder } = filed;
    await killedAt(place, rig, id);
    expect([read(filed, 'app.db'), read(filed, 'app.db-wal')]).toEqual(['rows of now', ' and some more']);
    well(await rig.go(restore(id)));
    expect(read(filed, 'app.db')).toBe('rows of then');
    expect(readdirSync(folder).sort()).toEqual(['app.db', `app.db${before(id)}`]);
  },
);

/** A Redis whose data were spoilt after they were saved. */
async function redis(): Promise<Filed> {
  const rig = backupRig(hostWith);
  for (const [name, text] of Object.entries(REDIS_TOOLS)) rig.host.tool(name, text);
  const folder = path.join(rig.host.home, 'redis');
  mkdirSync(folder);
  rig.service('cache', [{ Type: 'bind', Name: '', Source: folder, Destination: folder }]);
  writeFileSync(path.join(folder, 'memory'), 'REDIS0012 then');
  const id = idOf(await rig.go({ databases: 'cache: redis' }));
  writeFileSync(path.join(folder, 'memory'), 'REDIS0012 now');
  writeFileSync(path.join(folder, 'dump.rdb'), 'REDIS0012 of long ago');
  return { rig, id, folder };
}
const settings = ({ rig }: Filed) => {
  const file = path.join(rig.host.home, 'settings');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};

test('Redis reads what came back when it is started anew, and what it held last is kept', async () => {
  const filed = await redis();
  const { rig, id, folder } = filed;
  const { outputs } = well(await rig.go(restore(id)));
  expect(outputs.replaced).toBe(`cache/dump.rdb${before(id)}`);
  expect(read(filed, 'dump.rdb')).toBe('REDIS0012 then');
  expect(read(filed, `dump.rdb${before(id)}`)).toBe('REDIS0012 now');
  expect(settings(filed)).toMatch(/CLIENT PAUSE 120000 WRITE\n.*CONFIG SET save \n/);
  const calls = rig.docker.calls();
  const stopped = calls.findIndex((line) => line.startsWith('stop'));
  expect(stopped).toBeGreaterThan(0);
  expect(
    calls.findIndex(
      (line) => line.startsWith('start') && line.includes(Buffer.from('cache').toString('hex')),
    ),
  ).toBeGreaterThan(stopped);
  well(await rig.go({ confirm: id, databases: '' }));
  expect(readdirSync(folder).sort()).toEqual(['dump.rdb', 'memory']);
});

test('Redis that keeps an append-only file is refused, and one that cannot save goes on as it was', async () => {
  const filed = await redis();
  const { rig, id, folder } = filed;
  const how = (name: string) => path.join(rig.host.home, 'how', name);
  writeFileSync(how('redis-aof'), 'yes');
  expect((await rig.go(restore(id))).failure?.message).toContain('keeps an append-only file');
  writeFileSync(how('redis-aof'), 'no');
  writeFileSync(how('redis-full'), '');
  const full = await rig.go({ ...restore(id), 'deployment-id': 'full' });
  expect(full.failure).toMatchObject({ code: 'exchange-failed' });
  expect(full.failure?.message).toContain('what it holds could not be saved: ERR; the data are as they were');
  expect(settings(filed).trim().split('\n').slice(-2)).toEqual([
    '--no-auth-warning CONFIG SET save 3600 1',
    '--no-auth-warning CLIENT UNPAUSE',
  ]);
  expect(readdirSync(folder).sort()).toEqual(['dump.rdb', 'memory']);
  expect(read(filed, 'dump.rdb')).toBe('REDIS0012 of long ago');
});

test.each(['load:begin:after', 'exchange:begin:after'])(
  'a restore of Redis that is killed at %s has changed nothing, and the next run brings it back',
  async (place) => {
    const filed = await redis();
    await killedAt(place, filed.rig, filed.id);
    expect(read(filed, 'dump.rdb')).toBe('REDIS0012 of long ago');
    well(await filed.rig.go(restore(filed.id)));
    expect(read(filed, 'dump.rdb')).toBe('REDIS0012 then');
    expect(readdirSync(filed.folder).sort()).toEqual(['dump.rdb', `dump.rdb${before(filed.id)}`, 'memory']);
  },
);
