import { execFileSync } from 'node:child_process';

export interface Git {
  /** Runs git in the repository and answers its standard output, trimmed at the end. */
  (args: readonly string[], options?: { input?: string | Buffer; env?: Record<string, string> }): string;
  /** The same as bytes. */
  bytes(args: readonly string[]): Buffer;
}

/** git for one repository. */
export function gitIn(folder: string): Git {
  const run = (args: readonly string[], options: Parameters<Git>[1] = {}): Buffer =>
    execFileSync('git', args, {
      cwd: folder,
      input: options.input,
      env: { ...process.env, ...options.env },
      maxBuffer: 2 ** 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  return Object.assign(
    (args: readonly string[], options?: Parameters<Git>[1]) => run(args, options).toString().trimEnd(),
    {
      bytes: (args: readonly string[]) => run(args),
    },
  );
}
