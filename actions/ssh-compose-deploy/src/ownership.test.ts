import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const PROJECT = { 'com.docker.compose.project': 'shop' };

/** A server where the shop keeps its data in a volume, and what the registry has. */
function rigWithVolume() {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(
    'name: shop\nservices:\n  db:\n    image: registry.test/db:1\nvolumes:\n  data: { name: shop_data }\n',
  );
  return { ...servers.web1, deploy };
}

test('a project that another folder has, with volumes and no container, is refused before anything changes', async () => {
  const { docker, deploy } = rigWithVolume();
  docker.make('volume', 'deploy-actions.shop', { 'deploy-actions.folder': '/srv/a/shop' });
  docker.make('volume', 'shop_data', PROJECT);
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'project-elsewhere',
    message: expect.stringContaining('belongs to the application in /srv/a/shop'),
    remedy: expect.stringContaining('`project: shop-2`'),
  });
  expect(docker.containers()).toEqual([]);
});

test('volumes of nobody known are refused by name, and `adopt` takes them', async () => {
  const { docker, deploy } = rigWithVolume();
  docker.make('volume', 'shop_data', PROJECT);
  expect((await deploy('v1')).failure).toMatchObject({
    code: 'foreign-volumes',
    message: expect.stringContaining('the volume shop_data of the project shop is on the server'),
  });
  well(await deploy('v1', { adopt: 'true' }));
  well(await deploy('v1'));
});

test('a first deployment notes with the engine whose the project is, once', async () => {
  const { docker, host, deploy } = rigWithVolume();
  well(await deploy('v1'));
  const note = `volume create --label deploy-actions.folder=${host.path} deploy-actions.shop`;
  expect(docker.calls().filter((call) => call.startsWith('volume create'))).toEqual([note]);
  docker.make('volume', 'shop_data', PROJECT);
  well(await deploy('v2'));
  expect(docker.calls().filter((call) => call.startsWith('volume create'))).toEqual([note]);
});

test('a note of which nothing is left is void', async () => {
  const { docker, host, deploy } = rigWithVolume();
  docker.make('volume', 'deploy-actions.shop', { 'deploy-actions.folder': '/srv/gone/shop' });
  well(await deploy('v1'));
  expect(docker.calls()).toContain(
    `volume create --label deploy-actions.folder=${host.path} deploy-actions.shop`,
  );
  expect(docker.calls()).toContain('volume rm deploy-actions.shop');
});
