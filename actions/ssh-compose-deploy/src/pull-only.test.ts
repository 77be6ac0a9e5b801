import { existsSync, readFileSync, readdirSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import type { DockerServer } from '@deploy-actions/release/testing';
import { afterDeploy } from './post.ts';
import { COMPOSE, deployRig, well } from './testing/deploy-rig.ts';
import { API, BETTER, DB, STACK, swarmRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigOf = <N extends string>(...names: N[]) => deployRig(names, hostWith);

const ONLY = { 'pull-only': 'true' };
const V1 = ['api registry.test/shop/api:v1', 'db registry.test/db:1'];
const V2 = ['api registry.test/shop/api:v2', 'db registry.test/db:1'];
const API_V2 = 'registry.test/shop/api:v2';

const calls = ({ docker }: DockerServer, command: string) =>
  docker.calls().filter((one) => one.startsWith(`${command} `));
const pulls = (server: DockerServer) => calls(server, 'pull').map((one) => one.split(' ').at(-1));
const tags = (server: DockerServer) => server.docker.images().filter((one) => one.includes('/shop:_'));
const down = ({ docker }: DockerServer) => docker.script({ registry: {} });
const listed = ({ host }: DockerServer, folder: string) =>
  existsSync(path.join(host.path, folder)) ? readdirSync(path.join(host.path, folder)) : [];

/** All that a later look at what serves and at the history goes by. */
const state = (server: DockerServer) => ({
  running: server.docker.containers(),
  volumes: calls(server, 'volume create'),
  releases: listed(server, 'releases'),
  files: listed(server, 'files'),
  history: server.host.read('.deploy/history.jsonl'),
  order: server.host.read('.deploy/order'),
  incoming: listed(server, '.deploy/incoming'),
});

test('pull-only pulls and changes nothing else, and the deployment with the same id pulls nothing, with the registry down', async () => {
  const { servers, deploy } = rigOf('web1');
  const { web1 } = servers;
  well(await deploy('v1'));
  const before = state(web1);
  const pulled = await deploy('v2', ONLY, '700');
  well(pulled);
  expect(pulled.outputs).toMatchObject({
    'deployment-id': '700-deploy',
    outcome: 'pulled',
    version: 'v2',
    changed: false,
    record: undefined,
    release: undefined,
    services: undefined,
  });
  expect(JSON.parse(String(pulled.outputs.report))).toMatchObject({
    kind: 'pull',
    ok: true,
    summary: 'The images of v2 are on web1 for its deployment. Nothing else was changed: v1 serves.',
  });
  expect(pulled.ports.summaries.join('')).toContain('### ✅ The images of v2 are on web1');
  expect(pulls(web1)).toContain(API_V2);
  expect(state(web1)).toEqual(before);
  expect(tags(web1)).toEqual(['deploy-actions/shop:_700-deploy-api', 'deploy-actions/shop:_700-deploy-db']);
  // Nothing of what was sent stays, and no login.
  expect(listed(web1, '.deploy/runs/700-deploy/pull-1/files')).toEqual(['release']);
  expect(listed(web1, '.deploy/runs/700-deploy/pull-1/files/release').sort()).toEqual([
    'digests',
    'images',
    'pulls',
    'services',
  ]);

  const count = pulls(web1).length;
  down(web1);
  const deployed = await deploy('v2', {}, '700');
  well(deployed);
  expect(deployed.log).toContain('images were pulled ahead for this deployment');
  expect(pulls(web1)).toHaveLength(count);
  expect(web1.docker.running('shop')).toEqual(V2);
  // By now the release keeps them.
  expect(tags(web1)).toEqual([]);
  expect(listed(web1, '.deploy/pulled')).toEqual([]);
});

test('a tag that has moved in between means what was pulled for this deployment, and to another one what it means by now', async () => {
  const { servers, deploy } = rigOf('web1');
  const { web1 } = servers;
  well(await deploy('v2', ONLY, '700'));
  const other = { id: `sha256:${'e'.repeat(64)}`, digest: `sha256:${'e'.repeat(64)}` };
  const db = { id: `sha256:${'d'.repeat(64)}`, digest: `sha256:${'d'.repeat(64)}` };
  web1.docker.script({ registry: { [API_V2]: other, 'registry.test/db:1': db } });
  const count = pulls(web1).length;
  well(await deploy('v2', {}, '700'));
  expect(pulls(web1)).toHaveLength(count);
  const next = await deploy('v2', {}, '800');
  well(next);
  expect(next.outputs.outcome).toBe('deployed');
  expect(pulls(web1)).toContain(API_V2);
});

test('the same pull again looks anew, and pulls what has gone meanwhile', async () => {
  const { servers, deploy } = rigOf('web1');
  const { web1 } = servers;
  well(await deploy('v1', ONLY, '700'));
  const count = pulls(web1).length;
  well(await deploy('v1', ONLY, '700'));
  expect(pulls(web1).length).toBeGreaterThan(count);
  well(await deploy('v1', {}, '700'));
  expect(web1.docker.running('shop')).toEqual(V1);
});

test('another deployment between the two takes no image that was pulled; one that comes more than a day later does', async () => {
  const rig = rigOf('web1');
  const { web1 } = rig.servers;
  well(await rig.deploy('v2', ONLY, '700'));
  well(await rig.deploy('v1', {}, '800'));
  expect(tags(web1)).toHaveLength(2);
  const record = path.join(web1.host.path, '.deploy/pulled/700-deploy');
  const dayAgo = Date.now() / 1000 - 2 * 86_400;
  utimesSync(record, dayAgo, dayAgo);
  const later = await rig.deploy('v3', {}, '900');
  well(later);
  expect(later.log).toContain('forgets the images that were pulled for 700-deploy');
  expect(tags(web1)).toEqual([]);
  expect(existsSync(record)).toBe(false);
});

test('retention takes no reference by digest that was pulled for a deployment to come', async () => {
  const rig = swarmRigOn(hostWith);
  const image = `registry.test/shop/api@${BETTER}`;
  const nodes = [rig.m1, rig.w1];
  const keep = { 'keep-releases': '2' };
  const next = async (mode: string) => {
    rig.compose(STACK.replace('    deploy:', `    environment: { MODE: ${mode} }\n    deploy:`));
    well(await rig.up('v1', API, keep));
  };
  well(await rig.up('v2', BETTER, keep));
  await next('one');
  well(await rig.deploy('v2', { engine: 'swarm', env: `API=${BETTER}`, ...ONLY }, '700'));
  // The release that had that image goes.
  await next('two');
  for (const node of nodes) {
    expect(listed(node, 'releases').some((one) => one.includes('v2'))).toBe(false);
    expect(node.docker.images()).toContain(image);
    node.docker.script({ registry: {} });
  }
  well(await rig.deploy('v2', { engine: 'swarm', env: `API=${BETTER}`, 'allow-older': 'true' }, '700'));
});

test('a pull that is cut off leaves no login and no line of history, and the deployment pulls what is missing', async () => {
  const { servers, start, deploy } = rigOf('web1');
  const { web1 } = servers;
  const login = {
    registry: 'registry.test',
    'registry-username': 'ci',
    'registry-password': 'correct-horse',
  };
  web1.host.pauseAt('phase:pull:after');
  const cut = start('v1', { ...ONLY, ...login }, '700');
  await eventually(() => web1.host.read('.deploy/runs/700-deploy/pull-1/state') === 'paused\n', 'the pause');
  process.kill(pidOf(web1.host, '700-deploy/pull-1'), 'SIGKILL');
  expect((await cut.done).failure).toMatchObject({ kind: 'lost' });
  web1.host.pauseAt(undefined);
  well(await deploy('v1', login, '700'));
  expect(web1.docker.running('shop')).toEqual(V1);
  expect(web1.host.read('.deploy/history.jsonl').trim().split('\n')).toHaveLength(1);
  const auth = Buffer.from('ci:correct-horse').toString('base64');
  const holding = readdirSync(web1.host.path, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => path.join(one.parentPath, one.name))
    .filter((file) => readFileSync(file).includes(auth));
  expect(holding).toEqual([]);
});

test('an image that cannot be pulled fails the step; nothing is kept for it, and the old version serves', async () => {
  const { servers, deploy } = rigOf('web1');
  const { web1 } = servers;
  well(await deploy('v1'));
  const before = state(web1);
  web1.docker.script({
    pulls: { [API_V2]: 'Get "https://registry.test/v2/": dial tcp: connection refused' },
  });
  const { failure, outputs } = await deploy('v2', ONLY);
  expect(failure).toMatchObject({ kind: 'remote', message: expect.stringContaining(API_V2) });
  expect(outputs.outcome).toBe('nothing-changed');
  expect(JSON.parse(String(outputs.report))).toMatchObject({ kind: 'pull', ok: false });
  expect(String((JSON.parse(String(outputs.report)) as { summary: string }).summary)).toMatch(
    /^The images of v2 are not all on web1: .*\. Nothing else was changed: v1 serves\.$/,
  );
  expect(state(web1)).toEqual(before);
  expect(tags(web1)).toEqual([]);
});

test('several servers pull each for itself: where one fails, the others have what they need', async () => {
  const { servers, deploy } = rigOf('web1', 'web2');
  servers.web2.docker.script({ pulls: { [API_V2]: 'connection refused' } });
  const { failure, outputs } = await deploy('v2', ONLY, '700');
  expect(failure!.message).toMatch(/^web2: the server does not reach the registry/);
  expect(outputs.outcome).toBe('nothing-changed');
  expect(tags(servers.web1)).toHaveLength(2);
  expect(tags(servers.web2)).toEqual([]);
  servers.web2.docker.script({ pulls: {} });
  const count = pulls(servers.web1).length;
  well(await deploy('v2', {}, '700'));
  expect(pulls(servers.web1)).toHaveLength(count);
  for (const server of Object.values(servers)) expect(server.docker.running('shop')).toEqual(V2);
});

test('every node of a swarm pulls, and the deployment to it pulls nothing', async () => {
  const rig = swarmRigOn(hostWith);
  const pulled = await rig.deploy('v1', { engine: 'swarm', env: `API=${API}`, ...ONLY }, '700');
  well(pulled);
  expect(rig.m1.docker.services()).toEqual([]);
  const wanted = [`registry.test/db@${DB}`, `registry.test/shop/api@${API}`];
  for (const node of [rig.m1, rig.w1]) expect(pulls(node).sort()).toEqual(wanted);
  down(rig.m1);
  down(rig.w1);
  well(await rig.deploy('v1', { engine: 'swarm', env: `API=${API}` }, '700'));
  for (const node of [rig.m1, rig.w1]) {
    expect(pulls(node)).toHaveLength(2);
    expect(tags(node)).toEqual([]);
  }
});

test('an earlier run may still deploy after the pull of a later one, and none pulls that is too late to deploy', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v2', ONLY, '200'));
  well(await deploy('v1', {}, '100'));
  expect(servers.web1.docker.running('shop')).toEqual(V1);
  well(await deploy('v2', {}, '200'));
  expect((await deploy('v1', ONLY, '150')).failure).toMatchObject({ kind: 'refused', code: 'newer-run' });
});

test('cancelled while it waits, the pull is not begun; and what is said of it afterwards is about a pull', async () => {
  const { servers, start, world, inputs } = rigOf('web1');
  const { web1 } = servers;
  web1.host.pauseAt('up:begin:after');
  const holder = start('v1');
  await eventually(
    () => web1.host.read('.deploy/runs/101-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  const waiting = start('v2', ONLY);
  await eventually(() => web1.host.read('.deploy/runs/102-deploy/pull-1/state') === 'waiting\n', 'the wait');
  waiting.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  const { failure } = await waiting.done;
  expect(failure).toMatchObject({ kind: 'lost', message: expect.stringContaining('asked to stop') });
  const after = world();
  await afterDeploy(inputs('v2', ONLY), after, (name) => waiting.ports.state.get(name) ?? '');
  expect(after.log.lines.join('\n')).toContain('the pull for the deployment 102-deploy');
  web1.host.pauseAt(undefined);
  well(await holder.done);
  await eventually(() => web1.host.read('.deploy/runs/102-deploy/pull-1/result') !== '', 'its end');
  expect(pulls(web1)).not.toContain(API_V2);
  expect(tags(web1)).toEqual([]);
});

test('the images of a colour and of what it shares are pulled, and no colour is there for it', async () => {
  const { servers, deploy } = rigOf('web1');
  const { web1 } = servers;
  const color = { color: 'auto', 'color-services': 'api' };
  const pulled = await deploy('v2', { ...color, ...ONLY }, '700');
  well(pulled);
  expect(pulled.outputs).toMatchObject({ color: undefined, 'color-urls': undefined });
  expect(tags(web1)).toEqual(['deploy-actions/shop:_700-deploy-api', 'deploy-actions/shop:_700-deploy-db']);
  expect(web1.docker.containers()).toEqual([]);
  expect(web1.host.read('.deploy/color-blue')).toBe('');
  const count = pulls(web1).length;
  down(web1);
  well(await deploy('v2', color, '700'));
  expect(pulls(web1)).toHaveLength(count);
  expect(tags(web1)).toEqual([]);
});

test('with plan nothing is pulled, and the inputs that mean nothing beside pull-only are refused by name', async () => {
  const { servers, deploy } = rigOf('web1');
  const plan = await deploy('v1', { ...ONLY, plan: 'true' });
  well(plan);
  expect(plan.log).toContain('with `pull-only` nothing of that is done, but that the images are pulled');
  expect(pulls(servers.web1)).toEqual([]);
  for (const [name, value] of [
    ['pull', 'never'],
    ['status', 'true'],
  ] as const) {
    const { failure } = await deploy('v1', { ...ONLY, [name]: value });
    expect(failure).toMatchObject({
      kind: 'input',
      input: 'pull-only',
      message: expect.stringContaining(`\`${name}`),
    });
  }
});

test('commands, adoption and a boot line are the business of the deployment alone', async () => {
  const rig = rigOf('web1');
  const { web1 } = rig.servers;
  await rig.byHand('old', { 'compose.yaml': COMPOSE, '.env': 'TAG=v1\n' });
  const running = web1.docker.containers();
  well(
    await rig.deploy('v2', {
      ...ONLY,
      migrate: 'api: ./migrate up',
      adopt: 'true',
      'resume-on-boot': 'true',
    }),
  );
  expect(web1.docker.commands()).toEqual([]);
  expect(web1.docker.containers()).toEqual(running);
  expect(listed(web1, 'releases')).toEqual([]);
  expect(existsSync(path.join(web1.host.path, '.deploy/resume'))).toBe(false);
});
