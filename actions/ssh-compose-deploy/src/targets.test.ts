import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import type { Server } from '@deploy-actions/shell';
import { type Target, prepareAll } from './targets.ts';

const serversNamed = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `web${index + 1}` }) as Server);

/** Looks that all wait until nobody begins another one; answers the largest number at once of each round. */
async function roundsOf(count: number): Promise<number[]> {
  const rounds: number[] = [];
  let waiting: (() => void)[] = [];
  const servers = serversNamed(count);
  const targets = await prepareAll(servers, async (server) => {
    await new Promise<void>((done) => {
      waiting.push(done);
      if (waiting.length > 1) return;
      setImmediate(() => {
        rounds.push(waiting.length);
        const now = waiting;
        waiting = [];
        now.forEach((go) => go());
      });
    });
    return { server } as Target;
  });
  expect(targets.map(({ server }) => server)).toEqual(servers);
  return rounds;
}

test('20 servers are looked at all at once, and 100 in three rounds', async () => {
  expect(await roundsOf(1)).toEqual([1]);
  expect(await roundsOf(20)).toEqual([20]);
  expect(await roundsOf(100)).toEqual([40, 40, 20]);
});

test('one error names all the servers that are not fit, with the code of the first', async () => {
  const failing = prepareAll(serversNamed(3), async ({ name }) => {
    if (name === 'web2') return {} as Target;
    throw new Failure('refused', `no room on ${name}`, { code: 'disk-full', remedy: 'Free some.' });
  });
  await expect(failing).rejects.toMatchObject({
    kind: 'refused',
    code: 'disk-full',
    message: 'web1: no room on web1. Nothing was changed on any server',
    remedy: 'Free some.',
    details: 'web3: no room on web3',
  });
});
