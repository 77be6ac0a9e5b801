import { expect, test } from '@jest/globals';
import { memoryLog } from '@deploy-actions/kit/testing';
import type { RunEvent } from './run.ts';
import { teller } from './teller.ts';

test('the phases of one server are groups, each with its lines', async () => {
  const log = memoryLog();
  const voice = teller(log, false);
  const hear = (event: RunEvent) => voice.tell('web1', event);
  hear({ type: 'phase', name: 'pull', at: 0 });
  hear({ type: 'line', text: 'pulled' });
  hear({ type: 'phase', name: 'up', at: 1500 });
  hear({ type: 'line', text: 'started' });
  await voice.close();
  expect(log.lines).toEqual([
    '> Pull the images (at 0 ms)',
    'pulled',
    '> Bring up what changed (at 1.5 s)',
    'started',
  ]);
});

test('what a command of the user says stands open, between phases that are folded', async () => {
  const log = memoryLog();
  const voice = teller(log, false);
  const hear = (event: RunEvent) => voice.tell('web1', event);
  hear({ type: 'phase', name: 'pull', at: 0 });
  hear({ type: 'line', text: 'pulled' });
  hear({ type: 'phase', name: 'migrate', at: 1500 });
  hear({ type: 'line', text: 'no such column' });
  hear({ type: 'phase', name: 'up', at: 2000 });
  hear({ type: 'line', text: 'started' });
  await voice.close();
  expect(log.entries.map(({ text, group }) => [text, group])).toEqual([
    ['pulled', 'Pull the images (at 0 ms)'],
    ['Migrate (at 1.5 s)', undefined],
    ['no such column', undefined],
    ['started', 'Bring up what changed (at 2.0 s)'],
  ]);
});

test('lines of several servers carry their names', async () => {
  const log = memoryLog();
  const voice = teller(log, true);
  voice.tell('a', { type: 'line', text: 'x' });
  voice.tell('b', { type: 'warning', text: 'y' });
  await voice.close();
  expect(log.lines).toEqual(['a | x', 'warning: b | y']);
});
