import { exactNumber } from '@deploy-actions/kit';
import type { Comparison, Is } from '../specification/predicates.ts';
import type { Where } from '../specification/where.ts';
import { base64, file, hex, multiline } from './body.ts';
import type { Cursor } from './cursor.ts';
import { CERTIFICATE, type Filter, type Query, readFilters, readQuery, regexLiteral } from './query.ts';
import { withFloats } from './value.ts';
import { type Placeholder, type Template, backticked, key, placeholder, quoted } from './template.ts';

/** What a predicate compares with. */
export type Expected =
  | { value: unknown }
  | { text: Template }
  | { place: Placeholder }
  | { regex: RegExp }
  | { file: Template }
  | { body: NonNullable<ReturnType<typeof multiline>> };

export interface HurlPredicate {
  not: boolean;
  /** `differs` is `!=`: unlike `not ==` it fails of nothing. */
  name: Comparison | 'differs' | 'exists' | Is;
  expected: Expected | undefined;
}

export interface HurlAssert {
  query: Query;
  filters: Filter[];
  predicate: HurlPredicate;
  where: Where;
  /** As it is written, for reports. */
  text: string;
}

export interface HurlCapture {
  name: Template;
  query: Query;
  filters: Filter[];
  redact: boolean;
  where: Where;
}

const COMPARISONS: Readonly<Record<string, Comparison | 'differs'>> = {
  '==': 'equals',
  '!=': 'differs',
  '>=': 'at-least',
  '>': 'greater-than',
  '<=': 'at-most',
  '<': 'less-than',
  startsWith: 'starts-with',
  endsWith: 'ends-with',
  contains: 'contains',
  includes: 'includes',
  matches: 'matches',
};

const IS: Readonly<Record<string, Is>> = {
  isBoolean: 'boolean',
  isCollection: 'collection',
  isDate: 'moment',
  isEmpty: 'empty',
  isFloat: 'float',
  isInteger: 'integer',
  isIpv4: 'ipv4',
  isIpv6: 'ipv6',
  isIsoDate: 'iso-date',
  isList: 'list',
  isNumber: 'number',
  isObject: 'object',
  isString: 'string',
  isUuid: 'uuid',
};

/** One line of [Asserts]; undefined where none begins. Throws HurlError. */
export function readAssert(cursor: Cursor, whereOf: (at: number) => Where): HurlAssert {
  const start = cursor.at;
  const query = readQuery(cursor);
  const filters = readFilters(cursor, whereOf);
  if (cursor.take(/[ \t]+/y) === undefined)
    throw cursor.wrong(`expected a predicate, such as == or exists, before ${cursor.rest}`);
  const at = cursor.at;
  const predicate = readPredicate(cursor);
  if (
    query.kind === 'certificate' &&
    CERTIFICATE[query.field] === 'text' &&
    !['contains', 'exists'].includes(predicate.name)
  )
    throw cursor.wrong(
      `certificate "${query.field}" can be asked for what it contains; how it is written depends on the TLS library`,
      at,
    );
  const text = cursor.text.slice(start, cursor.at).split('\n')[0]!.trim();
  cursor.endOfLine();
  return { query, filters, predicate, where: whereOf(start), text };
}

/** One line of [Captures]; undefined where none begins. Throws HurlError. */
export function readCapture(cursor: Cursor, whereOf: (at: number) => Where): HurlCapture | undefined {
  const start = cursor.at;
  const name = key(cursor);
  if (!name) return undefined;
  cursor.space();
  if (!cursor.literal(':')) return undefined;
  cursor.space();
  const query = readQuery(cursor);
  const filters = readFilters(cursor, whereOf);
  const redact = cursor.take(/[ \t]+redact\b/y) !== undefined;
  if (query.kind === 'certificate' && CERTIFICATE[query.field] === 'text')
    throw cursor.wrong(
      `certificate "${query.field}" cannot be captured; how it is written depends on the TLS library`,
      start,
    );
  cursor.endOfLine();
  return { name, query, filters, redact, where: whereOf(start) };
}

function readPredicate(cursor: Cursor): HurlPredicate {
  const not = cursor.take(/not[ \t]+/y) !== undefined;
  const start = cursor.at;
  const word = cursor.take(/==|!=|>=|<=|>|<|[A-Za-z][A-Za-z0-9]*/y);
  if (word === undefined)
    throw cursor.wrong(`expected a predicate, such as == or exists, before ${cursor.rest}`);
  if (word === 'exists') return { not, name: 'exists', expected: undefined };
  if (Object.hasOwn(IS, word)) return { not, name: IS[word]!, expected: undefined };
  if (!Object.hasOwn(COMPARISONS, word)) throw cursor.wrong(`"${word}" is no filter and no predicate`, start);
  const name = COMPARISONS[word]!;
  cursor.space();
  const at = cursor.at;
  const expected = readExpected(cursor);
  if (!fits(name, expected)) throw cursor.wrong(`"${word}" cannot compare with this value`, at);
  return { not, name, expected };
}

/** Which values the grammar has behind a predicate. */
function fits(name: Comparison | 'differs', expected: Expected): boolean {
  const kind = 'value' in expected ? expected.value : undefined;
  switch (name) {
    case 'greater-than':
    case 'at-least':
    case 'less-than':
    case 'at-most':
      return 'text' in expected || 'place' in expected || typeof kind === 'number' || isWritten(kind);
    case 'starts-with':
    case 'ends-with':
      return 'text' in expected || Buffer.isBuffer(kind);
    case 'matches':
      return 'text' in expected || 'regex' in expected;
    default:
      return true;
  }
}

function isWritten(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value);
}

function readExpected(cursor: Cursor): Expected {
  const word = cursor.take(/(?:null|true|false)\b/y);
  if (word !== undefined) return { value: JSON.parse(word) as unknown };
  const number = cursor.take(/-?\d+(?:\.\d+)?/y);
  if (number !== undefined) {
    const value = exactNumber(number);
    if (value === undefined) throw cursor.wrong(`${number} is no number: it begins with 0`);
    return { value: withFloats(value) };
  }
  const name = file(cursor);
  if (name) return { file: name };
  const bytes = hex(cursor) ?? base64(cursor);
  if (bytes) return { value: bytes };
  const place = placeholder(cursor);
  if (place) return { place };
  const body = multiline(cursor);
  if (body) return { body };
  const text = quoted(cursor) ?? backticked(cursor);
  if (text) return { text };
  const regex = regexLiteral(cursor);
  if (regex) return { regex };
  throw cursor.wrong(
    `expected a value before ${cursor.rest}: a text in double quotes, a number, true, false, null or {{variable}}`,
  );
}
