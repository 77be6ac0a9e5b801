import { mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { backupRig, idOf, well } from './testing/backup-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigged = () => backupRig(hostWith);

test('a database is saved whole, read back, and described by its manifest', async () => {
  const rig = rigged();
  rig.database('audit', 'who did what');
  const { outputs, ports } = well(await rig.go());
  const id = String(outputs.backup);
  expect(id).toMatch(/^\d{8}-\d{6}-[0-9a-f]{4}$/);
  const [record] = rig.records();
  expect(rig.folders()).toEqual([id]);
  expect(record).toMatchObject({ id, project: 'shop', verified: 'read', actor: 'octocat', release: '' });
  expect(record!.files.map(({ name, source, kind }) => [name, source, kind])).toEqual([
    ['db.audit.pgdump', 'audit', 'postgres'],
    ['db.shop.pgdump', 'shop', 'postgres'],
    ['db.globals.sql', '', 'postgres-globals'],
  ]);
  expect(record!.files[0]!.tool).toBe('pg_dump (PostgreSQL) 17.2 (Debian x)');
  expect(record!.services).toMatchObject([{ name: 'db', image: 'postgres:17', state: 'running' }]);
  expect(rig.host.read(`backups/${id}/db.shop.pgdump`)).toBe('PGDMP shop\nmany rows of the shop\nEND\n');
  expect(outputs).toMatchObject({
    folder: path.join(rig.host.path, 'backups', id),
    verified: 'read',
    size: record!.bytes,
  });
  expect(JSON.parse(String(outputs.report))).toMatchObject({ kind: 'backup', ok: true });
  expect(ports.summaries.join('')).toContain('every byte was read back');
  expect(rig.history()).toMatchObject([
    { operation: 'backup', release: '', backup: id, outcome: 'succeeded', bytes: record!.bytes },
  ]);
});

test('a server that names no database was not heard: nothing is saved, and nothing counts', async () => {
  const rig = rigged();
  rig.tool('psql', 'lies');
  const { failure } = await rig.go();
  expect(failure).toMatchObject({ kind: 'remote', message: 'db names no database of its own' });
  expect(rig.folders()).toEqual([]);
});

test('the database that every server has for its tools is saved where it holds something, is named, or is the only one', async () => {
  const rig = rigged();
  const saved = async (more = {}) => {
    const id = idOf(await rig.go(more));
    return rig
      .records()
      .find((one) => one.id === id)!
      .files.flatMap(({ source }) => (source === '' ? [] : [source]));
  };
  rig.database('postgres', '');
  writeFileSync(path.join(rig.host.home, 'databases/postgres'), '');
  expect(await saved()).toEqual(['shop']);
  expect(well(await rig.go({ plan: 'true' })).log).not.toContain('would save postgres');
  expect(await saved({ databases: 'db: postgres postgres' })).toEqual(['postgres']);
  rig.database('postgres', 'a table of somebody');
  expect(await saved()).toEqual(['postgres', 'shop']);
});

test('a dump is compressed by zstd where pg_dump knows it, and as it does by itself elsewhere', async () => {
  const rig = rigged();
  const before = idOf(await rig.go());
  writeFileSync(path.join(rig.host.home, 'how/zstd'), '');
  const after = idOf(await rig.go());
  const dumps = readFileSync(path.join(rig.host.home, 'dumps'), 'utf8').trim().split('\n');
  expect(dumps.map((words) => words.includes('--compress=zstd'))).toEqual([false, true]);
  // Both may have begun in the same second.
  expect(new Map(rig.records().map(({ id, files }) => [id, files[0]!.tool]))).toEqual(
    new Map([
      [before, 'pg_dump (PostgreSQL) 17.2 (Debian x)'],
      [after, 'pg_dump (PostgreSQL) 17.2 (Debian x), zstd'],
    ]),
  );
});

test('a manifest whose words have another form leads retention to no other backup', async () => {
  const rig = rigged();
  const [victim, liar] = [idOf(await rig.go()), idOf(await rig.go())];
  rig.age(victim, 90);
  const file = path.join(rig.host.path, 'backups', liar, 'manifest.json');
  const text = readFileSync(file, 'utf8');
  for (const [from, to] of [
    [/"created":"[^"]*"/, `"created":"2020-01-01T00:00:00Z ${victim} none 1 -"`],
    [/"bytes":\d+,"services"/, '"bytes":9e9,"services"'],
    [/"verified":"read"/, '"verified":"read x"'],
  ] as const) {
    writeFileSync(file, text.replace(from, to));
    // The older one is the last that was verified, if the other one does not count.
    well(await rig.go({ verify: 'none', 'keep-last': '1' }));
    expect(rig.folders()).toEqual(expect.arrayContaining([victim, liar]));
  }
});

test('only the databases that are named are saved, and one that is not there is refused before anything is', async () => {
  const rig = rigged();
  rig.database('audit', 'who did what');
  well(await rig.go({ databases: 'db: postgres audit' }));
  expect(rig.records()[0]!.files.map(({ source }) => source)).toEqual(['audit', '']);
  const { failure } = await rig.go({ databases: 'db: postgres shop stock' });
  expect(failure).toMatchObject({
    kind: 'input',
    message: 'there is no database stock in db',
    remedy: expect.stringContaining('audit shop'),
  });
  expect(rig.folders()).toHaveLength(1);
});

test.each([
  ['pg_dump', 'fails', 'remote', 'exit code 1, pg_dump: error: connection to server was lost'],
  ['pg_dump', 'lies', 'remote', 'what was saved of db (shop) is empty'],
  ['pg_dump', 'cuts', 'unhealthy', 'cannot be read back: pg_restore: error: could not read'],
  ['pg_dumpall', 'fails', 'remote', 'db could not be saved: exit code 1'],
  ['pg_dumpall', 'cuts', 'remote', 'what pg_dumpall wrote of db has no end'],
  ['pg_restore', 'fails', 'unhealthy', 'cannot be read back'],
] as const)('where %s %s, nothing is kept, and the backup before stays', async (tool, how, kind, message) => {
  const rig = rigged();
  const before = idOf(await rig.go());
  rig.tool(tool, how);
  const { failure, outputs } = await rig.go();
  expect(failure).toMatchObject({ kind, message: expect.stringContaining(message) });
  expect(failure!.message).toContain('nothing of this backup is kept');
  expect(rig.folders()).toEqual([before]);
  expect(rig.history().map(({ outcome }) => outcome)).toEqual(['succeeded', 'failed']);
  expect(outputs.backup).toBeUndefined();
  expect(JSON.parse(String(outputs.report))).toMatchObject({ ok: false });
});

test('a tool that does not end is ended in its container, and nothing is kept', async () => {
  const rig = rigged();
  rig.tool('pg_dump', 'hangs');
  const { failure } = await rig.go({ timeout: '2s' });
  expect(failure).toMatchObject({ code: 'timed-out', message: expect.stringContaining('within 2 s') });
  await eventually(() => rig.running('pg_dump').length === 0, 'the end of pg_dump');
  expect(rig.folders()).toEqual([]);
});

test('a program that is killed leaves no pg_dump behind, and the next run takes away what it began', async () => {
  const rig = rigged();
  rig.tool('pg_dump', 'hangs');
  const { done, ports } = rig.start();
  await eventually(() => rig.running('pg_dump').length === 1, 'a pg_dump');
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  await eventually(() => rig.running('pg_dump').length === 0, 'the end of pg_dump');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  expect((await done).failure?.kind).toBe('lost');
  expect(rig.folders()).toEqual([expect.stringMatching(/^\.new-/)]);
  expect(rig.records()).toEqual([]);
  rig.tool('pg_dump', '');
  const id = idOf(await rig.go());
  expect(rig.folders()).toEqual([id]);
  expect(rig.history().map(({ outcome }) => outcome)).toEqual(['failed', 'succeeded']);
});

test('a backup that is killed once it has its name is whole, and told once', async () => {
  const rig = rigged();
  rig.host.pauseAt('whole:after');
  const { done, ports } = rig.start();
  await paused(rig.host, '101-deploy/backup-1');
  const [unfinished] = rig.folders();
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  await done;
  // As the program would have done next.
  rig.host.pauseAt(undefined);
  const id = unfinished!.replace('.new-', '');
  renameSync(path.join(rig.host.path, 'backups', unfinished!), path.join(rig.host.path, 'backups', id));
  const next = idOf(await rig.go());
  expect(rig.folders()).toEqual([id, next].sort());
  expect(rig.history().map((line) => line.outcome)).toEqual(['succeeded', 'succeeded']);
});

test('a container that ends in the middle of it leaves nothing that counts', async () => {
  const rig = rigged();
  rig.tool('pg_dump', 'hangs');
  const { done } = rig.start();
  await eventually(() => rig.running('pg_dump').length === 1, 'a pg_dump');
  // As the end of its container does.
  rig.docker.stop('shop-db-1');
  process.kill(rig.running('pg_dump')[0]!, 'SIGKILL');
  const { failure } = await done;
  expect(failure).toMatchObject({ code: 'backup-failed', message: expect.stringContaining('exit code 137') });
  expect(rig.folders()).toEqual([]);
  const { failure: next } = await rig.go();
  expect(next).toMatchObject({
    code: 'service-not-running',
    message: 'no container of db runs in shop, so its data cannot be asked for',
  });
});

test('a second run of the same job saves again', async () => {
  const rig = rigged();
  const first = idOf(await rig.go());
  const second = idOf(await rig.go());
  expect(second).not.toBe(first);
  expect(rig.folders()).toEqual([first, second].sort());
});

test('retention takes what is old, and neither the newest ones nor the last that was verified', async () => {
  const rig = rigged();
  const ids: string[] = [];
  for (const verify of ['read', 'read', 'none']) ids.push(idOf(await rig.go({ verify })));
  rig.age(ids[0]!, 40);
  rig.age(ids[1]!, 39);
  rig.age(ids[2]!, 38);
  const next = idOf(await rig.go({ verify: 'none', 'keep-last': '1' }));
  // The second one is the last that was verified.
  expect(rig.folders()).toEqual([ids[1]!, next].sort());
  const kept = idOf(await rig.go({ 'keep-last': '1', retention: '90d' }));
  expect(rig.folders()).toEqual([ids[1]!, next, kept].sort());
});

test('the newest backup of a release that is kept stays', async () => {
  const rig = rigged();
  const [old, newer] = [idOf(await rig.go()), idOf(await rig.go())];
  mkdirSync(path.join(rig.host.path, 'releases/r1'), { recursive: true });
  writeFileSync(path.join(rig.host.path, 'releases/r1/release.json'), '{}');
  for (const [id, days] of [
    [old, 50],
    [newer, 49],
  ] as const) {
    const file = path.join(rig.host.path, 'backups', id, 'manifest.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"release":""', '"release":"r1"'));
    rig.age(id, days);
  }
  const next = idOf(await rig.go({ 'keep-last': '1' }));
  expect(rig.folders()).toEqual([newer, next].sort());
});

test('the backup that the record of a kept release names stays, however old it is', async () => {
  const rig = rigged();
  const [named, other] = [idOf(await rig.go()), idOf(await rig.go())];
  mkdirSync(path.join(rig.host.path, 'releases/r1'), { recursive: true });
  writeFileSync(
    path.join(rig.host.path, 'releases/r1/release.json'),
    `{"id":"r1","images":{"backup":"sha256:x"},"migrations":{"ran":true},"backup":"${named}"}\n`,
  );
  for (const id of [named, other]) rig.age(id, 60);
  const next = idOf(await rig.go({ 'keep-last': '1' }));
  expect(rig.folders()).toEqual([named, next].sort());
});

test('a backup of under half the size takes no other one away, and warns', async () => {
  const rig = rigged();
  rig.database('shop', 'x'.repeat(5000));
  const old = idOf(await rig.go());
  rig.age(old, 90);
  rig.database('shop', 'x');
  const small = await rig.go({ 'keep-last': '1' });
  expect(rig.folders()).toEqual([old, idOf(small)].sort());
  expect(small.log).toContain('look whether data is missing. No old backup is removed');
});

test('what is not whole is told by list, and neither counts nor is removed', async () => {
  const rig = rigged();
  const [cut, good] = [idOf(await rig.go()), idOf(await rig.go())];
  truncateSync(path.join(rig.host.path, 'backups', cut, 'db.shop.pgdump'), 8);
  rig.age(cut, 90);
  const listed = await rig.go({ list: 'true', databases: '' });
  expect(well(listed).outputs.backups).toMatchObject([{ server: 'web1', id: good, verified: 'read' }]);
  expect(listed.log).toContain(`the backup ${cut} is not whole, and counts for nothing`);
  const next = idOf(await rig.go({ 'keep-last': '1' }));
  expect(rig.folders()).toEqual([cut, good, next].sort());
});

test('a plan says what would be saved and removed, and changes nothing', async () => {
  const rig = rigged();
  const old = idOf(await rig.go());
  const last = idOf(await rig.go());
  rig.age(old, 90);
  const plan = well(await rig.go({ plan: 'true', 'keep-last': '1' }));
  expect(plan.log).toContain('would save shop of db, 22 B in the database');
  expect(plan.log).toContain(`would remove the old backup ${old}`);
  expect(rig.folders()).toEqual([old, last].sort());
});

test('too little room refuses before anything is saved', async () => {
  const rig = rigged();
  const { failure } = await rig.go({ 'min-free-disk': '9000TB' });
  expect(failure).toMatchObject({ code: 'disk-full', message: expect.stringContaining('must stay free') });
  expect(rig.folders()).toEqual([]);
});

test('a disk that is full in the middle leaves nothing that counts, and says so', async () => {
  const rig = rigged();
  rig.host.tool('sha256sum', 'exec /usr/bin/sha256sum "$@"');
  rig.host.tool('pg_dump', 'printf PGDMP; cat /dev/zero >/dev/full');
  const { failure } = await rig.go();
  expect(failure).toMatchObject({ code: 'backup-failed', message: expect.stringContaining('No space left') });
  expect(rig.folders()).toEqual([]);
});

test('a folder of backups that is a link is refused', async () => {
  const rig = rigged();
  mkdirSync(rig.host.path, { recursive: true });
  symlinkSync('/tmp', path.join(rig.host.path, 'backups'));
  const { failure } = await rig.go();
  expect(failure).toMatchObject({ code: 'path-not-usable' });
});

test.each([
  ['', /there is nothing to save/],
  ['db', /"db" is not service: kind \[names\]/],
  ['db: oracle', /"oracle" is no kind of database that is known/],
  ['db: postgres ../x', /"\.\.\/x" is no name of a database/],
  ['db: postgres a\ndb: postgres b', /db is named twice/],
])('the input databases %j is refused', async (databases, message) => {
  const rig = rigged();
  await expect(
    (async () => {
      const { failure } = await rig.go({ databases });
      throw failure!;
    })(),
  ).rejects.toThrow(message);
});
