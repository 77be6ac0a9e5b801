import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventReader } from './events.ts';
import { type Frame, frameReader } from './frames.ts';
import { FORMS } from './result-forms.ts';
import { parseFieldList, parseResult } from './result.ts';
import type { RunEvent } from './run.ts';

/** The bytes in pieces, cut at arbitrary places. */
function pieces(bytes: Buffer, cuts: number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

const cuts = fc.array(fc.nat(100_000), { maxLength: 12 });

test('frames arrive whole, however the bytes are cut', () => {
  const frames = fc.array(
    fc.record({
      type: fc.constantFrom('log', 'state', 'result'),
      payload: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    }),
  );
  fc.assert(
    fc.property(frames, cuts, (sent, at) => {
      const bytes = Buffer.concat(
        sent.flatMap(({ type, payload }) => [
          Buffer.from(`${type} ${payload.length}\n`),
          payload,
          Buffer.from('\n'),
        ]),
      );
      const got: Frame[] = [];
      const read = frameReader((frame) => got.push(frame));
      for (const piece of pieces(bytes, at)) read(piece);
      expect(got).toEqual(sent);
    }),
  );
});

test.each(['bash: no such file\n', 'log -1\n', `log ${'9'.repeat(10)}\n`, 'x'.repeat(300)])(
  'what is no frame is an error: %j',
  (text) => {
    expect(() => frameReader(() => {})(Buffer.from(text))).toThrow(/something else/);
  },
);

test('log lines keep their text however the bytes are cut, also inside a character', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed().replace(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(line), cuts, (sent, at) => {
      const events: RunEvent[] = [];
      const reader = eventReader('token', (event) => events.push(event));
      const bytes = Buffer.from(sent.map((text) => `${text}\n`).join(''));
      for (const piece of pieces(bytes, at)) reader.push(piece);
      reader.end();
      expect(events).toEqual(sent.map((text) => ({ type: 'line', text })));
    }),
  );
});

test('only the run’s own token makes a line more than text', () => {
  const events: RunEvent[] = [];
  const reader = eventReader('token', (event) => events.push(event));
  reader.push(
    Buffer.from(
      '\x1etoken phase 120 pull\n\x1eguess phase 1 forged\n\x1etoken warning careful\r\n10%\r90%\nlast',
    ),
  );
  reader.end();
  expect(events).toEqual([
    { type: 'phase', name: 'pull', at: 120 },
    { type: 'line', text: '\x1eguess phase 1 forged' },
    { type: 'warning', text: 'careful' },
    { type: 'line', text: '90%' },
    { type: 'line', text: 'last' },
  ]);
});

test('a value in a result cannot pass for another field, nor a later failure for the first', () => {
  const list = (fields: [string, string][]) =>
    Buffer.from(fields.map(([name, value]) => `${name} ${Buffer.byteLength(value)}\n${value}\n`).join(''));
  const bytes = list([
    ['evil', 'x\n_outcome 9\nsucceeded\n'],
    ['_kind', 'unhealthy'],
    ['_message', 'first'],
    ['_message', 'second'],
    ['_details', 'one'],
    ['_details', 'two'],
    ['_outcome', 'failed'],
    ['_phases', 'pull 20\nup-and-down 30\n'],
  ]);
  const reference = { path: '/a', deploymentId: 'b', operation: 'deploy', number: 1, directory: '/a/b' };
  expect(parseResult(bytes, reference, true, { evil: FORMS.text })).toMatchObject({
    outcome: 'failed',
    failure: { kind: 'unhealthy', message: 'first', details: 'one\ntwo' },
    fields: { evil: 'x\n_outcome 9\nsucceeded\n' },
    phases: [
      { name: 'pull', ms: 20 },
      { name: 'up-and-down', ms: 30 },
    ],
  });
  expect(() => parseFieldList(bytes.subarray(0, 20))).toThrow(/damaged/);
});
