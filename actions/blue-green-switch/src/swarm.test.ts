import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { type ShopServer, putSwarmColors, shopsForEach } from '@deploy-actions/traffic/testing';
import { type Switched, switchRig } from './testing/switch-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach);

/** A manager and a worker with `v1` in blue, which has the traffic, and `v2` in green. */
async function swarm() {
  const rig = switchRig(await shopsWith<'m1' | 'w1'>(['m1', 'w1']));
  const { m1, w1 } = rig.servers;
  await putSwarmColors(m1, w1);
  return { ...rig, m1, w1 };
}

/** Fails with the log where a switch that should go well does not. */
function well({ failure, log }: Switched): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}

const shares = (servers: readonly ShopServer[]) => servers.map(({ proxy }) => proxy.share());
const services = ({ docker }: ShopServer) => docker.services().map((line) => line.split(' ')[0]);

test('the proxies of all nodes go to the idle colour, which the manager judges for all and each node asks its own proxy for', async () => {
  const { m1, w1, go } = await swarm();
  const switched = await go({ 'expect-version': 'v2' });
  well(switched);
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: 100 });
  expect(shares([m1, w1])).toEqual(['green', 'green']);
  for (const { host } of [m1, w1])
    expect(JSON.parse(host.read('.deploy/traffic.json'))).toMatchObject({ share: 'green', release: 'v2' });
  expect(services(m1)).toEqual(['shop-blue_api-blue', 'shop-green_api-green']);
  const back = await go({ to: 'blue' });
  well(back);
  expect(shares([m1, w1])).toEqual(['blue', 'blue']);
});

test('a colour whose tasks do not all run takes no traffic on any node', async () => {
  const { m1, w1, go } = await swarm();
  rmSync(path.join(m1.host.home, 'engine/tasks'), { recursive: true });
  const { failure } = await go();
  expect(failure!.message).toContain('green cannot take the traffic: api is restarting');
  expect(shares([m1, w1])).toEqual(['blue', 'blue']);
});

test('a node whose proxy does not reach the colour keeps all nodes where they are', async () => {
  const { m1, w1, go } = await swarm();
  w1.answers('green', { status: 502, body: 'Bad Gateway' });
  const { failure } = await go();
  expect(failure!.message).toContain(
    'green cannot take the traffic: its services answer 502 through nginx here',
  );
  expect(shares([m1, w1])).toEqual(['blue', 'blue']);
});

test('a node that knows of another release in the colour is refused by its name, and so is a worker as the first', async () => {
  const { m1, w1, go } = await swarm();
  rmSync(path.join(w1.host.path, '.deploy/color-green'));
  const { failure } = await go();
  expect(failure).toMatchObject({ kind: 'refused', code: 'color-changed' });
  expect(failure!.message).toContain('w1 knows of no release in green, and m1 of v2');
  const first = await go({ host: 'deploy@w1\ndeploy@m1', to: 'blue' });
  expect(first.failure).toMatchObject({ kind: 'refused', code: 'no-manager' });
  expect(shares([m1, w1])).toEqual(['blue', 'blue']);
});

test('status tells of both colours as the manager sees them', async () => {
  const { go } = await swarm();
  const { log, failure } = await go({ status: 'true' });
  expect(failure).toBeUndefined();
  expect(log).toContain('m1: traffic is on blue (nginx in edge)');
  expect(log).toContain('blue: 1 of 1 containers well, release v1, live');
});

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const end = Date.now() + 60_000; !holds(); await new Promise((wake) => setTimeout(wake, 100)))
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
}

test('where nobody confirms the nodes go by what the manager’s proxy does, and all are back', async () => {
  const { m1, w1, go } = await swarm();
  well(await go({ 'confirm-within': '3s' }));
  const { port } = new URL(m1.proxy.url);
  const program = ({ host }: ShopServer) => host.read('.deploy/timers/confirm/program');
  expect(program(w1)).toMatch(new RegExp(`^lead_connect='?127.0.0.1:${port}'?$`, 'm'));
  expect(program(m1)).toMatch(/^lead_connect=(?:'')?$/m);
  await until('the way back', () => shares([m1, w1]).join() === 'blue,blue');
  await until('the records', () => w1.history().at(-1)?.reason === 'not confirmed in time');
});

test('a switch is confirmed on all nodes or on none', async () => {
  const { m1, w1, go } = await swarm();
  well(await go({ 'confirm-within': '10m' }));
  rmSync(path.join(w1.host.path, '.deploy/confirm'));
  const { failure } = await go({ to: 'confirm' });
  expect(failure!.message).toContain('no switch waits to be confirmed');
  expect(m1.history().map(({ outcome }) => outcome)).not.toContain('confirmed');
  expect(m1.host.read('.deploy/confirm')).toMatch(/^\d+ \d+ blue v1/);
});

test('the old colour goes after its time, by the manager alone', async () => {
  const { m1, w1, go } = await swarm();
  well(await go({ 'stop-old': '1s' }));
  const deadline = Date.now() + 30_000;
  while (services(m1).length > 1 && Date.now() < deadline) await new Promise((wake) => setTimeout(wake, 100));
  expect(services(m1)).toEqual(['shop-green_api-green']);
  expect(w1.docker.calls().filter((call) => call.startsWith('service '))).toEqual([]);
});

test.each([
  ['live-only-services', { 'live-only-services': 'api' }],
  ['proxy', { proxy: 'managed', install: 'true', managed: 'address: shop.test', routes: 'site: api:80' }],
])('%s is refused for a swarm by its name', async (input, more: Record<string, string>) => {
  const { m1, w1, go } = await swarm();
  const { failure } = await go(more);
  expect(failure).toMatchObject({ kind: 'input', input });
  expect(shares([m1, w1])).toEqual(['blue', 'blue']);
});
