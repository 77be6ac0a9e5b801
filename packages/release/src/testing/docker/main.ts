// A call of docker in a process of its own: `main.ts FOLDER words…`.
import { answer } from './answer.ts';

const [folder = '', ...words] = process.argv.slice(2);
process.exitCode = await answer(folder, words, {
  cwd: process.cwd(),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  signal: new AbortController().signal,
});
