import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackupRig, backupRig, idOf, well } from './testing/backup-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigged = () => backupRig(hostWith);

const ASKED = { 'verify-query': 'db/shop: SELECT 1' };
const LOADED = { verify: 'restore', ...ASKED };

/** A server whose only backup was taken before the shop was spoilt. */
async function spoilt(rig: BackupRig): Promise<string> {
  const id = idOf(await rig.go(ASKED));
  rig.database('shop', 'nothing is left');
  return id;
}

const nameOf = (word: string, id: string) => `shop_${word}_${id.replaceAll('-', '_')}`;

test('verify: restore loads what was saved into a container apart from all, asks it again, and leaves nothing of it', async () => {
  const rig = rigged();
  const { outputs, log } = well(await rig.go(LOADED));
  expect(outputs.verified).toBe('restore');
  const [record] = rig.records();
  expect(record!.verified).toBe('restore');
  expect(record!.files.map(({ name, answer }) => [name, answer])).toEqual([
    ['db.shop.pgdump', '5 "words" by SELECT 1'],
    ['db.shop.query', ''],
    ['db.globals.sql', ''],
  ]);
  expect(rig.host.read(`backups/${record!.id}/db.shop.query`)).toBe('SELECT 1\n');
  expect(readFileSync(path.join(rig.host.home, 'snapshots'), 'utf8')).toContain('--snapshot=00000003-1');
  expect(readFileSync(path.join(rig.host.home, 'trial/shop'), 'utf8')).toBe('many rows of the shop\n');
  expect(log).toContain('answers on what was loaded as it did then');
  expect(rig.docker.calls().find((line) => line.startsWith('create'))).toMatch(
    /--network none --env-file \S+ --entrypoint timeout sha256:1+ \d+ \/entry serve$/,
  );
  expect(rig.docker.containers().map(({ Name }) => Name)).toEqual(['/shop-db-1']);
});

test.each([
  ['pg_restore', 'fails', 'unhealthy', 'cannot be read back'],
  ['pg_restore', 'loses', 'unhealthy', 'verify-query of db (shop) answers 0'],
] as const)('where %s %s, a backup that was to be loaded is not kept', async (tool, how, kind, message) => {
  const rig = rigged();
  rig.tool(tool, how);
  const { failure } = await rig.go(LOADED);
  expect(failure).toMatchObject({ kind, message: expect.stringContaining(message) });
  expect(rig.folders()).toEqual([]);
  expect(rig.docker.containers().map(({ Name }) => Name)).toEqual(['/shop-db-1']);
});

test('a query that the database refuses, and one of what is not saved, save nothing', async () => {
  const rig = rigged();
  const { failure } = await rig.go({ 'verify-query': 'db/shop: wrong' });
  expect(failure).toMatchObject({ code: 'backup-failed', message: expect.stringContaining('syntax error') });
  expect(await rig.go({ 'verify-query': 'db/stock: SELECT 1' })).toMatchObject({
    failure: { kind: 'input', message: expect.stringContaining('asks stock of db') },
  });
  expect(await rig.go({ 'verify-query': 'api: SELECT 1' })).toMatchObject({
    failure: { kind: 'input', input: 'verify-query', message: expect.stringContaining('asks api') },
  });
  expect(rig.folders()).toEqual([]);
});

test('a container that was left over from a killed verification goes with the next backup', async () => {
  const rig = rigged();
  rig.host.pauseAt('phase:keep:before');
  const { done, ports } = rig.start(LOADED);
  rig.tool('pg_isready', 'fails');
  await eventually(() => rig.docker.containers().length === 2, 'the container');
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  await done;
  rig.host.pauseAt(undefined);
  rig.tool('pg_isready', '');
  const id = idOf(await rig.go());
  expect(rig.folders()).toEqual([id]);
  expect(rig.docker.containers().map(({ Name }) => Name)).toEqual(['/shop-db-1']);
});

test('a restore takes the place of what is there, which is kept until it is confirmed', async () => {
  const rig = rigged();
  const id = await spoilt(rig);
  const { outputs, ports } = well(await rig.go({ restore: id, confirm: id, databases: '' }));
  const old = nameOf('before', id);
  expect(rig.databases()).toEqual({ shop: 'many rows of the shop', [old]: 'nothing is left' });
  expect(outputs).toMatchObject({ backup: id, replaced: `db/${old}` });
  expect(ports.summaries.join('')).toContain('came back');
  expect(rig.history().at(-1)).toMatchObject({ operation: 'restore', backup: id, outcome: 'succeeded' });
  // The same once more: what it replaces now is kept beside it.
  rig.database('shop', 'written since');
  well(await rig.go({ restore: id, confirm: id, databases: '', 'deployment-id': 'second' }));
  expect(rig.databases()).toEqual({
    shop: 'many rows of the shop',
    [old]: 'nothing is left',
    [nameOf('before2', id)]: 'written since',
  });
  well(await rig.go({ confirm: id, databases: '' }));
  expect(rig.databases()).toEqual({ shop: 'many rows of the shop' });
  expect((await rig.go({ confirm: id, databases: '', 'deployment-id': 'third' })).failure?.message).toContain(
    'left anything that could be dropped',
  );
});

test('databases whose names differ only at their ends each come back as themselves', async () => {
  const rig = rigged();
  const names = ['north', 'south'].map((end) => `orders_of_the_customers_in_the_region_${end}`);
  for (const name of names) rig.database(name, `those of ${name}`);
  const id = idOf(await rig.go());
  for (const name of names) rig.database(name, 'spoilt');
  well(await rig.go({ restore: id, confirm: id, databases: `db: postgres ${names.join(' ')}` }));
  for (const name of names) expect(rig.databases()[name]).toBe(`those of ${name}`);
  const kept = Object.keys(rig.databases()).filter((name) => name.includes('_before_'));
  expect(kept).toHaveLength(2);
  for (const name of kept) expect(name.length).toBeLessThanOrEqual(63);
  well(await rig.go({ confirm: id, databases: '' }));
  expect(Object.keys(rig.databases())).toHaveLength(3);
});

test('confirm drops what a restore by version 1.1 has left of a database with a long name, and nothing that only begins alike', async () => {
  const rig = rigged();
  const [name, other] = ['north', 'south'].map((end) => `orders_of_the_customers_in_the_region_${end}`);
  rig.database(name!, 'those that serve');
  rig.database(other!, 'those of another one');
  const id = idOf(await rig.go({ databases: `db: postgres ${name}` }));
  const word = id.replaceAll('-', '_');
  // It cut the name after 34 characters.
  const kept = ['before', 'before3'].map((one) => `orders_of_the_customers_in_the_reg_${one}_${word}`);
  const strangers = [
    `orders_of_the_customers_in_the_reg_before_20250101_000000_abcd`,
    `orders_of_the_customers_in_the_reg_restore_${word}`,
  ];
  for (const each of [...kept, ...strangers]) rig.database(each, 'from before');
  const { log } = well(await rig.go({ confirm: id, databases: '' }));
  for (const each of kept) expect(log).toContain(`dropped ${each} of db`);
  expect(Object.keys(rig.databases()).sort()).toEqual([name, other, 'shop', ...strangers].sort());
  const again = await rig.go({ confirm: id, databases: '', 'deployment-id': 'second' });
  expect(again.failure?.message).toContain('left anything that could be dropped');
});

test('a manifest with names that no backup has is brought back nowhere', async () => {
  const rig = rigged();
  const id = await spoilt(rig);
  const file = path.join(rig.host.path, 'backups', id, 'manifest.json');
  const text = readFileSync(file, 'utf8');
  for (const [run, source] of ['shop x db2', "shop'; DROP", '-c', '$(id)'].entries()) {
    writeFileSync(file, text.replaceAll('"source":"shop"', `"source":"${source}"`));
    const { failure } = await rig.go({
      restore: id,
      confirm: id,
      databases: '',
      'deployment-id': `run-${run}`,
    });
    expect(failure).toMatchObject({
      code: 'backup-unreadable',
      message: `the manifest of the backup ${id} names what no backup has`,
    });
  }
  expect(rig.databases()).toEqual({ shop: 'nothing is left' });
});

test('without confirm, with the id of another backup, and beside a plan a restore is refused before a server is asked', async () => {
  const rig = rigged();
  for (const more of [
    {},
    { confirm: '20260101-000000-ab12' },
    { confirm: '20260102-000000-ab12', plan: 'true' },
  ]) {
    const { failure } = await rig.go({ restore: '20260102-000000-ab12', databases: '', ...more } as Record<
      string,
      string
    >);
    expect(failure).toMatchObject({ kind: 'input', input: 'plan' in more ? 'plan' : 'confirm' });
  }
  expect(rig.sessions).toEqual([]);
});

test.each([
  [
    'one byte was changed',
    (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('many', 'mAny')),
    'backup-unreadable',
  ],
  ['it was cut', (file: string) => truncateSync(file, 8), 'backup-unknown'],
] as const)('a backup in which %s is not brought back', async (_, spoil, code) => {
  const rig = rigged();
  const id = await spoilt(rig);
  spoil(path.join(rig.host.path, 'backups', id, 'db.shop.pgdump'));
  const { failure } = await rig.go({ restore: id, confirm: id, databases: '' });
  expect(failure).toMatchObject({ code });
  expect(rig.databases()).toEqual({ shop: 'nothing is left' });
});

test.each([
  ['pg_restore', 'fails', 'backup-failed'],
  ['pg_restore', 'loses', 'backup-unreadable'],
  ['psql', 'busy', 'exchange-failed'],
] as const)('where %s %s, the data are as they were and are open', async (tool, how, code) => {
  const rig = rigged();
  const id = await spoilt(rig);
  const before = how === 'loses' ? {} : { shop: 'nothing is left' };
  rig.tool(tool, how);
  const { failure } = await rig.go({ restore: id, confirm: id, databases: '' });
  expect(failure).toMatchObject({ code, message: expect.stringContaining('the data are as they were') });
  expect(Object.keys(rig.databases())).toEqual(['shop']);
  expect(rig.databases()).toMatchObject(before);
  expect(rig.history().at(-1)).toMatchObject({ operation: 'restore', outcome: 'failed' });
  if (how === 'busy') {
    expect(readFileSync(path.join(rig.host.home, 'connections'), 'utf8').trim().split('\n').at(-1)).toBe(
      'shop true;',
    );
  }
});

test.each(['load:begin', 'exchange:begin'])(
  'a restore that is killed at %s has changed nothing, and the next run clears up',
  async (step) => {
    const rig = rigged();
    const id = await spoilt(rig);
    rig.host.pauseAt(`${step}:after`);
    const { done, ports } = rig.start({ restore: id, confirm: id, databases: '' });
    await paused(rig.host, '101-deploy/restore-1');
    process.kill(pidOf(rig.host, '101-deploy/restore-1'), 'SIGKILL');
    ports.cancel(new Failure('lost', 'the run was cancelled'));
    expect((await done).failure?.kind).toBe('lost');
    rig.host.pauseAt(undefined);
    expect(rig.databases()).toMatchObject({ shop: 'nothing is left' });
    well(await rig.go({ restore: id, confirm: id, databases: '' }));
    expect(rig.databases()).toEqual({
      shop: 'many rows of the shop',
      [nameOf('before', id)]: 'nothing is left',
    });
  },
);
