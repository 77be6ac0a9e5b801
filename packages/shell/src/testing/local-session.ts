import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '@deploy-actions/kit';
import { BOOTSTRAP } from '../bootstrap.ts';
import { runStarted } from '../program-run.ts';
import type { Outcome, Program, Session } from '../session.ts';
import { SessionFailure } from '../session-failure.ts';
import { lanes } from '../lanes.ts';

export interface LocalSessionOptions {
  name?: string;
  /** The login shell and its options before `-c`; default `['sh']`. */
  shell?: readonly string[];
  /** The environment of what runs; default this process's PATH and HOME. */
  env?: Record<string, string>;
  /** Folder that it starts in; default HOME or `/`. */
  cwd?: string;
  clock?: Clock;
}

/**
 * A session to this very machine, for tests: the same bootstrap and the same rules as over SSH, in a child
 * process. `cut()` drops it as a lost connection does: children that write get SIGPIPE, detached ones go on.
 */
export function localSession(options: LocalSessionOptions = {}): Session & { cut(): void } {
  const { name = 'local', shell = ['sh'], clock = systemClock } = options;
  const env = options.env ?? {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: process.env['HOME'] ?? '/',
  };
  const counts = { connections: 1, execs: 0, forwards: 0 };
  const gone = new AbortController();
  const lane = lanes(2);
  const start = async (program: Program): Promise<Outcome> => {
    gone.signal.throwIfAborted();
    counts.execs += 1;
    const child = spawn(shell[0]!, [...shell.slice(1), '-c', BOOTSTRAP], {
      env,
      cwd: options.cwd ?? env['HOME'] ?? '/',
      stdio: 'pipe',
      // A group of its own, so that all of it can be hung up on, as sshd does.
      detached: true,
    });
    const closed = once(child, 'close') as Promise<[number | null]>;
    return await runStarted(
      {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended: closed.then(([code]) => code),
        abandon() {
          for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
          if (child.exitCode === null && child.pid !== undefined) hangUp(child.pid);
        },
      },
      program,
      { name, clock, gone: gone.signal },
    );
  };
  return {
    name,
    counts,
    gone: gone.signal,
    run: (program) => lane(() => start(program)),
    async forward(host, port): Promise<Duplex> {
      gone.signal.throwIfAborted();
      counts.forwards += 1;
      const socket = net.connect({ host, port, noDelay: true });
      try {
        await once(socket, 'connect');
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
          throw new SessionFailure('forward-unknown-name', `${name} knows no host ${host}`, { cause: error });
        }
        throw new SessionFailure('forward-refused', `${name} was refused at ${host}:${port}`, {
          cause: error,
        });
      }
      return socket;
    },
    async close() {
      gone.abort(new SessionFailure('lost', `the session to ${name} is closed`));
    },
    cut() {
      gone.abort(new SessionFailure('lost', `the connection to ${name} was cut`));
    },
  };
}

function hangUp(group: number): void {
  try {
    process.kill(-group, 'SIGHUP');
  } catch {
    // It ended by itself meanwhile.
  }
}
