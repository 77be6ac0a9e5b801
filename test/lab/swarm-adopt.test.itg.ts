import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { runBundle } from '@deploy-actions/tooling';
import { deployInputs, deployed, refused } from './deploy-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

let lab: Lab;
const workspace = stackCheckout();

/** As somebody has it who deploys by hand: images by tags, a config and a secret of their own, a service that is not ours. */
const byHand = (registry: string) => `
services:
  store:
    image: ${registry}/shop/redis:8
    healthcheck: { test: [CMD, redis-cli, ping], interval: 2s, retries: 10, start_period: 30s, start_interval: 300ms }
    deploy: { endpoint_mode: dnsrr }
  web:
    image: ${registry}/shop/web:v1
    configs: [{ source: site, target: /etc/nginx/conf.d/site.conf }]
    secrets: [token]
    ports: [{ target: 8099, published: 8080, mode: host }]
    deploy: { mode: global, endpoint_mode: dnsrr }
  extra:
    image: ${registry}/shop/redis:8
    environment: { NOTE: 'it''s  "mine" for $$5 <&>' }
    deploy: { endpoint_mode: dnsrr, labels: { owner: somebody }, update_config: { parallelism: 2, delay: 1s } }
configs: { site: { file: ./site.conf } }
secrets: { token: { file: ./token } }
`;

/** What is not in the compose file stays. */
const INPUTS = { adopt: true, 'remove-orphans': false };

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 3 });
  await lab.host.sh('mkdir -p /srv/old');
  await lab.host.write('/srv/old/stack.yaml', byHand(lab.registry.address));
  await lab.host.write(
    '/srv/old/site.conf',
    'server { listen 8099; location = /up { return 200 "by hand\\n"; } location / { return 404; } }\n',
  );
  await lab.host.write('/srv/old/token', 'hand-made');
  await lab.host.sh('cd /srv/old && docker stack deploy --compose-file stack.yaml shop');
  // One that was changed by hand afterwards: what runs is no longer what its file says.
  await lab.host.sh('docker service update --detach=true --env-add CHANGED=yes shop_extra');
  await settled();
}, 900_000);

afterAll(async () => {
  await lab?.close();
});

/** All tasks run, and no update is under way. */
async function settled(): Promise<void> {
  await lab.host.sh(
    `until [ "$(docker service ls --format '{{.Replicas}}' | sort | tr '\\n' ' ')" = '1/1 1/1 3/3 ' ] && ! docker service inspect --format '{{with .UpdateStatus}}{{.State}}{{end}}' $(docker service ls --quiet) | grep -q updating; do sleep 1; done`,
  );
}

/** The configuration of each service, as the engine shows it. */
async function specs(): Promise<Record<string, unknown>> {
  const text = await lab.host.sh(
    "docker service inspect --format '{{json .Spec}}' $(docker service ls --quiet)",
  );
  const all = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { Name: string });
  return Object.fromEntries(all.map((spec) => [spec.Name, spec]));
}

/** Ids of the tasks of a service that should run. */
const tasks = async (service: string) =>
  (
    await lab.host.sh(`docker service ps --quiet --no-trunc --filter desired-state=running ${service}`)
  ).trim();

/** Networks, configs and secrets with their ids. */
const objects = async () =>
  await lab.host.sh(
    "docker network ls --no-trunc --filter scope=swarm; docker config ls --format '{{.ID}} {{.Name}}'; docker secret ls --format '{{.ID}} {{.Name}}'",
  );

/** Brings back what ran before the first deployment. */
async function toAdopted() {
  const { host, 'ssh-key': key, 'known-hosts': known } = deployInputs(lab, 'v2', {}, lab.hosts);
  return await runBundle({
    action: 'rollback',
    workspace,
    inputs: {
      host,
      'ssh-key': key,
      'known-hosts': known,
      path: '/srv/deploy/shop',
      project: 'shop',
      to: 'adopted',
      'wait-timeout': '90s',
    },
    tree: process.env['DEPLOY_ACTIONS_TREE'],
    env: { GITHUB_RUN_ID: String(Date.now()), GITHUB_JOB: 'back', GITHUB_REPOSITORY: 'shop/shop' },
  });
}

let before: Record<string, unknown>;

test('a stack that was deployed by hand is not touched unasked, and the refusal says what to ask', async () => {
  before = await specs();
  const result = await refused(await stackInputs(lab, workspace, { version: 'v2' }), { workspace });
  expect(result.headline).toContain('did not');
  expect(result.headline).toContain('adopt: true');
  expect(await specs()).toEqual(before);
}, 600_000);

test('the plan tells what is kept, what differs and what stays', async () => {
  const result = await deployed(
    await stackInputs(lab, workspace, { version: 'v2', more: { ...INPUTS, plan: true } }),
    { workspace },
  );
  expect(result.shown).toContain('the compose file does not have extra, which the stack has: that runs on');
  expect(result.shown).toContain('the stack shop is recorded as it runs');
  expect(await specs()).toEqual(before);
}, 600_000);

test('a first deployment that fails brings each service back to what it was, and touches nothing that did not differ', async () => {
  const [store, extra, there] = [await tasks('shop_store'), await tasks('shop_extra'), await objects()];
  const result = await refused(
    await stackInputs(lab, workspace, {
      version: 'v2',
      probe: 'nothing',
      more: { ...INPUTS, 'wait-timeout': '60s' },
    }),
    { workspace },
  );
  expect(result.headline).toContain('adopted was restored and is healthy');
  expect(await specs()).toEqual(before);
  expect([await tasks('shop_store'), await tasks('shop_extra')]).toEqual([store, extra]);
  expect(await answers(lab.hosts)).toEqual(['by hand', 'by hand', 'by hand']);
  for (const line of there.split('\n')) expect(await objects()).toContain(line);
}, 900_000);

test('the stack is taken over: what does not differ runs on, and what differs is updated', async () => {
  const [store, extra] = [await tasks('shop_store'), await tasks('shop_extra')];
  const deploy = async () =>
    await deployed(await stackInputs(lab, workspace, { version: 'v2', more: INPUTS }), {
      workspace,
    });
  const first = await deploy();
  expect(first.outputs).toMatchObject({ outcome: 'deployed', 'previous-release': 'adopted' });
  expect(first.shown).toMatch(/gives the cluster web$/m);
  expect(await answers(lab.hosts)).toEqual(['v2', 'v2', 'v2']);
  expect([await tasks('shop_store'), await tasks('shop_extra')]).toEqual([store, extra]);
  expect((await deploy()).outputs['outcome']).toBe('unchanged');
  expect([await tasks('shop_store'), await tasks('shop_extra')]).toEqual([store, extra]);
}, 900_000);

test('a rollback goes back to what ran by hand, service by service as it was', async () => {
  const result = await toAdopted();
  expect([result.exitCode, result.exitCode === 0 ? '' : result.shown]).toEqual([0, '']);
  expect(await specs()).toEqual(before);
  expect(await answers(lab.hosts)).toEqual(['by hand', 'by hand', 'by hand']);
}, 900_000);

test('what a service of it refers to is gone: the way back is refused by that name, and nothing changes', async () => {
  await deployed(await stackInputs(lab, workspace, { version: 'v2', more: INPUTS }), { workspace });
  const running = await specs();
  await lab.host.sh('docker config rm shop_site');
  const result = await toAdopted();
  expect(result.exitCode).toBe(1);
  expect(result.shown).toContain('the config shop_site, which adopted has, is not there any more');
  expect(await specs()).toEqual(running);
}, 900_000);
