import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { by, lines, moved, trafficRecord } from '@deploy-actions/ledger/testing';
import { putSwarmColors, shopsForEach } from '@deploy-actions/traffic/testing';
import { rollbackRig } from './testing/rollback-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const shopsWith = shopsForEach(afterEach);

/** A swarm after a switch to green by the run 7; what served before stands by in blue. */
async function swarm() {
  const rig = rollbackRig(await shopsWith<'m1' | 'w1'>(['m1', 'w1']));
  const { m1, w1 } = rig.servers;
  await putSwarmColors(m1, w1);
  for (const { host, proxy } of [m1, w1]) {
    const { folder, routes } = proxy.site([]);
    const record = trafficRecord('green', {
      release: 'v2',
      previous: 'v1',
      container: 'edge',
      folder,
      routes: [...routes],
    });
    writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([record]));
    appendFileSync(
      path.join(host.path, '.deploy/history.jsonl'),
      lines([by('7-deploy', moved('blue', 'green', 'v2'))]),
    );
    proxy.put('green');
  }
  return { ...rig, m1, w1, shares: () => [m1, w1].map(({ proxy }) => proxy.share()) };
}

test('the traffic of all nodes goes back to the colour that stands by, which the manager knows of', async () => {
  const { go, shares, m1, w1 } = await swarm();
  const { failure, outputs, log } = await go({}, '7');
  expect([failure?.message, failure ? log : '']).toEqual([undefined, '']);
  expect(outputs).toMatchObject({ mode: 'flip', from: 'v2', to: 'v1' });
  expect(shares()).toEqual(['blue', 'blue']);
  for (const server of [m1, w1])
    expect(server.history().at(-1)).toMatchObject({ to: 'blue', outcome: 'succeeded' });
});

test('a node whose proxy does not get the colour that stands by keeps all nodes where they are', async () => {
  const { go, shares, w1 } = await swarm();
  w1.answers('blue', { status: 502, body: 'Bad Gateway' });
  const { failure } = await go({ 'wait-timeout': '2s' }, '7');
  expect(failure!.message).toContain(
    'blue could not be started again: its services answer 502 through nginx here',
  );
  expect(shares()).toEqual(['green', 'green']);
});

test('what stands by in no colour any more is refused, with what to do', async () => {
  const { go, shares, m1 } = await swarm();
  rmSync(path.join(m1.host.home, 'engine/services/shop-blue_api-blue'));
  const { failure } = await go({ to: 'v1' });
  expect(failure).toMatchObject({ kind: 'refused', input: 'to' });
  expect(failure!.message).toContain('v1 stands by in no colour of the swarm');
  expect(failure!.remedy).toContain('with `color: blue`');
  expect(shares()).toEqual(['green', 'green']);
});
