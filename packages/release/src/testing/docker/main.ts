// A stand-in for docker: `main.ts FOLDER words…`. Its state lies in the folder, and what it does not know it refuses.
import { composeCommand } from './compose.ts';
import { engineCommand } from './engine.ts';
import { Refusal } from './refusal.ts';
import { openState } from './state.ts';

const [folder = '', ...words] = process.argv.slice(2);
const state = openState(folder);
state.note(words.join(' ').replace(/\n/g, ' '));
try {
  const { refused } = state.script();
  if (refused !== undefined) throw new Refusal(refused);
  const [name, ...rest] = words;
  process.stdout.write(name === 'compose' ? await composeCommand(state, rest) : engineCommand(state, words));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof Refusal ? error.code : 125;
}
