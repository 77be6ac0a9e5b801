import { expect, test } from '@jest/globals';
import { refuseProxyOfHost } from './cluster.ts';

const cluster = { name: 'one', isManager: true, meets: new Map([['web', ['shop_default']]]) };

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
