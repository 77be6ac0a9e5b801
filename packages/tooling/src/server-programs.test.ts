import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { print } from 'sh-syntax';
import type { Part } from '@deploy-actions/host';
import { sentText } from '@deploy-actions/host/sent-text';
import { functionsOf, idleVariables, reachedFunctions, wrongNames } from './program-names.ts';
import { SERVER_PROGRAMS, textOf } from './server-programs.ts';
import { serverParts } from './shell-files.ts';
import { findRoot } from './root.ts';
import { installDebian } from './tools.ts';

const parts = new Map<string, Part>();
for (const program of SERVER_PROGRAMS) for (const part of program.parts) parts.set(part.file, part);

// A server has one of them; here none may be missing.
beforeAll(() => installDebian({ dash: 'dash', busybox: 'busybox', bash: 'bash' }, () => {}), 600_000);

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('%s', (...shell) => {
  test.each(SERVER_PROGRAMS.map((program) => [program.name, program] as const))('reads %s', (_, program) => {
    const [command, ...args] = shell as [string, ...string[]];
    const { error, stderr, status } = spawnSync(command, [...args, '-n'], {
      input: textOf(program),
      encoding: 'utf8',
    });
    expect(error).toBeUndefined();
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  });
});

test.each(SERVER_PROGRAMS.map((program) => [program.name, program] as const))(
  '%s: no function is defined twice, none is called that is not there, no part is carried for nothing',
  (_, program) => {
    expect(wrongNames(program)).toEqual([]);
  },
);

test('no function is there that no program calls', () => {
  const reached = new Set(SERVER_PROGRAMS.flatMap((program) => [...reachedFunctions(program)]));
  const idle = [...parts.values()].flatMap((part) =>
    functionsOf(part).flatMap((name) => (reached.has(name) ? [] : [`${part.name}: ${name}`])),
  );
  expect(idle).toEqual([]);
});

test.each([...parts.values()].map((part) => [part.name, part] as const))(
  '%s: what it sets, a program reads',
  (_, part) => {
    expect(idleVariables(SERVER_PROGRAMS, part)).toEqual([]);
  },
);

// A program is read before its parameters are: what stands outside of functions may use none of them. A timer has its values
// before it, and acts there.
test.each(
  SERVER_PROGRAMS.flatMap((program) =>
    program.name.startsWith('timer ') ? [] : [[program.name, program] as const],
  ),
)('%s: its parts can be read before the parameters', (_, program) => {
  const { stdout, stderr } = spawnSync('dash', ['-u'], {
    input: `${program.parts.map((part) => part.sent()).join('')}echo read\n`,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  });
  expect([stdout, stderr]).toEqual(['read\n', '']);
});

// A redirection that fails ends a POSIX shell where it stands with a special builtin, as `:` is one: what is to be done then is
// never done. `true` is none.
const NEVER_HANDLED = /(?:&&|\|\||\bif|!|\{) +: *>|(?:^|\s): *>+\s*\S+ *(?:&&|\|\|)/;

test('a redirection whose failure is to be handled is one that can fail', () => {
  for (const never of ['{ mkdir x && : >y; } || fail', ': >x && mv x y', '  if : >x; then y; fi'])
    expect([never, NEVER_HANDLED.test(never)]).toEqual([never, true]);
  expect(NEVER_HANDLED.test('true >x || fail; : >y')).toBe(false);
  const wrong = [...parts.values()].flatMap((part) =>
    sentText(part.source())
      .split('\n')
      .flatMap((line) => (NEVER_HANDLED.test(line) ? [`${part.name}: ${line.trim()}`] : [])),
  );
  expect(wrong).toEqual([]);
});

test('every part has a file name of its own, since all stand in one folder beside the bundle', () => {
  // Of two files of one name the bundler numbers the second, and which one that is differs from build to build.
  const names = serverParts(findRoot()).map((file) => basename(file));
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every part belongs to a program', () => {
  const carried = new Set(
    [...parts.keys()].map((file) => decodeURIComponent(file.replace(/^file:\/\//, ''))),
  );
  expect(serverParts(findRoot()).filter((file: string) => !carried.has(file))).toEqual([]);
});

test.each([...parts.values()].map((part) => [part.name, part] as const))(
  '%s: what is sent is what was written, but for comments',
  async (_, part) => {
    const plain = (text: string) => print(text, { minify: true, keepComments: false });
    expect(await plain(sentText(part.source()))).toBe(await plain(part.source()));
  },
);
