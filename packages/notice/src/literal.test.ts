import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { clip, guard, literal, unguard } from './literal.ts';
import { findEntities } from './testing/telegram-entities.ts';
import { hostileTexts } from './testing/hostile.ts';

test('nothing that a messenger makes into links or mentions by itself is left after the guard', () => {
  for (const text of hostileTexts) {
    expect({ text, found: findEntities({ text: guard(literal(text)), entities: [] }) }).toEqual({
      text,
      found: [],
    });
  }
});

test('the guard changes nothing that a reader sees', () => {
  for (const text of hostileTexts) expect(unguard(guard(literal(text)))).toBe(literal(text));
});

test('a version, a path and a time stay as they are, so that they can be copied', () => {
  for (const text of ['v1.4.2', 'src/main', '12:30', '#', '1.5 GB', 'a/b']) expect(guard(text)).toBe(text);
});

test('literal text is well-formed, without control characters and bidirectional overrides', () => {
  for (const text of hostileTexts) {
    const shown = literal(text);
    expect(shown.isWellFormed()).toBe(true);
    expect(shown).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
    expect(literal(shown)).toBe(shown);
  }
});

test('a clipped text has at most its length, whole characters, and an end of the text', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.array(fc.string({ unit: 'grapheme', maxLength: 12 })).map((lines) => lines.join('\n')),
  );
  fc.assert(
    fc.property(
      texts,
      fc.nat(80),
      fc.constantFrom('head' as const, 'tail' as const),
      (text, length, keep) => {
        const cut = clip(text, length, keep);
        expect(cut.length).toBeLessThanOrEqual(length);
        expect(cut.isWellFormed()).toBe(true);
        if (text.length <= length) expect(cut).toBe(text);
        else if (keep === 'head') expect(text.startsWith(cut.replace(/\n?…$/, ''))).toBe(true);
        else expect(text.endsWith(cut.replace(/^…\n?/, ''))).toBe(true);
      },
    ),
  );
});

test('a clipped text keeps whole lines where one fits', () => {
  expect(clip('one\ntwo\nthree', 10)).toBe('one\ntwo\n…');
  expect(clip('one\ntwo\nthree', 10, 'tail')).toBe('…\nthree');
  expect(clip('one\ntwo\nthree', 5)).toBe('one\n…');
  expect(clip('abcdefgh', 5)).toBe('abcd…');
  expect(clip('👩‍👩‍👧‍👦x', 5)).toBe('…');
});
