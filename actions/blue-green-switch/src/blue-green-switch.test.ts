import { renameSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type ShopServer, shopsForEach } from '@deploy-actions/traffic/testing';
import { type Switched, switchRig } from './testing/switch-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const SHOPS = { dash: shopsForEach(afterEach, 'dash'), busybox: shopsForEach(afterEach, 'busybox') };
const shopsWith = SHOPS.dash;

/** Servers with `v1` in blue, which has the traffic, and `v2` in green. */
async function colored<N extends string>(...names: N[]) {
  const rig = switchRig(await shopsWith(names));
  for (const name of names) await rig.servers[name].putColors();
  return rig;
}

/** Fails with the log where a switch that should go well does not. */
function well({ failure, log }: Switched): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}

const movesOf = (server: ShopServer) =>
  server
    .history()
    .flatMap((line) => (line.operation === 'switch' ? [`${line.from} ${line.to} ${line.outcome}`] : []));

/** Of each colour what runs there of the worker, which goes with the traffic. */
const workersOf = ({ docker }: ShopServer) =>
  ['shop-blue', 'shop-green'].flatMap((project) =>
    docker.running(project).filter((line) => line.startsWith('worker ')),
  );

const cancelled = () => new Failure('lost', 'the run was cancelled (SIGINT)');

test.each(['dash', 'busybox'] as const)(
  'by %s the traffic goes to the idle colour with what runs only there, and a visitor gets the new version',
  async (shell) => {
    const { servers, go } = switchRig(await SHOPS[shell]<'web1'>(['web1']));
    const { web1 } = servers;
    await web1.putColors();
    const switched = await go({ 'expect-version': 'v2' });
    well(switched);
    expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: 100 });
    expect(web1.proxy.share()).toBe('green');
    expect(await (await fetch(web1.proxy.url)).json()).toEqual({ version: 'v2' });
    expect(workersOf(web1)).toEqual(['worker registry.test/shop/worker:v2']);
    expect(movesOf(web1)).toEqual(['blue green succeeded']);
    expect(JSON.parse(web1.host.read('.deploy/traffic.json'))).toMatchObject({
      share: 'green',
      release: 'v2',
    });
  },
);

test('traffic that is there already stays, and nothing is written into the history', async () => {
  const { servers, go } = await colored('web1');
  const switched = await go({ to: 'blue' });
  well(switched);
  expect(switched.log).toContain('Traffic is on blue already: nothing was changed.');
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'blue' });
  expect(movesOf(servers.web1)).toEqual([]);
});

test('a plan says what would be done and moves nothing', async () => {
  const { servers, go } = await colored('web1');
  const { outputs, log, failure } = await go({ plan: 'true' });
  expect(failure).toBeUndefined();
  expect(log).toMatch(/blue.*green/);
  expect(outputs.to).toBe('green');
  expect(servers.web1.proxy.share()).toBe('blue');
  expect(servers.web1.host.read('.deploy/traffic.json')).toBe('');
});

test('a colour that is not well takes no traffic', async () => {
  const { servers, go } = await colored('web1');
  servers.web1.docker.stop('shop-green-api-1');
  const { failure } = await go();
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'color-unwell',
    message: 'green cannot take the traffic: api is exited',
  });
  expect(servers.web1.proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual([]);
});

test('the wrong version in the colour is refused before any traffic moves', async () => {
  const { servers, go } = await colored('web1');
  const { failure } = await go({ 'expect-version': 'v7' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^green at .* answers 200 with version v2, not v7; nothing was changed$/),
  });
  expect(servers.web1.proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual([]);
});

test('a colour that answers with errors keeps the traffic where it is', async () => {
  const { servers, go } = await colored('web1');
  servers.web1.answers('green', { status: 500, body: 'no database' });
  const { failure } = await go();
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'color-answers-wrong',
    message: expect.stringContaining('green answers 500 through nginx'),
  });
  expect(servers.web1.proxy.share()).toBe('blue');
});

test('a proxy that does not take the move is given its flag back, and told', async () => {
  const { servers, go } = await colored('web1');
  const { proxy, host } = servers.web1;
  host.pauseAt('check:done:after');
  const { failure } = await Promise.all([
    go(),
    (async () => {
      await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n', 'the pause');
      proxy.stick('blue');
      host.pauseAt(undefined);
    })(),
  ]).then(([switched]) => switched);
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'color-answers-wrong',
    message: expect.stringContaining('does not answer steadily (last wrong answer: status 200, colour blue)'),
  });
  expect(failure!.message).toContain('it is back on blue');
  expect(proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual(['blue blue failed']);
  expect(workersOf(servers.web1)).toEqual(['worker registry.test/shop/worker:v1']);
});

test('where what runs only at the traffic cannot be stopped, the traffic stays', async () => {
  const { servers, go } = await colored('web1');
  const { host, proxy } = servers.web1;
  well(await go());
  const real = path.join(host.home, 'bin/docker-real');
  renameSync(path.join(host.home, 'bin/docker'), real);
  host.tool('docker', `[ "$1" != stop ] || exit 1\nexec '${real}' "$@"`);
  const { failure } = await go({ to: 'blue' });
  expect(failure).toMatchObject({
    kind: 'remote',
    code: 'live-only-failed',
    message: expect.stringContaining('could not be stopped in green: traffic stays on green'),
  });
  expect(proxy.share()).toBe('green');
  expect(workersOf(servers.web1)).toEqual(['worker registry.test/shop/worker:v2']);
});

test('a configuration that the proxy would not start with is refused before any traffic moves', async () => {
  const { servers, go } = await colored('web1');
  servers.web1.proxy.complain('nginx: [emerg] unknown directive "sever" in /etc/nginx/site:3');
  const { failure } = await go();
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'proxy-config-invalid',
    message: expect.stringContaining('unknown directive "sever" in /etc/nginx/site:3'),
  });
  expect(servers.web1.proxy.share()).toBe('blue');
});

test('a proxy that answers as the other colour where one is asked for by name moves no traffic', async () => {
  const { servers, go } = await colored('web1');
  servers.web1.proxy.stick('blue');
  const { failure } = await go();
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'proxy-config-not-loaded',
    message: 'nginx answered as blue where green was asked for',
  });
  expect(servers.web1.proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual([]);
});

test('where no switch waits to be confirmed, the confirmation says so and where the traffic is', async () => {
  const { servers, go } = await colored('web1');
  const { failure } = await go({ to: 'confirm' });
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'nothing-to-confirm',
    remedy: expect.stringContaining('it is on blue now'),
  });
  expect(servers.web1.proxy.share()).toBe('blue');
});

test('an engine that the login user may not use refuses before anything is changed', async () => {
  const { servers, go } = await colored('web1');
  servers.web1.docker.script({
    refused: 'permission denied while trying to connect to the Docker daemon socket',
  });
  expect((await go()).failure).toMatchObject({
    kind: 'refused',
    remedy: expect.stringContaining('usermod -aG docker'),
  });
  expect(servers.web1.proxy.share()).toBe('blue');
});

test('where no proxy was prepared, the switch is refused and says how to prepare one', async () => {
  const rig = switchRig(await shopsWith(['web1'] as const));
  await rig.servers.web1.put('v1');
  expect((await rig.go({ to: 'green' })).failure).toMatchObject({
    kind: 'refused',
    message: 'no proxy was prepared for shop on this server',
    remedy: expect.stringContaining('install: true'),
  });
});

test('the same id again, in a second attempt of the job, leaves the traffic where it was moved to', async () => {
  const { servers, go } = await colored('web1');
  well(await go({}, '7'));
  const again = await go({}, '7', 2);
  well(again);
  expect(again.outputs).toMatchObject({ to: 'green' });
  expect(servers.web1.proxy.share()).toBe('green');
  expect(movesOf(servers.web1)).toEqual(['blue green succeeded']);
});

test('of two switches at once the second waits for the first', async () => {
  const { servers, start } = await colored('web1');
  const { host, proxy } = servers.web1;
  const stateOf = (run: string) => host.read(`.deploy/runs/${run}-deploy/switch-1/state`);
  host.pauseAt('check:done:after');
  const first = start({ to: 'green' });
  await eventually(() => stateOf('101') === 'paused\n', 'the pause');
  const second = start({ to: 'blue' });
  await eventually(() => stateOf('102') === 'waiting\n', 'the second run to wait');
  host.pauseAt(undefined);
  well(await first.done);
  well(await second.done);
  expect(proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual(['blue green succeeded', 'green blue succeeded']);
});

test('cancelled before any traffic was moved, nothing is changed', async () => {
  const { servers, start } = await colored('web1');
  const { host, proxy } = servers.web1;
  host.pauseAt('check:done:after');
  const { ports, done } = start();
  await eventually(() => ports.log.lines.some((line) => line.startsWith('> Check')), 'the phase to be told');
  await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n', 'the pause');
  ports.cancel(cancelled());
  expect((await done).failure).toMatchObject({ kind: 'lost' });
  host.pauseAt(undefined);
  await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/result') !== '', 'its end');
  expect(proxy.share()).toBe('blue');
  expect(movesOf(servers.web1)).toEqual([]);
});

test('a connection that is lost after the start is opened again, and the end is seen', async () => {
  const { servers, start } = await colored('web1');
  const { host, proxy, sessions } = servers.web1;
  host.pauseAt('apply:done.green:after');
  const running = start();
  await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n', 'the pause');
  const before = sessions.length;
  sessions.at(-1)!.cut();
  host.pauseAt(undefined);
  const switched = await running.done;
  well(switched);
  expect(sessions.length).toBe(before + 1);
  expect(proxy.share()).toBe('green');
});

test('where one of three servers cannot take the traffic, it moves on none', async () => {
  const { servers, start } = await colored('web1', 'web2', 'web3');
  const { web1, web2, web3 } = servers;
  web2.answers('green', { status: 500, body: '' });
  // A server that comes after one that has failed already is not begun on.
  web2.host.pauseAt('locked:after');
  const running = start();
  for (const { host } of [web1, web3])
    await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'ready\n', 'the gate');
  web2.host.pauseAt(undefined);
  const { failure } = await running.done;
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^web2: green answers 500/),
  });
  for (const { proxy } of Object.values(servers)) expect(proxy.share()).toBe('blue');
  for (const server of Object.values(servers)) expect(movesOf(server)).toEqual([]);
  // The others waited for the word to go.
  for (const { host } of [web1, web3])
    expect(host.read('.deploy/runs/101-deploy/switch-1/result')).toMatch(/^no-go$/m);
});

test('where one of three servers fails after it moved, the others go back too', async () => {
  const { servers, start } = await colored('web1', 'web2', 'web3');
  const { host, proxy } = servers.web2;
  host.pauseAt('apply:begin.green:after');
  const running = start();
  await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n', 'the pause');
  proxy.stick('blue');
  host.pauseAt(undefined);
  const { failure, outputs } = await running.done;
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^web2: traffic was moved/),
  });
  expect(JSON.parse(String(outputs.report))).toMatchObject({
    ok: false,
    checks: [
      { name: 'web1', ok: false, detail: 'done, and undone because another server failed' },
      { name: 'web2', ok: false },
      { name: 'web3', ok: false, detail: 'done, and undone because another server failed' },
    ],
  });
  expect(failure!.details).toContain('web1: done, and undone because another server failed');
  for (const one of Object.values(servers)) expect(one.proxy.share()).toBe('blue');
});

test('where that fails too, the server that could not go back is named', async () => {
  const { servers, start } = await colored('web1', 'web2');
  const { web1, web2 } = servers;
  web2.host.pauseAt('apply:begin.green:after');
  const running = start();
  await eventually(
    () => web2.host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n',
    'the pause',
  );
  await eventually(() => web1.host.read('.deploy/runs/101-deploy/switch-1/result') !== '', 'its end on web1');
  web1.docker.stop('shop-blue-api-1');
  web2.proxy.stick('blue');
  web2.host.pauseAt(undefined);
  const { failure, log } = await running.done;
  expect(failure!.details).toContain('web1: done, and could not be undone');
  expect(log).toContain('web1 could not go back to how it was (blue cannot take the traffic: api is exited)');
  expect(web1.proxy.share()).toBe('green');
  expect(web2.proxy.share()).toBe('blue');
});

test('a canary whose answers are bad gives all traffic back', async () => {
  const { servers, start } = await colored('web1');
  const { host, proxy } = servers.web1;
  host.pauseAt('check:done:after');
  const running = start({
    weight: '10, 100',
    'step-interval': '2s',
    'max-error-rate': '1%',
    'min-requests': '1',
  });
  await eventually(() => host.read('.deploy/runs/101-deploy/switch-1/state') === 'paused\n', 'the pause');
  servers.web1.answers('green', { status: 500, body: '' });
  host.pauseAt(undefined);
  const { failure } = await running.done;
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'gate-failed',
    message: expect.stringContaining('all traffic is back on blue'),
  });
  expect(proxy.share()).toBe('blue');
});
