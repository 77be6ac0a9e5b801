import type { Call } from './call.ts';
import { Refusal, options } from './refusal.ts';
import type { FakeContainer } from './state.ts';

/**
 * The server's own sh stands in for the container's, and sees the processes of hanging commands. As with Docker, what runs
 * there has its stdin through the client, and runs on when the client is killed.
 */
export async function execute(
  find: (which: string) => FakeContainer,
  words: readonly string[],
  call: Call,
): Promise<string> {
  const { flags, rest } = options(words, { flags: ['--interactive', '-i'] });
  const [which = '', ...command] = rest;
  const container = find(which);
  if (!container.State.Running)
    throw new Refusal(`Error response from daemon: container ${container.ID} is not running`);
  if (container.State.Status === 'paused')
    throw new Refusal(
      `Error response from daemon: Container ${container.ID} is paused, unpause the container before exec`,
    );
  const code = await call.run({
    words: command.map((word) => mounted(container, word)),
    // A tool of a test may do other things in another container.
    env: { IN_CONTAINER: container.Name.slice(1) },
    isInteractive: flags.size > 0,
  });
  if (code !== 0) throw new Refusal('', code);
  return '';
}

/** A word that is a folder of the server's where it is mounted stands for that folder. */
function mounted({ Mounts }: FakeContainer, word: string): string {
  const found = (Mounts as { Type?: string; Source?: string; Destination?: string }[]).find(
    ({ Type, Destination }) => Type === 'bind' && Destination === word,
  );
  return found?.Source ?? word;
}
