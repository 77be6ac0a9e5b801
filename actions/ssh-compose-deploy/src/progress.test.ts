import { expect, test } from '@jest/globals';
import { memoryLog } from '@deploy-actions/kit';
import { type Progress, teller } from './progress.ts';

const fresh = (): Progress => ({ state: 'none', phase: '' });

test('the phases of one server are groups, each with its lines', async () => {
  const log = memoryLog();
  const voice = teller(log, false);
  const hear = voice.listener('web1', fresh());
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

test('lines of several servers carry their names', async () => {
  const log = memoryLog();
  const voice = teller(log, true);
  voice.listener('a', fresh())({ type: 'line', text: 'x' });
  voice.listener('b', fresh())({ type: 'warning', text: 'y' });
  await voice.close();
  expect(log.lines).toEqual(['a | x', 'warning: b | y']);
});

test('a wait ends with the event that it waits for, or with the cancellation', async () => {
  const voice = teller(memoryLog(), true);
  const progress = fresh();
  const hear = voice.listener('a', progress);
  const ready = voice.until(() => progress.phase === 'ready');
  hear({ type: 'phase', name: 'ready', at: 0 });
  await ready;
  const controller = new AbortController();
  const never = voice.until(() => false, controller.signal);
  controller.abort(new Error('cancelled'));
  await expect(never).rejects.toThrow('cancelled');
});
