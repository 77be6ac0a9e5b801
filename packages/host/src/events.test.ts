import { expect, test } from '@jest/globals';
import { eventReader } from './events.ts';
import type { RunEvent } from './run.ts';

function read(chunks: readonly string[]): RunEvent[] {
  const events: RunEvent[] = [];
  const reader = eventReader('token', (event) => events.push(event));
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return events;
}

test('a line over 64 KiB is one event, so that a secret in it is never told in pieces', () => {
  const secret = 'S3cr3t-0123456789-abcdefghijklmnop';
  const line = `${'x'.repeat(64 * 1024 - 31)}${secret}${'y'.repeat(5000)}`;
  expect(read([line.slice(0, 40_000), `${line.slice(40_000)}\nnext`])).toEqual([
    { type: 'line', text: line },
    { type: 'line', text: 'next' },
  ]);
});

test('a line without end is kept to 1 MiB, and what follows it is read', () => {
  const events = read([...Array<string>(300).fill('z'.repeat(10_000)), '\nnext\n']);
  expect(events).toEqual([
    { type: 'line', text: 'z'.repeat(1024 * 1024) },
    { type: 'line', text: 'next' },
  ]);
});

test('the program’s own words are told from its log, also in pieces', () => {
  expect(read(['\x1etok', 'en phase 5 pull\nlo', 'g\n\x1etoken warning odd\n'])).toEqual([
    { type: 'phase', name: 'pull', at: 5 },
    { type: 'line', text: 'log' },
    { type: 'warning', text: 'odd' },
  ]);
});
