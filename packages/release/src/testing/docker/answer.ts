import type { Call } from './call.ts';
import { composeCommand } from './compose.ts';
import { engineCommand } from './engine.ts';
import { Refusal } from './refusal.ts';
import { openState } from './state.ts';

/** Does what a call asks of the engine whose state lies in that folder. Answers the exit code. */
export async function answer(folder: string, words: readonly string[], call: Call): Promise<number> {
  const state = openState(folder);
  state.note(words.join(' ').replace(/\n/g, ' '));
  try {
    const { refused, quiet } = state.script();
    const [name, ...rest] = words;
    // What Compose reads of files, and `info` of the client, takes no engine.
    const asksEngine = !(quiet && (name === 'info' || (name === 'compose' && words.includes('config'))));
    if (refused !== undefined && asksEngine) throw new Refusal(refused);
    call.out(
      name === 'compose'
        ? await composeCommand(state, rest, call)
        : await engineCommand(state, words, call, refused === undefined),
    );
    return 0;
  } catch (error) {
    const { message } = error as Error;
    if (message !== '') call.err(`${message}\n`);
    return error instanceof Refusal ? error.code : 125;
  }
}
