import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Removes the folders in `parent` whose processes are gone: a test run that was killed leaves nothing for long. `name` finds the
 * process's number in a folder's name, as its first group; what it does not fit is left alone.
 */
export function removeDeadFolders(parent: string, name: RegExp): void {
  for (const one of readdirSync(parent)) {
    const pid = name.exec(one)?.[1];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(parent, one), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
