import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { upload } from './control.ts';
import { inspect } from './inspect.ts';
import { failureOf } from './result.ts';
import { startRun } from './start.ts';
import { hostsForEach, shellsHere, watching } from './testing/hosts.ts';
import { testInspection } from './testing/program.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

/** What `stat -f` tells: blocks that we may use, their size, inodes, free ones, all blocks. */
const ROOM = '250000 4096 65536 60000 500000';
const NO_BYTES = '3 4096 65536 60000 500000';
const NO_INODES = '250000 4096 65536 2 500000';
/** A file system that makes inodes as it needs them. */
const BTRFS = '250000 4096 0 0 500000';
/** /proc and its kin. */
const NO_DATA = '0 4096 0 0 0';

test.each(shellsHere())('%s judges what `stat` tells', (shell) => {
  const source = readFileSync(path.join(import.meta.dirname, 'sh/room.sh'), 'utf8');
  const full = (room: string, folder = '/') => {
    const script = `set -u\nstat() { [ "$4" = / ] && echo '${room}'; }\n${source}\nif _disk_full '${folder}'; then echo "$host_room"; else echo no; fi`;
    const [command, ...words] = shell === 'busybox' ? ['busybox', 'sh'] : [shell];
    return execFileSync(command!, [...words, '-s'], { input: script, encoding: 'utf8' }).trim();
  };
  expect(full(ROOM)).toBe('no');
  expect(full(BTRFS)).toBe('no');
  expect(full(NO_DATA)).toBe('no');
  expect(full('')).toBe('no');
  expect(full('9000000000000 4096 65536 60000 9000000000000')).toBe('no');
  expect(full(NO_BYTES)).toMatch(/^no space/);
  expect(full(NO_INODES)).toMatch(/^no inodes/);
  expect(full(NO_BYTES, '/not/there/yet')).toMatch(/^no space/);
});

// busybox takes its own `stat`, whatever is on the PATH.
describe.each(shellsHere().filter((shell) => shell !== 'busybox'))('with %s as sh', (shell) => {
  /** A host whose file systems tell what is set. */
  const make = () => {
    const host = hostWith(shell);
    const told = path.join(host.home, 'room');
    const set = (room: string) => writeFileSync(told, `${room}\n`);
    set(ROOM);
    host.tool('stat', `if [ "$1" = -f ]; then exec cat '${told}'; fi; exec /usr/bin/stat "$@"`);
    return { host, set };
  };
  const look = (host: ReturnType<typeof hostWith>, body: string) =>
    inspect(host.session(), {
      path: host.path,
      files: [{ name: 'a', content: Buffer.from('x') }],
      program: testInspection({ body }),
    });

  test.each([
    ['of bytes', NO_BYTES, /no space is left \(df -h\)/],
    ['of inodes', NO_INODES, /no inodes are left.*\(df -i\)/],
  ])('a disk that is full %s is told before anything is written', async (_, room, words) => {
    const { host, set } = make();
    set(room);
    const wanted = {
      kind: 'refused',
      code: 'disk-full',
      message: expect.stringMatching(words),
      remedy: expect.stringContaining('Free some space'),
    };
    await expect(look(host, 'inspect() { result a b; }')).rejects.toMatchObject(wanted);
    await expect(
      upload(host.session(), host.path, `${host.path}/shared`, [{ name: 'a', content: Buffer.from('x') }]),
    ).rejects.toMatchObject(wanted);
    await expect(
      startRun(host.session(), host.operation({ body: 'operate() { :; }' }), watching()),
    ).rejects.toMatchObject(wanted);
    expect(existsSync(path.join(host.path, 'shared'))).toBe(false);
    expect(readdirSync(path.join(host.path, '.deploy/runs'))).toEqual([]);
  });

  test('a file system that tells of no inodes, or of nothing at all, is no full one', async () => {
    const { host, set } = make();
    for (const room of [BTRFS, '']) {
      set(room);
      expect((await look(host, 'inspect() { result a b; }')).fields).toEqual({ a: 'b' });
    }
  });

  test('a look during which the disk becomes full says so, also where its answer was written in part', async () => {
    for (const fills of ['host_result=/dev/full; result a b', 'false', ': >/dev/full/x']) {
      const { host } = make();
      const body = `inspect() { echo '${NO_BYTES}' >"$HOME/room"; ${fills}; }`;
      await expect(look(host, body)).rejects.toMatchObject({ kind: 'refused', code: 'disk-full' });
    }
    const { host } = make();
    await expect(look(host, 'inspect() { host_result=/dev/full; result a b; }')).rejects.toMatchObject({
      code: 'server-not-writable',
    });
    await expect(look(host, 'inspect() { false; }')).rejects.toMatchObject({ code: 'program-ended' });
  });

  test('what could not be written with room left is told as that, and not as a full disk', async () => {
    const { host } = make();
    const body = "operate() { fail_unwritten 'the record could not be written'; }";
    const run = await startRun(host.session(), host.operation({ body }), watching());
    expect(failureOf(await run.result)).toMatchObject({
      kind: 'remote',
      code: 'write-failed',
      message: 'the record could not be written',
      remedy: expect.stringContaining('mounted read-only'),
    });
  });

  test('a run during which the disk becomes full ends with that, by the room that was kept for it', async () => {
    for (const fills of [
      'false',
      'exit 74',
      'result a b; exit 74',
      "fail_unwritten 'it could not be written'",
    ]) {
      const { host } = make();
      const body = `operate() { echo '${NO_BYTES}' >"$HOME/room"; ${fills}; }`;
      const run = await startRun(host.session(), host.operation({ body }), watching());
      const result = await run.result;
      expect(failureOf(result)).toMatchObject({
        kind: 'refused',
        code: 'disk-full',
        message: expect.stringContaining(`full at ${host.path}`),
      });
      expect(result.fields).toEqual({});
    }
  });
});
