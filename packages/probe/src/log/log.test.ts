import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Session } from '@deploy-actions/shell';
import { localSession } from '@deploy-actions/shell/testing';
import { parseLogPlace } from './place.ts';
import { openLog } from './source.ts';
import { LARGEST_STRETCH } from './stretch.ts';

const left: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of left.splice(0)) await end();
});

/** A session to this machine, whose programs of these names are these sh texts, and a folder for logs. */
function server(tools: Record<string, string> = {}, busybox = false): { session: Session; folder: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'log-'));
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  if (busybox)
    for (const name of ['sh', 'stat', 'dd', 'find', 'tail', 'head'])
      symlinkSync('/bin/busybox', path.join(bin, name));
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(path.join(bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(path.join(bin, name), 0o755);
  }
  const session = localSession({ name: 'web1', env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder } });
  left.push(async () => {
    await session.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { session, folder };
}

/** As logrotate does it with `create`: the older ones move on, and a new file begins. */
function rotate(file: string, kept: number, ending = ''): void {
  for (let at = kept; at >= 1; at -= 1)
    if (existsSync(`${file}.${at}`)) renameSync(`${file}.${at}`, `${file}.${at + 1}`);
  renameSync(file, `${file}${ending || '.1'}`);
  writeFileSync(file, '');
}

/** As logrotate does it with `copytruncate`. */
function copytruncate(file: string, kept: number): void {
  for (let at = kept; at >= 1; at -= 1)
    if (existsSync(`${file}.${at}`)) renameSync(`${file}.${at}`, `${file}.${at + 1}`);
  copyFileSync(file, `${file}.1`);
  truncateSync(file);
}

/** As gzip does it: the new file has the time of the old one. */
function compress(from: string, to: string): void {
  const { atime, mtime } = statSync(from);
  writeFileSync(to, 'compressed');
  utimesSync(to, atime, mtime);
  unlinkSync(from);
}

const shells = [false, ...(existsSync('/bin/busybox') ? [true] : [])];

describe.each(shells)('a file (busybox: %s)', (busybox) => {
  /** A log with these lines, opened at its end. */
  async function opened(text: string) {
    const { session, folder } = server({}, busybox);
    const file = path.join(folder, 'access.log');
    writeFileSync(file, text);
    const log = openLog(session, parseLogPlace(file));
    const lines = await log.begin();
    const read = async (last = false) => await log.read(last);
    return { file, folder, lines, read, log };
  }
  const nothing = { lines: [], gaps: [], behind: 0 };

  test('is read from its end on; a line without an end waits for it', async () => {
    const { file, lines, read } = await opened('one\ntwo\nthr');
    expect(lines).toEqual(['one', 'two']);
    appendFileSync(file, 'ee\nfour\r\nfi');
    expect(await read()).toEqual({ ...nothing, lines: ['three', 'four'] });
    expect(await read()).toEqual(nothing);
    appendFileSync(file, 've\n');
    expect(await read(true)).toEqual({ ...nothing, lines: ['five'] });
  });

  test('of a long log the last lines are shown, and places beyond its blocks are found', async () => {
    const { file, lines, read } = await opened(`${'0123456789abcde\n'.repeat(10_000)}`);
    expect([lines.length, new Set(lines)]).toEqual([65536 / 16 - 1, new Set(['0123456789abcde'])]);
    appendFileSync(file, 'ü\n');
    expect((await read()).lines).toEqual(['ü']);
  });

  test('is followed over a rotation: what the proxy still writes into the old file is not lost', async () => {
    const { file, read } = await opened('one\n');
    appendFileSync(file, 'two\n');
    renameSync(file, `${file}.1`);
    writeFileSync(file, '');
    appendFileSync(`${file}.1`, 'three\n');
    expect(await read()).toEqual({ ...nothing, lines: ['two', 'three'] });
    appendFileSync(`${file}.1`, 'four\n');
    appendFileSync(file, 'five\n');
    expect(await read()).toEqual({ ...nothing, lines: ['four', 'five'] });
    appendFileSync(file, 'six\n');
    expect(await read()).toEqual({ ...nothing, lines: ['six'] });
  });

  test('a rotation at the last look is followed at once', async () => {
    const { file, read } = await opened('one\n');
    appendFileSync(file, 'two\ntorn');
    renameSync(file, `${file}-20261127`);
    writeFileSync(file, 'three\n');
    expect(await read(true)).toEqual({ ...nothing, lines: ['two', 'torn', 'three'] });
  });

  test('what can no longer be read is told: a rotated file that is gone, one that was emptied, one that was replaced', async () => {
    const { file, read } = await opened('one\ntwo\n');
    // Its inode must not be free for the next one.
    renameSync(file, `${file}.1`);
    writeFileSync(file, 'three\n');
    unlinkSync(`${file}.1`);
    const gone = await read();
    expect([gone.lines, gone.gaps.length]).toEqual([['three'], 1]);
    truncateSync(file);
    expect((await read()).gaps).toEqual([expect.stringContaining('was emptied or replaced')]);
    // As copytruncate leaves it where it has grown again: longer than it was, and another text.
    truncateSync(file);
    writeFileSync(file, 'other\nlines\n', { flag: 'r+' });
    appendFileSync(file, 'four\n');
    expect(await read()).toMatchObject({ lines: ['other', 'lines', 'four'] });
    writeFileSync(file, 'again\nother\nlines\nthat are longer\n', { flag: 'r+' });
    const replaced = await read();
    expect([replaced.lines.at(-1), replaced.gaps.length]).toEqual(['that are longer', 1]);
  });

  test('a log that is rotated twice between two looks is read whole, the file in between too', async () => {
    const { file, read } = await opened('one\n');
    writeFileSync(`${file}.1`, 'of yesterday\n');
    await read();
    appendFileSync(file, 'two\n');
    rotate(file, 2);
    appendFileSync(file, 'three\n');
    rotate(file, 3);
    appendFileSync(file, 'four\n');
    expect(await read()).toEqual({ ...nothing, lines: ['two', 'three', 'four'] });
    // Those who have not opened the new file yet.
    appendFileSync(`${file}.1`, 'five\n');
    appendFileSync(file, 'six\n');
    expect(await read()).toEqual({ ...nothing, lines: ['five', 'six'] });
    expect(await read(true)).toEqual(nothing);
  });

  test('a log that was just begun, and had nothing, is read over two rotations as well', async () => {
    const { file, read } = await opened('');
    appendFileSync(file, 'one\n');
    rotate(file, 1);
    appendFileSync(file, 'two\n');
    rotate(file, 2);
    appendFileSync(file, 'three\n');
    expect(await read(true)).toEqual({ ...nothing, lines: ['one', 'two', 'three'] });
  });

  test('what a log had before it was emptied is read in the copy that copytruncate made, once', async () => {
    const { file, folder, read } = await opened('one\n');
    appendFileSync(file, 'two\n');
    copytruncate(file, 1);
    appendFileSync(file, 'three\n');
    expect(await read()).toEqual({ ...nothing, lines: ['two', 'three'] });
    expect(await read()).toEqual(nothing);
    appendFileSync(file, 'four\n');
    copytruncate(file, 2);
    appendFileSync(file, 'five\n');
    copytruncate(file, 3);
    expect(await read()).toEqual({ ...nothing, lines: ['four', 'five'] });
    // Nothing of the emptied file was read yet, so that nothing of it is known again.
    appendFileSync(file, 'six\n');
    copytruncate(file, 4);
    appendFileSync(file, 'seven\n');
    expect(await read()).toEqual({ ...nothing, lines: ['six', 'seven'] });
    // What somebody copies counts once.
    appendFileSync(file, 'eight\n');
    copyFileSync(file, path.join(folder, 'access.log.old'));
    appendFileSync(file, 'nine\n');
    expect(await read(true)).toEqual({ ...nothing, lines: ['eight', 'nine'] });
  });

  test('a file in between that is compressed is told by its name; one of before that is compressed is not', async () => {
    const { file, read } = await opened('one\n');
    writeFileSync(`${file}.1`, 'of yesterday\n');
    await read();
    compress(`${file}.1`, `${file}.2.gz`);
    rotate(file, 1);
    appendFileSync(file, 'two\n');
    expect(await read()).toEqual({ ...nothing, lines: ['two'] });
    appendFileSync(file, 'three\n');
    rotate(file, 1, '.new');
    appendFileSync(file, 'lost\n');
    compress(file, `${file}-20261128.gz`);
    writeFileSync(file, 'four\n');
    const { lines, gaps } = await read(true);
    expect(lines).toEqual(['three', 'four']);
    expect(gaps).toEqual(['was rotated, and access.log-20261128.gz is compressed: what it has was not seen']);
  });

  test('bytes in a file that lay there before, and was another one or was written to, are told by their number', async () => {
    const { file, read } = await opened('one\n');
    writeFileSync(`${file}.1`, 'of yesterday\n');
    await read();
    renameSync(`${file}.1`, `${file}.2`);
    appendFileSync(`${file}.2`, 'late\n');
    rotate(file, 1);
    expect((await read(true)).gaps).toEqual(['has 5 bytes in access.log.2 that were not seen']);
  });

  test('the next file may come later than the look, and the last look says where it did not', async () => {
    const { file, read } = await opened('one\n');
    appendFileSync(file, 'two\n');
    renameSync(file, `${file}.1`);
    expect(await read()).toEqual({ ...nothing, lines: ['two'] });
    appendFileSync(`${file}.1`, 'three\n');
    writeFileSync(file, 'four\n');
    expect(await read()).toEqual({ ...nothing, lines: ['three', 'four'] });
    await read();
    renameSync(file, `${file}.2`);
    expect(await read(true)).toEqual({ ...nothing, gaps: ['was rotated, and is not there again'] });
  });

  test('of more than a look reads the rest is left for the next one, and told', async () => {
    const { file, read } = await opened('');
    const line = `${'x'.repeat(1023)}\n`;
    const many = LARGEST_STRETCH / 1024 + 100;
    appendFileSync(file, line.repeat(many));
    const first = await read();
    expect([first.lines.length < many, first.behind > 0]).toEqual([true, true]);
    const second = await read();
    expect([first.lines.length + second.lines.length, second.behind]).toEqual([many, 0]);
  });
});

test('what is no log to read is refused by name', async () => {
  const { session, folder } = server();
  symlinkSync('/dev/stdout', path.join(folder, 'stdout.log'));
  const wrong: [string, string][] = [
    [path.join(folder, 'none.log'), 'there is no such file'],
    [folder, 'is no file that can be read again'],
    [path.join(folder, 'stdout.log'), 'container://NAME'],
  ];
  for (const [place, words] of wrong) {
    const failure = await openLog(session, parseLogPlace(place))
      .begin()
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ kind: 'input' });
    expect(JSON.stringify([String(failure), failure])).toContain(words);
  }
});

test('a file in a container is read by what the container has; one without is refused by name', async () => {
  const docker = `case $1 in inspect) echo "$STATE" ;; exec) shift 2; exec "$@" ;; esac`;
  const { session, folder } = server({ docker: `STATE=true; ${docker}` });
  const file = path.join(folder, 'access.log');
  writeFileSync(file, 'one\n');
  const log = openLog(session, parseLogPlace(`container://proxy${file}`));
  expect(await log.begin()).toEqual(['one']);
  appendFileSync(file, 'two\n');
  expect((await log.read(true)).lines).toEqual(['two']);
  const refused: [string, string][] = [
    [`STATE=false; ${docker}`, 'the container does not run'],
    [`STATE=true; case $1 in inspect) echo true ;; *) exit 127 ;; esac`, 'has no program to read it with'],
  ];
  for (const [text, words] of refused) {
    const other = server({ docker: text });
    await expect(openLog(other.session, parseLogPlace('container://proxy/x.log')).begin()).rejects.toThrow(
      words,
    );
  }
});

/** What the engine says of a container: its lines are those of the file `said`, each from a time on. */
const LOGGING = `case $1 in
  inspect) cat "$HOME/id" ;;
  logs)
    [ "$2" = --timestamps ] || exit 9
    shift 2
    echo "$*" >>"$HOME/asked"
    since=
    until='~'
    for word; do
      case $before in --since) since=$word ;; --until) until=$(date -u -d "@$word" +%Y-%m-%dT%H:%M:%S) ;; esac
      before=$word
    done
    case $since in [0-9]*T*) ;; ?*) since=$(date -u -d "@$since" +%Y-%m-%dT%H:%M:%S) ;; esac
    awk -v since="$since" -v until="$until" '$1 >= since && $1 < until' "$HOME/said" ;;
esac`;

function logging(options = 'json-file - -') {
  const { session, folder } = server({ docker: LOGGING });
  const say = (said: string, id = 'a') => {
    writeFileSync(path.join(folder, 'id'), `${id.repeat(64)} ${options}\n`);
    writeFileSync(path.join(folder, 'said'), said);
  };
  const log = openLog(session, parseLogPlace('container://proxy'));
  return { say, log, asked: () => readFileSync(path.join(folder, 'asked'), 'utf8').trim().split('\n') };
}

/** A line of so many milliseconds from now. */
const timedLine = (milliseconds: number, text: string) =>
  `${new Date(Date.now() + milliseconds).toISOString().replace('Z', '123456Z')} ${text}\n`;

test('what a container logs is read stretch by stretch, without the times; another container of that name is a gap', async () => {
  const { say, log, asked } = logging();
  const before = timedLine(-5000, 'old') + timedLine(-4000, '');
  say(before);
  expect(await log.begin()).toEqual(['old']);
  expect(asked()).toEqual(['--tail 200 proxy']);
  say(before + timedLine(3000, 'new'));
  expect(await log.read(true)).toEqual({ lines: ['new'], gaps: [], behind: 0 });
  expect(asked()[1]).toMatch(/^--since \d+ proxy$/);
  expect(await log.read(false)).toEqual({ lines: [], gaps: [], behind: 0 });
  expect(asked().find((words) => words.includes('--until'))).toMatch(/^--since \d+ --until \d+ proxy$/);
  say('x'.repeat(LARGEST_STRETCH), 'b');
  const last = await log.read(true);
  expect(last.gaps).toEqual([
    expect.stringContaining('another container by now'),
    'is more than 8 MiB in an interval',
  ]);
});

test('what a logging driver has dropped between two looks is told, and nothing where what was read last is still there', async () => {
  const { say, log } = logging('json-file 10m 1');
  const [first, second] = [timedLine(-5000, 'first'), timedLine(-4000, 'second')];
  say(first + second);
  await log.begin();
  // The older ones go first.
  say(second + timedLine(3000, 'third'));
  expect(await log.read(true)).toEqual({ lines: ['third'], gaps: [], behind: 0 });
  say(timedLine(4000, 'later'));
  expect(await log.read(true)).toEqual({
    lines: ['later'],
    gaps: [expect.stringContaining('was rotated by its logging driver beyond what was read last')],
    behind: 0,
  });
});

test.each([
  ['json-file 1m 3', 1],
  ['json-file 1m -', 1],
  ['local 1m -', 1],
  ['json-file 10m 3', 0],
  ['json-file - -', 0],
  ['local - -', 0],
  ['journald - -', 0],
])('of a log that was empty at first and is kept by %s, what may be lost is told', async (options, gaps) => {
  const { say, log } = logging(options);
  say('');
  expect(await log.begin()).toEqual([]);
  expect((await log.read(true)).gaps).toEqual([]);
  say(timedLine(3000, 'new'));
  const { lines, gaps: told } = await log.read(true);
  expect([lines, told]).toEqual([
    ['new'],
    Array(gaps).fill(expect.stringContaining('its first lines may be lost')),
  ]);
});

test('the journal is read behind its cursor; without entries since the beginning', async () => {
  const { session, folder } = server({
    journalctl: `printf '%s\\n' "$*" >"$HOME/asked"; cat "$HOME/said"; exit "$(cat "$HOME/code")"`,
  });
  const entry = (cursor: string, message: unknown) => JSON.stringify({ __CURSOR: cursor, MESSAGE: message });
  const say = (code: number, ...lines: string[]) => {
    writeFileSync(path.join(folder, 'code'), `${code}\n`);
    writeFileSync(path.join(folder, 'said'), lines.map((line) => `${line}\n`).join(''));
  };
  const asked = async (work: Promise<unknown>) => [await work, readAsked(folder)];
  say(0);
  const log = openLog(session, parseLogPlace('journal://haproxy'));
  expect(await asked(log.begin())).toEqual([[], expect.stringContaining('-t haproxy -n 200')]);
  say(0, entry('s=1;i=a', 'one'), entry('s=1;i=b', [1, 2]), entry('$(id)', 'forged'), 'no json');
  expect(await asked(log.read(false))).toEqual([
    { lines: ['one', '(no text)'], gaps: [], behind: 0 },
    expect.stringMatching(/-t haproxy --since=@\d+$/),
  ]);
  say(1, entry('s=1;i=c', 'two'));
  expect(await asked(log.read(true))).toEqual([
    { lines: ['two'], gaps: ['could not be read (exit code 1)'], behind: 0 },
    expect.stringMatching(/-t haproxy --after-cursor=s=1;i=b$/),
  ]);
  say(1);
  await expect(openLog(session, parseLogPlace('journal://haproxy')).begin()).rejects.toThrow(
    'cannot be read (exit code 1)',
  );
});

function readAsked(folder: string): string {
  return readFileSync(path.join(folder, 'asked'), 'utf8').trim();
}

test.each(['access.log', '/var/log/../shadow', 'journal://', 'container://a b', 'auto', '/var/log/*.log'])(
  '%s is no place of a log',
  (text) => {
    expect(() => parseLogPlace(text)).toThrow('is no place of a log');
  },
);
