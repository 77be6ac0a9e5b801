import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { testIf } from '@deploy-actions/tooling';
import fc from 'fast-check';
import { localSession } from './testing/local-session.ts';
import { quote } from './quote.ts';

const where = (name: string) =>
  (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));

const folder = mkdtempSync(path.join(tmpdir(), 'quote-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The strings that hurt: what shells expand, split, unquote or take for an option, alone and among others. */
const nasty = fc.oneof(
  fc.constantFrom(
    "'",
    '"',
    '`id`',
    '$(id)',
    '$HOME',
    '\\',
    '\n',
    '\r\n',
    '-n',
    '--',
    '~',
    '*',
    '!',
    '#',
    '',
    ' ',
    '=',
    'A=b',
    ';',
    '&',
    '\t',
    '\x01',
    '\x7f',
    'ü',
    '😀',
    '\u2028',
    '%s',
    "'\\''",
  ),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
);
const words = fc
  .array(nasty, { maxLength: 4 })
  .map((parts) => parts.join('').replaceAll('\0', '').toWellFormed());

const shells = [
  ['sh', ['sh']],
  ['dash', ['dash']],
  ['busybox sh', ['busybox', 'sh']],
  ['bash', ['bash']],
] as const;

for (const [name, shell] of shells) {
  // Without the shell there is nothing to hold the promise against.
  testIf(test, where(shell[0]) === undefined ? `${shell[0]} is not installed` : undefined)(
    `10,000 arbitrary strings survive ${name} byte for byte`,
    () => {
      // Many words per process: 20 batches of 500.
      fc.assert(
        fc.property(fc.array(words, { minLength: 500, maxLength: 500 }), (batch) => {
          const output = execFileSync(shell[0], [...shell.slice(1), '-s'], {
            input: `printf '%s\\0' ${quote(batch)}\n`,
            maxBuffer: 1 << 26,
          });
          return output.equals(Buffer.from(batch.map((word) => `${word}\0`).join('')));
        }),
        { numRuns: 20, endOnFailure: true },
      );
    },
    60_000,
  );
}

for (const login of ['sh', 'bash', 'fish', 'csh'] as const) {
  for (const sh of ['dash', 'busybox', 'bash'] as const) {
    const absent = [login, sh].filter((one) => where(one) === undefined);
    testIf(test, absent.length > 0 ? `${absent.join(' and ')} not installed` : undefined)(
      `arguments and stdin survive a session with login shell ${login} and ${sh} as sh`,
      async () => {
        const bin = path.join(folder, `${login}-${sh}`);
        execFileSync('mkdir', ['-p', bin]);
        symlinkSync(where(sh)!, path.join(bin, 'sh'));
        const session = localSession({
          shell: [where(login)!],
          env: { PATH: `${bin}:${process.env['PATH']}`, HOME: folder },
        });
        await fc.assert(
          fc.asyncProperty(
            fc.array(words, { minLength: 1, maxLength: 250 }),
            fc.uint8Array(),
            async (args, input) => {
              const script = 'printf "%s\\0" "$@"; cat';
              const { code, stdout } = await session.run({ script, args, input: Buffer.from(input) });
              expect(code).toBe(0);
              expect(
                stdout.equals(Buffer.concat([...args.map((word) => Buffer.from(`${word}\0`)), input])),
              ).toBe(true);
            },
          ),
          { numRuns: 5, endOnFailure: true },
        );
        await session.close();
      },
      60_000,
    );
  }
}

test('a NUL character is refused, since no argument can hold it', () => {
  expect(() => quote(['a\0b'])).toThrow(/NUL/);
});

test('plain words stay readable, and a word with = is never an assignment', () => {
  expect(quote(['docker', 'compose', '-f', '/srv/app/a.yml'])).toBe('docker compose -f /srv/app/a.yml');
  expect(quote(['A=b', '', "it's"])).toBe(`'A=b' '' 'it'\\''s'`);
});
