import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeDeadFolders } from './dead-folders.ts';

/** Where Linux has a file system in memory for whoever asks. */
export const MEMORY = '/dev/shm';
/** Such a file system, as statfs(2) names it. */
const TMPFS = 0x01021994;
/** Several times what the tests have in it at once. */
const ROOM_BYTES = 256 * 1024 * 1024;

/**
 * A new folder for the temporary files of tests; in `memory`, where one is given that is fit for them: tests make and remove
 * hundreds of thousands of files, for which a file system on a disk can take a sixth of the processor's time. TMPDIR wins.
 * Folders of runs that are gone are removed.
 */
export function temporaryFolder(
  memory: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): string {
  const inMemory = memory !== undefined && environment['TMPDIR'] === undefined && isFit(memory);
  const parent = inMemory ? memory : tmpdir();
  removeDeadFolders(parent, /^deploy-actions-test-(\d+)-/);
  const folder = mkdtempSync(join(parent, `deploy-actions-test-${process.pid}-`));
  // Servers that a test starts give up root, and must get through to their files.
  chmodSync(folder, 0o755);
  return folder;
}

/** Whether a folder is in memory, has room, and programs in it can be started: in a container it often is `noexec`, or small. */
function isFit(folder: string): boolean {
  let tried: string | undefined;
  try {
    const { type, bavail, bsize } = statfsSync(folder);
    if (type !== TMPFS || bavail * bsize < ROOM_BYTES) return false;
    tried = mkdtempSync(join(folder, 'deploy-actions-try-'));
    const program = join(tried, 'program');
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o700 });
    return spawnSync(program).status === 0;
  } catch {
    return false;
  } finally {
    if (tried !== undefined) rmSync(tried, { recursive: true, force: true });
  }
}
