import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { lineDiff } from './line-diff.ts';

test('a difference, applied, gives the new text', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
  fc.assert(
    fc.property(lines, lines, (a, b) => {
      const diff = lineDiff(a.join('\n'), b.join('\n'));
      const removed = diff.filter((line) => line.startsWith('- ')).length;
      const added = diff.filter((line) => line.startsWith('+ ')).length;
      const before = a.length === 0 ? 1 : a.length;
      const after = b.length === 0 ? 1 : b.length;
      expect(before - removed).toBe(after - added);
    }),
  );
});

test('a difference names what goes before what comes, and nothing that stays', () => {
  expect(lineDiff('a\nb\nc', 'a\nx\nc\nd')).toEqual(['- b', '+ x', '+ d']);
  expect(lineDiff('a', 'a')).toEqual([]);
});

test('texts of 20,000 lines that have nothing in common are told apart within a second', () => {
  const text = (prefix: string) => Array.from({ length: 20_000 }, (_, i) => `${prefix}${i}`).join('\n');
  const started = performance.now();
  expect(lineDiff(text('a'), text('b'))).toHaveLength(40_000);
  expect(performance.now() - started).toBeLessThan(1000);
});
