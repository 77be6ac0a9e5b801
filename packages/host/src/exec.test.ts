import { afterEach, expect, test } from '@jest/globals';
import { localSession } from '@deploy-actions/shell/testing';
import { runEntry } from './exec.ts';

// What a server may send that no program of ours sends: a real local shell plays it, and must be ended each time.

const sessions: ReturnType<typeof localSession>[] = [];
const session = () => {
  const made = localSession({ name: 'web1' });
  sessions.push(made);
  return made;
};
afterEach(async () => {
  for (const one of sessions.splice(0)) await one.close();
});

const SAYS_A_FRAME = "printf 'state 7\\nrunning\\n'; ";

test.each([
  ['garbage without end', 'while :; do echo garbage; done'],
  ['a frame longer than any of ours', "printf 'state 9999999\\n'; exec sleep 600"],
  ['a payload that is longer than it says', "printf 'state 3\\nrunning\\n'; exec sleep 600"],
  ['noise on stderr without end', `${SAYS_A_FRAME}while :; do echo 'noise noise noise noise' >&2; done`],
])('%s ends the exec as lost, and names the server', async (_, script) => {
  const failure = await runEntry(session(), { script, timeout: 60_000 }, () => {}).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toMatchObject({ kind: 'lost', code: 'lost' });
  expect(String(failure)).toContain('web1 did not answer as a program of ours does');
});

test('a frame that means nothing to its reader is the fault of the server, not an unexpected error', async () => {
  const script = `${SAYS_A_FRAME}exec sleep 600`;
  const reader = () => {
    throw new Error('it names a state that no run has');
  };
  await expect(runEntry(session(), { script, timeout: 60_000 }, reader)).rejects.toMatchObject({
    kind: 'lost',
    message: 'web1 did not answer as a program of ours does: it names a state that no run has',
  });
});

test('a server that stays connected and says nothing is given up, also after a first word', async () => {
  for (const script of ['exec sleep 600', `${SAYS_A_FRAME}exec sleep 600`]) {
    await expect(runEntry(session(), { script, silence: 300 }, () => {})).rejects.toThrow(
      'web1 stayed connected but said nothing for ',
    );
  }
});

test('a sign of life counts as a word', async () => {
  const script = "for n in 1 2 3 4 5; do sleep 0.2; printf 'alive 0\\n\\n'; done";
  await expect(runEntry(session(), { script, silence: 5_000 }, () => {})).resolves.toBeUndefined();
});

test.each([
  ['at its first piece', 0],
  ['in the middle', 2],
])('an input that fails %s ends the exec with that very error', async (_, pieces) => {
  const input = (function* () {
    for (let piece = 0; piece < pieces; piece += 1) yield Buffer.from('text\n');
    throw new Error('no such name');
  })();
  await expect(
    runEntry(session(), { script: 'cat >/dev/null', input, timeout: 60_000 }, () => {}),
  ).rejects.toThrow('no such name');
});
