import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { deployed, lines, moved } from '@deploy-actions/ledger/testing';
import { readServerHistory } from './history-reading.ts';

const hostWith = hostsForEach(afterEach);

test.each(['dash', 'busybox'] as const)(
  'the end of the history is read, and no more of it (%s)',
  async (shell) => {
    const host = hostWith(shell);
    mkdirSync(path.join(host.path, '.deploy'), { recursive: true });
    const all = [deployed('r1'), deployed('r2'), moved('blue', 'green', 'r3')];
    writeFileSync(path.join(host.path, '.deploy/history.jsonl'), `${lines(all)}{"half`);
    const { records, unread } = await readServerHistory(host.session(), host.path, 3);
    expect(records).toEqual(all.slice(1));
    expect(unread).toEqual([expect.stringContaining('is not JSON')]);
    expect(host.read('.deploy/history.jsonl')).toBe(`${lines(all)}{"half`);
  },
);

test('an application without a history has an empty one', async () => {
  const host = hostWith('dash');
  mkdirSync(host.path, { recursive: true });
  expect(await readServerHistory(host.session(), host.path, 9)).toEqual({ records: [], unread: [] });
});
