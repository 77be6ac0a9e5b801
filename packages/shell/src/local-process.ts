import { exec } from '@actions/exec';
import type { LocalOptions } from './local-options.ts';
import type { Outcome } from './session.ts';

/** See `runLocal`. */
export async function runProcess(argv: readonly string[], options: LocalOptions): Promise<Outcome> {
  const [tool, ...args] = argv;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  // The library splits its first argument into words again: quoted, it is one word.
  const code = await exec(`"${tool!.replace(/(["\\])/g, '\\$1')}"`, args, {
    silent: true,
    ignoreReturnCode: true,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...options.env } }),
    ...(options.input === undefined ? {} : { input: Buffer.from(options.input as string) }),
    listeners: {
      stdout: options.onStdout ?? ((bytes) => out.push(bytes)),
      stderr: options.onStderr ?? ((bytes) => err.push(bytes)),
    },
  });
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(err) };
}
