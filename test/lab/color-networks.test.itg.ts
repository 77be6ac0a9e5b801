import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { SITES, mustStep, serverInputs, startProxy } from './color-rig.ts';
import { SMALL, deployInputs, deployed, smallCheckout } from './deploy-rig.ts';

/** A stack that keeps its database apart, with a shared service that asks for one of a colour. */
let lab: Lab;
let host: Host;
const workspace = smallCheckout();

const SERVER = `
  const version = process.env.APP_VERSION;
  const server = require('http').createServer((_, answer) => {
    answer.setHeader('content-type', 'application/json');
    answer.end(JSON.stringify({ version }));
  });
  server.listen(8080);
  process.on('SIGTERM', () => process.exit(0));`;

const CHECK = `
    init: true
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8080/']
      interval: 5s
      retries: 3
      start_period: 30s
      start_interval: 300ms`;

const COMPOSE = `
name: shop
networks: { back: { internal: true } }
services:
  web:
    image: \${REGISTRY}/shop/api:\${TAG}
    entrypoint: [node, -e, ${JSON.stringify(SERVER)}]
    ports: ['8080:8080']${CHECK}
  api:
    image: \${REGISTRY}/shop/api:\${TAG}
    entrypoint: [node, -e, ${JSON.stringify(SERVER)}]
    networks: [back]
    links: ['db:database']${CHECK}
  db:
    image: \${REGISTRY}/shop/redis:8
    networks: { back: { aliases: [store] } }
    healthcheck: { test: [CMD, redis-cli, ping], interval: 15s, retries: 3, start_period: 60s, start_interval: 300ms }
  watcher:
    image: \${REGISTRY}/shop/redis:8
    healthcheck: { test: [CMD, redis-cli, ping], interval: 15s, retries: 3, start_period: 60s, start_interval: 300ms }
`;

const COLORED = { ...SMALL, color: 'auto', 'color-services': 'web\napi' };

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
  writeFileSync(join(workspace, 'compose.yaml'), COMPOSE);
  await deployed(deployInputs(lab, 'v1', SMALL, [host]), { workspace });
  await startProxy(host, 'nginx', (text) =>
    text.replace('listen 8080', 'listen 8081').replace('127.0.0.1:18101', '127.0.0.1:8080'),
  );
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const run = (container: string, ...command: string[]) =>
  host.exec(['timeout', '10', 'docker', 'exec', container, ...command]);

/** Whether a container has a way out: a line of the kernel's table of routes leads to 0.0.0.0. */
async function hasDefaultRoute(container: string): Promise<boolean> {
  const { stdout } = await run(container, 'cat', '/proc/net/route');
  expect(stdout).toContain('Destination');
  return stdout.split('\n').some((line) => line.split('\t')[1] === '00000000');
}

const pings = async (container: string, name: string) =>
  (await run(container, 'redis-cli', '-h', name, 'ping')).stdout.trim() === 'PONG';

/** The versions that the shared service sees when it asks for the web server by its name, six times. */
async function watched(): Promise<string[]> {
  const seen = new Set<string>();
  for (let count = 0; count < 6; count += 1) {
    const { code, stdout } = await run(
      'shop-watcher-1',
      'wget',
      '-q',
      '-T',
      '3',
      '-O',
      '-',
      'http://web:8080/',
    );
    seen.add(code === 0 ? (JSON.parse(stdout) as { version: string }).version : 'nothing');
  }
  return [...seen];
}

const addressOn = async (container: string, network: string) =>
  (
    await host.sh(
      `docker inspect --format '{{(index .NetworkSettings.Networks "${network}").IPAddress}}' ${container}`,
    )
  ).trim();

test('what the file keeps apart stays apart in a colour, and what it names is found by its names', async () => {
  await deployed(deployInputs(lab, 'v2', COLORED, [host]), { workspace });
  expect(await hasDefaultRoute('shop-green-web-1')).toBe(true);
  for (const container of ['shop-api-1', 'shop-db-1', 'shop-green-api-1'])
    expect([container, await hasDefaultRoute(container)]).toEqual([container, false]);
  for (const name of ['db', 'store', 'database'])
    expect([name, await pings('shop-green-api-1', name)]).toEqual([name, true]);
  for (const name of ['db', 'store', 'database', await addressOn('shop-db-1', 'zz_shop_green.back')])
    expect([name, await pings('shop-green-web-1', name)]).toEqual([name, false]);
});

test('a shared service that asks for one of a colour gets the live one: before, after and back from each switch', async () => {
  expect(await watched()).toEqual(['v1']);
  const inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    'site-config': SITES.nginx.file,
    routes: 'web: web:8080',
  });
  expect(await watched()).toEqual(['v1']);
  await mustStep('blue-green-switch', inputs, { runId: '6001' });
  expect(await watched()).toEqual(['v2']);
  // Blue takes the place of the plain stack; nobody asked for it yet.
  await deployed(deployInputs(lab, 'v3', COLORED, [host]), { workspace });
  expect(await watched()).toEqual(['v2']);
  await mustStep('blue-green-switch', inputs, { runId: '6002' });
  expect(await watched()).toEqual(['v3']);
  await deployed(deployInputs(lab, 'v4', COLORED, [host]), { workspace });
  expect(await watched()).toEqual(['v3']);
  // Not as long as it waits for a confirmation, and back when that does not come.
  await mustStep('blue-green-switch', { ...inputs, 'confirm-within': '10m' }, { runId: '6003' });
  expect(await watched()).toEqual(['v4']);
  await mustStep('rollback', serverInputs(lab, [host]), { runId: '6003' });
  expect(await watched()).toEqual(['v3']);
  // A restart, of the server's engine too, changes nothing about it.
  await host.sh('docker restart --time 1 shop-watcher-1 shop-blue-web-1 >/dev/null');
  await host.sh(
    `for i in $(seq 300); do [ "$(docker inspect --format '{{.State.Health.Status}}' shop-blue-web-1)" = healthy ] && exit 0; sleep 0.1; done; exit 1`,
  );
  expect(await watched()).toEqual(['v3']);
  expect(await hasDefaultRoute('shop-db-1')).toBe(false);
  // What led to colours that are not live any more is gone.
  expect((await host.sh("docker network ls --format '{{.Name}}' | grep -c '^zz_shop_live'")).trim()).toBe(
    '2',
  );
});
