import { expect, test } from '@jest/globals';
import { parseExactJson } from '@deploy-actions/kit';
import fc from 'fast-check';
import { JsonPathError, jsonPath, leadingJsonPath, lenientJsonPath } from './json-path.ts';

const store = {
  store: {
    book: [
      { category: 'reference', author: 'A', title: 'Sayings', price: 8.95 },
      { category: 'fiction', author: 'B', title: 'Sword', price: 12.99 },
      { category: 'fiction', author: 'C', title: 'Moby', isbn: '0-553', price: 8.99 },
      { category: 'fiction', author: 'D', title: 'Lord', isbn: '0-395', price: 22.99 },
    ],
    bicycle: { color: 'red', price: 399 },
  },
};

test('every kind of selector finds what RFC 9535 says', () => {
  const titles: [string, unknown[]][] = [
    ['$.store.book[*].author', ['A', 'B', 'C', 'D']],
    ['$..author', ['A', 'B', 'C', 'D']],
    ['$..book[2].title', ['Moby']],
    ['$..book[-1].title', ['Lord']],
    ['$..book[0,1].title', ['Sayings', 'Sword']],
    ['$..book[:2].title', ['Sayings', 'Sword']],
    ['$..book[::-2].title', ['Lord', 'Sword']],
    ['$..book[?@.isbn].title', ['Moby', 'Lord']],
    ['$..book[?(@.price < 10)].title', ['Sayings', 'Moby']],
    ['$.store.book[?@.price < 10 && !@.isbn].title', ['Sayings']],
    ["$..book[?@.category == 'fiction' || @.price > 20].price", [12.99, 8.99, 22.99]],
    ['$..book[?length(@.title) == 4].title', ['Moby', 'Lord']],
    ['$..book[?match(@.isbn, "0-5.*")].title', ['Moby']],
    ['$..book[?search(@.title, "or")].title', ['Sword', 'Lord']],
    ['$.store[?count(@.*) > 3][0].title', ['Sayings']],
    ['$["store"]["bicycle"]["\\u0063olor"]', ['red']],
    ['$.store.nothing', []],
  ];
  for (const [path, wanted] of titles) expect([path, jsonPath(path).select(store)]).toEqual([path, wanted]);
});

test('a broken path is refused with the column of the mistake', () => {
  for (const text of [
    '',
    'a',
    '$.',
    '$[',
    '$[01]',
    '$[?@.a ==]',
    '$[?1]',
    '$[?foo(@)]',
    '$..',
    '$.a b',
    "$['a",
    '$[?@.a[*] == 1]',
    ' $',
  ]) {
    expect(() => jsonPath(text)).toThrow(JsonPathError);
  }
  expect(() => jsonPath('$.items[?@.id = 3]')).toThrow('column 15');
});

test('a shorthand means the path from the root', () => {
  expect(lenientJsonPath('app.version').select({ app: { version: '1' } })).toEqual(['1']);
  expect(lenientJsonPath('[1]').select(['a', 'b'])).toEqual(['b']);
  expect(lenientJsonPath('$.a.b').singular).toBe(true);
  expect(lenientJsonPath('$.a[*]').singular).toBe(false);
});

test('a path ends where its grammar ends, not at the first sign that may follow it', () => {
  const split = (text: string) => {
    const { path, rest } = leadingJsonPath(text);
    return [path.text, rest];
  };
  expect(split('status=a=b')).toEqual(['$.status', '=a=b']);
  expect(split('$.checks[?(@.a=="b")].state = up')).toEqual(['$.checks[?(@.a=="b")].state', ' = up']);
  expect(split("[0]['a=b']=1")).toEqual(["$[0]['a=b']", '=1']);
  expect(split('db-state=ok')).toEqual(['$.db', '-state=ok']);
  expect(split('version')).toEqual(['$.version', '']);
  expect(() => split('$[?@.a = 1]=2')).toThrow(JsonPathError);
  expect(() => split('=ok')).toThrow(JsonPathError);
});

test('arbitrary paths and documents never bring it down', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'$@.[]*?:,()!=<>&|\'"ab01-_ '), maxLength: 30 }),
      fc.jsonValue(),
      (text, value) => {
        try {
          jsonPath(`$${text}`).select(value);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonPathError);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('numbers in filters are compared without rounding', () => {
  const ids = parseExactJson('[9007199254740992, 9007199254740993, 1.0]');
  const found = (path: string) => JSON.stringify(jsonPath(path).select(ids));
  expect(found('$[?@ == 9007199254740993]')).toBe('[9007199254740993]');
  expect(found('$[?@ < 9007199254740993]')).toBe('[9007199254740992,1.0]');
  expect(found('$[?@ == 1]')).toBe('[1.0]');
  expect(found('$..*')).toBe('[9007199254740992,9007199254740993,1.0]');
});
