import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { WrittenNumber } from '@deploy-actions/kit';
import type { PredicateSpec } from '../specification/predicates.ts';
import { unmetPredicate } from './predicate.ts';
import { NOTHING } from './value.ts';

const VALUES: [name: string, value: unknown][] = [
  ['nothing', NOTHING],
  ['`null`', null],
  ['`true`', true],
  ['`3`', 3],
  ['`3.0`', new WrittenNumber('3.0')],
  ['`"3"`', '3'],
  ['`""`', ''],
  ['`"abc"`', 'abc'],
  ['`[]`', []],
  ['`[3, "a"]`', [3, 'a']],
  ['`{}`', {}],
  ['`{"a": 3}`', { a: 3 }],
];

/** A predicate, and by the columns above: `y` holds, `n` does not hold, `·` neither it nor its `not` does. */
const TABLE: [predicate: string, spec: PredicateSpec, verdicts: string][] = [
  // nothing null true 3 3.0 "3" "" "abc" [] [3,"a"] {} {"a":3}
  ['`3`', 3, '·nnynnnnnnnn'],
  ['`"3"`', '3', '·nnnnynnnnnn'],
  ['`null`', null, '·ynnnnnnnnnn'],
  ['`""`', '', '·nnnnnynnnnn'],
  ['`[3, "a"]`', [3, 'a'], '·nnnnnnnnynn'],
  ['`{ equals: { a: 3 } }`', { equals: { a: 3 } }, '·nnnnnnnnnny'],
  ['`{ as: number, equals: 3 }`', { as: 'number', equals: 3 }, '·nnyny··nnnn'],
  ['`{ as: text, equals: "3" }`', { as: 'text', equals: '3' }, '·nnynynnnnnn'],
  ['`{ greater-than: 2 }`', { 'greater-than': 2 }, '···yy·······'],
  ['`{ at-least: 3 }`', { 'at-least': 3 }, '···yy·······'],
  ['`{ less-than: 9 }`', { 'less-than': 9 }, '···yy·······'],
  ['`{ at-most: 2 }`', { 'at-most': 2 }, '···nn·······'],
  ['`{ greater-than: "2" }`', { 'greater-than': '2' }, '·····yny····'],
  ['`{ as: number, greater-than: 2 }`', { as: 'number', 'greater-than': 2 }, '···yyy······'],
  ['`{ contains: "a" }`', { contains: 'a' }, '·····nnyny··'],
  ['`{ contains: 3 }`', { contains: 3 }, '·····ynnny··'],
  ['`{ starts-with: "a" }`', { 'starts-with': 'a' }, '·····nny····'],
  ['`{ ends-with: "c" }`', { 'ends-with': 'c' }, '·····nny····'],
  ['`{ matches: "^[a-z]*$" }`', { matches: '^[a-z]*$' }, '·····nyy····'],
  ['`{ includes: 3 }`', { includes: 3 }, '········ny··'],
  ['`{ count: 0 }`', { count: 0 }, 'y····nynynyn'],
  ['`{ count: { at-least: 1 } }`', { count: { 'at-least': 1 } }, 'n····ynynyny'],
  ['`{ exists: true }`', { exists: true }, 'nyyyyyyyyyyy'],
  ['`{ exists: false }`', { exists: false }, 'ynnnnnnnnnnn'],
  ['`{ is: empty }`', { is: 'empty' }, 'y····nynynyn'],
  ['`{ is: "null" }`', { is: 'null' }, '·ynnnnnnnnnn'],
  ['`{ is: boolean }`', { is: 'boolean' }, '·nynnnnnnnnn'],
  ['`{ is: number }`', { is: 'number' }, '·nnyynnnnnnn'],
  ['`{ is: integer }`', { is: 'integer' }, '·nnynnnnnnnn'],
  ['`{ is: float }`', { is: 'float' }, '·nnnynnnnnnn'],
  ['`{ is: string }`', { is: 'string' }, '·nnnnyyynnnn'],
  ['`{ is: list }`', { is: 'list' }, '·nnnnnnnyynn'],
  ['`{ is: object }`', { is: 'object' }, '·nnnnnnnnnyy'],
  ['`{ is: collection }`', { is: 'collection' }, '·nnnnnnnyyyy'],
  ['`{ is: date }`', { is: 'date' }, '·····nnn····'],
  ['`{ is: uuid }`', { is: 'uuid' }, '·····nnn····'],
  ['`{ is: ipv4 }`', { is: 'ipv4' }, '·····nnn····'],
  ['`{ is: ipv6 }`', { is: 'ipv6' }, '·····nnn····'],
];

const DOC = join(__dirname, '../../../../docs/values.md');
const MARKS: Record<string, string> = { y: '✓', n: '–', '·': '·' };

function verdictOf(value: unknown, spec: PredicateSpec): string {
  if (unmetPredicate(value, spec) === undefined) return 'y';
  const asPredicates =
    typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? spec : { equals: spec };
  return unmetPredicate(value, { not: asPredicates }) === undefined ? 'n' : '·';
}

test('each predicate says of each kind of value what the table says', () => {
  const found = TABLE.map(([name, spec]) => [
    name,
    VALUES.map(([, value]) => verdictOf(value, spec)).join(''),
  ]);
  expect(found).toEqual(TABLE.map(([name, , verdicts]) => [name, verdicts]));
});

test('the table of the documentation is the one that is tested', () => {
  const rows = TABLE.map(
    ([name, , verdicts]) => `| ${[name, ...[...verdicts].map((one) => MARKS[one])].join(' | ')} |`,
  );
  const head = `| Predicate | ${VALUES.map(([name]) => name).join(' | ')} |\n| --- |${' :-: |'.repeat(VALUES.length)}`;
  const table = `<!-- table -->\n\n${head}\n${rows.join('\n')}\n\n<!-- /table -->`;
  const text = readFileSync(DOC, 'utf8');
  if (process.env['UPDATE_DOCS'])
    writeFileSync(DOC, text.replace(/<!-- table -->[^]*<!-- \/table -->/, table));
  const plain = (markdown: string) => markdown.replace(/ {2,}/g, ' ').replace(/:?-{2,}:?|:-:/g, '-');
  expect(plain(readFileSync(DOC, 'utf8'))).toContain(plain(table));
});

test('a number that looks like the wanted one is told apart, and it is said what to write', () => {
  const wanted = (value: unknown, spec: PredicateSpec) => unmetPredicate(value, spec);
  expect(wanted('3', 3)).toBe('3 (it is a text: write the value in quotes, or `as: number` beside it)');
  expect(wanted(3, '3')).toBe('"3" (it is a number: write it without quotes, or `as: text` beside it)');
  expect(wanted('10', { 'greater-than': 9 })).toBe(
    'greater than 9 (it is a text: write the value in quotes, or `as: number` beside it)',
  );
  expect(wanted(new WrittenNumber('1.10'), 1.1)).toBe(
    '1.1 (the same value, written otherwise: at-least and at-most compare values)',
  );
  expect(wanted(new WrittenNumber('9007199254740993'), 9007199254740992)).toBe('9007199254740992');
  expect(wanted('x', { as: 'number', equals: 3 })).toBe('a text that is a number, and 3');
  expect(wanted(NOTHING, { not: { equals: 'x' } })).toBe('not "x"');
  expect(wanted(null, { not: { contains: 'x' } })).toBe('not contains "x"');
  expect(wanted(3, { count: 1 })).toBe('count 1, which only a list, an object or a text has');
});
