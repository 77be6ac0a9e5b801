import { expect, test } from '@jest/globals';
import { one, translated } from '../testing/stack.ts';

test('data of one node without a placement constraint is refused with the line to add', () => {
  const data = { volumes: { data: { name: 'shop_data' } } };
  const volumes = [{ type: 'volume', source: 'data', target: '/data' }];
  expect(translated(one({ volumes }, data)).refusals).toMatchObject([
    {
      key: 'services.web.deploy.placement.constraints',
      why: expect.stringContaining('the volume data is on one node'),
      remedy: expect.stringContaining("deploy: {placement: {constraints: ['node.hostname == NAME']}}"),
    },
  ]);
  for (const constraint of ['node.hostname == one', 'node.labels.storage==shared', 'node.id == x1'])
    expect(
      translated(one({ volumes, deploy: { placement: { constraints: [constraint] } } }, data)).keys,
    ).toEqual([]);
  for (const constraint of ['node.role == manager', 'node.hostname != one'])
    expect(
      translated(one({ volumes, deploy: { placement: { constraints: [constraint] } } }, data)).keys,
    ).toHaveLength(1);
  const shared = {
    volumes: {
      data: { driver: 'local', driver_opts: { type: 'nfs', o: 'addr=10.0.0.1', device: ':/data' } },
    },
  };
  expect(translated(one({ volumes }, shared)).keys).toEqual([]);
  const everywhere = translated(one({ volumes, deploy: { mode: 'global' } }, data));
  expect(everywhere.keys).toEqual([]);
  expect(everywhere.release.notes).toEqual(['web has its own data on each node: the volume data']);
});

test('a folder that is written to is data of one node; what is read, sent or of the node itself must only be there', () => {
  const bind = (source: string, read_only = false) => ({
    type: 'bind',
    source,
    target: '/x',
    read_only,
    bind: { create_host_path: true },
  });
  expect(translated(one({ volumes: [bind('/srv/shop/shared/uploads')] })).keys).toEqual([
    'services.web.deploy.placement.constraints',
  ]);
  const { release, keys, web } = translated(
    one({
      volumes: [
        bind('/srv/shop/shared/conf', true),
        bind('/srv/shop/files/ab/conf.d'),
        bind('/var/run/docker.sock'),
      ],
    }),
  );
  expect(keys).toEqual([]);
  expect(web['volumes']).toContainEqual({
    type: 'bind',
    source: '/srv/shop/shared/conf',
    target: '/x',
    read_only: true,
  });
  expect(release.sources).toEqual([
    { service: 'web', source: '/srv/shop/shared/conf', readOnly: true, sent: false },
    { service: 'web', source: '/srv/shop/files/ab/conf.d', readOnly: false, sent: true },
    { service: 'web', source: '/var/run/docker.sock', readOnly: false, sent: false },
  ]);
});

test('a volume without a name is refused: a new task would begin with an empty one', () => {
  expect(translated(one({ volumes: [{ type: 'volume', target: '/cache' }] })).keys).toEqual([
    'services.web.volumes.0.source',
  ]);
});

test('tmpfs and shm_size become mounts, which `docker stack deploy` would drop', () => {
  const { web, keys } = translated(
    one({ tmpfs: ['/run', '/tmp:size=64m,mode=1777,nosuid'], shm_size: '268435456' }),
  );
  expect(keys).toEqual([]);
  expect(web['volumes']).toEqual([
    { type: 'tmpfs', target: '/run' },
    { type: 'tmpfs', target: '/tmp', tmpfs: { size: 67_108_864 } },
    { type: 'tmpfs', target: '/dev/shm', tmpfs: { size: 268_435_456 } },
  ]);
  expect(translated(one({ tmpfs: ['/run:exec', '/x:uid=1000,size=50%'] })).keys).toEqual([
    'services.web.tmpfs.0',
    'services.web.tmpfs.1',
    'services.web.tmpfs.1',
  ]);
});
