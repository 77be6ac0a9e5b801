import { execFile } from 'node:child_process';
import { relative, join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { node24 } from './node24.ts';
import { findRoot } from './root.ts';

interface FileReport {
  filePath: string;
  messages: { ruleId: string | null; message: string }[];
}

const fixtures = join(findRoot(), 'packages/tooling/src/fixtures/lint');
const reports = new Map<string, FileReport['messages']>();

beforeAll(async () => {
  const eslint = join(findRoot(), 'node_modules/eslint/bin/eslint.js');
  const json = await new Promise<string>((resolve, reject) => {
    // A house in small, held against the rules of the real one.
    const args = [eslint, '--config', join(findRoot(), 'eslint.config.mjs'), '--format=json', '.'];
    execFile(node24(), args, { cwd: fixtures, maxBuffer: 2 ** 24 }, (error, stdout, stderr) => {
      if (stdout.startsWith('[')) resolve(stdout);
      else reject(new Error(`eslint did not run: ${stderr}`, { cause: error }));
    });
  });
  for (const report of JSON.parse(json) as FileReport[]) {
    reports.set(relative(fixtures, report.filePath), report.messages);
  }
}, 60_000);

test.each([
  [
    'an action that imports an action',
    'actions/one/src/imports-an-action.ts',
    'house/arrows',
    'No action is imported',
  ],
  [
    'an action that imports a library',
    'actions/one/src/imports-a-library.ts',
    'house/arrows',
    'Only packages/http imports undici',
  ],
  [
    'shipped code that imports the lab',
    'actions/one/src/imports-the-lab.ts',
    'house/arrows',
    'lab is never shipped',
  ],
  ['a console in an action', 'actions/one/src/prints.ts', 'no-console', 'console'],
  ['a default export', 'actions/one/src/exports-a-default.ts', 'no-restricted-syntax', 'No default exports'],
  ['a file name in camel case', 'actions/one/src/CamelCase.ts', 'house/file-name', 'kebab-case'],
  [
    'a promise that nobody waits for',
    'actions/one/src/forgets-a-promise.ts',
    '@typescript-eslint/no-floating-promises',
    'Promises',
  ],
  [
    'kit that imports a package',
    'packages/kit/src/imports-a-package.ts',
    'house/arrows',
    'kit depends on nothing',
  ],
  [
    'a package that reaches into another',
    'packages/compose/src/imports-by-path.ts',
    'house/arrows',
    'by its package name',
  ],
  [
    'a package that imports an action',
    'packages/compose/src/imports-an-action.ts',
    'house/arrows',
    'No action is imported',
  ],
  [
    'a library that nobody owns',
    'packages/compose/src/imports-unowned.ts',
    'house/arrows',
    'no importing package yet',
  ],
  [
    "another package's library, imported late",
    'packages/compose/src/late-import.ts',
    'house/arrows',
    'Only packages/shell imports node-ssh',
  ],
  ['a cycle', 'packages/compose/src/cycle-one.ts', 'house/no-cycle', 'cycle-two.ts -> '],
  [
    'a cycle of types alone',
    'packages/compose/src/type-cycle-one.ts',
    'house/no-cycle',
    'type-cycle-two.ts -> ',
  ],
  [
    'packages that lead to one another, though no file leads to itself',
    'packages/ring/src/index.ts',
    'house/no-cycle',
    'packages/ring -> packages/chain -> packages/ring',
  ],
  [
    'shipped code that imports what is for tests',
    'packages/compose/src/imports-testing.ts',
    'house/arrows',
    'What is for tests',
  ],
  [
    "shipped code that imports another package's testing",
    'actions/one/src/imports-testing.ts',
    'house/arrows',
    'What is for tests',
  ],
  ['an import without its extension', 'packages/compose/src/no-extension.ts', 'house/arrows', 'extension'],
])('lint refuses %s', (_what, file, rule, words) => {
  expect(reports.get(file)).toContainEqual(
    expect.objectContaining({ ruleId: rule, message: expect.stringContaining(words) }),
  );
});

test('lint lets good code pass', () => {
  const fine = [...reports].filter(([file]) => /\/fine\./.test(file));
  expect(fine).toHaveLength(7);
  for (const [file, messages] of fine) expect([file, messages]).toEqual([file, []]);
});
