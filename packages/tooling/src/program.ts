import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ProgramOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Called with each line of either stream as it arrives. */
  onLine?(line: string): void;
  /** Sends SIGINT when it aborts, as Ctrl-C does. */
  interrupt?: AbortSignal;
}

export interface ProgramResult {
  code: number;
  /** Both streams, as they came. */
  output: string;
  stdout: string;
}

/** Runs a program to its end; an exit status is a value, a program that is not there an error. */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { promise, resolve, reject } = Promise.withResolvers<ProgramResult>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  options.interrupt?.addEventListener('abort', () => child.kill('SIGINT'));
  let output = '';
  let stdout = '';
  const take = (stream: 'stdout' | 'stderr') => {
    let partial = '';
    child[stream].setEncoding('utf8');
    child[stream].on('data', (chunk: string) => {
      output += chunk;
      if (stream === 'stdout') stdout += chunk;
      const lines = (partial + chunk).split('\n');
      partial = lines.pop()!;
      for (const line of lines) options.onLine?.(line);
    });
    child[stream].on('end', () => {
      if (partial !== '') options.onLine?.(partial);
    });
  };
  take('stdout');
  take('stderr');
  child.on('error', reject);
  child.on('close', (code) => resolve({ code: code ?? 1, output, stdout }));
  return promise;
}

/** The path of a program on PATH or in further folders; undefined when there is none. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const all = [...folders, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return all
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** Says `line` every ten seconds until the work ends, so that no long step is silent. */
export async function withHeartbeat<T>(line: () => string, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => console.log(line()), 10_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
