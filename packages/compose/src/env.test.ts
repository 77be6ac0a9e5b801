import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatEnv, parseEnv } from './env.ts';

test('a value is every character after the first =', () => {
  const env = parseEnv(
    'A=1\n# note\n\nURL=postgres://u:p=w@db/x?a=b \nEMPTY=\n  B=2'.replace('\n  B', '\nB'),
  );
  expect([...env]).toEqual([
    ['A', '1'],
    ['URL', 'postgres://u:p=w@db/x?a=b '],
    ['EMPTY', ''],
    ['B', '2'],
  ]);
});

test('a value of several lines stands between two marks', () => {
  const env = parseEnv('KEY<<END\n-----BEGIN-----\nA=1\n\n-----END-----\nEND\nB=2');
  expect(env.get('KEY')).toBe('-----BEGIN-----\nA=1\n\n-----END-----');
  expect(env.get('B')).toBe('2');
});

test('a line that is neither is refused by its number, and its text is not shown', () => {
  for (const [text, line] of [
    ['A=1\nsupersecret', 2],
    ['A=1\n\n=supersecret', 3],
    ['has space=supersecret', 1],
    ['A<<\nsupersecret', 1],
    ['B=1\nA<<END\nsupersecret', 2],
  ] as const) {
    let error: unknown;
    try {
      parseEnv(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'FieldError', line });
    expect(String((error as Error).message)).not.toContain('supersecret');
  }
});

test('every value survives the input, whatever is in it', () => {
  const value = fc
    .string({ unit: 'grapheme' })
    .filter((text) => !/\0/.test(text) && !text.split('\n').includes('MARK'));
  fc.assert(
    fc.property(value, (text) => {
      expect(parseEnv(`K<<MARK\n${text}\nMARK`).get('K')).toBe(text);
      if (!/\n|\r$/.test(text)) expect(parseEnv(`K=${text}`).get('K')).toBe(text);
    }),
  );
});

test('the ends of lines that Windows writes, and a byte order mark, are no part of a value', () => {
  const env = parseEnv('\ufeffA=1\r\n\r\nB=two words \r\nKEY<<END\r\none\r\ntwo\r\nEND\r\nLAST=x');
  expect(Object.fromEntries(env)).toEqual({ A: '1', B: 'two words ', KEY: 'one\ntwo', LAST: 'x' });
  expect(parseEnv('\ufeff').size).toBe(0);
  // A block that begins with a plain newline is kept as it is.
  expect(parseEnv('KEY<<END\none\r\ntwo\r\nEND').get('KEY')).toBe('one\r\ntwo\r');
});

test('what Compose would expand or unescape is escaped', () => {
  expect(formatEnv(new Map([['K', 'a"b$c\\d`e\n#f\'']]))).toBe('K="a\\"b\\$c\\\\d`e\n#f\'"\n');
});
