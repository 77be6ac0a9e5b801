import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { paused, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { backupRecord } from '@deploy-actions/ledger/testing';
import { type ShopServer, shopsForEach } from '@deploy-actions/traffic/testing';
import { type RolledBack, rollbackRig } from './testing/rollback-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach, 'dash');
const OLD = '20260101-000000-aaaa';
const NEW = '20260102-000000-bbbb';
const NEWEST = '20260103-000000-cccc';

/** PostgreSQL as far as a restore asks it: databases are files of the test's host. */
const TOOLS: Readonly<Record<string, string>> = {
  psql: String.raw`for word; do case $word in
  --set=name=*) name=${'$'}{word#--set=name=} ;; --set=new=*) new=${'$'}{word#--set=new=} ;; --set=old=*) old=${'$'}{word#--set=old=} ;;
esac; done
case "$*" in *'SELECT datname'*) ls "$HOME/databases"; exit 0 ;; *ANALYZE*) exit 0 ;; esac
while IFS= read -r line; do case $line in
  'CREATE DATABASE '*) : >"$HOME/databases/$new" ;;
  'DROP DATABASE '*) rm -f "$HOME/databases/$new" ;;
  *'RENAME TO :"old"'*) mv "$HOME/databases/$name" "$HOME/databases/$old" ;;
  *'RENAME TO :"name"'*) mv "$HOME/databases/$new" "$HOME/databases/$name" ;;
esac; done
exit 0`,
  pg_restore: `for word; do case $word in --dbname=*) database=\${word#--dbname=} ;; esac; done
cat >"$HOME/loading"
case "$*" in
  *--schema-only*) printf -- '-- Name: shop; Type: DATABASE; Schema: -; Owner: shop\\nCREATE DATABASE shop WITH TEMPLATE = template0;\\n' ;;
  *) cp "$HOME/loading" "$HOME/databases/$database" ;;
esac`,
};

/** Servers where v2 replaced v1, and its migration spoilt the data of the first one, which were saved before and after. */
async function migrated<N extends string>(...names: N[]) {
  const rig = rollbackRig(await shopsWith(names));
  for (const name of names) await rig.servers[name].putVersions();
  spoil(rig.servers[names[0]!]);
  return rig;
}

function spoil(server: ShopServer): void {
  const { host } = server;
  for (const [name, text] of Object.entries(TOOLS)) host.tool(name, text);
  mkdirSync(path.join(host.home, 'databases'));
  writeFileSync(path.join(host.home, 'databases/shop'), 'migrated');
  backedUp(server, OLD, 'long ago', 'v1');
  backedUp(server, NEW, 'before the migration', 'v1');
  backedUp(server, NEWEST, 'after the migration', 'v2');
}

function backedUp({ host }: ShopServer, id: string, content: string, release: string): void {
  const folder = path.join(host.path, 'backups', id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'api.shop.pgdump'), content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const created = `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}T00:00:00Z`;
  const bytes = content.length;
  // In the order in which the server writes them.
  const file = { name: 'api.shop.pgdump', kind: 'postgres', service: 'api', source: 'shop', bytes, sha256 };
  const record = backupRecord(id, { created, release, bytes, files: [{ ...file, tool: '', answer: '' }] });
  writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(record)}\n`);
}

const data = ({ host }: ShopServer) => readFileSync(path.join(host.home, 'databases/shop'), 'utf8');

/** What is kept of the data from before, by the name of the database without that of the backup. */
const kept = ({ host }: ShopServer) =>
  readdirSync(path.join(host.home, 'databases'))
    .filter((name) => name.includes('before'))
    .map((name) => [name, readFileSync(path.join(host.home, 'databases', name), 'utf8')]);

const linesOf = (server: ShopServer) =>
  server.history().map(({ operation, release, outcome }) => `${operation} ${release} ${outcome}`);

/** From now on the api of v1 does not become well, or does. */
const unwell = ({ docker }: ShopServer, is = true) =>
  docker.script({ images: is ? { 'registry.test/shop/api:v1': { health: 'unhealthy' } } : {} });

/** Fails with the log where a rollback that should go well does not. */
function well({ failure, log }: RolledBack): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}

test('restore-backup: latest is the backup that was taken while the release before served, not the newest of all', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  const back = await go({ to: 'previous', 'restore-backup': 'latest' });
  well(back);
  expect(data(web1)).toBe('before the migration');
  expect(web1.version()).toBe('v1');
  expect(back.log).toContain(
    `restore-backup: latest is ${NEW}, begun 2026-01-02T00:00:00Z: it is the newest that was taken while v1 served`,
  );
  expect(back.log).toContain(
    `the data of the backup ${NEW} came back; those from before are kept as api/shop_before_`,
  );
  expect(linesOf(web1).slice(2)).toEqual([
    'restore  succeeded',
    'rollback v2 rolled-back',
    'rollback v1 succeeded',
  ]);
  expect(web1.history().at(-1)).toMatchObject({ data_taken_back: true });
});

test('restore-backup: latest is refused where no backup was taken while that release served, and nothing is changed', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  for (const id of [OLD, NEW]) rmSync(path.join(web1.host.path, 'backups', id), { recursive: true });
  const { failure } = await go({ to: 'previous', 'restore-backup': 'latest' });
  expect(failure).toMatchObject({
    code: 'backup-unknown',
    message: 'no whole backup was taken before v2 was deployed, nor while v1 served',
    remedy: expect.stringContaining(`${NEWEST} (v2)`),
  });
  expect(data(web1)).toBe('migrated');
  expect(web1.version()).toBe('v2');
});

test('a backup with a database of SQLite is refused, since its service runs, and nothing is changed', async () => {
  const { servers, go } = await migrated('web1');
  const { host } = servers.web1;
  const manifest = path.join(host.path, 'backups', NEW, 'manifest.json');
  writeFileSync(
    manifest,
    readFileSync(manifest, 'utf8').replace(
      '"kind":"postgres","service":"api","source":"shop"',
      '"kind":"sqlite","service":"api","source":"/data/app.db"',
    ),
  );
  const { failure } = await go({ to: 'previous', 'restore-backup': NEW });
  expect(failure).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('has a database of SQLite'),
    remedy: expect.stringContaining('allow-past-migration: true'),
  });
  expect(data(servers.web1)).toBe('migrated');
  expect(servers.web1.version()).toBe('v2');
});

test('restore-backup takes the id of a backup, and one that is not there changes nothing', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  const { failure } = await go({ to: 'previous', 'restore-backup': '20250101-000000-cccc' });
  expect(failure).toMatchObject({
    code: 'backup-unknown',
    message: expect.stringContaining('there is no whole backup 20250101-000000-cccc'),
  });
  expect(linesOf(web1)).toEqual(['deploy v1 succeeded', 'deploy v2 succeeded']);
  expect(data(web1)).toBe('migrated');
  well(await go({ to: 'previous', 'restore-backup': OLD }));
  expect(data(web1)).toBe('long ago');
  expect(web1.version()).toBe('v1');
});

test('the data stay as they are where an image is gone, here or on another server', async () => {
  const { servers, go } = await migrated('web1', 'web2');
  const { web1, web2 } = servers;
  rmSync(path.join(web2.host.home, 'engine/images'), { recursive: true });
  const { failure } = await go({ to: 'previous', 'restore-backup': 'latest' });
  expect(failure).toMatchObject({
    code: 'image-gone',
    message: expect.stringMatching(/^web2: .*; nothing was changed$/),
  });
  rmSync(path.join(web1.host.home, 'engine/images'), { recursive: true });
  const alone = await go({ to: 'previous', 'restore-backup': 'latest', host: 'deploy@web1' });
  expect(alone.failure).toMatchObject({ code: 'image-gone' });
  expect(data(web1)).toBe('migrated');
  for (const one of [web1, web2]) expect(one.version()).toBe('v2');
});

test('a backup that cannot be loaded leaves data and release as they were', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  writeFileSync(path.join(web1.host.path, 'backups', NEW, 'api.shop.pgdump'), 'before the MIGRATION');
  const { failure } = await go({ to: 'previous', 'restore-backup': NEW });
  expect(failure).toMatchObject({
    code: 'backup-unreadable',
    message: expect.stringContaining('the data are as they were; nothing was rolled back'),
  });
  web1.host.tool('pg_restore', 'echo "pg_restore: error: no role" >&2; exit 1');
  const loading = await go({ to: 'previous', 'restore-backup': OLD });
  expect(loading.failure).toMatchObject({
    code: 'backup-failed',
    message: expect.stringContaining('the data are as they were; nothing was rolled back'),
  });
  expect(data(web1)).toBe('migrated');
  expect(web1.version()).toBe('v2');
});

test('where the old release is not well on its data, it says what serves on which data, and the same rollback again converges', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  unwell(web1);
  const request = { to: 'v1', 'restore-backup': 'latest' };
  const { failure, outputs } = await go(request, '101');
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(
      new RegExp(
        `^v1 did not become healthy: .* v2 runs again as before the rollback\\. The data are those of the backup ${NEW} since; those from before are kept as api/shop_before_`,
      ),
    ),
    remedy: expect.stringContaining('run the same rollback again: the data of the backup come anew'),
  });
  expect(String(outputs.report)).toContain('The data are those of the backup');
  expect([web1.version(), data(web1)]).toEqual(['v2', 'before the migration']);
  expect(web1.history().at(-1)).toMatchObject({ outcome: 'restored', data_taken_back: true });
  // What the release writes that runs meanwhile is not lost either.
  writeFileSync(path.join(web1.host.home, 'databases/shop'), 'written meanwhile');
  unwell(web1, false);
  well(await go(request, '101'));
  expect([web1.version(), data(web1)]).toEqual(['v1', 'before the migration']);
  expect(kept(web1)).toEqual([
    ['shop_before2_20260102_000000_bbbb', 'written meanwhile'],
    ['shop_before_20260102_000000_bbbb', 'migrated'],
  ]);
});

test('once a backup has taken the data back, a rollback to the release that had migrated them is refused', async () => {
  const { servers, go } = await migrated('web1');
  const { web1 } = servers;
  await web1.put('v3', { migrate: [{ service: 'api', text: './up', words: ['sh', '-c', './up'] }] });
  well(await go({ to: 'v2', 'restore-backup': NEWEST }));
  expect((await go({ to: 'v3' })).failure).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(/^the data were taken back to an older release since v3 served/),
  });
  expect(web1.version()).toBe('v2');
});

test('the first server takes the data back for all, and where another one fails then, the same rollback again needs no second time', async () => {
  const { servers, go } = await migrated('web1', 'web2');
  const { web1, web2 } = servers;
  unwell(web2);
  const request = { to: 'v1', 'restore-backup': 'latest' };
  const { failure } = await go(request, '101');
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(
      /^web2: v1 did not become healthy: .* v2 runs again as before the rollback\. The data were taken back on web1 before$/,
    ),
    remedy: expect.stringContaining('run the same rollback again'),
  });
  expect([web1.version(), web2.version(), data(web1)]).toEqual(['v1', 'v2', 'before the migration']);
  unwell(web2, false);
  const again = await go(request, '101');
  well(again);
  expect(again.log).toContain('web1: an earlier run has taken the data back for v1');
  expect([web1.version(), web2.version()]).toEqual(['v1', 'v1']);
  expect(kept(web1)).toHaveLength(1);
});

test('a rollback that is killed once the data came back is finished by the next run, without bringing them back again', async () => {
  const { servers, start, go } = await migrated('web1');
  const { web1 } = servers;
  web1.host.pauseAt('bring-back:done:after');
  const { done, ports } = start({ to: 'v1', 'restore-backup': 'latest' }, '101');
  await paused(web1.host, '101-deploy/rollback-1');
  process.kill(pidOf(web1.host, '101-deploy/rollback-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  expect((await done).failure?.kind).toBe('lost');
  web1.host.pauseAt(undefined);
  await go({ to: 'v1', 'restore-backup': 'latest' }, '102');
  expect([web1.version(), data(web1)]).toEqual(['v1', 'before the migration']);
  expect(kept(web1)).toHaveLength(1);
  expect(linesOf(web1).filter((line) => line.startsWith('rollback v1'))).toEqual(['rollback v1 succeeded']);
});

test('with colours the data come back before the traffic moves; where it does not, that is said', async () => {
  const rig = rollbackRig(await shopsWith<'web1'>(['web1']));
  const { web1 } = rig.servers;
  await web1.putMoved('101-deploy');
  spoil(web1);
  web1.answers('blue', { status: 500, body: '' });
  const { failure } = await rig.go({ to: 'v1', 'restore-backup': NEW });
  expect(failure).toMatchObject({
    message: expect.stringMatching(
      /^blue answers 500.*\. The data were taken back before, and what serves runs on them$/,
    ),
    remedy: expect.stringContaining('run the same rollback again'),
  });
  expect([web1.proxy.share(), data(web1)]).toEqual(['green', 'before the migration']);
  web1.answers('blue', { status: 200, body: JSON.stringify({ version: 'v1' }) });
  well(await rig.go({ to: 'v1', 'restore-backup': NEW }));
  expect([web1.proxy.share(), data(web1)]).toEqual(['blue', 'before the migration']);
});

test('while the traffic is only moved, the data of a backup are not brought back', async () => {
  const rig = rollbackRig(await shopsWith<'web1'>(['web1']));
  await rig.servers.web1.putMoved('101-deploy');
  const { failure } = await rig.go({ mode: 'flip', 'restore-backup': 'latest' });
  expect(failure).toMatchObject({
    kind: 'input',
    input: 'restore-backup',
    message: expect.stringContaining('while the traffic is only moved'),
  });
  expect(existsSync(path.join(rig.servers.web1.host.path, 'backups'))).toBe(false);
});
