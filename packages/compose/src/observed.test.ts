import { expect, test } from '@jest/globals';
import { parseContainers } from './observed.ts';

const ID = 'a'.repeat(64);
const RAW = {
  id: ID,
  name: '/shop-api-1',
  project: 'shop',
  service: 'api',
  once: 'False',
  image: 'registry.test/shop/api:v1',
  imageId: `sha256:${ID}`,
  hash: '',
  engineHash: ID,
  folder: '/srv/shop',
  status: 'running',
  exitCode: 0,
  health: 'healthy',
  startedAt: '2026-01-31T12:00:00.5Z',
  restarts: 0,
  modes: ['shop_default', 'private', `container:${ID}`],
};

test('a container is read as the engine tells of it; a line that is cut short is left out', () => {
  const [one, ...more] = parseContainers(`${JSON.stringify(RAW)}\n{"id":"a\n`);
  expect(more).toEqual([]);
  expect(one).toMatchObject({ name: 'shop-api-1', service: 'api', health: 'healthy', joined: [ID] });
});

test.each([
  ['id', '"; curl evil.test'],
  ['name', '<img/src=x>'],
  ['service', 'api $(id)'],
  ['image', 'a\nb'],
  ['status', 'running\n::error::x'],
  ['health', 7],
  ['exitCode', '0'],
  ['restarts', -1],
  ['folder', null],
  ['modes', 'host'],
])('a container whose %s is %j is the fault of the server, and is not quoted', (name, value) => {
  const read = () => parseContainers(JSON.stringify({ ...RAW, [name]: value }));
  expect(read).toThrow(
    expect.objectContaining({
      code: 'command-failed',
      message: 'what the server tells of its containers has not the form of it',
    }),
  );
});
