import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ownStop, ownWork, parseOwnWork } from './own-stops.ts';
import { startRun } from './start.ts';
import { hostsForEach, paused, shellsHere, watching } from './testing/hosts.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);
const SHOP = { parameters: { project: 'shop' } };

describe.each(shellsHere().filter((one) => one !== 'bash'))('with %s as sh', (shell) => {
  test('a run that is at work explains a stop, one that only looks does not, and one that has ended does no more', async () => {
    const host = hostWith(shell);
    const body = 'operate() { phase pull; journal fetched; phase up; journal stopping; }';
    const ask = () => ownWork(host.session(), host.path);
    host.pauseAt('fetched:before');
    const run = await startRun(host.session(), host.operation({ body, ...SHOP }), watching());
    await paused(host, 'run-1/deploy-1');
    expect(ownStop((await ask())!, 'shop', Date.now() + 5000)).toBeUndefined();
    host.pauseAt('stopping:before');
    await paused(host, 'run-1/deploy-1');
    const now = Date.now();
    const work = (await ask())!;
    expect([ownStop(work, 'shop', now), ownStop(work, 'shop-green', now)]).toEqual(['deploy-1', 'deploy-1']);
    expect([ownStop(work, 'other', now), ownStop(work, 'shop', now - 3_600_000)]).toEqual([
      undefined,
      undefined,
    ]);
    host.pauseAt(undefined);
    await run.result;
    const after = (await ask())!;
    expect(ownStop(after, 'shop', now)).toBe('deploy-1');
    expect(ownStop(after, 'shop', Date.now() + 10_000)).toBeUndefined();
  });

  test('a folder without a run of ours knows of none; one that cannot be read says so', async () => {
    const host = hostWith(shell);
    mkdirSync(host.path, { recursive: true });
    expect(await ownWork(host.session(), host.path)).toEqual([]);
    expect(await ownWork(host.session(), path.join(host.path, 'nowhere'))).toBeUndefined();
    writeFileSync(path.join(host.path, '.deploy'), '');
    expect(await ownWork(host.session(), host.path)).toBeUndefined();
  });
});

const at = (time: string) => Date.parse(`2026-01-01T${time}Z`);
const line = (time: string, event: string) => `2026-01-01T${time}Z ${event}\n`;

test('a backup stops nothing; a run that died leaves two minutes to what it may have left at work', () => {
  const journal = line('10:00:00', 'locked') + line('10:00:10', 'phase:up');
  const died = parseOwnWork(`run deploy-1 gone shop\n${journal}end\n`);
  expect([at('10:02:00'), at('10:03:00')].map((time) => ownStop(died, 'shop', time))).toEqual([
    'deploy-1',
    undefined,
  ]);
  expect(parseOwnWork(`run backup-1 lives shop\n${journal}end\n`)).toEqual([]);
});

test('a timer is at work between its two lines, or for ten minutes where it did not say that it ended', () => {
  const stop = line('10:00:00', 'timer stop begins');
  const ended = parseOwnWork(`${stop}${line('10:00:20', 'timer stop ends')}end\n`);
  const cut = parseOwnWork(`${stop}end\n`);
  const times = [at('09:59:50'), at('10:00:10'), at('10:00:40'), at('10:20:00')];
  expect(times.map((time) => ownStop(ended, 'shop', time))).toEqual([
    undefined,
    'the timer stop',
    undefined,
    undefined,
  ]);
  expect(times.map((time) => ownStop(cut, 'shop', time))).toEqual([
    undefined,
    'the timer stop',
    'the timer stop',
    undefined,
  ]);
});

test('lines of another form explain nothing', () => {
  for (const text of [
    'run ../../x lives shop\n2026-01-01T10:00:00Z locked\n',
    'run deploy-1 soon shop\n2026-01-01T10:00:00Z locked\n',
    'run deploy-1 lives shop\nyesterday locked\n',
    'run deploy-1 lives shop\n2026-01-01T10:00:00Z waiting\n',
  ])
    expect([text, parseOwnWork(`${text}end\n`)]).toEqual([text, []]);
});
