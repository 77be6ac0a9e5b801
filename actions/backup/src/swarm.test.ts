import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { idOf, swarmBackupRig, well } from './testing/backup-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(240_000);

const hostWith = hostsForEach(afterEach);

/** The database runs on the worker. */
function rigged() {
  const rig = swarmBackupRig(hostWith);
  rig.task('db', 'w1', [{ Name: 'shop_data', Destination: '/var/lib/postgresql/data' }]);
  return rig;
}

test('in a swarm a database is saved on the node that runs its task, and comes back there', async () => {
  const rig = rigged();
  const saved = well(await rig.go());
  const id = idOf(saved);
  expect(rig.folders()).toEqual([id]);
  expect(existsSync(path.join(rig.servers.m1.host.path, 'backups'))).toBe(false);
  expect(rig.records()[0]).toMatchObject({
    services: [{ name: 'db', image: 'postgres:17', state: 'running' }],
    files: [{ name: 'db.shop.pgdump' }, { name: 'db.globals.sql' }],
  });
  rig.database('shop', 'nothing is left');
  well(await rig.go({ databases: '', restore: id, confirm: id }));
  expect(rig.databases()).toMatchObject({ shop: 'many rows of the shop' });
});

test('a plan says what each node would save', async () => {
  const rig = rigged();
  const { log } = well(await rig.go({ plan: 'true' }));
  expect(log).toMatch(/w1: would save shop of db/);
  expect(log).not.toMatch(/m1: would save/);
});

test.each([
  [
    'two tasks of a service',
    (rig: ReturnType<typeof rigged>) => rig.task('db', 'w2'),
    'db runs as 2 tasks (it runs on w1, w2), and which of them has the data nobody says',
  ],
  [
    'a volume that is on two nodes',
    (rig: ReturnType<typeof rigged>) => {
      rig.task('api', 'w1', [{ Name: 'shop_media', Destination: '/media' }]);
      rig.task('api', 'w2', [{ Name: 'shop_media', Destination: '/media' }]);
      return { volumes: 'media' };
    },
    'the volume media is on w1, w2, and each may have other data',
  ],
  [
    'a service that is paused where nothing is saved as a file',
    (rig: ReturnType<typeof rigged>) => {
      rig.task('worker', 'w2');
      rig.task('api', 'w1', [{ Name: 'shop_media', Destination: '/media' }]);
      return { volumes: 'media', pause: 'worker' };
    },
    'no task of worker runs on a node whose volumes or paths are saved, so there is nothing to pause: it runs on w2',
  ],
  ['a service that does not run', () => ({ databases: 'stock: postgres' }), 'no task of stock runs in shop'],
  ['a path that no node has', () => ({ paths: 'shared/uploads' }), 'there is no shared/uploads in'],
  [
    'a node that is given twice',
    (rig: ReturnType<typeof rigged>) => {
      rig.servers.w2.docker.script({ swarm: { nodes: ['w1'], manager: false } });
    },
    'w2 is the node w1, which is given twice',
  ],
  [
    'a worker as the first server that was given a release',
    (rig: ReturnType<typeof rigged>) => {
      rig.servers.m1.docker.script({ swarm: { nodes: ['m1'], manager: false } });
    },
    'm1 is a worker of its swarm',
  ],
] as const)('%s is refused by name, and nothing is saved', async (_, make, message) => {
  const rig = rigged();
  const more: Record<string, string> = make(rig) ?? {};
  const { failure } = await rig.go(more);
  expect(failure?.message).toContain(message);
  expect(rig.folders()).toEqual([]);
});

test('a service on a node that was not given is refused with the name of that node', async () => {
  const rig = rigged();
  const { failure } = await rig.go({ host: 'deploy@m1\ndeploy@w2' });
  expect(failure).toMatchObject({
    kind: 'refused',
    message: 'db runs on the node w1, which is not in `host`',
    remedy: expect.stringContaining('Name w1 in `host` as well'),
  });
});

test('what comes back only while its service stands still is refused by name, and so is a node without the backup', async () => {
  const rig = rigged();
  rig.task('api', 'w1', [{ Name: 'shop_media', Destination: '/media' }]);
  const id = idOf(await rig.go({ paths: '', volumes: '' }));
  const elsewhere = await rig.go({ databases: '', host: 'deploy@m1\ndeploy@w2', restore: id, confirm: id });
  expect(elsewhere.failure).toMatchObject({
    code: 'backup-unknown',
    message: `none of the nodes that are given has the backup ${id}`,
  });
  const record = rig.records()[0]!;
  const manifest = path.join(rig.host.path, 'backups', id, 'manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"kind":"postgres"', '"kind":"redis"'));
  expect(record.files.length).toBe(2);
  const { failure } = await rig.go({ databases: '', restore: id, confirm: id });
  expect(failure?.message).toBe(
    'the redis of db comes back only while its service stands still, and a swarm would start that again',
  );
  expect(rig.databases()).toEqual({ shop: 'many rows of the shop' });
});
