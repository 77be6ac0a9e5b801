import { lenientJsonPath } from '@deploy-actions/probe';
import type { Where } from '../specification/where.ts';
import type { Cursor } from './cursor.ts';
import { PatternError, fromRust } from './regex.ts';
import { dateFormat } from './date-format.ts';
import { type Placeholder, type Template, placeholder, quoted, template } from './template.ts';

/** A regular expression: read already, or a text whose values are not known yet. */
export type Pattern = { regex: RegExp } | { text: Template };

export type Query =
  | {
      kind:
        'status' | 'url' | 'body' | 'duration' | 'bytes' | 'rawbytes' | 'sha256' | 'md5' | 'ip' | 'redirects';
    }
  | { kind: 'header' | 'xpath' | 'jsonpath' | 'variable'; argument: Template }
  | { kind: 'cookie'; argument: Template; attribute: string }
  | { kind: 'regex'; pattern: Pattern }
  | { kind: 'certificate'; field: keyof typeof CERTIFICATE };

const PLAIN_QUERIES = [
  'status',
  'url',
  'body',
  'duration',
  'bytes',
  'rawbytes',
  'sha256',
  'md5',
  'ip',
  'redirects',
] as const;

/** What of a certificate can be asked, by Hurl's names; texts are written in another order by each TLS library. */
export const CERTIFICATE = {
  'Expire-Date': 'date',
  'Start-Date': 'date',
  Subject: 'text',
  Issuer: 'text',
  'Subject-Alt-Name': 'text',
} as const;

const COOKIE_ATTRIBUTES = ['value', 'expires', 'max-age', 'domain', 'path', 'secure', 'httponly', 'samesite'];

export const SIMPLE_FILTERS = [
  'base64Decode',
  'base64Encode',
  'base64UrlSafeDecode',
  'base64UrlSafeEncode',
  'count',
  'daysAfterNow',
  'daysBeforeNow',
  'first',
  'htmlEscape',
  'last',
  'location',
  'toFloat',
  'toHex',
  'toInt',
  'toString',
  'urlDecode',
  'urlEncode',
  'utf8Decode',
  'utf8Encode',
] as const;

const TEXT_FILTERS = {
  charsetDecode: 'charsetDecode',
  decode: 'charsetDecode',
  dateFormat: 'dateFormat',
  format: 'dateFormat',
  jsonpath: 'jsonpath',
  split: 'split',
  toDate: 'toDate',
  urlQueryParam: 'urlQueryParam',
  xpath: 'xpath',
} as const;

export type Filter = { where: Where } & (
  | { name: (typeof SIMPLE_FILTERS)[number] }
  | { name: (typeof TEXT_FILTERS)[keyof typeof TEXT_FILTERS]; argument: Template }
  | { name: 'nth'; index: number | Placeholder }
  | { name: 'regex'; pattern: Pattern }
  | { name: 'replace'; old: Template; by: Template }
  | { name: 'replaceRegex'; pattern: Pattern; by: Template }
);

/** Filters of Hurl that are refused, each with why. */
const REFUSED_FILTERS: Readonly<Record<string, string>> = {
  htmlUnescape: 'the filter htmlUnescape is not supported',
};

const WORD = /[A-Za-z][A-Za-z0-9]*/y;

/** What is asked of an answer. Throws HurlError. */
export function readQuery(cursor: Cursor): Query {
  const start = cursor.at;
  const word = cursor.take(WORD);
  if (word === undefined)
    throw cursor.wrong(`expected a query, such as status, header or jsonpath, before ${cursor.rest}`);
  const plain = PLAIN_QUERIES.find((kind) => kind === word);
  if (plain) return { kind: plain };
  switch (word) {
    case 'header':
    case 'xpath':
    case 'variable':
      return { kind: word, argument: argumentOf(cursor) };
    case 'jsonpath':
      return { kind: word, argument: jsonPathOf(cursor) };
    case 'cookie':
      return cookieOf(cursor);
    case 'regex':
      return { kind: word, pattern: patternOf(cursor) };
    case 'certificate': {
      const at = cursor.at + 1;
      const field = argumentOf(cursor).join('');
      if (Object.hasOwn(CERTIFICATE, field)) return { kind: word, field: field as keyof typeof CERTIFICATE };
      throw cursor.wrong(
        `certificate "${field}" is not supported; supported are ${Object.keys(CERTIFICATE).join(', ')}`,
        at,
      );
    }
    case 'version':
      throw cursor.wrong('the query version is not supported: requests are made in HTTP/1.1', start);
    default:
      throw cursor.wrong(`"${word}" is no query`, start);
  }
}

function argumentOf(cursor: Cursor): Template {
  cursor.space();
  const found = quoted(cursor);
  if (!found) throw cursor.wrong(`expected a text in double quotes before ${cursor.rest}`);
  return found;
}

function jsonPathOf(cursor: Cursor): Template {
  cursor.space();
  const start = cursor.at;
  const path = argumentOf(cursor);
  if (path.every((part) => typeof part === 'string')) {
    try {
      if (!path.join('').startsWith('$')) throw new Error('it begins with $');
      lenientJsonPath(path.join(''));
    } catch (error) {
      throw cursor.wrong(`"${path.join('')}" is no JSONPath: ${(error as Error).message}`, start);
    }
  }
  return path;
}

function cookieOf(cursor: Cursor): Query {
  cursor.space();
  const start = cursor.at;
  if (!cursor.literal('"')) throw cursor.wrong('expected the name of a cookie in double quotes');
  const argument = template(cursor, { until: /["[\n]/y });
  let attribute = 'value';
  if (cursor.literal('[')) {
    const name = cursor.take(/[ \t]*[A-Za-z-]+[ \t]*/y)?.trim() ?? '';
    attribute = name.toLowerCase();
    if (!COOKIE_ATTRIBUTES.includes(attribute) || !cursor.literal(']'))
      throw cursor.wrong(`"${name}" is no attribute of a cookie`, start);
  }
  cursor.expect('"');
  return { kind: 'cookie', argument, attribute };
}

/** `/…/`, or a text in quotes. */
export function patternOf(cursor: Cursor): Pattern {
  cursor.space();
  const start = cursor.at;
  const regex = regexLiteral(cursor);
  if (regex) return { regex };
  const text = quoted(cursor);
  if (!text) throw cursor.wrong(`expected a regular expression, /…/ or "…", before ${cursor.rest}`);
  if (text.every((part) => typeof part === 'string')) return { regex: regexOf(cursor, text.join(''), start) };
  return { text };
}

export function regexLiteral(cursor: Cursor): RegExp | undefined {
  const start = cursor.at;
  const literal = cursor.take(/\/(?:[^/\\\n]|\\.)*\//y);
  return literal === undefined
    ? undefined
    : regexOf(cursor, literal.slice(1, -1).replaceAll('\\/', '/'), start);
}

function regexOf(cursor: Cursor, source: string, at: number): RegExp {
  try {
    return fromRust(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw cursor.wrong(`the regular expression is wrong or not supported: ${error.message}`, at);
  }
}

/** Filters, each after a blank; what is no filter is left for the predicate. */
export function readFilters(cursor: Cursor, whereOf: (at: number) => Where): Filter[] {
  const filters: Filter[] = [];
  for (;;) {
    const found = cursor.attempt(() => {
      if (cursor.take(/[ \t]+/y) === undefined) return undefined;
      const start = cursor.at;
      const word = cursor.take(WORD);
      return word === undefined ? undefined : filterOf(cursor, word, start, whereOf(start));
    });
    if (!found) return filters;
    filters.push(found);
  }
}

function filterOf(cursor: Cursor, word: string, start: number, where: Where): Filter | undefined {
  const simple = SIMPLE_FILTERS.find((name) => name === word);
  if (simple) return { name: simple, where };
  if (Object.hasOwn(REFUSED_FILTERS, word)) throw cursor.wrong(REFUSED_FILTERS[word]!, start);
  if (Object.hasOwn(TEXT_FILTERS, word)) {
    const name = TEXT_FILTERS[word as keyof typeof TEXT_FILTERS];
    const at = cursor.at + 1;
    const argument = name === 'jsonpath' ? jsonPathOf(cursor) : argumentOf(cursor);
    if (name === 'dateFormat' || name === 'toDate') {
      const problem = dateFormat(argument.join('')).problem;
      if (argument.every((part) => typeof part === 'string') && problem !== undefined)
        throw cursor.wrong(problem, at);
    }
    return { name, argument, where };
  }
  switch (word) {
    case 'nth': {
      cursor.space();
      const index = placeholder(cursor) ?? cursor.take(/-?\d+/y);
      if (index === undefined) throw cursor.wrong('nth needs an index');
      return { name: word, index: typeof index === 'string' ? Number(index) : index, where };
    }
    case 'regex':
      return { name: word, pattern: patternOf(cursor), where };
    case 'replace':
      return { name: word, old: argumentOf(cursor), by: argumentOf(cursor), where };
    case 'replaceRegex':
      return { name: word, pattern: patternOf(cursor), by: argumentOf(cursor), where };
    default:
      return undefined;
  }
}
