import {
  chmodSync,
  existsSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach, paused, pidOf, shellsHere } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type BackedUp, type BackupRig, backupRig, idOf, well } from './testing/backup-rig.ts';
import { withVolume } from './testing/volume.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const SAVED = { databases: '', volumes: 'media', paths: 'shared/uploads\nshared/motd' };

interface Filed {
  rig: BackupRig;
  id: string;
  /** What the engine keeps the volume's content in. */
  volume: string;
  /** The folder of the path, and the file. */
  uploads: string;
  motd: string;
}

/** A server whose volume and paths were spoilt after they were saved; what uses them is stopped. */
async function spoilt(): Promise<Filed> {
  const rig = backupRig(hostWith);
  const volume = withVolume(rig);
  const uploads = path.join(rig.host.path, 'shared/uploads');
  const motd = path.join(rig.host.path, 'shared/motd');
  mkdirSync(path.join(uploads, 'deep'), { recursive: true });
  writeFileSync(path.join(uploads, 'deep/b.txt'), 'uploaded');
  writeFileSync(motd, 'hello');
  chmodSync(volume, 0o3771);
  chmodSync(path.join(volume, 'pictures/a.png'), 0o640);
  linkSync(path.join(volume, 'pictures/a.png'), path.join(volume, 'same.png'));
  symlinkSync('pictures/a.png', path.join(volume, 'newest'));
  const id = idOf(await rig.go(SAVED));
  rig.docker.stop('shop-web-1');
  rmSync(path.join(volume, 'pictures'), { recursive: true });
  chmodSync(volume, 0o755);
  writeFileSync(path.join(volume, 'since'), 'written since');
  writeFileSync(path.join(uploads, 'deep/b.txt'), 'spoilt');
  writeFileSync(motd, 'bye');
  return { rig, id, volume, uploads, motd };
}

const before = (id: string) => `_before_${id.replaceAll('-', '_')}`;
const restore = (id: string, more: Record<string, string> = {}) => ({
  restore: id,
  confirm: id,
  databases: '',
  ...more,
});
const textOf = (...names: string[]) => readFileSync(path.join(...names), 'utf8');

/** All of them are what was saved. */
function isBack({ volume, uploads, motd }: Filed): void {
  expect(textOf(volume, 'pictures/a.png')).toBe('picture');
  expect(existsSync(path.join(volume, 'since'))).toBe(false);
  expect(textOf(uploads, 'deep/b.txt')).toBe('uploaded');
  expect(textOf(motd)).toBe('hello');
}

/** All of them are what they were before the restore, and nothing lies beside them. */
function isAsItWas({ volume, uploads, motd, rig }: Filed): void {
  expect(readdirSync(volume).sort()).toEqual(['newest', 'same.png', 'since']);
  expect(textOf(uploads, 'deep/b.txt')).toBe('spoilt');
  expect(textOf(motd)).toBe('bye');
  expect(readdirSync(path.dirname(volume))).toEqual(['_data']);
  expect(readdirSync(path.dirname(motd)).sort()).toEqual(['motd', 'uploads']);
  expect(rig.docker.containers().map(({ Name }) => Name)).toEqual(
    expect.not.arrayContaining([expect.stringContaining('helper')]),
  );
}

async function killedAt(place: string, { rig, id }: Filed): Promise<BackedUp> {
  rig.host.pauseAt(place);
  const { done, ports } = rig.start(restore(id));
  await paused(rig.host, '101-deploy/restore-1');
  process.kill(pidOf(rig.host, '101-deploy/restore-1'), 'SIGKILL');
  ports.cancel(new Failure('lost', 'the run was cancelled'));
  rig.host.pauseAt(undefined);
  return await done;
}

test('a volume, a folder and a file come back with modes and links, and what was there is kept until it is confirmed', async () => {
  const filed = await spoilt();
  const { rig, id, volume, uploads, motd } = filed;
  const { outputs, log } = well(await rig.go(restore(id)));
  isBack(filed);
  expect(lstatSync(volume).mode & 0o7777).toBe(0o3771);
  expect(lstatSync(path.join(volume, 'pictures/a.png')).mode & 0o777).toBe(0o640);
  expect(lstatSync(path.join(volume, 'same.png')).nlink).toBe(2);
  expect(readlinkSync(path.join(volume, 'newest'))).toBe('pictures/a.png');
  const kept = [`${volume}${before(id)}`, `${uploads}${before(id)}`, `${motd}${before(id)}`];
  expect(outputs.replaced).toBe(kept.join(' '));
  expect(log).toContain(
    `Back by hand, as root, while it is not used: cd ${path.dirname(volume)} && mv _data`,
  );
  expect(textOf(kept[0]!, 'since')).toBe('written since');
  expect(textOf(kept[1]!, 'deep/b.txt')).toBe('spoilt');
  expect(textOf(kept[2]!)).toBe('bye');
  expect(rig.history().at(-1)).toMatchObject({ operation: 'restore', outcome: 'succeeded' });
  const confirmed = well(await rig.go({ confirm: id, databases: '' }));
  expect(confirmed.ports.summaries.join('')).toContain('dropped');
  for (const one of kept) expect(existsSync(one)).toBe(false);
  isBack(filed);
});

test.each(shellsHere().includes('busybox') ? ['GNU', 'busybox'] : ['GNU'])(
  'a volume comes back by the tar of %s, with the owners of links and with hard links',
  async (tar) => {
    const rig = backupRig(hostWith);
    const volume = withVolume(rig);
    if (tar === 'busybox') writeFileSync(path.join(rig.host.home, 'how/busybox'), 'yes');
    linkSync(path.join(volume, 'pictures/a.png'), path.join(volume, 'a.png'));
    linkSync(path.join(volume, 'pictures/a.png'), path.join(volume, 'z.png'));
    symlinkSync('pictures/a.png', path.join(volume, 'newest'));
    if (process.getuid?.() === 0) lchownSync(path.join(volume, 'newest'), 1, 2);
    const { uid, gid } = lstatSync(path.join(volume, 'newest'));
    const id = idOf(await rig.go({ databases: '', volumes: 'media' }));
    rig.docker.stop('shop-web-1');
    rmSync(path.join(volume, 'newest'));
    well(await rig.go(restore(id)));
    expect(lstatSync(path.join(volume, 'newest'))).toMatchObject({ uid, gid });
    expect(lstatSync(path.join(volume, 'z.png')).nlink).toBe(3);
  },
);

test('what is named beside restore comes back alone', async () => {
  const filed = await spoilt();
  const { rig, id, volume, uploads } = filed;
  well(await rig.go(restore(id, { volumes: 'media' })));
  expect(existsSync(path.join(volume, 'pictures/a.png'))).toBe(true);
  expect(textOf(uploads, 'deep/b.txt')).toBe('spoilt');
  const { failure } = await rig.go(restore(id, { volumes: 'films', 'deployment-id': 'second' }));
  expect(failure).toMatchObject({
    kind: 'input',
    message: `the backup ${id} does not have the volume films (volume)`,
    remedy: 'It has: media (volume), shared/uploads (path), shared/motd (path)',
  });
});

test('a container that works with what is to be replaced is named, and nothing is changed', async () => {
  const filed = await spoilt();
  const { rig, id, uploads } = filed;
  rig.service('web', [{ Name: 'shop_media', Destination: '/media' }]);
  const volume = await rig.go(restore(id));
  expect(volume.failure).toMatchObject({
    kind: 'refused',
    message: 'containers work with the volume media: shop-web-1',
    remedy: expect.stringContaining('docker stop shop-web-1'),
  });
  isAsItWas(filed);
  rig.docker.stop('shop-web-1');
  // Within the folder, and above it.
  for (const Source of [path.join(uploads, 'deep'), path.dirname(uploads)]) {
    rig.service('app', [{ Type: 'bind', Source, Destination: '/uploads' }]);
    const path_ = await rig.go(restore(id, { 'deployment-id': `at-${path.basename(Source)}` }));
    expect(path_.failure?.message).toContain('containers work with the path shared/uploads: shop-app-1');
    isAsItWas(filed);
  }
});

test('a volume that is no folder of the engine is refused by name', async () => {
  const filed = await spoilt();
  const { rig, id, volume } = filed;
  rig.docker.make(
    'volume',
    'shop_media',
    { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'media' },
    { Driver: 'local', Mountpoint: volume, Options: { device: '10.0.0.5:/media', type: 'nfs' } },
  );
  const { failure } = await rig.go(restore(id));
  expect(failure?.message).toMatch(/^the volume media is no folder of the engine's own .*nfs/);
  isAsItWas(filed);
});

test('a path on the way to which a link stands is refused', async () => {
  const filed = await spoilt();
  const { rig, id, uploads } = filed;
  renameSync(path.dirname(uploads), path.join(rig.host.home, 'elsewhere'));
  symlinkSync(path.join(rig.host.home, 'elsewhere'), path.dirname(uploads));
  const { failure } = await rig.go(restore(id, { paths: 'shared/uploads' }));
  expect(failure?.message).toContain(`${path.dirname(uploads)} is a link`);
});

test('where not all comes out of the archive, the data are as they were', async () => {
  const filed = await spoilt();
  filed.rig.tool('tar', 'loses');
  const { failure } = await filed.rig.go(restore(filed.id));
  expect(failure).toMatchObject({ code: 'backup-unreadable' });
  expect(failure?.message).toContain('what was unpacked of the volume media is not what was saved');
  isAsItWas(filed);
});

test.each(['phase:load:before', 'load:begin:after', 'exchange:begin:before', 'exchange:begin:after'])(
  'a restore of files that is killed at %s has changed nothing, and the next run clears up and brings them back',
  async (place) => {
    const filed = await spoilt();
    expect((await killedAt(place, filed)).failure?.kind).toBe('lost');
    expect(textOf(filed.volume, 'since')).toBe('written since');
    expect(textOf(filed.motd)).toBe('bye');
    well(await filed.rig.go(restore(filed.id)));
    isBack(filed);
    expect(readdirSync(path.dirname(filed.volume)).sort()).toEqual(['_data', `_data${before(filed.id)}`]);
  },
);

test('a restore that is cut off between its two renames is finished by the next run', async () => {
  const filed = await spoilt();
  const { rig, id, volume } = filed;
  await killedAt('exchange:begin:after', filed);
  // As it is when the server goes down just then.
  renameSync(volume, `${volume}${before(id)}`);
  const { log } = await rig.go({ databases: '', paths: 'shared/motd', 'deployment-id': 'next' });
  expect(log).toContain('an earlier run was interrupted');
  expect(textOf(volume, 'pictures/a.png')).toBe('picture');
  expect(textOf(filed.motd)).toBe('bye');
  expect(readdirSync(path.dirname(volume)).sort()).toEqual(['_data', `_data${before(id)}`]);
  expect(readdirSync(path.dirname(filed.motd)).sort()).toEqual(['motd', 'uploads']);
  expect(rig.history().map(({ operation, outcome }) => `${operation} ${outcome}`)).toEqual([
    'backup succeeded',
    'restore failed',
    'backup succeeded',
  ]);
});
