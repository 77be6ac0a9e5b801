import { expect, test } from '@jest/globals';
import { leadOf, refuseProxyOfHost } from './cluster.ts';

const cluster = {
  name: 'one',
  isManager: true,
  address: '10.0.0.1',
  meets: new Map([['web', ['shop_default']]]),
};

test('a proxy on a node of a swarm itself is refused by its name, since the overlay is not on the node', () => {
  expect(() => refuseProxyOfHost({ cluster }, undefined)).toThrow(
    expect.objectContaining({
      kind: 'refused',
      code: 'proxy-outside',
      message: expect.stringContaining('the proxy runs on one itself'),
    }),
  );
});

test('one in a container there, and one on a server that is no node, are not', () => {
  expect(() => refuseProxyOfHost({ cluster }, 'edge')).not.toThrow();
  expect(() => refuseProxyOfHost({ cluster: undefined }, undefined)).not.toThrow();
});

test.each([
  ['10.0.0.1', '10.0.0.1:8080'],
  ['fd00::1', '[fd00::1]:8080'],
  ['0.0.0.0', undefined],
  ['', undefined],
])('the manager’s proxy is found by the other nodes at its address in the swarm: %s', (address, connect) => {
  const lead = leadOf({ cluster: { ...cluster, address } }, { token: 't' }, { connect: '127.0.0.1:8080' });
  expect(lead?.connect).toBe(connect);
});
