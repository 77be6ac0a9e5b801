import { expect, test } from '@jest/globals';
import { OutOfTime, matchWithin, within } from './within.ts';

test.each([
  [/^(a|a)*$/u, `${'a'.repeat(40)}b`],
  [/^(a+)+$/, `${'a'.repeat(60)}!`],
  [/(.*)x(.*)x(.*)x$/su, `${'x'.repeat(20_000)}y`],
  [/\s+$/, `${' '.repeat(400_000)}x`],
  [/^([a-z]+)*@/i, 'A'.repeat(50)],
  [/(?=(a|a)*$)./, `${'a'.repeat(50)}b`],
])('%p ends on a hostile text', (expression, text) => {
  const started = performance.now();
  expect(() => matchWithin(expression, text, 100)).toThrow(/did not end within 100 ms on \d+ characters/);
  expect(performance.now() - started).toBeLessThan(5000);
});

test.each([
  [/v(\d+)\.(\d+)/u, 'version v12.5', ['v12.5', '12', '5']],
  [/^ok$/, 'ok', ['ok']],
  [/(?<=a)b+/u, 'aabbb', ['bbb']],
  [/x|y/, 'z', null],
  [/needle$/u, `${'x'.repeat(1_000_000)}needle`, ['needle']],
])('%p is matched as ever', (expression, text, wanted) => {
  const match = matchWithin(expression, text);
  expect(match === null ? null : [...match]).toEqual(wanted);
  expect(match?.index).toBe(expression.exec(text)?.index);
});

test('work that does not end is ended, also within other such work, and its own errors pass', () => {
  const forever = (): never => {
    for (;;);
  };
  expect(() => within(20, forever)).toThrow(OutOfTime);
  expect(within(1000, () => within(500, () => 7))).toBe(7);
  expect(() =>
    within(1000, () => {
      expect(() => within(20, forever)).toThrow(OutOfTime);
      throw new TypeError('mine');
    }),
  ).toThrow(TypeError);
  expect(() => within(60, () => within(10_000, forever))).toThrow('ended after 60 ms');
});

test('work that was given no processor for all of its time begins again, and not for ever', () => {
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  let begun = 0;
  const late = (nights: number) => () => {
    begun += 1;
    if (begun <= nights) Atomics.wait(asleep, 0, 0, 5000);
    return begun;
  };
  expect(within(50, late(2))).toBe(3);
  begun = 0;
  expect(() => within(50, late(99))).toThrow(OutOfTime);
  expect(begun).toBe(4);
});
