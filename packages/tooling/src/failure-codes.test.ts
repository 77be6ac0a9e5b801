import { readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { FAILURE_KINDS, type FailureCode, GENERAL_CODES, failureCode } from '@deploy-actions/kit';
import { findRoot } from './root.ts';
import { SERVER_PARTS } from './shell-files.ts';

const root = findRoot();
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'packages', 'actions', 'test'], {
  cwd: root,
  encoding: 'utf8',
}).split('\n');
const sources = files
  .filter((file) => !file.startsWith('test/'))
  .filter((file) => SERVER_PARTS.test(file) || (/\/src\/.*\.ts$/.test(file) && !/\.test\./.test(file)));
const TABLE = /packages\/kit\/src\/(failure-code|troubleshooting[a-z-]*)\.ts$/;
const read = (file: string) => readFileSync(join(root, file), 'utf8');

/** Each failure of the server programs: KIND CODE. */
const given = sources
  .filter((file) => file.endsWith('.sh'))
  .flatMap((file) =>
    [...read(file).matchAll(/^(?!\s*#).*$/gm)].flatMap(([line]) =>
      [...line.matchAll(/\b(?:fail|stop|_refuse|complaint) ([a-z]+) ([a-z-]+)(?= ['"])/g)].map(
        ([, kind, code]) => ({
          file,
          kind,
          code,
        }),
      ),
    ),
  );

test('every failure of a server program has a code of the table, of its kind', () => {
  expect(given.length).toBeGreaterThan(100);
  const wrong = given.filter(({ kind, code }) => {
    const known = failureCode(code);
    return known === undefined || FAILURE_KINDS[known] !== kind;
  });
  expect(wrong).toEqual([]);
});

test('every code of the table is used', () => {
  const inServers = new Set(given.map(({ code }) => code));
  const texts = sources
    .filter((file) => file.endsWith('.ts') && !TABLE.test(file))
    .map(read)
    .join('\n');
  const general: readonly string[] = Object.values(GENERAL_CODES);
  const unused = (Object.keys(FAILURE_KINDS) as FailureCode[]).filter(
    (code) => !general.includes(code) && !inServers.has(code) && !texts.includes(`'${code}'`),
  );
  expect(unused).toEqual([]);
});

test('every code of the table, and so every entry of the troubleshooting page, is what some test expects', () => {
  const expectations = files
    .filter((file) => /\.test(\.itg)?\.ts$|\/testing\/registry-cases\//.test(file))
    .filter((file) => !file.endsWith('/failure-codes.test.ts'))
    .map(read)
    .join('\n');
  // As a word of its own, also behind the `\\n` of a result as it is told.
  const named = (code: string) => new RegExp(`(?:[^\\w-]|\\\\n)${code}(?![\\w-])`).test(expectations);
  expect((Object.keys(FAILURE_KINDS) as FailureCode[]).filter((code) => !named(code))).toEqual([]);
});
