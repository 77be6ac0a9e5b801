import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import type { DockerServer } from '@deploy-actions/release/testing';
import { afterDeploy } from './post.ts';
import { deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigOf = <N extends string>(...names: N[]) => deployRig(names, hostWith);

const V1 = ['api registry.test/shop/api:v1', 'db registry.test/db:1'];
const V2 = ['api registry.test/shop/api:v2', 'db registry.test/db:1'];

const outcomesOf = ({ host }: DockerServer) =>
  host
    .read('.deploy/history.jsonl')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { outcome: string }).outcome);

const cancelled = () => new Failure('lost', 'the run was cancelled (SIGINT)');

// Runs that come again, meet another one, are cancelled or lose their connection.

test('the same id again reports what was done, and does nothing', async () => {
  const { servers, deploy } = rigOf('web1');
  const first = await deploy('v1', {}, '7');
  const before = servers.web1.docker.containers();
  const again = await deploy('v1', {}, '7');
  well(again);
  expect(again.outputs['deployment-id']).toBe('7-deploy');
  expect(again.outputs.release).toBe(first.outputs.release);
  expect(again.log).toContain('this deployment has succeeded before');
  expect(servers.web1.docker.containers()).toEqual(before);
});

test('the same id again is refused where another release runs by now', async () => {
  const { deploy } = rigOf('web1');
  well(await deploy('v1', {}, '7'));
  well(await deploy('v2'));
  expect((await deploy('v1', { 'allow-older': 'true' }, '7')).failure).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(
      /has succeeded before, as the release .*-v1-.*, but by now .*-v2-.* runs there/,
    ),
  });
});

test('of two runs at once the second waits for the first, and then deploys', async () => {
  const { servers, start } = rigOf('web1');
  servers.web1.host.pauseAt('up:begin:after');
  const first = start('v1');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/101-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  const second = start('v2');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/102-deploy/deploy-1/state') === 'waiting\n',
    'the second run to wait',
  );
  expect(servers.web1.docker.running('shop')).toEqual([]);
  servers.web1.host.pauseAt(undefined);
  well(await first.done);
  well(await second.done);
  expect(servers.web1.docker.running('shop')).toEqual(V2);
  expect(outcomesOf(servers.web1)).toEqual(['succeeded', 'succeeded']);
});

test('a run that does not get the lock in time is busy, and names who has it', async () => {
  const { servers, start, deploy } = rigOf('web1');
  servers.web1.host.pauseAt('up:begin:after');
  const first = start('v1');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/101-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  const { failure } = await deploy('v2', { 'lock-timeout': '1s' });
  expect(failure).toMatchObject({ kind: 'busy', message: expect.stringContaining('octocat') });
  servers.web1.host.pauseAt(undefined);
  well(await first.done);
  expect(servers.web1.docker.running('shop')).toEqual(V1);
});

test('an older run is refused after a later one', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v2', {}, '200'));
  const { failure } = await deploy('v1', {}, '100');
  expect(failure).toMatchObject({ kind: 'refused' });
  expect(servers.web1.docker.running('shop')).toEqual(V2);
});

test('cancelled before anything was changed, the server stops and the old version serves', async () => {
  const { servers, deploy, start } = rigOf('web1');
  well(await deploy('v1'));
  // Another run holds the lock, so this one waits.
  servers.web1.host.pauseAt('up:begin:after');
  const holder = start('v3');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/102-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  const waiting = start('v2');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/103-deploy/deploy-1/state') === 'waiting\n',
    'the run to wait',
  );
  waiting.ports.cancel(cancelled());
  expect((await waiting.done).failure).toMatchObject({
    kind: 'lost',
    message:
      'the run was cancelled (SIGINT); it was asked to stop: what had been changed is restored, unless it had just begun what may not be ended',
  });
  servers.web1.host.pauseAt(undefined);
  well(await holder.done);
  await eventually(() => servers.web1.host.read('.deploy/runs/103-deploy/deploy-1/result') !== '', 'its end');
  expect(servers.web1.docker.running('shop')).toEqual([
    'api registry.test/shop/api:v3',
    'db registry.test/db:1',
  ]);
});

test('cancelled in the middle, the server finishes by itself, and the post step says so', async () => {
  const { servers, start, world, inputs } = rigOf('web1');
  servers.web1.host.pauseAt('up:begin:after');
  const { ports, done } = start('v1');
  await eventually(
    () => ports.log.lines.some((line) => line.startsWith('> Bring up')),
    'the phase to be told',
  );
  ports.cancel(cancelled());
  expect((await done).failure).toMatchObject({
    kind: 'lost',
    message: expect.stringContaining('it goes on by itself on web1 (in up)'),
  });
  expect(ports.state.get('ended')).toBeUndefined();
  const after = world();
  await afterDeploy(inputs('v1'), after, (name) => ports.state.get(name) ?? '');
  expect(after.log.lines.join('\n')).toContain('goes on by itself');
  servers.web1.host.pauseAt(undefined);
  await eventually(() => servers.web1.host.read('.deploy/runs/101-deploy/deploy-1/result') !== '', 'its end');
  expect(servers.web1.docker.running('shop')).toEqual(V1);
  const later = world();
  await afterDeploy(inputs('v1'), later, (name) => ports.state.get(name) ?? '');
  expect(later.log.lines.join('\n')).toContain('the deployment 101-deploy has ended: succeeded');
});

test('a connection that is lost after the start is opened again, and the end is seen', async () => {
  const { servers, start } = rigOf('web1');
  servers.web1.host.pauseAt('up:begin:after');
  const running = start('v1');
  await eventually(
    () => servers.web1.host.read('.deploy/runs/101-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  servers.web1.sessions.at(-1)!.cut();
  servers.web1.host.pauseAt(undefined);
  const deployed = await running.done;
  well(deployed);
  expect(servers.web1.sessions).toHaveLength(2);
  expect(deployed.log).toContain('the connection dropped');
  expect(servers.web1.docker.running('shop')).toEqual(V1);
});
