import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { SITES, type Inputs, mustStep, serverInputs, startProxy, startStep, step } from './color-rig.ts';
import { type DeployInputs, SMALL, deploy, deployInputs, psql, served } from './deploy-rig.ts';

let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

async function mustDeploy(tag: string, runId: string, more: DeployInputs = {}, workspace?: string) {
  const result = await deploy(deployInputs(lab, tag, more, [host]), {
    runId,
    ...(workspace && { workspace }),
  });
  if (result.exitCode !== 0) throw new Error(`the deploy of ${tag} failed:\n${result.shown}`);
  return result;
}

const inputs = (): Inputs => serverInputs(lab, [host]);
const rollback = (runId: string, more: Inputs = {}) =>
  mustStep('rollback', { ...inputs(), ...more }, { runId });

/** The columns of the table that version 2 of the schema adds one to. */
const columns = () =>
  psql(
    host,
    "select string_agg(column_name, ' ' order by column_name) from information_schema.columns where table_name = 'items'",
  );

test('a version that nobody can ask for is refused before anything is changed', async () => {
  await mustDeploy('v1', '1');
  await mustDeploy('v2', '2');
  const refused = await step(
    'rollback',
    { ...inputs(), 'allow-past-migration': true, 'version-from': 'json:version' },
    { runId: '2' },
  );
  expect(refused.shown).toContain('nothing says where the version of `version-from` is to be asked for');
  expect(await served(host)).toBe('v2');
});

test('down-migrate takes the column back that the release had added, and the served version is proven', async () => {
  expect(await columns()).toBe('created id name note');
  const without = await step('rollback', inputs(), { runId: '2' });
  expect(without.shown).toMatch(
    /v2\S* changed the schema after \S*v1\S* was deployed, .*: nothing says that it runs on it/,
  );
  expect(without.shown).toContain('`down-migrate`');
  const failing = await step('rollback', { ...inputs(), 'down-migrate': 'api: exit 3' }, { runId: '2' });
  expect(failing.shown).toContain('the command of api failed with exit code 3');
  expect(failing.shown).toContain('nothing was rolled back');
  expect(await served(host)).toBe('v2');
  const rolled = await rollback('2', {
    'down-migrate': 'api: /app/shop migrate-down 1',
    'version-from': 'header:x-app-version',
    'verify-url': 'http://127.0.0.1:8080/version',
  });
  expect(rolled.outputs).toMatchObject({ mode: 'redeploy' });
  expect(rolled.shown).toContain('http://127.0.0.1:8080/version answers with version v1');
  expect(await columns()).toBe('created id name');
  expect(await served(host)).toBe('v1');
});

test('restore-backup brings back what before-up had saved, and another version than the recorded one fails the step', async () => {
  await psql(host, "insert into items (name) values ('before')");
  await mustDeploy('v2', '3', {
    'before-up': 'api: pg_dump --clean --if-exists --file=/data/before.sql "$DATABASE_URL"',
  });
  await psql(host, "delete from items; insert into items (name, note) values ('after', 'x')");
  const lying = await step(
    'rollback',
    {
      ...inputs(),
      'restore-backup': 'api: psql --quiet --set ON_ERROR_STOP=1 --file=/data/before.sql "$DATABASE_URL"',
      'version-from': 'header:content-type',
      'verify-url': 'http://127.0.0.1:8080/version',
    },
    { runId: '3' },
  );
  expect(lying.exitCode).toBe(1);
  expect(lying.shown).toMatch(
    /after the rollback \S+ answers 200 with version application\/json.*, not with version v1/,
  );
  expect(lying.outputs).toMatchObject({ mode: 'redeploy' });
  expect(await columns()).toBe('created id name');
  expect(await psql(host, 'select name from items')).toBe('before');
  expect(await served(host)).toBe('v1');
});

/** A checkout whose web server says its version: in two replicas, beside a worker that runs only where the traffic is. */
function colorCheckout(version: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  const health = `interval: 10s, retries: 3, start_period: 30s, start_interval: 300ms`;
  writeFileSync(
    join(folder, 'nginx.conf'),
    `server {
  listen 80;
  location / { default_type application/json; add_header x-app-version ${version}; return 200 '{"version":"${version}"}'; }
}
`,
  );
  writeFileSync(
    join(folder, 'compose.yaml'),
    `name: shop
services:
  store:
    image: \${REGISTRY}/shop/redis:8
    healthcheck: { test: [CMD, redis-cli, ping], ${health} }
  web:
    image: \${REGISTRY}/shop/web:\${TAG}
    ports: ['8080:80']
    deploy: { replicas: 2 }
    volumes: ['./nginx.conf:/etc/nginx/conf.d/shop.conf:ro']
    depends_on: { store: { condition: service_healthy } }
    healthcheck: { test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1/'], ${health} }
  worker:
    image: \${REGISTRY}/shop/web:\${TAG}
    command: [sleep, '100000']
    stop_signal: SIGKILL
`,
  );
  return folder;
}

const COLORED = {
  ...SMALL,
  'color-services': 'web\nworker',
  'live-only-services': 'worker',
};

/** What the site answers through the proxy. */
async function site(): Promise<{ version: string; color: string | null }> {
  const answer = await fetch(`${host.url(8081)}/`, { signal: AbortSignal.timeout(5000) });
  return { ...((await answer.json()) as { version: string }), color: answer.headers.get('x-deploy-color') };
}

/** Containers of web and worker that run, by project. */
const running = async () =>
  (await host.sh("docker ps --format '{{.Names}}' | grep -E 'web|worker' | sort")).trim().split('\n');

test('a release that is in neither colour is brought up in the idle one, healthy before the traffic moves', async () => {
  await host.reset();
  const checkouts = Object.fromEntries(['v1', 'v2', 'v3'].map((one) => [one, colorCheckout(one)]));
  const colored = (version: string, color: string, runId: string) =>
    mustDeploy(version, runId, { ...COLORED, color }, checkouts[version]);
  const move = (runId: string) =>
    mustStep('blue-green-switch', { ...inputs(), 'drain-timeout': '0' }, { runId });
  const first = await colored('v1', 'blue', '11');
  await colored('v2', 'green', '12');
  const [address] = Object.values(JSON.parse(first.outputs['color-urls']!) as Record<string, string>);
  await startProxy(host, 'nginx', (text) =>
    text.replace('listen 8080', 'listen 8081').replace('http://127.0.0.1:18101', address!),
  );
  await mustStep('blue-green-switch', { ...inputs(), install: 'true', 'site-config': SITES.nginx.file });
  await move('12');
  await colored('v3', 'auto', '13');
  await move('13');
  expect(await site()).toEqual({ version: 'v3', color: 'blue' });

  const load = startLoad({ url: `${host.url(8081)}/`, rate: 20, clients: 8, timeoutMs: 60_000 });
  await load.seen('v3', 60_000);
  const rolled = await rollback('14', { to: 'v1', 'version-from': 'json:version' });
  await load.seen('v1', 60_000);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  expect(Object.keys(report.byVersion).sort()).toEqual(['v1', 'v3']);
  expect(rolled.outputs).toMatchObject({ mode: 'redeploy', to: expect.stringMatching(/-v1-.*-green$/) });
  expect(await site()).toEqual({ version: 'v1', color: 'green' });
  expect(await running()).toEqual([
    'shop-blue-web-1',
    'shop-blue-web-2',
    'shop-green-web-1',
    'shop-green-web-2',
    'shop-green-worker-1',
  ]);
});

test('last-good skips what was left as bad, and brings an older release up in the colour that it had not', async () => {
  const good = await rollback('15', {
    to: 'last-good',
    'version-from': 'header:x-app-version',
    'down-migrate': 'web: echo "undone in $DEPLOY_COLOR"',
  });
  expect(good.shown).toContain('undone in green');
  expect(good.outputs).toMatchObject({ mode: 'redeploy', to: expect.stringMatching(/-v2-.*-blue$/) });
  expect(await site()).toEqual({ version: 'v2', color: 'blue' });
});

test('a runner that dies while the release comes up has moved nothing; the next run finishes', async () => {
  const pause = '/srv/deploy/shop/.deploy/pause-at';
  await host.write(pause, 'up:begin:after\n', { owner: 'deploy' });
  const dying = startStep('rollback', { ...inputs(), to: 'v3' }, { runId: '16' });
  await host.sh(
    'for i in $(seq 600); do grep -q paused /srv/deploy/shop/.deploy/runs/16-*/redeploy-*/state 2>/dev/null && exit 0; sleep 0.1; done; exit 1',
  );
  dying.kill('SIGKILL');
  await dying.done;
  expect(await site()).toEqual({ version: 'v2', color: 'blue' });
  await host.sh(`rm ${pause}`);
  await rollback('16', { to: 'v3' });
  expect(await site()).toEqual({ version: 'v3', color: 'green' });
});

test('a release whose image is gone is refused, and nothing is touched', async () => {
  const before = await running();
  await host.sh(
    `docker image rm -f $(docker image ls --format '{{.Repository}}:{{.Tag}}' | grep -E 'shop/web:v1$|-v1-') >/dev/null`,
  );
  const refused = await step('rollback', { ...inputs(), to: 'v1' }, { runId: '17' });
  expect(refused.shown).toMatch(/the image of \w+ .* is not on the server any more; nothing was changed/);
  expect(await running()).toEqual(before);
  expect(await site()).toEqual({ version: 'v3', color: 'green' });
});
