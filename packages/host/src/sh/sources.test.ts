import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { entryScript, programText } from '../program-text.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sources-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const known = (name: string) =>
  (process.env['PATH'] ?? '').split(':').some((where) => existsSync(path.join(where, name)));

const sources = ['prelude', 'lock', 'program', 'entry'].map((name) =>
  path.join(import.meta.dirname, `${name}.sh`),
);

test('the texts in the bundle are those of the sh files', () => {
  const embed = path.join(import.meta.dirname, '../../embed.mjs');
  const check = spawnSync(process.execPath, [embed, '--check', import.meta.dirname], { encoding: 'utf8' });
  expect(check.stdout + check.stderr).toBe('');
});

describe.each([['dash'], ['busybox', 'sh'], ['bash', '--posix']])('%s', (...shell) => {
  const given = known(shell[0]!);
  // The runner of the tests prints what stands behind the dash as the reason.
  const name = given ? 'reads every program' : `reads every program — skipped: ${shell[0]} is not installed`;
  (given ? test : test.skip)(name, () => {
    const texts = { program: programText('operate() { :; }'), entry: entryScript('_launch') };
    for (const [name, text] of Object.entries(texts)) {
      const file = path.join(folder, name);
      writeFileSync(file, text);
      execFileSync(shell[0]!, [...shell.slice(1), '-n', file]);
    }
  });
});

test('what is sent with every exec is short', () => {
  expect(Buffer.byteLength(entryScript('_follow'))).toBeLessThan(24 * 1024);
});

test('no sh source holds a tab or a line that is too long', () => {
  for (const file of sources) {
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      expect(line).not.toContain('\t');
      expect(line.length).toBeLessThan(160);
    }
  }
});
