import { type AddressInfo, type Server, createServer } from 'node:net';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { Failure } from '@deploy-actions/kit';
import { type NodeFacts, askWays } from '@deploy-actions/readiness';
import { networkRoom } from '@deploy-actions/release';
import type { ClusterSeen, Seen, SeenServer } from './checks/check.ts';
import { SWARM } from './checks/swarm.ts';
import { preflightRig } from './testing/rig.ts';
import { seenOf } from './testing/seen.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const digest = `sha256:${'1'.repeat(64)}`;
const STACK = `
name: shop
services:
  api:
    image: registry.test/shop/api@${digest}
    healthcheck: { test: [CMD, check] }
    deploy: { replicas: 2 }
`;

/** A manager and a worker; what the swarm on the manager is like. */
function rigOf(swarm: object = {}, compose = STACK) {
  const rig = preflightRig(hostWith, ['m1', 'w1']);
  rig.compose(compose);
  const registry = { [`registry.test/shop/api@${digest}`]: { id: digest, digest } };
  rig.servers['m1']!.docker.script({ registry, swarm: { nodes: ['m1', 'w1'], ...swarm } });
  rig.servers['w1']!.docker.script({ registry, swarm: { nodes: ['w1'], manager: false } });
  return rig;
}

// Nodes of a test have no ports that others could reach.
const SWARM_RUN = { engine: 'swarm', warn: 'node-ports' };

test('a swarm that is ready has a row for it on each node, and those about the release on the first alone', async () => {
  const { rows } = await rigOf().run(SWARM_RUN);
  expect(rows['m1: swarm']).toMatchObject({ ok: true, detail: 'm1 is a manager, Docker 28.0.0' });
  expect(rows['w1: swarm']).toMatchObject({ ok: true, detail: 'w1 is a worker, Docker 28.0.0' });
  expect(rows['m1: nodes']).toMatchObject({ ok: true, detail: '2 nodes, 1 of them managers, all ready' });
  expect(rows['m1: stack']).toMatchObject({ ok: true, detail: 'api can be deployed to the cluster' });
  expect(rows['m1: overlay-addresses']!.detail).toBe('shop_default: 5 of 253');
  expect(
    Object.keys(rows).filter((name) => /^w1: (?:configuration|stack|nodes|releases)$/.test(name)),
  ).toEqual([]);
  // What a port on the mesh needs is another machine's in a test.
  expect(rows['m1: node-ports']!.detail).toMatch(/127\.0\.0\.1:7946/);
});

test.each<[what: string, swarm: object, row: string, words: string]>([
  [
    'a worker as the first host',
    { manager: false },
    'swarm',
    'is a worker of its swarm, and the first host must be a manager',
  ],
  ['a locked manager', { state: 'locked' }, 'swarm', 'is locked since its engine was started anew'],
  ['managers without a leader', { leaderless: true }, 'swarm', 'the swarm does not have a leader'],
  ['live-restore', { liveRestore: true }, 'swarm', 'live-restore is on, which goes with no swarm'],
  ['a node that is down', { down: ['w1'] }, 'nodes', 'down: w1'],
])('%s is red, by its name and with the remedy', async (_what, swarm, row, words) => {
  const { rows, failure, summary } = await rigOf(swarm).run(SWARM_RUN);
  expect(failure).toMatchObject({ kind: 'refused', code: 'not-ready' });
  expect(rows[`m1: ${row}`]).toMatchObject({ ok: false });
  expect(rows[`m1: ${row}`]!.detail).toContain(words);
  expect(summary).not.toMatch(/\| `swarm` [^\n]*undefined/);
});

test('a server that is in no swarm, and what else of it is wrong, stand in one table', async () => {
  const rig = rigOf();
  rig.servers['w1']!.docker.script({ swarm: { nodes: ['w1'], manager: false, state: 'inactive' } });
  const { rows } = await rig.run({ ...SWARM_RUN, 'min-free-disk': '900TB' });
  expect(rows['w1: swarm']!.detail).toMatch(/in no swarm.*docker swarm init/);
  expect(rows['w1: disk']!.ok).toBe(false);
});

test('a node that gets no tasks, and one that host does not name, are told with what is weaker', async () => {
  const drained = await rigOf({ drained: ['w1'] }).run(SWARM_RUN);
  expect(drained.rows['m1: nodes']).toMatchObject({ severity: 'warn' });
  expect(drained.rows['m1: nodes']!.detail).toContain('get no tasks: w1');
  const absent = await rigOf({ nodes: ['m1', 'w1', 'w2'] }).run(SWARM_RUN);
  expect(absent.rows['m1: nodes']!.detail).toMatch(/not in `host`: w2.*keeps no release for a way back/);
});

test.each([
  ['what a stack drops', '    security_opt: [no-new-privileges]\n', /security_opt/],
  [
    'a mount that is not on every node',
    '    volumes: [{ type: bind, source: /no/such/folder, target: /data, read_only: true }]\n',
    /api mounts \/no\/such\/folder, which is not on m1/,
  ],
  [
    'start-first with a port of the node',
    '    ports: [{ target: 80, published: "8080", mode: host }]\n',
    /Swarm would wait for ever/,
  ],
])('%s is refused as the deployment refuses it', async (_what, lines, words) => {
  const compose = `${STACK.replace('{ replicas: 2 }', '{ replicas: 2, update_config: { order: start-first } }')}${lines}`;
  const { rows } = await rigOf({}, compose).run(SWARM_RUN);
  expect(rows['m1: stack']!.detail).toMatch(words);
  expect(rows['m1: stack']!.ok).toBe(false);
});

test('without engine a server is looked at by what its last release used, and a first one is for Compose', async () => {
  const { rows } = await rigOf().run();
  expect(Object.keys(rows).some((name) => name.endsWith(': swarm'))).toBe(false);
});

const listening: Server[] = [];
afterEach(() => listening.splice(0).forEach((one) => one.close()));

test('a node tells which files it has not, and which addresses it reaches', async () => {
  const open = createServer().listen(0, '127.0.0.1');
  listening.push(open);
  await new Promise((ready) => open.once('listening', ready));
  const { port } = open.address() as AddressInfo;
  const session = hostWith('dash').session();
  const ways = await askWays(session, ['/', '/no such folder'], [`127.0.0.1:${port}`, '127.0.0.1:1']);
  expect(ways).toEqual({ is: { missing: ['/no such folder'], closed: ['127.0.0.1:1'], unknown: [] } });
});

/** The verdict of a check on a first node with changes. */
function verdict(name: string, cluster: Partial<ClusterSeen>) {
  const own: NodeFacts = {
    self: { id: 'a'.repeat(25), name: 'n1' },
    version: '28.0.0',
    liveRestore: false,
    ipvs: true,
    subnetSize: 24,
    nodes: [{ id: 'a'.repeat(25), name: 'n1', isReady: true, isActive: true, isManager: true }],
    addresses: new Map(),
    refusal: undefined,
  };
  const server = (more: Partial<SeenServer> = {}): SeenServer => ({
    server: 'n1',
    facts: { is: own },
    skew: { ms: 0, give: 10 },
    ...more,
  });
  const seen: ClusterSeen = {
    isFirst: true,
    own: { is: own },
    servers: [server()],
    ways: { is: { missing: [], closed: [], unknown: [], asked: [] } },
    release: undefined,
    unfit: undefined,
    room: undefined,
    ...cluster,
  };
  const check = SWARM.find((one) => one.name === name)!;
  return { server, verdict: check.judge({ ...seenOf({}), cluster: seen } as Seen) };
}

test('clocks that are too far apart, and versions that differ, are told of the nodes', () => {
  const { server } = verdict('nodes', {});
  const apart = verdict('nodes', {
    servers: [server(), server({ server: 'n2', skew: { ms: -45_000, give: 10 } })],
  });
  expect(apart.verdict).toMatchObject({ state: 'failed' });
  expect(apart.verdict!.detail).toMatch(
    /the clocks of n2 and n1 are 45\.?\d* ?s apart, and max-clock-skew is 30/,
  );
  const own = server().facts as { is: NodeFacts };
  const other = server({ server: 'n2', facts: { is: { ...own.is, version: '26.1.5' } } });
  expect(verdict('nodes', { servers: [server(), other] }).verdict).toMatchObject({
    state: 'warned',
    detail: expect.stringContaining('Docker differs: 28.0.0 and 26.1.5'),
  });
});

test('a port between nodes that is closed is red, and one that nobody can ask is not measured', () => {
  const asked = ['10.0.0.2:7946'];
  const ways = (more: object) => ({ is: { missing: [], closed: [], unknown: [], asked, ...more } });
  expect(verdict('node-ports', { ways: ways({ closed: asked }) }).verdict).toMatchObject({
    state: 'failed',
    detail: 'does not reach 10.0.0.2:7946',
    remedy: expect.stringContaining('4789/udp'),
  });
  expect(verdict('node-ports', { ways: ways({ unknown: asked }) }).verdict).toMatchObject({
    state: 'unknown',
  });
  expect(verdict('node-ports', { ways: ways({}) }).verdict).toMatchObject({
    state: 'passed',
    detail: 'reaches 10.0.0.2:7946; what goes over UDP (7946, 4789) cannot be asked',
  });
});

test('what does not fit the nodes, such as a port on the mesh without IPVS, is red by the deployment’s own words', () => {
  const unfit = {
    message: 'web publishes 80 on the mesh, and the kernel of n2 has no IPVS',
    remedy: 'Load the module.',
  } as Failure;
  const release = { stack: { services: [] }, failure: undefined } as unknown as ClusterSeen['release'];
  expect(verdict('stack', { release, unfit }).verdict).toMatchObject({
    state: 'failed',
    detail: unfit.message,
  });
});

test('a network has addresses for the tasks of its services, two at once while they are replaced, and for each node', () => {
  const stack = (services: object, networks: object = { default: { name: 'shop_default' } }) =>
    ({ json: JSON.stringify({ services, networks }) }) as Parameters<typeof networkRoom>[0];
  const web = { networks: { default: null }, deploy: { replicas: 10, endpoint_mode: 'dnsrr' } };
  expect(networkRoom(stack({ web }), 3, 24)).toEqual([{ name: 'shop_default', addresses: 253, wanted: 13 }]);
  const rolled = {
    ...web,
    deploy: { replicas: 10, update_config: { order: 'start-first', parallelism: 0 } },
  };
  expect(networkRoom(stack({ web: rolled }), 3, 24)[0]!.wanted).toBe(24);
  const global = { ...web, deploy: { mode: 'global', endpoint_mode: 'dnsrr' } };
  const small = { default: { name: 'shop_default', ipam: { config: [{ subnet: '10.1.0.0/29' }] } } };
  const room = networkRoom(stack({ global }, small), 3, 24);
  expect(room).toEqual([{ name: 'shop_default', addresses: 5, wanted: 6 }]);
  expect(verdict('overlay-addresses', { room }).verdict).toMatchObject({
    state: 'failed',
    detail: 'shop_default has 5, and the stack takes 6',
  });
  expect(networkRoom(stack({ web }, { default: { name: 'edge', external: true } }), 3, 24)).toEqual([]);
});
