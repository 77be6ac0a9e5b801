import { existsSync } from 'node:fs';
import { release } from 'node:os';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { preflightRig } from './testing/rig.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

test('a server that is ready is told so, by two execs, and nothing is made or left there', async () => {
  const rig = preflightRig(hostWith);
  const { failure, outputs, rows, state, summary } = await rig.run({
    domains: 'shop.example.org',
    'max-cpu': '100%',
    // Whichever proxy this machine runs is seen too.
    skip: 'proxy',
  });
  expect([failure?.message, Object.values(rows).filter(({ ok }) => !ok)]).toEqual([undefined, []]);
  expect(outputs).toMatchObject({ ready: true, warnings: 0 });
  for (const name of [
    'connection',
    'path',
    'docker',
    'configuration',
    'variables',
    'disk',
    'memory',
    'clock',
    'lock',
    'domains',
    'certificates',
    'cpu',
  ] as const)
    expect([name, state(name)]).toEqual([name, 'passed']);
  // What it runs, and in which groups the login user is; here both are this machine's.
  expect([state('system'), rows['system']!.detail]).toEqual(['told', expect.stringContaining(release())]);
  expect(rows['system']!.detail).toMatch(/; \S+ in \S+/);
  expect(summary).toContain('### web1 is ready for a deployment');
  expect(rig.server.sessions.map(({ counts }) => counts.execs)).toEqual([2]);
  expect(existsSync(rig.server.host.path)).toBe(false);
});
