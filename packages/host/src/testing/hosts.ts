import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Clock, systemClock } from '@deploy-actions/kit';
import { localSession } from '@deploy-actions/shell/testing';
import type { FollowOptions, Operation, RunEvent } from '../run.ts';
import { type TestProgram, testProgram } from './program.ts';

type Shell = 'dash' | 'busybox' | 'bash';

/** A place on this machine that stands in for a server, for tests: an application's folder and a shell. */
export interface TestHost {
  path: string;
  session(): ReturnType<typeof localSession>;
  /** `body` is sh that defines `operate` and perhaps `recover`. */
  operation(more: Partial<Operation> & TestProgram): Operation;
  /** Reads a file below the application's folder; empty when it is not there. */
  read(name: string): string;
  /** Makes runs stand still at a boundary of the journal (`event:before` or `event:after`), or go on. */
  pauseAt(boundary: string | undefined): void;
  /** Puts a program first on the PATH: a text for sh, or for another shell. Answers where it is. */
  tool(name: string, text: string, interpreter?: string): string;
  /** The home of the login user. */
  home: string;
  /** What is to be done when it is removed, beside that. */
  atRemoval(work: () => void): void;
  /** Ends its sessions and takes its files away. */
  remove(): Promise<void>;
}

/** Makes hosts for the tests of a file; after each test they are taken away, by the runner's `afterEach`. */
export function hostsForEach(afterEach: (work: () => Promise<void>) => void): (shell: Shell) => TestHost {
  const hosts: TestHost[] = [];
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.remove()));
  });
  return (shell) => {
    const host = testHost(shell);
    hosts.push(host);
    return host;
  };
}

function testHost(shell: Shell): TestHost {
  const folder = mkdtempSync(path.join(tmpdir(), 'host-'));
  const bin = path.join(folder, 'bin');
  mkdirSync(bin);
  if (shell === 'busybox') {
    // All of busybox's own tools come first, as on Alpine.
    const busybox = which('busybox')!;
    for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
      if (name !== '') symlinkSync(busybox, path.join(bin, name));
    }
  } else {
    symlinkSync(which(shell)!, path.join(bin, 'sh'));
  }
  const app = path.join(folder, 'app');
  const pause = path.join(app, '.deploy', 'pause-at');
  const sessions: ReturnType<typeof localSession>[] = [];
  const last: (() => void)[] = [];
  return {
    path: app,
    home: folder,
    tool(name, text, interpreter = '/bin/sh') {
      const file = path.join(bin, name);
      rmSync(file, { force: true });
      writeFileSync(file, `#!${interpreter}\n${text}\n`, { mode: 0o755 });
      return file;
    },
    session() {
      const session = localSession({
        env: {
          PATH: `${bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
          HOME: folder,
          USER: 'tester',
        },
      });
      sessions.push(session);
      return session;
    },
    operation: ({ body, parameters, secrets, ...more }) => ({
      name: 'deploy',
      path: app,
      deploymentId: 'run-1',
      inputHash: 'a'.repeat(64),
      holder: { actor: 'octocat', runUrl: 'https://example.org/run/1' },
      program: testProgram({ body, parameters, secrets }),
      ...more,
    }),
    read: (name) => {
      try {
        return readFileSync(path.join(app, name), 'utf8');
      } catch {
        return '';
      }
    },
    pauseAt(boundary) {
      mkdirSync(path.dirname(pause), { recursive: true });
      if (boundary === undefined) rmSync(pause, { force: true });
      else writeFileSync(pause, `${boundary}\n`);
    },
    atRemoval: (work) => void last.push(work),
    async remove() {
      await Promise.all(sessions.map((session) => session.close()));
      for (const work of last) work();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The shells of this machine that a server may have as `sh`. */
export function shellsHere(): Shell[] {
  return (['dash', 'busybox', 'bash'] as const).filter((name) => which(name) !== undefined);
}

/** Where a program of this machine is; undefined where it has none of that name. */
export function which(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));
}

/** Options that keep the events. */
export function watching(
  more: Partial<FollowOptions> = {},
): FollowOptions & { events: RunEvent[]; clock: Clock } {
  const events: RunEvent[] = [];
  return { clock: systemClock, events, onEvent: (event) => events.push(event), ...more };
}

/** Resolves when `check` is true; rejects after ninety seconds, since the machine may be busy. */
export async function eventually(check: () => boolean, what: string): Promise<void> {
  const until = Date.now() + 90_000;
  while (!check()) {
    if (Date.now() > until) throw new Error(`${what} did not come about`);
    await systemClock.sleep(20);
  }
}

export function linesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'line' ? [event.text] : []));
}

export function statesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
}

/** Of the program of a run, such as `run-1/deploy-1`. */
export function pidOf(host: TestHost, run: string): number {
  return Number(host.read(`.deploy/runs/${run}/pid`).split(' ')[0]);
}

/** Whether a process is there and no zombie. */
export function works(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function paused(host: TestHost, run: string): Promise<void> {
  await eventually(() => host.read(`.deploy/runs/${run}/state`) === 'paused\n', `the pause of ${run}`);
}

/** Stands in for `test` where a promise is not held to under a shell, by the comments there. */
export const leftOut = (_name: string, _work: () => unknown, _timeout?: number): void => {};
