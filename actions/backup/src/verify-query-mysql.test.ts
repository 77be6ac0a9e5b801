import { existsSync, readFileSync, renameSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { idOf, well } from './testing/backup-rig.ts';
import { type MysqlRig, mysqlRig } from './testing/mysql-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const QUERY = `SELECT '; DROP TABLE orders; -- \\! reboot' FROM "orders" -- ä`;
const ASKED = { databases: 'sales: mariadb shop', 'verify-query': `sales: ${QUERY}` };

function rigged(): MysqlRig {
  const rig = mysqlRig(hostWith);
  rig.put('shop', { 'orders.table': '5 orders', 'payments.table': '5 payments' });
  rig.put('crm', { 'notes.table': 'of another database' });
  return rig;
}

const answerOf = (rig: MysqlRig) => rig.records()[0]!.files.find(({ kind }) => kind === 'mariadb')!.answer;
const isLocked = (rig: MysqlRig) => existsSync(rig.at('.locked'));

test('verify-query is asked of a MariaDB in the moment that is saved, while nobody writes, and they go on as soon as that has begun', async () => {
  const rig = rigged();
  const done = well(await rig.go({ ...ASKED, verify: 'restore' }));
  expect(readFileSync(rig.at('.dumped'), 'utf8')).toBe('while nobody wrote');
  // One who waited went on before it was asked, and is not in what it answers.
  expect(rig.all()['shop']).toHaveProperty(['late.table']);
  expect(answerOf(rig)).toBe(`2 tables of 18 by ${QUERY}`);
  expect(isLocked(rig)).toBe(false);
  expect(rig.records()[0]!.files.map(({ name, kind }) => [name, kind])).toEqual([
    ['sales.shop.sql.gz', 'mariadb'],
    ['sales.shop.query', 'mariadb-query'],
  ]);
  expect(readFileSync(path.join(rig.host.path, 'backups', idOf(done), 'sales.shop.query'), 'utf8')).toBe(
    `${QUERY}\n`,
  );
  expect(done.log).toContain('answers on what was loaded as it did then: 2 tables of 18 by SELECT');
});

test('of several databases the one that is asked is named', async () => {
  const rig = rigged();
  const all = { databases: 'sales: mariadb' };
  expect((await rig.go({ ...all, 'verify-query': 'sales: SELECT 1' })).failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining('has several databases and does not say which one is meant: crm shop'),
  });
  well(await rig.go({ ...all, 'verify-query': 'sales/crm: SELECT 1' }));
  expect(rig.records()[0]!.files.map(({ source, answer }) => [source, answer])).toEqual([
    ['crm', '1 tables of 19 by SELECT 1'],
    ['crm', ''],
    ['shop', ''],
  ]);
});

test.each([
  ['mysql-spoils', 'restore', 'unhealthy', 'verify-query of sales (shop) answers 2 tables of 2 by'],
  ['mysql-busy', 'read', 'remote', 'nobody could be kept from writing to sales'],
  [
    'mysql-dump-fails',
    'read',
    'remote',
    'sales (shop) could not be saved: exit code 1, ERROR: Lost connection',
  ],
] as const)(
  'where it is %s, nothing is kept, and everybody may write',
  async (how, verify, kind, message) => {
    const rig = rigged();
    rig.how(how);
    const { failure } = await rig.go({ ...ASKED, verify });
    expect(failure).toMatchObject({ kind, message: expect.stringContaining(message) });
    expect(failure?.details ?? '').not.toContain('Retrieving table structure');
    expect(rig.folders()).toEqual([]);
    expect(isLocked(rig)).toBe(false);
  },
);

test('a query that fails leaves nothing, and lets everybody write', async () => {
  const rig = rigged();
  const { failure } = await rig.go({ ...ASKED, 'verify-query': 'sales: wrong' });
  expect(failure?.message).toContain(
    'verify-query of sales (shop) was not answered: exit code 1, ERROR: You have an error in your SQL syntax',
  );
  expect(rig.folders()).toEqual([]);
  expect(isLocked(rig)).toBe(false);
});

test('a backup that is killed while nobody may write lets everybody write', async () => {
  const rig = rigged();
  rig.how('mysql-hangs');
  const { done, ports } = rig.start(ASKED);
  await eventually(() => isLocked(rig), 'the lock');
  process.kill(pidOf(rig.host, '101-deploy/backup-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  await done;
  await eventually(() => !isLocked(rig), 'its end');
  expect(rig.records()).toEqual([]);
});

test('a dump that does not begin is given up, and writers do not wait for it', async () => {
  const rig = rigged();
  rig.how('mysql-hangs');
  const { failure } = await rig.go({ ...ASKED, timeout: '30s' });
  expect(failure).toMatchObject({ code: 'timed-out' });
  expect(isLocked(rig)).toBe(false);
});

test('what is loaded to come back must answer the same, or all stays as it is', async () => {
  const rig = rigged();
  const id = idOf(await rig.go(ASKED));
  renameSync(rig.at('shop', 'orders.table'), rig.at('shop', 'since.table'));
  const now = rig.all();
  rig.how('mysql-spoils');
  const { failure } = await rig.go({ restore: id, confirm: id, databases: '', 'deployment-id': 'second' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringContaining('the data are as they were'),
  });
  expect(rig.all()).toEqual(now);
  rig.how('mysql-spoils', false);
  const back = well(await rig.go({ restore: id, confirm: id, databases: '', 'deployment-id': 'third' }));
  expect(back.log).toContain('answers on what was loaded as it did then');
  expect(rig.all()['shop']).toEqual({ 'orders.table': '5 orders', 'payments.table': '5 payments' });
});
