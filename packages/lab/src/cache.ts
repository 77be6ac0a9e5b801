import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the lab keeps what outlives a run: its engine's data, run files, locks. */
export function cacheFolder(...names: string[]): string {
  const base =
    process.env['DEPLOY_ACTIONS_LAB_CACHE'] ??
    join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'deploy-actions-lab');
  const folder = join(base, ...names);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** Tells the engine of a cache folder that somebody chose from the one of the default folder. */
export function cacheSuffix(): string {
  const chosen = process.env['DEPLOY_ACTIONS_LAB_CACHE'];
  return chosen === undefined ? '' : `-${createHash('sha256').update(chosen).digest('hex').slice(0, 8)}`;
}

/**
 * Runs `work` while no other process holds the lock of that name.
 * The lock is flock(1)'s, held by a child that waits for the end of its input: the kernel frees it when we die.
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  waiting: () => void = () => {},
): Promise<T> {
  const file = join(cacheFolder('locks'), name);
  const holder = spawn('flock', ['--exclusive', file, 'sh', '-c', 'echo held; exec cat >/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const reminder = setInterval(waiting, 8_000);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.on('error', reject);
      holder.on('exit', (code) =>
        reject(new Error(`the lock ${file} could not be taken (flock: exit ${code})`)),
      );
      holder.stdout.once('data', () => resolve());
    });
  } finally {
    clearInterval(reminder);
  }
  try {
    return await work();
  } finally {
    const ended = new Promise((resolve) => holder.once('exit', resolve));
    holder.stdin.end();
    await ended;
  }
}

/** Names a process so that a reused process id is told apart: `<pid>.<start time>`. */
export function processTag(pid: number = process.pid): string {
  return `${pid}.${startTime(pid) ?? 0}`;
}

/** Whether the process of that tag is still alive. */
export function isAlive(tag: string): boolean {
  const [pid, started] = tag.split('.');
  return startTime(Number(pid)) === started;
}

function startTime(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  if (!existsSync('/proc/self/stat')) {
    try {
      process.kill(pid, 0);
      return '0';
    } catch {
      return undefined;
    }
  }
  try {
    // Field 22 of proc(5)'s stat; the second field may contain blanks, so count from its closing bracket.
    const text = readFileSync(file, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
