import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type BundleRun, type RunningBundle, findRoot, startBundle } from '@deploy-actions/tooling';
import { deployInputs, deployed } from './deploy-rig.ts';

// backup's bundle against a real engine and a real PostgreSQL.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab();
  ({ host } = lab);
  await deployed(deployInputs(lab, 'v1'));
  await psql('shop', 'INSERT INTO items (name) SELECT md5(n::text) FROM generate_series(1, 20000) n');
}, 600_000);
afterAll(async () => {
  await lab?.close();
});

async function psql(database: string, statement: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec([
    ...['docker', 'exec', 'shop-db-1', 'psql', '-U', 'shop', '-d', database, '-Atc'],
    statement,
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

function backup(inputs: Record<string, string>, run: Partial<BundleRun> = {}): RunningBundle {
  const { host: server, 'ssh-key': key, 'known-hosts': knownHosts, path } = deployInputs(lab, 'v1');
  return startBundle({
    action: 'backup',
    inputs: {
      ...{ host: server, 'ssh-key': key, 'known-hosts': knownHosts, path, project: 'shop' },
      ...{ databases: 'db: postgres', 'min-free-disk': '50MB', ...inputs },
    },
    env: { GITHUB_RUN_ID: String(Math.floor(Math.random() * 1e9)), GITHUB_JOB: 'backup' },
    ...run,
  });
}

/** Names of the processes of the database's container. */
const processes = async () => await host.sh('docker top shop-db-1 -eo pid,comm');
/** What PostgreSQL says when it takes down every session because a process of its own, as it thinks, ended by a signal. */
const crashes = async () =>
  await host.sh('docker logs shop-db-1 2>&1 | grep "terminating any other active server processes" || :');
const folders = async () =>
  (await host.sh('ls -A /srv/deploy/shop/backups 2>/dev/null || :')).split('\n').filter(Boolean);

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

test('a real database is saved and read back, and comes back into a new one by the commands of the manual', async () => {
  const { exitCode, shown, outputs, summary } = await backup({}).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(outputs).toMatchObject({
    verified: 'read',
    folder: `/srv/deploy/shop/backups/${outputs['backup']}`,
  });
  expect(summary).toContain('every byte was read back');
  expect(await folders()).toEqual([outputs['backup']]);
  expect(await crashes()).toBe('');
  const manifest = JSON.parse(await host.sh(`cat ${outputs['folder']}/manifest.json`)) as {
    bytes: number;
    files: { name: string; bytes: number; sha256: string }[];
  };
  expect(String(manifest.bytes)).toBe(outputs['size']);
  const sums = await host.sh(`cd ${outputs['folder']} && sha256sum db.*`);
  expect(manifest.files.map(({ name, sha256 }) => `${sha256}  ${name}`).sort()).toEqual(
    sums.trim().split('\n').sort(),
  );

  const manual = readFileSync(join(findRoot(), 'actions/backup/README.md'), 'utf8');
  const [, commands] = /## Bring one back[\s\S]*?```sh\n([\s\S]*?)```/.exec(manual)!;
  const folder = /^cd (\S+)$/m.exec(commands!)![1]!;
  await host.write('/tmp/typed', commands!.replace(folder, outputs['folder']!));
  await host.sh('exec bash -e /tmp/typed </dev/null', { user: 'deploy' });
  const count = 'SELECT count(*), max(name) FROM items';
  expect(await psql('shop_restored', count)).toBe(await psql('shop', count));
  await psql('postgres', 'DROP DATABASE shop_restored');
}, 180_000);

test('a backup that was killed leaves no pg_dump and nothing that counts, and the next one clears up', async () => {
  const before = await folders();
  // A table that somebody holds keeps pg_dump where it is.
  await host.sh(
    `docker exec -d shop-db-1 psql -U shop -d shop -c 'BEGIN; LOCK TABLE items; SELECT pg_sleep(20)'`,
  );
  const running = backup({});
  await until('a pg_dump', async () => (await processes()).includes('pg_dump'));
  await host.sh('kill -9 "$(sed -n "s/^pid //p" /srv/deploy/shop/.deploy/lock.holder)"');
  await until('the end of pg_dump', async () => !(await processes()).includes('pg_dump'));
  const { exitCode } = await running.done;
  expect(exitCode).toBe(1);
  await until(
    'the end of the lock on the table',
    async () =>
      (await psql(
        'shop',
        'SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relname = $$items$$',
      )) === '0',
  );
  const next = await backup({}).done;
  expect([next.exitCode, next.exitCode === 0 ? '' : next.shown]).toEqual([0, '']);
  expect(await folders()).toEqual([...before, next.outputs['backup']!].sort());
  expect(await crashes()).toBe('');
}, 240_000);

test('a database that ends in the middle, and a dump that was cut, are no backups', async () => {
  const before = await folders();
  await host.sh(
    `docker exec -d shop-db-1 psql -U shop -d shop -c 'BEGIN; LOCK TABLE items; SELECT pg_sleep(20)'`,
  );
  const running = backup({});
  await until('a pg_dump', async () => (await processes()).includes('pg_dump'));
  await host.sh('docker restart --time 1 shop-db-1');
  const failed = await running.done;
  expect(failed.exitCode).toBe(1);
  expect(failed.annotations.map(({ message }) => message).join('\n')).toMatch(/db/);
  expect(await folders()).toEqual(before);

  await host.sh(`truncate --size=-100 /srv/deploy/shop/backups/${before[0]}/db.shop.pgdump`);
  const listed = await backup({ list: 'true', databases: '' }).done;
  expect(listed.exitCode).toBe(0);
  expect(listed.shown).toContain(`the backup ${before[0]} is not whole, and counts for nothing`);
  const listing = JSON.parse(listed.outputs['backups']!) as { id: string }[];
  expect(listing.map(({ id }) => id)).toEqual(before.slice(1));
}, 180_000);

test('a backup is loaded into a PostgreSQL of its own and asked again, and comes back in place of what was spoilt', async () => {
  const count = 'SELECT count(*), max(name) FROM items';
  const [before, counted] = [await folders(), await psql('shop', count)];
  const query = { 'verify-query': `db: ${count}` };
  const { exitCode, shown, outputs } = await backup({ verify: 'restore', ...query }).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  expect(outputs['verified']).toBe('restore');
  expect(shown).toContain(`answers on what was loaded as it did then: ${counted}`);
  expect(await host.sh('docker ps --all --filter label=deploy-actions.trial --quiet')).toBe('');
  const id = outputs['backup']!;

  await psql('shop', 'DELETE FROM items');
  const unconfirmed = await backup({ restore: id, databases: '' }).done;
  expect(unconfirmed.annotations.map(({ message }) => message).join()).toContain('`confirm` is empty');
  const restored = await backup({ restore: id, confirm: id, databases: 'db: postgres shop' }).done;
  expect([restored.exitCode, restored.exitCode === 0 ? '' : restored.shown]).toEqual([0, '']);
  expect(await psql('shop', count)).toBe(counted);
  const old = restored.outputs['replaced']!.replace('db/', '');
  expect(await psql('postgres', 'SELECT datname FROM pg_database WHERE NOT datallowconn ORDER BY 1')).toBe(
    `${old}\ntemplate0`,
  );
  const confirmed = await backup({ confirm: id, databases: '' }).done;
  expect([confirmed.exitCode, confirmed.exitCode === 0 ? '' : confirmed.shown]).toEqual([0, '']);
  expect(await psql('postgres', 'SELECT datname FROM pg_database ORDER BY 1')).toBe(
    'postgres\nshop\ntemplate0\ntemplate1',
  );
  expect(await folders()).toEqual([...before, id].sort());
  expect(await crashes()).toBe('');
}, 300_000);

test('a Redis, a volume with its owners, a path and the output of a command are saved, and come back by hand', async () => {
  // The image of the lab has no redis-check-rdb; it is the same program as the server.
  await host.sh('docker cp --follow-link /usr/bin/redis-check-rdb shop-redis-1:/usr/bin/redis-check-rdb');
  await host.sh('docker exec shop-redis-1 redis-cli SET backed-up yes');
  await host.sh(
    `docker exec shop-api-1 sh -c 'echo picture >/media/a.png; chown -R 1000:1000 /media; chmod 2750 /media'`,
  );
  await host.sh(
    'install -d -o deploy /srv/deploy/shop/shared; echo kept >/srv/deploy/shop/shared/note; chown deploy /srv/deploy/shop/shared/note',
  );
  const { exitCode, shown, outputs } = await backup({
    databases: 'redis: redis',
    volumes: 'media',
    paths: 'shared/note',
    commands: 'api: printf "%s" "$APP_VERSION" -> version.txt',
    pause: 'api\nworker\nscheduler',
  }).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
  const folder = outputs['folder']!;
  expect(await host.sh(`cat ${folder}/version.txt`)).toBe('v1');
  const listed = await host.sh(`tar --numeric-owner -tvzf ${folder}/volume.media.tar.gz`);
  expect(listed).toMatch(/^drwxr-s--- 1000\/1000 .* \.\/$/m);
  expect(listed).toMatch(/1000\/1000 .* \.\/a\.png$/m);
  expect(await host.sh(`tar -xzOf ${folder}/path.shared_note.tar.gz`)).toBe('kept\n');
  expect(await host.sh('docker ps --filter status=paused --quiet')).toBe('');
  expect(await host.sh('docker ps --all --filter label=deploy-actions.trial --quiet')).toBe('');
  // The saved file is one that another server begins with.
  await host.sh(
    `mkdir -p /tmp/redis && cp ${folder}/redis.rdb /tmp/redis/dump.rdb && redis-server --port 7777 --dir /tmp/redis --daemonize yes`,
  );
  await until('a Redis that has loaded it', async () =>
    (await host.exec(['redis-cli', '-p', '7777', 'GET', 'backed-up'])).stdout.includes('yes'),
  );
  await host.sh('redis-cli -p 7777 SHUTDOWN NOSAVE || :');
}, 240_000);
