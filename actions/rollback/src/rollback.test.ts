import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { cancelRun, startRun } from '@deploy-actions/host';
import { eventually } from '@deploy-actions/host/testing';
import { Failure, systemClock } from '@deploy-actions/kit';
import { marksOf } from '@deploy-actions/ledger';
import { type ShopServer, shopsForEach } from '@deploy-actions/traffic/testing';
import { type RolledBack, rollbackRig } from './testing/rollback-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

// By what an Alpine has; the switches are tested by dash, and the plain way of each by both.
const SHOPS = { dash: shopsForEach(afterEach, 'dash'), busybox: shopsForEach(afterEach, 'busybox') };
const shopsWith = SHOPS.busybox;

/** Servers where `v2` replaced `v1` in place. */
async function inPlace<N extends string>(...names: N[]) {
  const rig = rollbackRig(await shopsWith(names));
  for (const name of names) await rig.servers[name].putVersions();
  return rig;
}

/** Servers where the run 101 moved the traffic from `v1` in blue to `v2` in green. */
async function moved<N extends string>(...names: N[]) {
  const rig = rollbackRig(await shopsWith(names));
  for (const name of names) await rig.servers[name].putMoved('101-deploy');
  return rig;
}

/** Fails with the log where a rollback that should go well does not. */
function well({ failure, log }: RolledBack): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}

const linesOf = (server: ShopServer) =>
  server.history().map((line) => `${line.operation} ${line.release} ${line.outcome}`);

const badOn = (server: ShopServer) => [...marksOf(server.history()).releases.keys()];

const stateOf = ({ host }: ShopServer, run: string, operation = 'rollback') =>
  host.read(`.deploy/runs/${run}/${operation}-1/state`);

const ended = ({ host }: ShopServer, run: string) =>
  eventually(() => host.read(`.deploy/runs/${run}/rollback-1/result`) !== '', `the end on ${run}`);

const reportOf = ({ report }: RolledBack['outputs']) => JSON.parse(String(report)) as object;

const cancelled = () => new Failure('lost', 'the run was cancelled (SIGINT)');

test.each(['busybox', 'dash'] as const)(
  'by %s the release before comes back in place, and the one that is left is marked',
  async (shell) => {
    const { servers, go } = rollbackRig(await SHOPS[shell]<'web1'>(['web1']));
    await servers.web1.putVersions();
    const back = await go({ to: 'previous' });
    well(back);
    expect(back.outputs).toMatchObject({ mode: 'redeploy', from: 'v2', to: 'v1' });
    expect(servers.web1.version()).toBe('v1');
    expect(servers.web1.host.read('current/release.json')).toContain('"version":"v1"');
    expect(badOn(servers.web1)).toEqual(['v2']);
    expect(back.ports.summaries.join('')).toContain('web1');
  },
);

test('a run takes back what it deployed, and a second time nothing is done', async () => {
  const { servers, go } = await inPlace('web1');
  await servers.web1.put('v3', { deploymentId: '101-deploy' });
  well(await go({}, '101'));
  expect(servers.web1.version()).toBe('v2');
  const before = linesOf(servers.web1);
  const again = await go({}, '101');
  well(again);
  expect(again.outputs).toMatchObject({ mode: 'none', reason: 'v3 of this run does not serve (it is v2)' });
  expect(linesOf(servers.web1)).toEqual(before);
});

test('what another run deployed is left alone', async () => {
  const { servers, go } = await inPlace('web1');
  const left = await go({}, '300');
  well(left);
  expect(left.outputs).toMatchObject({ mode: 'none', reason: 'this run has changed nothing on the server' });
  expect(servers.web1.version()).toBe('v2');
});

test('the release that serves already stays as it is', async () => {
  const { servers, go } = await inPlace('web1');
  const before = servers.web1.docker.containers();
  const { outputs, failure } = await go({ to: 'v2' });
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ mode: 'none', reason: 'v2 serves already' });
  expect(servers.web1.docker.containers()).toEqual(before);
});

test('a version that is on no server is refused, and those that are there are named', async () => {
  const { servers, go } = await inPlace('web1');
  const { failure, outputs } = await go({ to: 'v9' });
  expect(failure).toMatchObject({
    kind: 'input',
    message: 'no release on the server is v9',
    remedy: 'There are: v1 (v1), v2 (v2).',
  });
  expect(reportOf(outputs)).toMatchObject({ ok: false });
  expect(servers.web1.version()).toBe('v2');
});

test('a plan and a list change nothing', async () => {
  const { servers, go } = await inPlace('web1');
  const before = [servers.web1.docker.containers(), linesOf(servers.web1)];
  const plan = await go({ to: 'previous', plan: 'true' });
  expect(plan.outputs).toMatchObject({ mode: 'redeploy', from: 'v2', to: 'v1' });
  expect(plan.log).toContain('v1 (v1) is brought back in place of v2');
  const list = await go({ list: 'true' });
  expect(list.outputs.releases).toMatchObject([
    { release: 'v2', serves: true },
    { release: 'v1', serves: false },
  ]);
  expect([servers.web1.docker.containers(), linesOf(servers.web1)]).toEqual(before);
});

test('a release that does not become healthy any more gives way to the one that ran', async () => {
  const { servers, go } = await inPlace('web1');
  servers.web1.docker.script({ images: { 'registry.test/shop/api:v1': { health: 'unhealthy' } } });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^v1 did not become healthy: api is unhealthy.* v2 runs again as before/),
  });
  expect(servers.web1.version()).toBe('v2');
  expect(badOn(servers.web1)).not.toContain('v2');
});

test('where what ran is not well again either, the site may be down, and that is said', async () => {
  const { servers, go } = await inPlace('web1');
  const unhealthy = { health: 'unhealthy' } as const;
  const images = { 'registry.test/shop/api:v1': unhealthy, 'registry.test/shop/api:v2': unhealthy };
  servers.web1.docker.script({ images });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'restore-failed',
    message: expect.stringMatching(/^v1 did not become healthy: api is unhealthy/),
    remedy: expect.stringContaining('The site may be down'),
  });
  expect(linesOf(servers.web1).at(-1)).toBe('rollback v1 failed');
});

test('a release that goes away while the rollback waits for the lock is refused, and nothing is changed', async () => {
  const { servers, start } = await inPlace('web1');
  const { host } = servers.web1;
  const other = host.operation({ deploymentId: 'other', body: 'operate() { await_go 60; }' });
  const holder = await startRun(host.session(), other, { clock: systemClock });
  await eventually(() => host.read('.deploy/lock.holder').includes('other'), 'the holder');
  const waiting = start({ to: 'v1' });
  await eventually(() => stateOf(servers.web1, '101-deploy') === 'waiting\n', 'the rollback to wait');
  rmSync(path.join(host.path, 'releases/v1'), { recursive: true });
  await cancelRun(host.session(), holder.reference);
  expect((await waiting.done).failure).toMatchObject({
    kind: 'refused',
    code: 'release-gone',
    message: 'the release v1 is not on the server any more',
  });
  expect(servers.web1.version()).toBe('v2');
  await holder.result;
});

test('a release whose image is gone is refused before anything is changed', async () => {
  const { servers, go } = await inPlace('web1');
  rmSync(path.join(servers.web1.host.home, 'engine/images'), { recursive: true });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(
      /^the image of \w+ .* is not on the server any more; nothing was changed$/,
    ),
  });
  expect(servers.web1.version()).toBe('v2');
});

test('an engine that the login user may not use refuses before anything is changed', async () => {
  const { servers, go } = await inPlace('web1');
  servers.web1.docker.script({
    refused: 'permission denied while trying to connect to the Docker daemon socket',
  });
  const { failure, outputs } = await go({ to: 'previous' });
  expect(failure).toMatchObject({ kind: 'refused', remedy: expect.stringContaining('usermod -aG docker') });
  expect(outputs.reason).toBe(failure!.message);
});

test('a release that changed the schema is not gone back from unless it is said that the old code runs', async () => {
  const { servers, go } = await inPlace('web1');
  const migrate = [{ service: 'api', text: './up', words: ['sh', '-c', './up'] }];
  await servers.web1.put('v3', { migrate });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(
      /^v3 changed the schema after v2 was deployed.*v3 goes on serving; nothing was changed/,
    ),
  });
  expect(servers.web1.version()).toBe('v3');
  well(await go({ to: 'previous', 'down-migrate': 'api: ./down' }));
  expect(servers.web1.docker.commands()).toEqual(['sh -c ./up', 'sh -c ./down']);
  expect(servers.web1.version()).toBe('v2');
  // Its migration was undone, and no rollback runs it again.
  expect((await go({ to: 'v3' })).failure).toMatchObject({
    kind: 'refused',
    message: expect.stringMatching(
      /^the data were taken back to an older release since v3 served, and with them what v3 had changed.*v2 goes on serving/,
    ),
    remedy: expect.stringContaining('Deploy that version again'),
  });
  expect(servers.web1.version()).toBe('v2');
});

test('of two rollbacks at once the second waits for the first, leaves the same release, and runs no command again', async () => {
  const { servers, start } = await inPlace('web1');
  const { web1 } = servers;
  const request = { to: 'v1', 'down-migrate': 'api: ./down' };
  web1.host.pauseAt('up:begin:after');
  const first = start(request);
  await eventually(() => stateOf(web1, '101-deploy') === 'paused\n', 'the pause');
  const second = start(request);
  await eventually(() => stateOf(web1, '102-deploy') === 'waiting\n', 'the second run to wait');
  web1.host.pauseAt(undefined);
  well(await first.done);
  const after = await second.done;
  well(after);
  expect(after.log).toContain('v1 serves already: another run has brought it back meanwhile');
  expect(web1.version()).toBe('v1');
  expect(badOn(web1)).toEqual(['v2']);
  expect(web1.docker.commands()).toEqual(['sh -c ./down']);
  expect(linesOf(web1).filter((line) => line.startsWith('rollback v1'))).toEqual(['rollback v1 succeeded']);
});

test('a deployment of the same workflow run that is under way is told to stop, by whatever id it goes, and what served before serves', async () => {
  const { servers, start } = await inPlace('web1');
  const { web1 } = servers;
  web1.host.pauseAt('up:begin:after');
  const deploying = web1.put('v3', { deploymentId: 'release-3' }).catch((error: Failure) => error);
  await eventually(() => stateOf(web1, 'release-3', 'deploy') === 'paused\n', 'the pause');
  // The step that began it is gone, as a runner kills it; the address of the run is what both have.
  const back = start({}, 'release-3');
  const stop = path.join(web1.host.path, '.deploy/runs/release-3/deploy-1/cancel');
  await eventually(() => existsSync(stop), 'the stop');
  expect(back.ports.log.lines.join()).toContain('stops deploy of this workflow run');
  web1.host.pauseAt(undefined);
  const told = await back.done;
  well(told);
  // Nothing was left to be stopped any more: it serves, and is gone back from.
  expect(await deploying).toBeUndefined();
  expect(told.outputs).toMatchObject({ mode: 'redeploy', reason: 'this run deployed v3' });
  expect(web1.version()).toBe('v2');
});

test('a rollback that waited while another run changed what serves leaves that alone', async () => {
  const { servers, start } = await inPlace('web1');
  const { web1 } = servers;
  await web1.put('v3');
  web1.host.pauseAt('up:begin:after');
  const first = start({ to: 'v1' });
  await eventually(() => stateOf(web1, '101-deploy') === 'paused\n', 'the pause');
  const second = start({ to: 'v2' });
  await eventually(() => stateOf(web1, '102-deploy') === 'waiting\n', 'the second run to wait');
  web1.host.pauseAt(undefined);
  well(await first.done);
  expect((await second.done).failure).toMatchObject({
    code: 'release-changed',
    message: expect.stringMatching(/^v1 serves by now, not v3: .*nothing was changed/),
  });
  expect(web1.version()).toBe('v1');
  expect(badOn(web1)).toEqual(['v3']);
});

test('a connection that is lost after the start is opened again, and the end is seen', async () => {
  const { servers, start } = await inPlace('web1');
  const { web1 } = servers;
  web1.host.pauseAt('up:begin:after');
  const running = start({ to: 'previous' });
  await eventually(() => stateOf(web1, '101-deploy') === 'paused\n', 'the pause');
  const before = web1.sessions.length;
  web1.sessions.at(-1)!.cut();
  web1.host.pauseAt(undefined);
  well(await running.done);
  expect(web1.sessions.length).toBe(before + 1);
  expect(web1.version()).toBe('v1');
});

test('cancelled in the middle, the server restores what ran, and the same step can be run again', async () => {
  const { servers, start, go } = await inPlace('web1');
  const { web1 } = servers;
  // It is still being waited for when the run is cancelled.
  const image = 'registry.test/shop/api:v1';
  web1.docker.script({ images: { [image]: { health: 'starting' } } });
  web1.host.pauseAt('up:begin:after');
  const { ports, done } = start({ to: 'previous' });
  await eventually(() => ports.log.lines.some((line) => line.startsWith('> Bring up')), 'the phase');
  ports.cancel(cancelled());
  expect((await done).failure).toMatchObject({
    kind: 'lost',
    message:
      'the run was cancelled (SIGINT); it was asked to stop: what had been changed is restored, unless it had just begun what may not be ended',
  });
  web1.host.pauseAt(undefined);
  await ended(web1, '101-deploy');
  expect(web1.version()).toBe('v2');
  expect(linesOf(web1).at(-1)).toMatch(/^rollback v. restored$/);
  web1.docker.script({ images: {} });
  well(await go({ to: 'v1' }, '101'));
  expect(web1.version()).toBe('v1');
});

test('where one of three servers cannot go back, the others come back to what they had', async () => {
  const { servers, start } = await inPlace('web1', 'web2', 'web3');
  const { web1, web2, web3 } = servers;
  web2.docker.script({ images: { 'registry.test/shop/api:v1': { exits: 3 } } });
  // One that has not come to its end by then is stopped, and has nothing to undo.
  web2.host.pauseAt('up:begin:after');
  const running = start({ to: 'previous' });
  for (const one of [web1, web3]) await ended(one, '101-deploy');
  web2.host.pauseAt(undefined);
  const { failure, outputs } = await running.done;
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^web2: v1 did not become healthy: api exited with 3/),
    details: expect.stringContaining('web1: done, and undone because another server failed'),
  });
  for (const one of Object.values(servers)) expect(one.version()).toBe('v2');
  for (const one of Object.values(servers)) expect(badOn(one)).not.toContain('v2');
  expect(reportOf(outputs)).toMatchObject({
    ok: false,
    checks: [
      { name: 'web1', ok: false, detail: 'done, and undone because another server failed' },
      { name: 'web2', ok: false },
      { name: 'web3', ok: false, detail: 'done, and undone because another server failed' },
    ],
  });
});

test('where that fails too, the server that could not come back is named', async () => {
  const { servers, start } = await inPlace('web1', 'web2');
  const { web1, web2 } = servers;
  web2.docker.script({ images: { 'registry.test/shop/api:v1': { exits: 3 } } });
  web2.host.pauseAt('up:begin:after');
  const running = start({ to: 'previous' });
  await eventually(() => stateOf(web2, '101-deploy') === 'paused\n', 'the pause');
  await ended(web1, '101-deploy');
  web1.docker.script({ images: { 'registry.test/shop/api:v2': { exits: 4 } } });
  web2.host.pauseAt(undefined);
  const { failure, log } = await running.done;
  expect(failure!.details).toContain('web1: done, and could not be undone');
  expect(log).toMatch(/web1 could not go back to how it was \(v2 did not become healthy: api exited with 4/);
  expect(web1.version()).toBe('v1');
});

test('where one of three servers lacks an image, nothing is changed on any', async () => {
  const { servers, go } = await inPlace('web1', 'web2', 'web3');
  rmSync(path.join(servers.web3.host.home, 'engine/images'), { recursive: true });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({ kind: 'refused', message: expect.stringMatching(/^web3: the image of/) });
  for (const one of Object.values(servers)) expect(one.version()).toBe('v2');
  expect(linesOf(servers.web1)).toEqual(['deploy v1 succeeded', 'deploy v2 succeeded']);
});

test('the traffic that a run moved goes back to the colour that stands by, and the release is marked', async () => {
  const { servers, go } = await moved('web1');
  const back = await go({}, '101');
  well(back);
  expect(back.outputs).toMatchObject({ mode: 'flip', from: 'v2', to: 'v1' });
  expect(servers.web1.proxy.share()).toBe('blue');
  expect(await (await fetch(servers.web1.proxy.url)).json()).toEqual({ version: 'v1' });
  expect(badOn(servers.web1)).toEqual(['v2']);
  const again = await go({}, '101');
  expect(again.outputs).toMatchObject({ mode: 'none' });
});

test('a colour that was stopped meanwhile is started before the traffic goes back to it', async () => {
  const { servers, go } = await moved('web1');
  const { docker, proxy } = servers.web1;
  docker.stop('shop-blue-api-1');
  well(await go({ to: 'previous' }));
  expect(servers.web1.version('blue')).toBe('v1');
  expect(proxy.share()).toBe('blue');
});

test('where the traffic cannot go back on one of two servers, it goes back on none', async () => {
  const { servers, go } = await moved('web1', 'web2');
  servers.web2.answers('blue', { status: 500, body: '' });
  const { failure } = await go({ to: 'previous' });
  expect(failure).toMatchObject({ message: expect.stringMatching(/^web2: blue answers 500/) });
  for (const { proxy } of Object.values(servers)) expect(proxy.share()).toBe('green');
});

test('a release that is in no colour any more is brought up in the idle one, and then has the traffic', async () => {
  const { servers, go } = await moved('web1');
  const { web1 } = servers;
  await web1.put('v3', { color: 'blue' });
  const back = await go({ to: 'v1' });
  well(back);
  expect(back.outputs).toMatchObject({ mode: 'redeploy', from: 'v2', to: 'v1' });
  expect(web1.version('blue')).toBe('v1');
  expect(web1.proxy.share()).toBe('blue');
});

test('one that does not become healthy there leaves the traffic where it is', async () => {
  const { servers, go } = await moved('web1');
  const { web1 } = servers;
  await web1.put('v3', { color: 'blue' });
  web1.docker.script({ images: { 'registry.test/shop/api:v1': { health: 'unhealthy' } } });
  const { failure } = await go({ to: 'v1' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/v3 stands by in blue as before; traffic was not touched$/),
  });
  expect(web1.proxy.share()).toBe('green');
  expect(web1.version('blue')).toBe('v3');
});
