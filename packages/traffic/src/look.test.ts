import { expect, test } from '@jest/globals';
import { parseLook } from './look.ts';

const CONTAINER = {
  id: 'a'.repeat(64),
  name: '/shop-blue-web-1',
  project: 'shop-blue',
  service: 'web',
  number: '1',
  release: '20260101-000000-v1-abcd-blue',
  liveOnly: '',
  status: 'running',
  health: 'healthy',
  started: '2026-01-01T00:00:00.123456789Z',
  image: 'registry.test:5000/shop/web@sha256:abc',
  imageId: `sha256:${'b'.repeat(64)}`,
  ports: {
    '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '18000' }],
    '443/udp': [{ HostPort: '18001' }],
    '81/tcp': null,
  },
  bindings: null,
  networks: { shop_blue: { IPAddress: '10.0.0.1' } },
};

const MOUNTS = {
  name: 'edge',
  id: 'c'.repeat(64),
  mounts: [{ Type: 'bind', Source: '/etc/site', Destination: '/etc/nginx/conf.d' }],
  networks: { edge: {} },
  ports: { '80/tcp': [{ HostPort: '8080' }, { HostPort: '8080' }] },
};

const containers = (change: object = {}) =>
  parseLook({ containers: JSON.stringify({ ...CONTAINER, ...change }) });
const mounts = (change: object = {}) => parseLook({ mounts: JSON.stringify({ ...MOUNTS, ...change }) });

test('a container is read with its ports for TCP and its networks', () => {
  expect(containers().containers).toMatchObject([
    {
      name: 'shop-blue-web-1',
      number: 1,
      release: '20260101-000000-v1-abcd-blue',
      liveOnly: false,
      published: new Map([[80, [18000]]]),
      networks: ['shop_blue'],
    },
  ]);
  expect(mounts().mounts).toEqual([
    {
      name: 'edge',
      mounts: [{ source: '/etc/site', destination: '/etc/nginx/conf.d' }],
      published: new Map([[80, 8080]]),
      networks: ['edge'],
    },
  ]);
});

test.each([
  ['id', 'x"; curl evil'],
  ['id', undefined],
  ['name', '/web<img src=x>'],
  ['project', 'shop\nblue'],
  ['service', 'web | |'],
  ['number', '1e9'],
  ['number', 1],
  ['status', 'running\n::error::'],
  ['health', '**well**'],
  ['started', 'now\n'],
  ['image', 'web\r\nv1'],
  ['imageId', ['sha256']],
  ['ports', { '80/tcp': 'all' }],
  ['ports', { '80/tcp': [{ HostPort: 80 }] }],
  ['ports', { '80/tcp': [null] }],
  ['bindings', { '80/tcp': [{ HostPort: '80; id' }] }],
  ['networks', ['shop']],
  ['networks', { 'shop`id`': {} }],
])('a container whose %s is %j is the lie of a server, and nothing goes by it', (key, value) => {
  expect(() => containers({ [key]: value })).toThrow(
    `what the server tells of its containers has not the form of it: one`,
  );
});

test.each([
  ['name', 'edge\nx'],
  ['mounts', { Source: '/' }],
  ['mounts', [{ Source: '/a' }]],
  ['mounts', [{ Source: '/a\n', Destination: '/b' }]],
  ['ports', { '80/tcp': [{ HostPort: 'eighty' }] }],
  ['networks', 'edge'],
])('surroundings of a proxy whose %s is %j are one too', (key, value) => {
  expect(() => mounts({ [key]: value })).toThrow('has not the form of it');
});

test('a label that is no name of a release says none: an image may bear it', () => {
  expect(containers({ release: '../x' }).containers[0]!.release).toBeUndefined();
});
