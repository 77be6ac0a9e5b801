import { afterEach, expect, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { COMPOSE, deployRig } from './testing/deploy-rig.ts';

const hostWith = hostsForEach(afterEach);
const ROLLING = { strategy: 'rolling', 'drain-timeout': '2s' };

/** What the engine was asked that changes containers, by name instead of id. */
const changesIn = (calls: readonly string[]) =>
  calls.flatMap(
    (call) =>
      /^(?:docker )?(?:.* )?(up|stop|rm|network connect|network disconnect|network rm)\b.*/.exec(call)?.[1] ??
      [],
  );

test('a service is replaced by a container beside the old one, and nothing else is touched', async () => {
  const rig = deployRig(['one'], hostWith);
  const { docker } = rig.servers.one;
  await rig.deploy('v1');
  const before = docker.containers();
  const { failure, log } = await rig.deploy('v2', ROLLING);
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
  expect(docker.running('shop')).toEqual(['api registry.test/shop/api:v2', 'db registry.test/db:1']);
  const [api, db] = ['api', 'db'].map((name) =>
    docker.containers().find(({ Config }) => Config.Labels['com.docker.compose.service'] === name)!,
  );
  expect(api!.Name).toBe('/shop-api-2');
  expect(db!.ID).toBe(before.find(({ Name }) => Name === '/shop-db-1')!.ID);
  // Who asks is led to the new one by a network of its own, and the one by which it was led to the old one has gone.
  const [way, ...others] = Object.keys(db!.NetworkSettings.Networks).filter((name) => name.startsWith('zz_'));
  expect(way).toBe('zz_shop_roll.999998.api.shop_default');
  expect(others).toEqual([]);
  expect(db!.NetworkSettings.Networks[way!]!.Links).toEqual(['api-rolling:api']);
  expect(api!.NetworkSettings.Networks[way!]!.Aliases).toContain('api-rolling');
  // A caller is on the way before the address that it leads to is known there.
  const joins = docker.calls().filter((call) => call.includes('network connect') && call.includes(way!));
  expect(joins.map((call) => /--(link|alias)/.exec(call)![1])).toEqual(['link', 'alias']);
  expect(changesIn(docker.calls()).slice(-8)).toEqual(expect.arrayContaining(['up', 'stop', 'rm']));
  expect(log).toContain('starts one more container of api beside 1');
  expect(log).toContain('nobody is led to shop-api-1 any more');
  // Once more, and back by the rollback of a failed one.
  docker.script({ images: { 'registry.test/shop/api:v3': { health: 'unhealthy' } } });
  const old = api!.ID;
  const failed = await rig.deploy('v3', ROLLING);
  expect(failed.failure?.message).toContain('api is unhealthy');
  expect(failed.failure?.message).toContain('goes on serving: none of its containers was stopped');
  expect(failed.outputs.outcome).toBe('restored');
  expect(docker.containers().map(({ ID }) => ID)).toContain(old);
  expect(docker.running('shop')).toEqual(['api registry.test/shop/api:v2', 'db registry.test/db:1']);
}, 600_000);

test('a container that is asked although its callers were led elsewhere is not stopped', async () => {
  const rig = deployRig(['one'], hostWith);
  const { docker } = rig.servers.one;
  await rig.deploy('v1');
  const listens = '  0: 00000000:1F40 00000000:0000 0A';
  let port = 40_000;
  const timer = setInterval(() => {
    port += 1;
    const open = `  1: 0300A8C0:1F40 0500A8C0:${port.toString(16).toUpperCase()} 01`;
    docker.script({ connections: { 'registry.test/shop/api:v1': `${listens}\n${open}\n` } });
  }, 100);
  const { failure } = await rig.deploy('v2', ROLLING);
  clearInterval(timer);
  expect(failure?.message).toContain(
    'shop-api-1 is still asked, 2 s after its callers were led elsewhere, from 192.168.0.5',
  );
  expect(failure?.message).toContain('none of its containers was stopped');
  expect(docker.running('shop')).toContain('api registry.test/shop/api:v1');
}, 600_000);

test('what cannot be replaced so is refused before anything changes, or recreated', async () => {
  const rig = deployRig(['one'], hostWith);
  const { docker } = rig.servers.one;
  rig.compose(COMPOSE.replace('api:\n', 'api:\n    ports: [{ target: 80, published: "8080" }]\n'));
  await rig.deploy('v1');
  const refused = await rig.deploy('v2', ROLLING);
  expect(refused.failure).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining(
      'api cannot be replaced one container at a time: it publishes a port of the server (8080:80)',
    ),
  });
  expect(docker.running('shop')).toContain('api registry.test/shop/api:v1');
  const recreated = await rig.deploy('v2', { ...ROLLING, 'rolling-fallback': 'recreate' });
  expect(recreated.failure).toBeUndefined();
  expect(recreated.log).toContain('api is recreated, and away for a moment');
  expect(docker.running('shop')).toContain('api registry.test/shop/api:v2');
}, 600_000);
