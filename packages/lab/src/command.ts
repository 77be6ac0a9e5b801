import { spawn } from 'node:child_process';

/** How a local process ended. `code` is null when a signal ended it. */
export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Written to the standard input, which is then closed. */
  readonly input?: string | Buffer;
  /** After so many milliseconds the process is killed. */
  readonly timeoutMs?: number;
  /** Called with each line of both outputs as it comes. */
  readonly onLine?: (line: string) => void;
}

/** Runs a program to its end. An exit code is a value here; it rejects only when the program cannot be started. */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    const collect = (into: Buffer[]) => (chunk: Buffer) => {
      into.push(chunk);
      if (options.onLine !== undefined) {
        for (const line of chunk.toString().split('\n')) {
          if (line !== '') options.onLine(line);
        }
      }
    };
    child.stdout.on('data', collect(out));
    child.stderr.on('data', collect(err));
    // A program that does not read its input closes it early; its exit code says the rest.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

/** Runs a program and returns its standard output; any exit code but 0 rejects with the end of its standard error. */
export async function succeed(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const output = await command(program, args, options);
  if (output.code !== 0) {
    const tail = (output.stderr.trim() || output.stdout.trim()).split('\n').slice(-12).join('\n');
    const shown = [program, ...args].join(' ').slice(0, 300);
    throw new Error(`${shown}: exit ${output.code ?? 'by a signal'}${tail === '' ? '' : `\n${tail}`}`);
  }
  return output.stdout;
}

/** Whether a program can be found. */
export async function installed(program: string): Promise<boolean> {
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  return (
    (await command('sh', ['-c', 'command -v "$1"', 'sh', program], { env: { ...process.env, PATH: path } }))
      .code === 0
  );
}
