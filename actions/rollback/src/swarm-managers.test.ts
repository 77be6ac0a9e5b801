import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, paused, pidOf } from '@deploy-actions/host/testing';
import { type Failure, parseFields } from '@deploy-actions/kit';
import {
  type DockerServer,
  deployCluster,
  dockerServers,
  twoManagers,
} from '@deploy-actions/release/testing';
import { fakePorts } from '@deploy-actions/runner/testing';
import { fields } from './fields.ts';
import { rollback } from './rollback.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const imageOf = (digit: string) => `registry.test/shop/api@${digestOf(digit)}`;

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

const RUN = '101-rollback/rollback-1';

/** A swarm of two managers and a worker with v1, and then v2. */
async function managersRig() {
  const { servers, connect } = dockerServers(['m1', 'm2', 'w1'], hostWith, {});
  const { m1, m2, w1 } = servers;
  const registry = Object.fromEntries(
    ['1', '2', '3'].map((digit) => [imageOf(digit), { id: digestOf(digit), digest: digestOf(digit) }]),
  );
  const swarm = twoManagers(servers, { registry });
  const deployFrom = async (digit: string, nodes: readonly DockerServer[]) => {
    await deployCluster(nodes, {
      version: `v${digit}`,
      compose: `name: shop\nservices:\n  api:\n    image: ${imageOf(digit)}\n    healthcheck: { test: [CMD, check] }\n`,
      managers: nodes.length - 1,
    });
  };
  await deployFrom('1', [m1, m2, w1]);
  await deployFrom('2', [m1, m2, w1]);
  const start = (more: Record<string, string> = {}, hosts = ['m1', 'm2', 'w1']) => {
    const given: Record<string, string> = {
      host: hosts.map((name) => `deploy@${name}`).join('\n'),
      'ssh-key': KEY,
      path: '/srv/shop',
      project: 'shop',
      'wait-timeout': '20s',
      to: 'previous',
      ...more,
    };
    const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
    const ports = fakePorts({
      runId: '101',
      job: 'rollback',
      runUrl: 'https://ci.test/101',
      temp: m1.host.home,
    });
    return rollback(inputs, { ...ports, connect, patience: 0, reconnectFor: 1500 }).then(
      (outputs) => ({ outputs, failure: undefined, log: ports.log.lines.join('\n') }),
      (failure: Failure) => ({
        outputs: failure.outputs,
        failure,
        log: `${ports.log.lines.join('\n')}\n${failure.message}`,
      }),
    );
  };
  return {
    m1,
    m2,
    w1,
    ...swarm,
    start,
    deployFrom,
    served: () => m2.docker.services(),
    /** Begins a rollback that stands still on the first manager. */
    async standing(boundary: string, more: Record<string, string> = {}) {
      m1.host.pauseAt(boundary);
      const done = start(more);
      await paused(m1.host, RUN);
      return { done };
    },
  };
}

const current = ({ host }: DockerServer) => path.basename(readlinkSync(path.join(host.path, 'current')));
const api = (digit: string) => [`shop_api ${imageOf(digit)}`];
/** The program on the first manager has come to its end. */
const ended = async ({ host }: DockerServer) =>
  await eventually(() => host.read(`.deploy/runs/${RUN}/result`) !== '', 'the end of the program');

test.each(['lead:taken:after', 'committed:before'])(
  'a manager that goes down at %s of a rollback: another one finishes it',
  async (boundary) => {
    const rig = await managersRig();
    const { done } = await rig.standing(boundary);
    rig.die(RUN);
    const { outputs, failure, log } = await done;
    expect([failure?.message, failure ? log : '']).toEqual([undefined, '']);
    expect(outputs).toMatchObject({ from: 'v2', to: 'v1', mode: 'redeploy' });
    expect(log).toContain('m2, another manager, goes on');
    expect(log).toContain('m1 is down, in the middle of the deployment 101-rollback: this manager goes on');
    expect(rig.served()).toEqual(api('1'));
    expect([rig.m2, rig.w1].map(current)).toEqual(['v1', 'v1']);
    // Its notes went with it.
    expect(rig.m2.docker.configs()).toEqual([]);
  },
);

test('a manager that stood still in a rollback changes nothing more, where another one has finished it and a deployment came after', async () => {
  const rig = await managersRig();
  const { done } = await rig.standing('up:begin:after');
  rig.standStill();
  const { failure, log } = await done;
  expect([failure?.message, failure ? log : '']).toEqual([undefined, '']);
  await rig.deployFrom('3', [rig.m2, rig.w1]);
  rig.m1.host.pauseAt(undefined);
  await ended(rig.m1);
  expect(rig.m1.host.read(`.deploy/runs/${RUN}/result`)).toContain('lead-lost');
  expect(rig.served()).toEqual(api('3'));
  expect(current(rig.m1)).toBe('v2');
});

test('nor does it where another deployment is under way, whose note has the number that its own had', async () => {
  const rig = await managersRig();
  const { done } = await rig.standing('up:begin:after');
  rig.standStill();
  await done;
  rig.m2.host.pauseAt('up:begin:after');
  const deploying = rig.deployFrom('3', [rig.m2, rig.w1]);
  await paused(rig.m2.host, 'v3-deploy/deploy-1');
  rig.m1.host.pauseAt(undefined);
  await ended(rig.m1);
  expect(rig.m1.host.read(`.deploy/runs/${RUN}/result`)).toContain('lead-lost');
  rig.m2.host.pauseAt(undefined);
  await deploying;
  expect(rig.served()).toEqual(api('3'));
});

test('a manager that only nobody reaches is left alone: two at once there are not', async () => {
  const rig = await managersRig();
  const { done } = await rig.standing('up:begin:after');
  rig.die(RUN, false);
  const { failure } = await done;
  expect(failure).toMatchObject({ kind: 'busy', code: 'cluster-led' });
  expect(failure!.message).toContain('the manager m1 changes the services of shop (deployment 101-rollback)');
  expect(rig.served()).toEqual(api('2'));
});

test('a rollback that is cut off before it changes anything takes its note away', async () => {
  const rig = await managersRig();
  const { done } = await rig.standing('lead:taken:after');
  process.kill(pidOf(rig.m1.host, RUN), 'SIGKILL');
  rig.m1.host.pauseAt(undefined);
  expect((await done).failure).toBeDefined();
  const again = await rig.start();
  expect([again.failure?.message, again.failure ? again.log : '']).toEqual([undefined, '']);
  expect(rig.served()).toEqual(api('1'));
  expect(rig.m2.docker.configs()).toEqual([]);
});

test('a command that has taken the data back on the manager that went down does not run again', async () => {
  const rig = await managersRig();
  const { done } = await rig.standing('up:begin:before', { 'down-migrate': 'api: migrate down' });
  rig.die(RUN);
  const { failure, log } = await done;
  expect([failure?.message, failure ? log : '']).toEqual([undefined, '']);
  expect(log).toContain('down-migrate-01 has run on m1, and does not run again');
  expect([rig.m1, rig.m2].map(({ docker }) => docker.commands())).toEqual([['sh -c migrate down'], []]);
  expect(rig.served()).toEqual(api('1'));
});

test('one that was under way there is not run again unasked', async () => {
  const rig = await managersRig();
  rig.m1.docker.script({ commands: { 'sh -c migrate down': { hangs: true } } });
  const done = rig.start({ 'down-migrate': 'api: migrate down' });
  await eventually(() => rig.m1.docker.commands().length === 1, 'the command');
  rig.die(RUN);
  const { failure } = await done;
  expect(failure).toMatchObject({ kind: 'refused', code: 'command-cut-off' });
  expect(failure!.message).toContain('down-migrate-01 was under way on m1');
  expect(rig.m2.docker.commands()).toEqual([]);
  expect(rig.served()).toEqual(api('2'));
});

test('where the first manager was left out of a deployment, one that knows of it says what to go back to', async () => {
  const rig = await managersRig();
  await rig.deployFrom('3', [rig.m2, rig.w1]);
  expect(current(rig.m1)).toBe('v2');
  const { outputs, failure, log } = await rig.start();
  expect([failure?.message, failure ? log : '']).toEqual([undefined, '']);
  expect(log).toContain('m2 knows of a later release than m1');
  expect(outputs).toMatchObject({ from: 'v3', to: 'v2', mode: 'redeploy' });
  expect(rig.served()).toEqual(api('2'));
  expect([rig.m1, rig.m2, rig.w1].map(current)).toEqual(['v2', 'v2', 'v2']);
});
