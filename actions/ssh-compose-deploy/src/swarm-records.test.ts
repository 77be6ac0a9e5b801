import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { type Deployed, deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);

const imageOf = (digit: string) => `registry.test/shop/api@sha256:${digit.repeat(64)}`;
const [V1, V2, V3, BAD] = ['1', '2', '3', '4'] as const;

/** A manager and a worker with a stack of one service. */
function swarmRig() {
  const rig = deployRig(['m1', 'w1'], hostWith);
  rig.compose(
    `name: shop\nservices:\n  api:\n    image: 'registry.test/shop/api@\${API}'\n    healthcheck: { test: [CMD, check] }\n`,
  );
  const { m1, w1 } = rig.servers;
  const registry = Object.fromEntries(
    [V1, V2, V3, BAD].map((digit) => {
      const digest = `sha256:${digit.repeat(64)}`;
      return [imageOf(digit), { id: digest, digest }];
    }),
  );
  const images = { [imageOf(BAD)]: { health: 'unhealthy' as const } };
  m1.docker.script({ registry, images, swarm: { nodes: ['m1', 'w1'] } });
  w1.docker.script({ registry, images, swarm: { nodes: ['w1'], manager: false } });
  return {
    m1,
    w1,
    start: (api: string, run: string) =>
      rig.start(`v${api}`, { engine: 'swarm', env: `API=sha256:${api.repeat(64)}` }, run),
  };
}

const current = ({ host }: DockerServer) => path.basename(readlinkSync(path.join(host.path, 'current')));
const stateOf = ({ host }: DockerServer, run: string) =>
  host.read(`.deploy/runs/${run}-deploy/deploy-1/state`).trim();
const served = ({ docker }: DockerServer) => docker.services().map((line) => line.split('@')[1]![7]);

/** Starts a deployment, and answers when the manager's program stands still there. */
async function startPaused({ m1, start }: ReturnType<typeof swarmRig>, api: string, run: string, at: string) {
  m1.host.pauseAt(at);
  const started = start(api, run);
  await eventually(() => stateOf(m1, run) === 'paused', 'the pause');
  return started;
}

test('a node keeps what serves by the word of the manager at its end, not by what the look before has seen', async () => {
  const rig = swarmRig();
  const { m1, w1, start } = rig;
  well(await start(V1, '101').done);
  const first = await startPaused(rig, V2, '102', 'committed:before');
  // It looks while v1 serves still, and waits for the lock.
  const second = start(BAD, '103');
  await eventually(() => stateOf(m1, '103') === 'waiting', 'the second one to wait');
  m1.host.pauseAt(undefined);
  const good = await first.done;
  well(good);
  const bad = await second.done;
  expect(bad.failure).toMatchObject({ kind: 'unhealthy' });
  expect(served(m1)).toEqual([V2]);
  expect([current(m1), current(w1)]).toEqual([good.outputs.release, good.outputs.release]);
});

test('a manager whose program is killed: nodes keep what the next deployment needs to finish it, and their records follow', async () => {
  const rig = swarmRig();
  const { m1, w1, start } = rig;
  const before = await start(V1, '101').done;
  well(before);
  const broken = await startPaused(rig, V2, '102', 'phase:wait:before');
  const [pid] = m1.host.read('.deploy/runs/102-deploy/deploy-1/pid').split(' ');
  process.kill(Number(pid), 'SIGKILL');
  m1.host.pauseAt(undefined);
  const lost: Deployed = await broken.done;
  expect(lost.failure).toMatchObject({ kind: 'lost' });
  const begun = readdirSync(path.join(w1.host.path, 'releases')).find(
    (one) => one !== before.outputs.release,
  )!;
  expect(existsSync(path.join(w1.host.path, 'releases', begun, 'images'))).toBe(true);
  expect(current(w1)).toBe(before.outputs.release);
  const next = await start(V3, '103').done;
  well(next);
  expect(next.log).toContain('goes on with the interrupted deployment');
  expect(served(m1)).toEqual([V3]);
  expect([current(m1), current(w1)]).toEqual([next.outputs.release, next.outputs.release]);
  // What was finished is one that a rollback may go to, on every server.
  for (const { host } of [m1, w1])
    expect(existsSync(path.join(host.path, 'releases', begun, 'deployed'))).toBe(true);
});
