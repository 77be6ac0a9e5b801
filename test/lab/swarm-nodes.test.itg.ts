import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, type Load, joinCluster, openLab, startLoad } from '@deploy-actions/lab';
import { SMALL, deployInputs, deployed, refused } from './deploy-rig.ts';
import { GATEWAYS } from './rolling-rig.ts';
import { SMALL_APP } from './small-app.ts';
import { running, startGateways } from './swarm-gateways.ts';

// What happens to the nodes of a swarm, under load, and what is kept there of one release and the next.

let lab: Lab;
const workspace = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));

const COMPOSE = `name: shop
services:
  api:
    image: \${REGISTRY}/shop/api@\${API}
    entrypoint: [node, /app.mjs]
    init: true
    environment: { APP_VERSION: same, PORT: '8000' }
    volumes: ['./app.mjs:/app.mjs:ro']
    networks: [edge]
    configs: [motto]
    secrets: [token]
    stop_grace_period: 15s
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/']
      interval: 1s
      retries: 3
      start_period: 10s
      start_interval: 300ms
    deploy: { endpoint_mode: dnsrr, replicas: 3 }
networks: { edge: { external: true } }
configs: { motto: { content: 'motto of \${TAG}' } }
secrets: { token: { environment: TOKEN } }
`;

beforeAll(async () => {
  writeFileSync(join(workspace, 'compose.yaml'), COMPOSE);
  writeFileSync(join(workspace, 'app.mjs'), SMALL_APP);
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts);
  await lab.host.sh('docker network create --driver overlay --attachable edge');
  await up('v1');
  await startGateways(lab, ['nginx']);
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const inputsOf = async (version: string, hosts: readonly Host[] = lab.hosts) =>
  deployInputs(
    lab,
    version,
    {
      ...SMALL,
      engine: 'swarm',
      files: 'app.mjs',
      'keep-releases': 2,
      env: [
        `REGISTRY=${lab.registry.address}`,
        `API=${await lab.registry.digest('shop/api:v1')}`,
        `TAG=${version}`,
        `TOKEN=token of ${version}`,
        '',
      ].join('\n'),
      'wait-timeout': '90s',
    },
    hosts,
  );

async function up(version: string): Promise<void> {
  await deployed(await inputsOf(version), { workspace });
}

/** Configs and secrets of the application, by kind. */
const objects = async () =>
  Object.fromEntries(
    await Promise.all(
      ['config', 'secret'].map(async (kind) => [
        kind,
        (
          await lab.host.sh(
            `docker ${kind} ls --format '{{.Name}}' --filter label=deploy-actions.project=shop`,
          )
        )
          .split('\n')
          .filter(Boolean)
          .sort(),
      ]),
    ),
  ) as Record<'config' | 'secret', string[]>;

/** What the tasks of every node read: each line once. */
async function read(): Promise<string[]> {
  const found = await Promise.all(
    lab.hosts.map(({ sh }) =>
      sh(
        'for id in $(docker ps --quiet --filter label=com.docker.swarm.service.name=shop_api); do docker exec "$id" sh -c "cat /motto; echo; cat /run/secrets/token; echo"; done',
      ),
    ),
  );
  return [...new Set(found.join('').split('\n').filter(Boolean))].sort();
}

test('a changed config and a changed secret: tasks of all nodes have the new ones, the old ones are kept for the way back and go with their release', async () => {
  const first = await objects();
  expect([first.config.length, first.secret.length]).toEqual([1, 1]);
  await up('v2');
  expect(await read()).toEqual(['motto of v2', 'token of v2']);
  const both = await objects();
  expect([both.config, both.secret].map(({ length }) => length)).toEqual([2, 2]);
  for (const kind of ['config', 'secret'] as const) expect(both[kind]).toContain(first[kind][0]);
  await up('v3');
  expect(await read()).toEqual(['motto of v3', 'token of v3']);
  const last = await objects();
  expect([last.config, last.secret].map(({ length }) => length)).toEqual([2, 2]);
  for (const kind of ['config', 'secret'] as const) expect(last[kind]).not.toContain(first[kind][0]);
}, 600_000);

const CLIENTS = 8;

/** Requests by the proxy of the first node, while something happens. */
async function underLoad(work: () => Promise<void>): Promise<ReturnType<Load['report']>> {
  const load = startLoad({
    url: lab.host.url(GATEWAYS.nginx.port),
    rate: 100,
    clients: CLIENTS,
    slowShare: 0.01,
    slowMs: 1500,
    timeoutMs: 60_000,
  });
  try {
    await load.seen('same', 30_000);
    await work();
    // What the change does to idle connections comes a little later.
    await new Promise((resolve) => setTimeout(resolve, 3000));
  } catch (error) {
    await load.stop();
    throw error;
  }
  return await load.stop();
}

test('a node that is drained loses no request', async () => {
  const { failed, byFailure, sent } = await underLoad(async () => {
    await lab.host.sh('docker node update --availability drain h3');
    await running(lab.host, 'shop_api', ['h1', 'h2']);
  });
  expect([failed, byFailure]).toEqual([0, {}]);
  expect(sent).toBeGreaterThan(200);
}, 300_000);

test('a node that dies loses what is in flight there at most, and its tasks run on the others', async () => {
  await lab.host.sh('docker node update --availability active h3');
  // Nothing comes back to a node by itself.
  await lab.host.sh('docker node update --availability drain h2');
  await running(lab.host, 'shop_api', ['h1', 'h3']);
  await lab.host.sh('docker node update --availability active h2');
  const onDead = await lab.host.sh(
    "docker service ps --filter desired-state=running --format '{{.Node}}' shop_api | grep -c h3 || :",
  );
  expect(Number(onDead)).toBeGreaterThan(0);
  const { failed, byFailure, sent } = await underLoad(async () => {
    await lab.engine.docker(['kill', lab.hosts[2]!.container]);
    await running(lab.host, 'shop_api', ['h1', 'h2']);
  });
  // Each client has one request under way.
  expect([failed > CLIENTS ? byFailure : {}, failed <= CLIENTS]).toEqual([{}, true]);
  expect(sent).toBeGreaterThan(200);
}, 300_000);

test('a locked manager is refused by its name, and its key is not asked for', async () => {
  await lab.host.sh('docker swarm update --autolock=true');
  await lab.host.restartDockerd();
  const result = await refused(await inputsOf('v4', lab.hosts.slice(0, 2)), { workspace });
  expect(result.headline).toMatch(/h1.*locked|locked.*h1/);
  expect(result.shown).toContain('docker swarm unlock');
}, 300_000);
