import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import type { FakeDocker } from '@deploy-actions/release/testing';
import { type Deployed, deployRig } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(240_000);

const hostWith = hostsForEach(afterEach);

/** Fails with the log where a deployment that should go well does not. */
function well({ failure, log }: Deployed): void {
  if (failure) throw new Error(`${failure.message}\n${failure.details ?? ''}\n${log}`);
}

const COMPOSE = `
name: shop
networks: { back: { internal: true } }
services:
  web:
    image: registry.test/shop/api:\${TAG}
    networks: { default: }
    healthcheck: { test: [CMD, check] }
  api:
    image: registry.test/shop/api:\${TAG}
    networks: { back: }
    healthcheck: { test: [CMD, check] }
  db:
    image: registry.test/db:1
    networks: { back: { aliases: [postgres] } }
    healthcheck: { test: [CMD, check] }
  door:
    image: registry.test/db:1
    networks: { default: }
    healthcheck: { test: [CMD, check] }
`;

/** `network: names` of a container, and what it calls others by links there. */
function networksOf(docker: FakeDocker, name: string): Record<string, string> {
  const found = docker.containers().find((one) => one.Name === `/${name}`)!;
  return Object.fromEntries(
    Object.entries(found.NetworkSettings.Networks).map(([network, { Aliases, Links }]) => [
      network,
      [...Aliases.filter((alias) => !alias.startsWith('shop-')), ...Links].join(' '),
    ]),
  );
}

test('what the file keeps apart is apart in a colour, and what is shared is known by its names there', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  const { docker } = servers.web1;
  compose(COMPOSE);
  well(await deploy('v1'));
  well(await deploy('v2', { color: 'auto', 'color-services': 'web\napi' }));
  expect(networksOf(docker, 'shop-green-web-1')).toEqual({ zz_shop_green: 'web web-green' });
  expect(networksOf(docker, 'shop-green-api-1')).toEqual({ 'zz_shop_green.back': 'api api-green' });
  expect(networksOf(docker, 'shop-db-1')).toEqual({
    shop_back: 'db postgres',
    'zz_shop_blue.back': 'db postgres',
    'zz_shop_green.back': 'db postgres',
    // Before all of them counts that it means the live colour when it asks for the api.
    'zz_shop_live.999999.back': 'api-live:api',
  });
  expect(networksOf(docker, 'shop-door-1')).toMatchObject({
    'zz_shop_live.999999.default': 'web-live:web',
  });
  expect(networksOf(docker, 'shop-web-1')).toEqual({
    shop_default: 'web',
    'zz_shop_live.999999.default': 'web-live',
  });
  const made = docker.calls().filter((call) => call.startsWith('network create'));
  for (const network of ['zz_shop_blue.back', 'zz_shop_green.back', 'zz_shop_live.999999.back'])
    expect(made).toContain(`network create --label deploy-actions.project=shop --internal ${network}`);
  expect(made).toContain('network create --label deploy-actions.project=shop zz_shop_green');
});

test('a network that was made otherwise is refused before anything changes', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(COMPOSE);
  well(await deploy('v1'));
  well(await deploy('v2', { color: 'auto', 'color-services': 'web\napi' }));
  const before = servers.web1.docker.containers();
  compose(COMPOSE.replace('{ internal: true }', '{}'));
  const { failure } = await deploy('v3', { color: 'auto', 'color-services': 'web\napi' });
  expect(failure).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining(
      'zz_shop_green.back is there, and is not open as the compose file wants back to be',
    ),
  });
  expect(servers.web1.docker.containers()).toEqual(before);
});
