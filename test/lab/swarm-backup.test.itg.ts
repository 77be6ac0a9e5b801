import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { type BundleResult, startBundle } from '@deploy-actions/tooling';
import { type DeployInputs, SMALL, deployInputs, deployed } from './deploy-rig.ts';

// backup's bundle on three real nodes: a database and a cache that run on a worker.

let lab: Lab;
/** The node with the data. */
let worker: Host;
let inputs: DeployInputs;
const workspace = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));

const STACK = `name: shop
x-here: &here { placement: { constraints: ['node.hostname == h2'] } }
services:
  db:
    image: \${REGISTRY}/shop/postgres@\${DB}
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: secret }
    volumes: ['pgdata:/var/lib/postgresql/data']
    restart: always
    deploy: *here
    healthcheck: { test: [CMD, pg_isready, -U, shop], interval: 2s, retries: 10, start_period: 60s, start_interval: 300ms }
  store:
    image: \${REGISTRY}/shop/redis@\${STORE}
    volumes: ['media:/media']
    restart: always
    deploy: *here
    healthcheck: { test: [CMD, redis-cli, ping], interval: 2s, retries: 10, start_period: 60s, start_interval: 300ms }
volumes: { pgdata: {}, media: {} }
`;

beforeAll(async () => {
  writeFileSync(join(workspace, 'compose.yaml'), STACK);
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 1 });
  worker = lab.hosts[1]!;
  const [db, store] = await Promise.all([
    lab.registry.digest('shop/postgres:17'),
    lab.registry.digest('shop/redis:8'),
  ]);
  inputs = deployInputs(
    lab,
    'v1',
    {
      ...SMALL,
      engine: 'swarm',
      files: '',
      env: `REGISTRY=${lab.registry.address}\nDB=${db}\nSTORE=${store}\n`,
      'wait-timeout': '3m',
    },
    lab.hosts,
  );
  await deployed(inputs, { workspace });
}, 900_000);

afterAll(async () => {
  await lab?.close();
});

/** The id of the container that a service has on the worker. */
const containerOf = async (service: string) =>
  (await worker.sh(`docker ps --quiet --filter label=com.docker.swarm.service.name=shop_${service}`)).trim();

async function psql(statement: string): Promise<string> {
  const id = await containerOf('db');
  const { code, stdout, stderr } = await worker.exec([
    ...['docker', 'exec', id, 'psql', '-U', 'shop', '-d', 'shop', '-Atc'],
    statement,
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

async function backup(more: Record<string, string>): Promise<BundleResult> {
  return await startBundle({
    action: 'backup',
    tree: process.env['DEPLOY_ACTIONS_TREE'],
    inputs: {
      host: inputs['host'],
      'ssh-key': inputs['ssh-key'],
      'known-hosts': inputs['known-hosts'],
      path: inputs['path'],
      project: 'shop',
      'min-free-disk': '50MB',
      ...more,
    },
    env: { GITHUB_RUN_ID: String(Math.floor(Math.random() * 1e9)), GITHUB_JOB: 'backup' },
  }).done;
}

const foldersOf = async ({ sh }: Host) =>
  (await sh('ls -A /srv/deploy/shop/backups 2>/dev/null || :')).split('\n').filter(Boolean);

test('a database and a volume are saved on the worker that has them, and the database comes back there', async () => {
  await psql('CREATE TABLE items (id int); INSERT INTO items SELECT generate_series(1, 500)');
  const store = await containerOf('store');
  await worker.sh(`docker exec ${store} sh -c 'echo kept >/media/file'`);
  const saved = await backup({ databases: 'db: postgres', volumes: 'media', pause: 'store' });
  expect([saved.exitCode, saved.exitCode === 0 ? '' : saved.shown]).toEqual([0, '']);
  const id = String(saved.outputs['backup']);
  expect(await Promise.all(lab.hosts.map(foldersOf))).toEqual([[], [id], []]);
  const manifest = JSON.parse(await worker.sh(`cat /srv/deploy/shop/backups/${id}/manifest.json`)) as {
    release: string;
    files: { name: string }[];
    services: { name: string }[];
  };
  expect(manifest.files.map(({ name }) => name)).toEqual([
    'db.shop.pgdump',
    'db.globals.sql',
    'volume.media.tar.gz',
  ]);
  expect(manifest.release).not.toBe('');
  expect(manifest.services.map(({ name }) => name).sort()).toEqual(['db', 'store']);
  // What was paused is the task that it was.
  expect(await containerOf('store')).toBe(store);

  await psql('DELETE FROM items');
  const back = await backup({ databases: 'db: postgres', restore: id, confirm: id });
  expect([back.exitCode, back.exitCode === 0 ? '' : back.shown]).toEqual([0, '']);
  expect(await psql('SELECT count(*) FROM items')).toBe('500');
  const gone = await backup({ databases: 'db: postgres', confirm: id });
  expect([gone.exitCode, gone.exitCode === 0 ? '' : gone.shown]).toEqual([0, '']);
}, 900_000);

test('what has two tasks, or a node that was not given, is refused by name, and nothing is saved', async () => {
  const before = await foldersOf(worker);
  const [first, second] = String(inputs['host']).split('\n');
  const without = await backup({ databases: 'db: postgres', host: String(first) });
  expect(without.shown).toContain('db runs on the node h2, which is not in `host`');
  const byWorker = await backup({ databases: 'db: postgres', host: String(second) });
  expect(byWorker.shown).toContain('h2 is a worker of its swarm');
  await lab.host.sh('docker service scale --detach shop_store=2');
  const running = async () =>
    (
      await lab.host.sh(
        "docker service ps --filter desired-state=running --format '{{.CurrentState}}' shop_store | grep -c '^Running' || :",
      )
    ).trim();
  const deadline = Date.now() + 120_000;
  while ((await running()) !== '2') {
    if (Date.now() > deadline) throw new Error('the second task did not run within two minutes');
    await new Promise((wake) => setTimeout(wake, 300));
  }
  const twice = await backup({ databases: 'store: redis' });
  expect(twice.shown).toMatch(/store runs as 2 tasks \(it runs on h2, h2\)/);
  expect(await foldersOf(worker)).toEqual(before);
}, 900_000);
