// A stand-in for docker: `main.ts FOLDER words…`. Its state lies in the folder, and what it does not know it refuses.
import { composeCommand } from './compose.ts';
import { engineCommand } from './engine.ts';
import { Refusal } from './refusal.ts';
import { openState } from './state.ts';

const [folder = '', ...words] = process.argv.slice(2);
const state = openState(folder);
state.note(words.join(' ').replace(/\n/g, ' '));
try {
  const { refused, quiet } = state.script();
  const [name, ...rest] = words;
  // What Compose reads of files, and `info` of the client, takes no engine.
  const asksEngine = !(quiet && (name === 'info' || (name === 'compose' && words.includes('config'))));
  if (refused !== undefined && asksEngine) throw new Refusal(refused);
  process.stdout.write(
    name === 'compose'
      ? await composeCommand(state, rest)
      : await engineCommand(state, words, refused === undefined),
  );
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof Refusal ? error.code : 125;
}
