import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { removeDeadFolders } from './dead-folders.ts';
import { MEMORY, temporaryFolder } from './temporary-folder.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function kept(folder: string): string {
  folders.push(folder);
  return folder;
}

test.each(['/proc', '/none'])('%s is no memory with room for programs, and is not taken', (folder) => {
  expect(dirname(kept(temporaryFolder(folder, {})))).toBe(tmpdir());
});

test('TMPDIR wins over memory', () => {
  expect(dirname(kept(temporaryFolder(MEMORY, { TMPDIR: tmpdir() })))).toBe(tmpdir());
});

test('the folder of a run that was killed goes with the next one, that of one that lives stays', () => {
  const parent = kept(mkdtempSync(join(tmpdir(), 'parent-')));
  // No process has the highest number that there can be.
  const [dead, alive, other] = ['deploy-actions-test-4194304-x', `deploy-actions-test-${process.pid}-x`, 'x'];
  for (const one of [dead, alive, other]) mkdirSync(join(parent, one));
  removeDeadFolders(parent, /^deploy-actions-test-(\d+)-/);
  expect(readdirSync(parent).sort()).toEqual([alive, other]);
});

test('others get through the folder, and nothing is left of what was tried beside it', () => {
  const memory = kept(mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'memory-')));
  const folder = kept(temporaryFolder(memory, {}));
  expect(statSync(folder).mode & 0o777).toBe(0o755);
  expect(readdirSync(memory)).toEqual(dirname(folder) === memory ? [basename(folder)] : []);
});
