// A call of docker in a process of its own: `main.ts FOLDER words…`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { answer } from './answer.ts';
import type { Inside } from './call.ts';

const [folder = '', ...words] = process.argv.slice(2);
process.exitCode = await answer(folder, words, {
  cwd: process.cwd(),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  run,
  signal: new AbortController().signal,
});

async function run({ words: [program = '', ...words], env, isInteractive }: Inside): Promise<number> {
  const child = spawn(program, words, {
    stdio: [isInteractive ? 'pipe' : 'ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  if (isInteractive) {
    // A command may end before it has read everything.
    child.stdin!.on('error', () => undefined);
    process.stdin.pipe(child.stdin!);
  }
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  process.stdin.destroy();
  return code ?? (signal === 'SIGKILL' ? 137 : 143);
}
