import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { type Deployed, well } from './testing/deploy-rig.ts';
import { API, BAD, BETTER, DB, GONE, STACK, swarmRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

// Several tests look at what one deployment has left.
const hostWith = hostsForEach(afterAll);

const swarmRig = (compose?: string) => swarmRigOn(hostWith, compose);

const current = ({ host }: DockerServer) => path.basename(readlinkSync(path.join(host.path, 'current')));
const releases = ({ host }: DockerServer) => readdirSync(path.join(host.path, 'releases')).sort();
const deploys = ({ docker }: DockerServer) =>
  docker.calls().filter((call) => /^stack deploy .*--compose-file/.test(call));
const apiOf = ({ docker }: DockerServer) => docker.services().find((line) => line.startsWith('shop_api'));

describe('a good release', () => {
  let rig: ReturnType<typeof swarmRig>;
  let first: Deployed;
  beforeAll(async () => {
    rig = swarmRig();
    first = await rig.up('v1', API);
    well(first);
  });

  test('comes to the cluster by its manager alone, in the order in which its services need one another', () => {
    expect(first.outputs.outcome).toBe('deployed');
    expect(rig.m1.docker.services()).toEqual([
      `shop_api registry.test/shop/api@${API}`,
      `shop_db registry.test/db@${DB}`,
    ]);
    expect(deploys(rig.m1).map((call) => /([a-z]+)\.json/.exec(call)?.[1])).toEqual(['db', 'api']);
    expect(deploys(rig.w1)).toEqual([]);
  });

  test('is pulled and kept by every node, with no login handed to the cluster', () => {
    for (const server of [rig.m1, rig.w1]) {
      const calls = server.docker.calls();
      expect(calls).toContain(`pull --quiet registry.test/shop/api@${API}`);
      expect(calls.filter((call) => /^tag .* deploy-actions\/shop:/.test(call))).toHaveLength(2);
      expect(calls.some((call) => call.includes('--with-registry-auth'))).toBe(false);
      expect(current(server)).toBe(first.outputs.release);
    }
  });

  test('says in its record what runs it', () => {
    const file = path.join(rig.m1.host.path, 'current', 'release.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ engine: 'swarm' });
  });

  test('is not touched by the same again, and no node keeps another release for it', async () => {
    const before = [deploys(rig.m1).length, releases(rig.w1)];
    const again = await rig.up('v1', API);
    well(again);
    expect(again.outputs).toMatchObject({
      outcome: 'unchanged',
      release: first.outputs.release,
      changed: false,
    });
    expect([deploys(rig.m1).length, releases(rig.w1)]).toEqual(before);
  });

  test('is shown by status with the node of each task', async () => {
    const { log, failure } = await rig.up('', API, { status: 'true' });
    expect(failure).toBeUndefined();
    expect(log).toContain('shop_api.1@w1');
  });

  test('that is not the first changes only what differs', async () => {
    const before = deploys(rig.m1).length;
    const better = await rig.up('v2', BETTER);
    well(better);
    expect(deploys(rig.m1)).toHaveLength(before + 1);
    expect(apiOf(rig.m1)).toContain(BETTER);
    expect(current(rig.w1)).toBe(better.outputs.release);
  });
});

describe('a release that fails', () => {
  test('is taken back to the whole release before, and an update that the cluster has stopped is a failure', async () => {
    const rig = swarmRig();
    const first = await rig.up('v1', API);
    well(first);
    const { failure, outputs } = await rig.up('v2', BAD);
    expect(failure).toMatchObject({ kind: 'unhealthy', code: 'release-unhealthy' });
    expect(failure!.message).toContain('api did not stand its update (paused)');
    expect(failure!.message).toContain('unhealthy container');
    expect(outputs.outcome).toBe('restored');
    expect(apiOf(rig.m1)).toContain(API);
    expect([current(rig.m1), current(rig.w1)]).toEqual([first.outputs.release, first.outputs.release]);
    expect(releases(rig.w1)).toEqual([first.outputs.release]);
  });

  test('for a task that its node has rejected says the words of the node', async () => {
    const rig = swarmRig();
    well(await rig.up('v1', API));
    const { failure } = await rig.up('v2', GONE);
    expect(failure!.message).toContain('api was rejected on w1: No such image: registry.test/shop/api');
  });

  test('and is the first leaves no services that the cluster would start for ever', async () => {
    const rig = swarmRig();
    const { failure, outputs } = await rig.up('v1', BAD);
    expect(failure!.message).toContain('api ends again and again');
    expect(failure!.message).toContain('the services were taken away again: api db');
    expect(outputs.outcome).toBe('nothing-changed');
    expect(rig.m1.docker.services()).toEqual([]);
    expect(existsSync(path.join(rig.w1.host.path, 'current'))).toBe(false);
  });

  test('stays for inspection with on-failure: keep, on the nodes too', async () => {
    const rig = swarmRig();
    well(await rig.up('v1', API));
    const { failure } = await rig.up('v2', BAD, { 'on-failure': 'keep' });
    expect(failure!.message).toContain('Nothing was restored');
    expect(apiOf(rig.m1)).toContain(BAD);
    expect(releases(rig.w1)).toHaveLength(2);
  });
});

test('a cluster that somebody else changes in the same moment is asked again', async () => {
  const rig = swarmRig();
  rig.m1.docker.script({ swarm: { nodes: ['m1', 'w1'], outOfSequence: 2 } });
  const { failure, log } = await rig.up('v1', API);
  expect(failure).toBeUndefined();
  expect(log).toContain('somebody else changed a service in the same moment');
});

test('a changed secret is a new one by the hash in its name, and the old one goes when nothing needs it', async () => {
  const rig = swarmRig(
    `${STACK.replace('    depends_on', '    secrets: [{ source: token, target: token }]\n    depends_on')}secrets: { token: { environment: TOKEN } }\n`,
  );
  const deploy = (value: string) =>
    rig.up(`v${value.length}`, API, { env: `API=${API}\nTOKEN=${value}`, 'keep-releases': '2' });
  const secrets = () => {
    try {
      return readdirSync(path.join(rig.m1.host.home, 'engine/secrets'));
    } catch {
      return [];
    }
  };
  well(await deploy('first-value'));
  expect(secrets()).toEqual([expect.stringMatching(/^shop_.*token_[0-9a-f]{12}$/)]);
  well(await deploy('second-value'));
  expect(secrets()).toHaveLength(2);
  well(await deploy('third-value'));
  expect(secrets()).toHaveLength(2);
  expect(rig.m1.docker.calls().join('\n')).not.toContain('-value');
});

test('a migration runs once, on the manager, on a network of the stack that is there before its services', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API, { migrate: 'db: migrate it' }));
  expect(rig.m1.docker.commands()).toEqual(['sh -c migrate it']);
  expect(rig.w1.docker.commands()).toEqual([]);
  const calls = rig.m1.docker.calls();
  const made = calls.findIndex((call) => call.startsWith('network create') && call.includes('--attachable'));
  expect(calls[made]).toContain('com.docker.stack.namespace=shop');
  expect(made).toBeLessThan(calls.findIndex((call) => call.startsWith('stack deploy --resolve-image')));
});

test.each([
  ['a server in no swarm', undefined, 'no-cluster'],
  ['a locked manager', { nodes: ['m1'], state: 'locked' }, 'cluster-locked'],
  ['a worker', { nodes: ['m1', 'w1'], manager: false }, 'no-manager'],
  ['managers without a leader', { nodes: ['m1', 'w1'], leaderless: true }, 'no-quorum'],
  ['a manager of another swarm', { nodes: ['m1', 'other'] }, 'other-cluster'],
])('%s is refused by its name before anything changes', async (_, swarm, code) => {
  const rig = swarmRig();
  rig.m1.docker.script({ swarm });
  const { failure, outputs } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'refused', code });
  expect(outputs.outcome).toBe('nothing-changed');
  for (const { docker } of [rig.m1, rig.w1])
    expect(
      docker.calls().filter((call) => /^(?:stack deploy|pull|service rm|volume create)/.test(call)),
    ).toEqual([]);
});

test('all that a stack would leave out or change is refused at once, at the line of the first, before anything changes', async () => {
  const compose = STACK.replace(
    '    deploy: { replicas: 2 }\n',
    "    deploy: { replicas: 2 }\n    security_opt: ['no-new-privileges:true']\n    container_name: api\n",
  );
  const rig = swarmRig(compose);
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({
    kind: 'input',
    code: 'not-for-swarm',
    input: 'compose-file',
    place: {
      file: 'compose.yaml',
      line: compose.split('\n').findIndex((line) => /security_opt/.test(line)) + 1,
    },
  });
  expect(failure!.message).toContain('services.api.security_opt');
  expect(failure!.details).toContain('services.api.container_name');
  for (const { docker } of [rig.m1, rig.w1])
    expect(docker.calls().filter((call) => /^(?:stack deploy|pull|volume create)/.test(call))).toEqual([]);
});

test('a mount that a node has not is refused with the node', async () => {
  const rig = swarmRig(
    STACK.replace(
      '    depends_on',
      '    volumes: [{ type: bind, source: /no/such/folder, target: /data, read_only: true }]\n    depends_on',
    ),
  );
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'refused', code: 'mount-missing' });
  expect(failure!.message).toContain('api mounts /no/such/folder, which is not on m1');
});

test('what serves by the other engine is not deployed over', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API));
  const { failure } = await rig.deploy('v2', { engine: 'compose', env: `API=${API}` });
  expect(failure).toMatchObject({ kind: 'refused', code: 'engine-differs' });
});

test('without engine the next release goes where the last one is, and what a cluster has not is refused then too', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API));
  const next = await rig.deploy('v2', { env: `API=${BETTER}` });
  well(next);
  expect(next.outputs.outcome).toBe('deployed');
  expect(apiOf(rig.m1)).toContain(BETTER);
  expect([current(rig.m1), current(rig.w1)]).toEqual([next.outputs.release, next.outputs.release]);
  const { failure } = await rig.deploy('v3', { env: `API=${BETTER}`, 'stop-timeout': '5s' });
  expect(failure).toMatchObject({ kind: 'input', input: 'stop-timeout' });
  const shown = await rig.deploy('v2', { status: 'true' });
  expect(shown.log).toContain('shop_api.1@');
});

test('a network of one server that has the name of one of the stack is refused before anything changes', async () => {
  const rig = swarmRig();
  rig.m1.docker.make('network', 'shop_default');
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'refused', code: 'network-differs' });
  expect(failure!.message).toContain('the network shop_default is there, and is of this server alone');
  expect(failure!.remedy).toContain('docker network rm');
  expect(deploys(rig.m1)).toEqual([]);
});

test('services of a stack of that name that somebody else deployed are not taken over', async () => {
  const rig = swarmRig();
  rig.m1.docker.putService('shop_web', 'shop');
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'refused', code: 'foreign-containers' });
});

test.each([
  ['live-only-services', { color: 'auto', 'color-services': 'api', 'live-only-services': 'api' }],
  ['strategy', { strategy: 'rolling' }],
  ['services', { services: 'api' }],
  ['require-digest', { 'require-digest': 'false' }],
  ['stop-timeout', { 'stop-timeout': '5s' }],
  ['parallel', { parallel: '1' }],
  ['migrate-on', { 'migrate-on': 'each' }],
])('%s is refused with engine: swarm, by its name', async (input, more) => {
  const rig = swarmRig();
  const { failure } = await rig.up('v1', API, more);
  expect(failure).toMatchObject({ kind: 'input', input });
  expect(failure!.message).toContain('`engine: swarm`');
  expect(rig.m1.sessions).toEqual([]);
});

test('an image that is named by a tag is refused: every node would look it up for itself', async () => {
  const rig = swarmRig(STACK.replace('@${API}', ':v1'));
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'input' });
  expect(failure!.message).toContain('api');
});

test('a manager without a record of the stack cannot lead: a failure would take away what runs', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API));
  // As another manager sees it: the same cluster, and a folder of its own.
  rmSync(path.join(rig.m1.host.path, 'current'));
  rmSync(path.join(rig.m1.host.path, 'releases'), { recursive: true });
  const { failure } = await rig.up('v2', BAD);
  expect(failure).toMatchObject({ kind: 'refused', code: 'project-elsewhere' });
  expect(apiOf(rig.m1)).toContain(API);
});

test('another manager has the release whole, and may lead the next time; a worker has what its tasks need', async () => {
  const rig = swarmRig();
  rig.m1.docker.script({ swarm: { nodes: ['m1', 'mw'] } });
  rig.w1.docker.script({ swarm: { nodes: ['mw'] } });
  well(await rig.up('v1', API));
  const kept = readdirSync(path.join(rig.w1.host.path, 'current/'));
  expect(kept).toEqual(expect.arrayContaining(['stack', 'compose.json', 'objects.list', 'services']));
  expect(kept).not.toContain('hooks');
  const workers = swarmRig();
  well(await workers.up('v1', API));
  expect(readdirSync(path.join(workers.w1.host.path, 'current/'))).not.toContain('stack');
});
