import { type ChildProcess, spawn } from 'node:child_process';
import type { LocalOptions } from './local-options.ts';
import type { Outcome } from './session.ts';

/** Exit code of a process that took too long, as timeout(1) has it. */
const TIMED_OUT = 124;
/** Milliseconds between asking a process to end and ending it. */
const GRACE = 2000;
const ON_WINDOWS = process.platform === 'win32';

/** See `runLocal`. */
export async function runProcess(argv: readonly string[], options: LocalOptions): Promise<Outcome> {
  options.signal?.throwIfAborted();
  const [tool, ...args] = argv;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const child = spawn(tool!, args, {
    // A group of its own, so that it can be ended with all that it starts.
    detached: !ON_WINDOWS,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
  });
  child.stdout.on('data', options.onStdout ?? ((bytes: Buffer) => out.push(bytes)));
  child.stderr.on('data', options.onStderr ?? ((bytes: Buffer) => err.push(bytes)));
  // It may end without reading what it is given.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input);

  let late = false;
  let grace: NodeJS.Timeout | undefined;
  const end = () => {
    endGroup(child, 'SIGTERM');
    grace ??= setTimeout(() => {
      endGroup(child, 'SIGKILL');
      // Who left the group may still hold the pipes open.
      child.stdout.destroy();
      child.stderr.destroy();
    }, GRACE);
  };
  const timer =
    options.timeout === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          end();
        }, options.timeout);
  options.signal?.addEventListener('abort', end, { once: true });
  try {
    const code = await new Promise<number>((done, failed) => {
      child.once('error', failed);
      child.once('close', (exitCode, signal) => done(exitCode ?? (signal === null ? 1 : 128)));
    });
    // What it started and did not wait for is ended too, where its own end came first.
    if (late || options.signal?.aborted) endGroup(child, 'SIGKILL');
    options.signal?.throwIfAborted();
    return { code: late ? TIMED_OUT : code, stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    options.signal?.removeEventListener('abort', end);
  }
}

/** Signals a process and all of its group; none of it may be there any more. */
function endGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (ON_WINDOWS) spawn('taskkill', ['/pid', String(child.pid), '/t', '/f']).on('error', () => {});
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}
