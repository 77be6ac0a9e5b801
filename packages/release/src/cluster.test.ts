import { expect, test } from '@jest/globals';
import { parseModel, toStack } from '@deploy-actions/compose';
import type { Failure } from '@deploy-actions/kit';
import { type SeenNode, nodesNotGiven, refuseUnfit, sourcesOfNodes } from './cluster.ts';
import { readCluster, readTasks } from './cluster-view.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const id = (letter: string) => letter.repeat(25);

function stackOf(service: object) {
  const model = { name: 'shop', services: { web: { image: `registry.test/web@${digest}`, ...service } } };
  const { release, refusals } = toStack(parseModel(JSON.stringify(model)), {
    path: '/srv/shop',
    oneShot: [],
    files: new Map(),
  });
  expect(refusals).toEqual([]);
  return release;
}

const cluster = readCluster({
  node: `active true ${id('a')} node1`,
  ipvs: 'true',
  nodes: `${id('a')} node1 Ready Active Leader\n${id('b')} node2 Ready Active -\n${id('c')} node3 Ready Drain -\n`,
})!;

const seen = (change: Partial<SeenNode> = {}): SeenNode[] => [
  { server: 'web1', self: cluster.self, missing: [] },
  { server: 'web2', self: { id: id('b'), name: 'node2', ipvs: true }, missing: [], ...change },
];

function refusal(stack: ReturnType<typeof stackOf>, nodes: readonly SeenNode[]): Failure | undefined {
  try {
    refuseUnfit(stack, cluster, nodes);
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}

test('a port on the mesh is refused where the kernel of a node has no IPVS, and one of the node itself is not', () => {
  const without = seen({ self: { id: id('b'), name: 'node2', ipvs: false } });
  const mesh = stackOf({ ports: [{ target: 80, published: '8080', mode: 'ingress', protocol: 'tcp' }] });
  expect(refusal(mesh, without)).toMatchObject({ kind: 'refused', code: 'no-ipvs' });
  expect(refusal(mesh, without)!.message).toContain('web publishes 8080 on the mesh, and the kernel of web2');
  expect(refusal(mesh, seen())).toBeUndefined();
  const own = stackOf({ ports: [{ target: 80, published: '8080', mode: 'host', protocol: 'tcp' }] });
  expect(refusal(own, without)).toBeUndefined();
  const virtual = stackOf({ deploy: { endpoint_mode: 'vip' } });
  expect(refusal(virtual, without)!.message).toContain('web has a virtual address');
});

test('a mount is looked for on each node that may get the task, by the name that a constraint says', () => {
  const mount = { type: 'bind', source: '/data', target: '/data', read_only: true };
  const anywhere = stackOf({ volumes: [mount] });
  expect(sourcesOfNodes(anywhere, '/srv/shop')).toEqual(['/data']);
  expect(refusal(anywhere, seen({ missing: ['/data'] }))).toMatchObject({
    kind: 'refused',
    code: 'mount-missing',
  });
  const pinned = (name: string) =>
    stackOf({ volumes: [mount], deploy: { placement: { constraints: [`node.hostname == ${name}`] } } });
  expect(refusal(pinned('node1'), seen({ missing: ['/data'] }))).toBeUndefined();
  expect(refusal(pinned('node2'), seen({ missing: ['/data'] }))).toMatchObject({ code: 'mount-missing' });
});

test('what is sent with a release is on every node, and is not looked for', () => {
  const sent = {
    type: 'bind',
    source: `/srv/shop/files/${'a'.repeat(64)}/site.conf`,
    target: '/site.conf',
    read_only: true,
  };
  expect(sourcesOfNodes(stackOf({ volumes: [sent] }), '/srv/shop')).toEqual([]);
});

test('a server of another swarm is refused', () => {
  const stranger = seen({ self: { id: id('z'), name: 'elsewhere', ipvs: true } });
  expect(refusal(stackOf({}), stranger)).toMatchObject({ kind: 'refused', code: 'other-cluster' });
});

test('nodes that get tasks and were not given are named; one that is drained gets none', () => {
  expect(nodesNotGiven(cluster, seen().slice(0, 1)).map(({ name }) => name)).toEqual(['node2']);
});

test('of the tasks those count that should run, each with its node', () => {
  const line = (desired: string, state: string) =>
    `web ${id('t')} ${'f'.repeat(64)} ${desired} ${state} - 1 2026-11-27T21:00:00.1Z node2 registry.test/web@${digest} `;
  const text = `${line('running', 'running')}\n${line('shutdown', 'failed')}task: non-zero exit (1)\n`;
  expect(readTasks(text, 'shop', [])).toMatchObject([
    { name: 'shop_web.1@node2', service: 'web', status: 'running', hash: 'f'.repeat(64) },
  ]);
});

test.each([
  ['a node', { nodes: 'no such line\n' }],
  ['a service', { services: 'web\n' }],
])('%s of a form that Docker does not have is not believed', (_, change) => {
  const fields = { node: `active true ${id('a')} node1`, ipvs: 'true', nodes: '', ...change };
  expect(() => readCluster(fields)).toThrow(/has not the form of it/);
});
