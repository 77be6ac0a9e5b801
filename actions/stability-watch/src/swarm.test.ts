import { expect, test } from '@jest/globals';
import {
  type ToldStack,
  OLD,
  clusterId,
  nodeText,
  stackSession,
  stackText,
} from '@deploy-actions/probe/testing';
import { type Container, watchStack } from '@deploy-actions/probe';
import type { Incident, Stop } from './container-signals.ts';
import { taskSignals } from './task-signals.ts';
import { run } from './testing/rig.ts';

const WELL: ToldStack = {};

/** What becomes of these views, one after the other, and of the causes that the nodes tell with the last one. */
async function watched(
  views: readonly ToldStack[],
  causes: Readonly<Record<string, Partial<Container>>> = {},
) {
  const session = stackSession({ views: views.map(stackText) });
  const stack = watchStack(session, { project: 'shop', services: [] });
  const incidents: Incident[] = [];
  const stops: Stop[] = [];
  const signals = taskSignals(
    stack,
    (one) => incidents.push(one),
    (one) => stops.push(one),
  );
  for (const _ of views) {
    const view = await stack.look();
    const asked = signals.unexplained(view);
    signals.view(
      view,
      new Map(
        asked.flatMap((id) =>
          Object.entries(causes)
            .filter(([name]) => clusterId(name) === id)
            .map(([, one]) => [id, one as Container]),
        ),
      ),
    );
  }
  return {
    incidents,
    stops,
    signals,
    stack,
    told: incidents.map(({ name, reason, counted }) => [name, reason, counted]),
  };
}

const replaced = { id: 't3', slot: 2, node: 'n1', since: 10 };

test.each([
  [
    'a crash',
    {
      id: 't2',
      node: 'n2',
      slot: 2,
      state: 'failed',
      wanted: 'shutdown',
      exit: 3,
      words: 'task: non-zero exit (3)',
    },
    {},
    ['shop_web.2@n2', 'exited with code 3', true],
  ],
  [
    'an OOM kill, by its node',
    {
      id: 't2',
      node: 'n2',
      slot: 2,
      state: 'failed',
      wanted: 'shutdown',
      exit: 137,
      words: 'task: non-zero exit (137)',
    },
    { t2: { oomKilled: true, health: 'unhealthy' } },
    ['shop_web.2@n2', 'was killed for lack of memory (OOM)', true],
  ],
  [
    'a kill whose reason its node cannot be asked for',
    {
      id: 't2',
      node: 'n2',
      slot: 2,
      state: 'failed',
      wanted: 'shutdown',
      exit: 137,
      words: 'task: non-zero exit (137)',
    },
    {},
    [
      'shop_web.2@n2',
      'exited with code 137; whether for lack of memory is known to its node alone, which `host` does not name',
      true,
    ],
  ],
  [
    'a failed health check, in the words of the cluster',
    {
      id: 't2',
      node: 'n2',
      slot: 2,
      state: 'failed',
      wanted: 'shutdown',
      exit: 137,
      words: 'task: non-zero exit (137): dockerexec: unhealthy container',
    },
    {},
    ['shop_web.2@n2', 'became unhealthy, and was replaced', false],
  ],
  [
    'one that ended in order when it was told to, by its node',
    { id: 't2', node: 'n2', slot: 2, state: 'complete', wanted: 'shutdown', exit: 0 },
    { t2: { health: 'unhealthy' } },
    ['shop_web.2@n2', 'became unhealthy, and was replaced', false],
  ],
  [
    'a rejected task',
    { id: 't4', node: 'n2', slot: 2, state: 'rejected', wanted: 'shutdown', words: 'No such image: web:v2' },
    {},
    ['shop_web.2@n2', 'was rejected on n2: No such image: web:v2', true],
  ],
])('%s is told once, with its node', async (_what, ended, causes, expected) => {
  const { told } = await watched(
    [WELL, { tasks: [{ id: 't1' }, replaced, ended] }, { tasks: [{ id: 't1' }, replaced, ended] }],
    causes,
  );
  expect(told).toEqual([expected]);
});

test('restarts are counted over all nodes', async () => {
  const ended = (id: string, node: string) => ({ id, node, state: 'failed', wanted: 'shutdown', exit: 1 });
  const { incidents } = await watched([
    WELL,
    { tasks: [{ id: 't3' }, { id: 't4', slot: 2, node: 'n2' }, ended('t1', 'n1'), ended('t2', 'n2')] },
    {
      tasks: [
        { id: 't5' },
        { id: 't4', slot: 2, node: 'n2' },
        ended('t3', 'n1'),
        ended('t1', 'n1'),
        ended('t2', 'n2'),
      ],
    },
  ]);
  expect(incidents.filter(({ counted }) => counted)).toHaveLength(3);
});

test('the ends of tasks from before the watch are history', async () => {
  const old = { id: 't0', state: 'failed', wanted: 'shutdown', exit: 1 };
  const { told } = await watched([
    { tasks: [{ id: 't1' }, { id: 't2', slot: 2 }, old] },
    { tasks: [{ id: 't1' }, { id: 't2', slot: 2 }, old] },
  ]);
  expect(told).toEqual([]);
});

test('a node that goes down loses its tasks, and one that is drained has them stopped', async () => {
  const tasks = [{ id: 't1' }, { id: 't3', slot: 2 }, { id: 't2', node: 'n2', slot: 2, wanted: 'shutdown' }];
  const down = await watched([WELL, { nodes: ['Ready Active', 'Down Active'], tasks }]);
  expect(down.told).toEqual([['shop_web.2@n2', 'was lost with its node n2, which is down', true]]);
  const stopped = tasks.map((task) => (task.id === 't2' ? { ...task, state: 'shutdown' } : task));
  const drained = await watched([WELL, { nodes: ['Ready Active', 'Ready Drain'], tasks: stopped }]);
  expect(drained.told).toEqual([['shop_web.2@n2', 'was stopped, since its node n2 is drained', true]]);
});

test('a task that the cluster was told to stop is nobody’s fault where a run of ours was at work, and somebody’s otherwise', async () => {
  const next = {
    hash: OLD,
    tasks: [
      { id: 't3', hash: OLD },
      { id: 't4', slot: 2, hash: OLD },
      { id: 't1', state: 'shutdown', wanted: 'shutdown' },
    ],
  };
  const { stops, signals, told } = await watched([WELL, next]);
  // That of the other slot has left the list already.
  expect([stops.map(({ name }) => name), told]).toEqual([['shop_web.1@n1', 'shop_web.2@n2'], []]);
  signals.stopped(stops[0]!, { ours: 'deploy-1' });
  expect(signals.notes).toEqual(['shop_web.1@n1 (service web) was stopped by deploy-1']);
  signals.stopped(stops[1]!, { others: 'somebody' });
  expect(signals.incidents).toMatchObject([
    { reason: 'was stopped by somebody', counted: true, stopped: true },
  ]);
});

test('a task that is seen while it is being stopped is told once it has stopped, and not lost', async () => {
  const stopping = (state: string) => ({
    tasks: [{ id: 't1', state, wanted: 'shutdown' }, { id: 't3' }, { id: 't2', slot: 2, node: 'n2' }],
  });
  const { stops, told } = await watched([
    WELL,
    stopping('running'),
    stopping('running'),
    stopping('shutdown'),
  ]);
  expect([stops.map(({ name }) => name), told]).toEqual([['shop_web.1@n1'], []]);
});

test('what was wrong before, and what is missing at the end, is told', async () => {
  const paused = { update: 'paused', words: 'update paused due to failure' };
  const before = await watched([paused]);
  expect(before.told).toEqual([
    [
      'stack shop',
      'did not stand its update (paused): update paused due to failure before the watch began',
      false,
    ],
  ]);
  const { signals, stack, incidents } = await watched([WELL, { tasks: [{ id: 't1' }] }]);
  signals.finish(await stack.look());
  expect(incidents.at(-1)).toMatchObject({
    name: 'stack shop',
    service: 'web',
    reason: 'runs 1 of 2 tasks at the end',
  });
});

const server = {
  host: 'deploy@node1',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----',
  project: 'shop',
  engine: 'swarm',
  duration: '4s',
  interval: '1s',
};

test('a watch ends with the reason and the evidence of the node, and max-restarts bears as many as it says', async () => {
  const crash = {
    id: 't2',
    node: 'n2',
    slot: 2,
    state: 'failed',
    wanted: 'shutdown',
    exit: 1,
    words: 'task: non-zero exit (1)',
  };
  const views = [stackText(), stackText({ tasks: [{ id: 't1' }, { id: 't3', slot: 2, node: 'n2' }, crash] })];
  const node2 = () => ({
    name: 'node2',
    session: stackSession({
      name: 'node2',
      node: nodeText('n2', [{ task: 't2', exitCode: 1 }]),
      evidence: 'null\nfatal: bye\n',
    }),
  });
  const ended = await run(server, stackSession({ views, node: nodeText('n1', []) }), {}, [node2()]);
  expect(ended.failure!.message).toContain('shop_web.2@n2 (service web) exited with code 1');
  expect(ended.failure!.details).toContain('fatal: bye');
  const borne = await run(
    { ...server, 'max-restarts': '1' },
    stackSession({ views, node: nodeText('n1', []) }),
    {},
    [node2()],
  );
  expect(borne.failure).toBeUndefined();
});

test.each([
  ['targets', { targets: 'exec://web true' }],
  ['log-patterns', { 'log-patterns': 'panic' }],
])('what cannot be seen of a task is refused: %s', async (input, more) => {
  const { failure } = await run({ ...server, ...more }, stackSession({ views: [stackText()] }));
  expect(failure).toMatchObject({ kind: 'input', input });
});

test('a stack that is not there is nothing that could be watched', async () => {
  const none = `now ${Math.floor(Date.now() / 1000)}\nnode ${clusterId('n1')} n1 Ready Active Leader\n`;
  const { failure } = await run({ ...server, duration: '1s' }, stackSession({ views: [none] }));
  expect(failure!.message).toContain('the cluster has no stack shop');
});
