import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { NEW, OLD, nodeText, stackSession, stackText } from '@deploy-actions/probe/testing';
import { deployCluster, dockerServers } from '@deploy-actions/release/testing';
import { run } from './testing/health-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const server = {
  host: 'deploy@node1\ndeploy@node2',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----',
  project: 'shop',
  engine: 'swarm',
  targets: 'compose://web',
  timeout: '600ms',
};

test('a service is ready when as many tasks run as should, whatever node they are on', async () => {
  const manager = stackSession({ views: [stackText({ wanted: NEW })] });
  const { outputs, failure } = await run(server, manager);
  expect([outputs.healthy, failure]).toEqual([true, undefined]);
});

test.each([
  // `docker service ls` would count the task of the dead node.
  [
    'a node that is down',
    {
      nodes: ['Ready Active', 'Down Active'],
      tasks: [{ id: 't1' }, { id: 't2', node: 'n2', wanted: 'shutdown' }],
    },
    'web runs 1 of 2 tasks',
  ],
  [
    'a task of the release before',
    { tasks: [{ id: 't1' }, { id: 't2', hash: OLD }, { id: 't3' }] },
    'web runs 2 of 2 tasks',
  ],
  ['an update that goes on', { update: 'updating' }, 'web is being updated'],
  [
    'a task that its node has not started',
    { tasks: [{ id: 't1' }, { id: 't2', node: 'n2', state: 'preparing' }] },
    'web runs 1 of 2 tasks: a task is preparing on n2',
  ],
])('%s is waited for', async (_what, told, words) => {
  const { failure } = await run(server, stackSession({ views: [stackText(told)] }));
  expect(failure).toMatchObject({ kind: 'unhealthy' });
  expect(failure!.message).toContain(words);
});

test('what has just begun must settle', async () => {
  const young = stackText({
    tasks: [
      { id: 't1', since: 1 },
      { id: 't2', since: 60 },
    ],
  });
  const { failure } = await run(server, stackSession({ views: [young] }));
  expect(failure!.message).toMatch(/web has been up for \d s only/);
});

test.each([
  [
    'an update that the cluster has rolled back',
    [stackText({ update: 'rollback_completed', words: 'rollback completed' })],
    'did not stand its update (rollback_completed): rollback completed',
  ],
  [
    'an update that it has paused',
    [stackText({ update: 'paused', words: 'update paused due to failure' })],
    'did not stand its update (paused): update paused due to failure',
  ],
  [
    'another configuration than the record has',
    [stackText({ wanted: OLD })],
    'is not as the release has it: the cluster took it back, or somebody changed it',
  ],
  [
    'a task that its node rejects',
    [
      stackText(),
      stackText({
        tasks: [
          { id: 't3', state: 'rejected', wanted: 'shutdown', node: 'n2', words: 'No such image: web:v2' },
        ],
      }),
    ],
    'was rejected on n2: No such image: web:v2',
  ],
])('%s ends the wait at once', async (_what, views, words) => {
  const patient = { ...server, timeout: '60s', targets: 'compose://web\ntcp://127.0.0.1:1' };
  const { failure, report } = await run(patient, stackSession({ views }));
  expect(failure!.message).toContain(words);
  expect(report.elapsedMs).toBeLessThan(20_000);
});

test('a task that ends again and again ends the wait, though the cluster keeps four ends of a place', async () => {
  const end = (id: string) => ({ id, state: 'failed', wanted: 'shutdown', node: 'n2', exit: 1 });
  const ends = ['t2', 't3', 't4', 't5', 't6', 't7'];
  const views = ends.map((_, index) =>
    stackText({ tasks: [{ id: 't1' }, ...ends.slice(Math.max(0, index - 3), index + 1).map(end)] }),
  );
  const patient = { ...server, timeout: '60s', targets: 'compose://web\ntcp://127.0.0.1:1' };
  const { failure, report } = await run(patient, stackSession({ views: [stackText(), ...views] }));
  expect(failure!.message).toContain('ends again and again on n2');
  expect(report.elapsedMs).toBeLessThan(50_000);
});

test('the evidence is of the node where the task was: its words, the health log and the last lines', async () => {
  const manager = stackSession({
    views: [
      stackText({
        tasks: [
          {
            id: 't1',
            node: 'n2',
            state: 'failed',
            wanted: 'shutdown',
            exit: 3,
            words: 'task: non-zero exit (3)',
          },
        ],
      }),
    ],
    node: nodeText('n1', []),
  });
  const worker = stackSession({
    name: 'node2',
    node: nodeText('n2', [{ task: 't1', exitCode: 3, health: 'unhealthy' }]),
    evidence: '[{"ExitCode":1,"Output":"no route"}]\nfatal: no database\n',
  });
  const { failure, summary } = await run(server, manager, undefined, {}, [
    { name: 'node2', session: worker },
  ]);
  expect(failure!.details).toContain('task 1 on n2: failed, exit code 3: task: non-zero exit (3)');
  expect(failure!.details).toContain('on n2: last log lines of shop_web.t1:\n  fatal: no database');
  expect(failure!.details).toContain('exit code 1: no route');
  expect(summary).toContain('fatal: no database');
});

test('of a node that is not in host the cluster passes on the lines, and what is not known is said', async () => {
  const manager = stackSession({
    views: [stackText({ tasks: [{ id: 't1', node: 'n2', state: 'failed', wanted: 'shutdown', exit: 3 }] })],
    node: nodeText('n1', []),
    log: 'shop_web.1@n2 | fatal: no database\n',
  });
  const { failure } = await run(server, manager);
  expect(failure!.details).toContain('the health logs of n2 stay there: `host` does not name it');
  expect(failure!.details).toContain('fatal: no database');
});

test('a command in a task is refused by its name: it may be on any node', async () => {
  const manager = stackSession({ views: [stackText()] });
  const { failure } = await run({ ...server, targets: 'exec://web true' }, manager);
  expect(failure).toMatchObject({ kind: 'input', input: 'targets' });
  expect(failure!.message).toContain('`engine: swarm` runs no command in a task');
});

test('a stack that a deployment has brought up is seen by the programs themselves, and a worker as the first host is refused', async () => {
  const digest = `sha256:${'1'.repeat(64)}`;
  const image = `registry.test/shop/web@${digest}`;
  const { servers } = dockerServers(['m1', 'w1'], hostWith, {});
  const registry = { [image]: { id: digest, digest } };
  servers.m1.docker.script({ registry, swarm: { nodes: ['m1', 'w1'] } });
  servers.w1.docker.script({ registry, swarm: { nodes: ['w1'], manager: false } });
  await deployCluster([servers.m1, servers.w1], {
    version: 'v1',
    compose: `name: shop\nservices:\n  web:\n    image: ${image}\n    deploy: { replicas: 2 }\n`,
  });
  const real = { ...server, timeout: '20s', path: servers.m1.host.path };
  const good = await run(real, servers.m1.host.session());
  expect([good.failure, good.outputs.healthy]).toEqual([undefined, true]);
  const worker = await run(real, servers.w1.host.session());
  expect(worker.failure).toMatchObject({ kind: 'refused' });
});
