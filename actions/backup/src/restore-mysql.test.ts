import { cpSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackedUp, idOf, well } from './testing/backup-rig.ts';
import { type MysqlRig, isWritable, mysqlRig } from './testing/mysql-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

interface Sold {
  rig: MysqlRig;
  id: string;
}

/** A MariaDB whose database was spoilt after it was saved. */
async function spoilt(): Promise<Sold> {
  const rig = mysqlRig(hostWith);
  rig.put('shop', { 'orders.table': '5 orders', 'payments.table': '5 payments', 'paid.view': 'then' });
  rig.put('crm', { 'notes.table': 'of another database' });
  const id = idOf(await rig.go({ databases: 'sales: mariadb shop' }));
  rig.put('shop', { 'orders.table': 'none', 'since.table': 'written since', 'paid.view': 'now' });
  return { rig, id };
}

const CRM = { 'notes.table': 'of another database' };
const SAVED = { 'orders.table': '5 orders', 'paid.view': 'then', 'payments.table': '5 payments' };
const SINCE = {
  'orders.table': 'none',
  'paid.view': 'now',
  'payments.table': '5 payments',
  'since.table': 'written since',
};
const nameOf = (word: string, id: string) => `shop_${word}_${id.replaceAll('-', '_')}`;
const restore = (id: string) => ({ restore: id, confirm: id, databases: '' });

async function killedAt(place: string, { rig, id }: Sold): Promise<BackedUp> {
  rig.host.pauseAt(place);
  const { done, ports } = rig.start(restore(id));
  await paused(rig.host, '101-deploy/restore-1');
  process.kill(pidOf(rig.host, '101-deploy/restore-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  rig.host.pauseAt(undefined);
  return await done;
}

test('a database of MariaDB comes back with its tables and views, and what was there is kept until it is confirmed', async () => {
  const { rig, id } = await spoilt();
  const { outputs } = well(await rig.go(restore(id)));
  expect(outputs.replaced).toBe(`sales/${nameOf('before', id)}`);
  expect(rig.all()).toEqual({ shop: SAVED, [nameOf('before', id)]: SINCE, crm: CRM });
  expect(isWritable(rig)).toBe(true);
  well(await rig.go({ confirm: id, databases: '' }));
  expect(rig.all()).toEqual({ shop: SAVED, crm: CRM });
});

test('a database that is gone comes back too', async () => {
  const { rig, id } = await spoilt();
  renameSync(rig.at('shop'), path.join(rig.host.home, 'gone'));
  const { outputs } = well(await rig.go(restore(id)));
  expect(outputs.replaced).toBe('');
  expect(rig.all()).toEqual({ shop: SAVED, crm: CRM });
});

test.each([
  ['mysql-events', 'has events, which would run twice while it is exchanged: clean'],
  ['mysql-keys', 'tables of other databases have foreign keys to shop of sales'],
  ['mysql-loses', 'has 0 tables, which are not as many as were saved'],
  ['mysql-busy', 'Lock wait timeout exceeded'],
  [
    'mysql-view-fails',
    'shop of sales could not be replaced: ERROR: The table is full; the data are as they were',
  ],
] as const)('where it is %s, it is told, and the data are as they were', async (name, message) => {
  const { rig, id } = await spoilt();
  rig.how(name);
  const { failure } = await rig.go(restore(id));
  expect(failure?.message).toContain(message);
  expect(rig.all()).toEqual({ shop: SINCE, crm: CRM });
  expect(isWritable(rig)).toBe(true);
});

test('where the tables can be brought neither to the end nor back, it is told what is where', async () => {
  const { rig, id } = await spoilt();
  rig.how('mysql-view-fails');
  rig.how('mysql-undo-fails');
  const { failure } = await rig.go(restore(id));
  expect(failure?.message).toContain(
    'replaced before it: the tables of shop of sales (without its views, triggers and routines, which could not be made), the others are as they were',
  );
  expect(failure?.details).toContain('Too many locks');
  expect(rig.all()[nameOf('before', id)]).toMatchObject({ 'since.table': 'written since' });
  expect(isWritable(rig)).toBe(true);
  for (const name of ['mysql-view-fails', 'mysql-undo-fails']) rig.how(name, false);
  well(await rig.go({ ...restore(id), 'deployment-id': 'second' }));
  expect(rig.all()['shop']).toEqual(SAVED);
});

test('a backup with events is refused before anything is loaded', async () => {
  const { rig } = await spoilt();
  rig.how('mysql-dumps-event');
  const id = idOf(await rig.go({ databases: 'sales: mariadb shop', 'deployment-id': 'second' }));
  const { failure } = await rig.go({ ...restore(id), 'deployment-id': 'third' });
  expect(failure).toMatchObject({ kind: 'refused', message: expect.stringContaining('has events') });
  expect(rig.all()).toEqual({ shop: SINCE, crm: CRM });
});

test.each(['load:begin:after', 'exchange:begin:before', 'exchange:begin:after'])(
  'a restore of MariaDB that is killed at %s has changed nothing, and the next run clears up and brings it back',
  async (place) => {
    const sold = await spoilt();
    expect((await killedAt(place, sold)).failure?.kind).toBe('lost');
    expect(sold.rig.all()).toMatchObject({ shop: SINCE, crm: CRM });
    well(await sold.rig.go(restore(sold.id)));
    expect(sold.rig.all()).toEqual({ shop: SAVED, [nameOf('before', sold.id)]: SINCE, crm: CRM });
    expect(isWritable(sold.rig)).toBe(true);
  },
);

test.each([
  ['before its tables are exchanged', false],
  ['after that, and before its views are made', true],
] as const)('a server that goes down in the exchange, %s, is put right by the next run', async (_, moved) => {
  const sold = await spoilt();
  const { rig, id } = sold;
  await killedAt('exchange:begin:after', sold);
  // What a server that went down in the middle of the statements has: views are taken out, and tables have moved or not.
  const run = path.join(rig.host.path, '.deploy/runs/101-deploy/restore-1/scratch');
  const views = (names: readonly string[]) =>
    names.map((name) => `CREATE VIEW \`paid\` AS ${name};\n`).join('');
  writeFileSync(path.join(run, 'sales.shop.old.sql'), views(['now']));
  const [fresh, old] = [nameOf('restore', id), nameOf('before', id)];
  writeFileSync(
    path.join(run, 'sales.shop.end.sql'),
    `USE \`shop\`;\n${views(['then'])}USE \`${old}\`;\n${views(['now'])}DROP DATABASE IF EXISTS \`${fresh}\`;\nDROP TABLE IF EXISTS \`${old}\`.\`deploy_actions_restore\`;\n`,
  );
  const { 'paid.view': __, ...tables } = SINCE;
  if (moved) {
    rig.put(old, { ...tables, 'deploy_actions_restore.table': '' });
    const { 'paid.view': ___, ...then } = SAVED;
    cpSync(rig.at('shop'), path.join(rig.host.home, 'aside'), { recursive: true });
    renameSync(rig.at('shop'), path.join(rig.host.home, 'aside-2'));
    rig.put('shop', then);
    renameSync(rig.at(fresh), path.join(rig.host.home, 'aside-3'));
    rig.put(fresh, {});
  } else {
    renameSync(rig.at('shop'), path.join(rig.host.home, 'aside-2'));
    rig.put('shop', tables);
  }
  well(await rig.go({ databases: 'sales: mariadb crm', 'deployment-id': 'next' }));
  expect(rig.all()).toEqual(moved ? { shop: SAVED, [old]: SINCE, crm: CRM } : { shop: SINCE, crm: CRM });
});
