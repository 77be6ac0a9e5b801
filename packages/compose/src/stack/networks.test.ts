import { expect, test } from '@jest/globals';
import { one, pinned, translated } from '../testing/stack.ts';

test('what is made by somebody else is told, or refused where only Swarm has it', () => {
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  const model = one({ volumes, deploy: pinned }, { volumes: { data: { name: 'old_data', external: true } } });
  expect(translated(model).stack.volumes).toEqual({ data: { name: 'old_data', external: true } });
  expect(translated(model).release.notes).toEqual([
    expect.stringContaining('Swarm makes an empty one where there is no old_data'),
  ]);
  const job = { image: 'web:v1', secrets: [{ source: 'key' }] };
  const rest = { secrets: { key: { name: 'key', external: true } }, services: { job } };
  expect(translated(one({}, rest), { oneShot: ['job'] }).keys).toEqual(['services.job.secrets']);
});

test('a bridge becomes an overlay, which is told; what is of one node is refused', () => {
  const networkOf = (network: Record<string, unknown>) =>
    translated(one({}, { networks: { default: network } }));
  const bridge = networkOf({
    name: 'shop_default',
    driver: 'bridge',
    internal: true,
    ipam: { config: [{ subnet: '10.9.0.0/24' }] },
  });
  expect(bridge.stack.networks['default']).toEqual({
    name: 'shop_default',
    driver: 'overlay',
    attachable: true,
    internal: true,
    ipam: { config: [{ subnet: '10.9.0.0/24' }] },
  });
  expect(bridge.release.notes).toEqual([
    'the network default is an overlay over all nodes: a bridge is of one',
  ]);
  expect(networkOf({ name: 'edge', external: true }).stack.networks['default']).toEqual({
    name: 'edge',
    external: true,
  });
  const mtu = { 'com.docker.network.driver.mtu': '1400' };
  expect(networkOf({ driver: 'bridge', driver_opts: mtu }).stack.networks['default']).toMatchObject({
    driver_opts: mtu,
  });
  expect(networkOf({ driver: 'macvlan' }).keys).toEqual(['networks.default.driver']);
  expect(networkOf({ name: 'shop.net' }).keys).toEqual(['networks.default.name']);
  expect(networkOf({ driver_opts: { 'com.docker.network.bridge.name': 'br0' } }).keys).toEqual([
    'networks.default.driver_opts.com.docker.network.bridge.name',
  ]);
  expect(networkOf({ ipam: { config: [{ subnet: '10.9.0.0/24', gateway: '10.9.0.1' }] } }).keys).toEqual([
    'networks.default.ipam.config.0.gateway',
  ]);
});

test('a long name that Swarm does not take is refused at once', () => {
  const name = `${'a'.repeat(58)}.`;
  const before = Date.now();
  expect(translated(one({}, { services: { [name]: { image: 'x' } } })).keys).toEqual([`services.${name}`]);
  expect(translated(one({}, { networks: { default: { name } } })).keys).toEqual(['networks.default.name']);
  expect(Date.now() - before).toBeLessThan(2000);
});
