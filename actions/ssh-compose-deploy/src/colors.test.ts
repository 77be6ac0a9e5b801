import { chmodSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { lines, trafficRecord } from '@deploy-actions/ledger/testing';
import type { FakeDocker } from '@deploy-actions/release/testing';
import { deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(240_000);

const hostWith = hostsForEach(afterEach);

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
    code: 'network-differs',
    message: expect.stringContaining(
      'zz_shop_green.back is there, and is not open as the compose file wants back to be',
    ),
  });
  expect(servers.web1.docker.containers()).toEqual(before);
});

test('a colour that has the traffic by the time its deployment begins is left alone', async () => {
  const { servers, deploy, start, compose } = deployRig(['web1'], hostWith);
  const { docker, host } = servers.web1;
  const stateOf = (run: string) => host.read(`.deploy/runs/${run}-deploy/deploy-1/state`);
  const green = { color: 'green', 'color-services': 'web\napi' };
  compose(COMPOSE);
  well(await deploy('v1'));
  host.pauseAt('up:begin:after');
  const first = start('v2', green, '200');
  await eventually(() => stateOf('200') === 'paused\n', 'the pause');
  const second = start('v3', green, '201');
  await eventually(() => stateOf('201') === 'waiting\n', 'the second run to wait');
  // As a switch leaves it, after the second has looked.
  writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([trafficRecord('green')]));
  host.pauseAt(undefined);
  well(await first.done);
  expect((await second.done).failure).toMatchObject({
    kind: 'refused',
    code: 'color-is-live',
    message: 'green is live',
  });
  expect(docker.running('shop-green')).toContain('api registry.test/shop/api:v2');
});

test('a colour that an unconfirmed switch would go back to is left alone', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  const { docker, host } = servers.web1;
  const colored = { color: 'auto', 'color-services': 'web\napi' };
  compose(COMPOSE);
  well(await deploy('v1'));
  well(await deploy('v2', colored));
  const before = docker.containers();
  // As a switch leaves it that has ten minutes to be confirmed.
  writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([trafficRecord('green')]));
  const until = Math.floor(Date.now() / 1000) + 600;
  writeFileSync(path.join(host.path, '.deploy/confirm'), `6 ${until} blue v1\n`);
  const { failure } = await deploy('v3', colored);
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'confirmation-pending',
    message: expect.stringContaining('the switch to green waits to be confirmed'),
  });
  expect(docker.containers()).toEqual(before);
});

test('a shared service on a network whose name sorts after the colours’ is refused before anything changes', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(COMPOSE.replace('{ internal: true }', '{ internal: true, name: zzz_back }'));
  well(await deploy('v1'));
  const before = servers.web1.docker.containers();
  const { failure } = await deploy('v2', { color: 'auto', 'color-services': 'web\napi' });
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'network-order',
    message: expect.stringContaining('on the network zzz_back, whose name sorts after'),
  });
  expect(servers.web1.docker.containers()).toEqual(before);
});

test('the plain stack makes room for blue only when blue comes up: a migration that fails before leaves it warm', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  const { docker, host } = servers.web1;
  compose(COMPOSE);
  const colored = { color: 'auto', 'color-services': 'web\napi' };
  well(await deploy('v1'));
  well(await deploy('v2', colored));
  // As a switch leaves it.
  writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([trafficRecord('green')]));
  const plain = () =>
    docker
      .containers()
      .map(({ Name }) => Name)
      .filter((name) => /^\/shop-(?:web|api)-1$/.test(name))
      .sort();
  docker.script({ commands: { 'sh -c ./migrate up': { code: 4, output: 'no such column' } } });
  const { failure } = await deploy('v3', { ...colored, migrate: 'api: ./migrate up' });
  expect(failure?.message).toContain('failed with exit code 4');
  expect(plain()).toEqual(['/shop-api-1', '/shop-web-1']);
  docker.script({});
  well(await deploy('v3', colored));
  expect(plain()).toEqual([]);
  expect(docker.containers().map(({ Name }) => Name)).toContain('/shop-blue-web-1');
});

const PUBLISHED = `
name: shop
services:
  web:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    ports: [{ target: 80, published: '8080' }]
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    ports: [{ target: 81, published: '8081' }]
`;
const COLORED = { color: 'green', 'color-services': 'web\napi', 'port-range': '18000-18099' };
const allocated = (ports: string) =>
  ports
    .split('\n')
    .filter(Boolean)
    .map((line) => Number(line.split(' ')[4]));

test('applications that are deployed to colours at the same moment on one server have ports of their own, both colours’', async () => {
  // As one server has them: applications with folders of their own, and one place where ports are set aside.
  const portClaims = path.join(mkdtempSync(path.join(tmpdir(), 'claims-')), 'ports');
  const rigs = [0, 1, 2].map(() => deployRig(['web1'], hostWith, { portClaims }));
  const deployments = await Promise.all(
    rigs.map((rig) => {
      rig.compose(PUBLISHED.replaceAll(/, published: '\d+'/g, ''));
      return rig.deploy('v1', COLORED);
    }),
  );
  deployments.forEach(well);
  const ports = rigs.map((rig) => allocated(rig.servers.web1.host.read('.deploy/ports')));
  expect(ports.map((one) => one.length)).toEqual([4, 4, 4]);
  expect(new Set(ports.flat()).size).toBe(12);
  expect(readdirSync(portClaims).map(Number).sort()).toEqual(ports.flat().sort());
});

test('a port that another application takes between the look and the deployment is left to it, and others are chosen', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(PUBLISHED);
  const claims = path.join(servers.web1.host.home, 'ports');
  mkdirSync(claims);
  // Not seen by the look, and in the way of who would claim it.
  writeFileSync(path.join(claims, '18000'), '');
  chmodSync(claims, 0o1777);
  const deployed = await deploy('v1', COLORED);
  well(deployed);
  expect(deployed.log).toContain('another application took a port at the same moment');
  expect(servers.web1.host.read('.deploy/runs/101-deploy/deploy-1/result')).toMatch(/^ports-taken$/m);
  const ports = allocated(servers.web1.host.read('.deploy/ports'));
  expect(ports).toHaveLength(4);
  expect(ports).not.toContain(18000);
});

test('a folder in which others could take claims away is refused, with what an administrator can run', async () => {
  const { servers, deploy, compose } = deployRig(['web1'], hostWith);
  compose(PUBLISHED);
  mkdirSync(path.join(servers.web1.host.home, 'ports'), { mode: 0o755 });
  const { failure } = await deploy('v1', COLORED);
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'ports-unclaimable',
    remedy: expect.stringContaining('install -d -m 1777'),
  });
  expect(servers.web1.docker.running()).toEqual([]);
});
