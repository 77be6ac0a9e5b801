import { lenientJsonPath } from '@deploy-actions/probe';
import type { LineReader } from './line.ts';
import type {
  Assertion,
  ExpectSpec,
  Filter,
  Predicates,
  QuerySpec,
  Where,
} from '../specification/specification.ts';

const IS: Record<string, NonNullable<Predicates['is']>> = {
  isBoolean: 'boolean',
  isCollection: 'collection',
  isEmpty: 'empty',
  isFloat: 'float',
  isInteger: 'integer',
  isIsoDate: 'date',
  isNumber: 'number',
  isString: 'string',
  isObject: 'object',
};

const CERTIFICATE: Record<string, string> = {
  Subject: 'subject',
  Issuer: 'issuer',
  'Expire-Date': 'days-left',
  'Subject-Alt-Name': 'names',
};

/** One line of [Asserts]: query, filters, predicate. Throws HurlError. */
export function parseAssertLine(reader: LineReader, where: Where): Assertion {
  const { kind, argument } = subject(reader);
  const filters = parseFilters(reader, kind, argument);
  const predicate = parsePredicate(reader);
  reader.end();
  return {
    kind,
    ...(argument === undefined ? {} : { argument }),
    predicate,
    where,
    ...(filters.length === 0 ? {} : { filters }),
  };
}

function subject(reader: LineReader): { kind: keyof ExpectSpec; argument?: string } {
  const word = reader.word(/[A-Za-z][\w-]*/y, 'a query, such as status, header or jsonpath');
  switch (word) {
    case 'status':
    case 'body':
    case 'duration':
    case 'bytes':
    case 'sha256':
    case 'url':
      return { kind: word };
    case 'header':
    case 'cookie':
    case 'xpath':
      return { kind: word, argument: reader.string() };
    case 'jsonpath':
      return { kind: word, argument: path(reader) };
    case 'regex':
      return { kind: word, argument: reader.regex() };
    case 'certificate': {
      const name = reader.string();
      const argument = CERTIFICATE[name];
      if (argument === undefined)
        throw reader.wrong(
          `certificate "${name}" is not supported; supported are ${Object.keys(CERTIFICATE).join(', ')}`,
        );
      return { kind: word, argument };
    }
    default:
      throw reader.wrong(
        `the query "${word}" is not supported; supported are status, header, cookie, body, jsonpath, xpath, regex, bytes, sha256, url, duration and certificate`,
      );
  }
}

function path(reader: LineReader): string {
  const text = reader.string();
  if (text.includes('{{')) return text;
  try {
    lenientJsonPath(text);
  } catch (error) {
    throw reader.wrong(`"${text}" is no JSONPath: ${(error as Error).message}`);
  }
  return text;
}

/** The query of a [Captures] line. */
export function parseQuery(reader: LineReader): QuerySpec {
  const { kind, argument } = subject(reader);
  if (parseFilters(reader, kind, argument).length > 0)
    throw reader.wrong('filters on captures are not supported');
  switch (kind) {
    case 'status':
    case 'body':
    case 'url':
      return { [kind]: true };
    case 'header':
    case 'cookie':
    case 'xpath':
    case 'jsonpath':
    case 'regex':
      return { [kind]: argument };
    default:
      throw reader.wrong(`"${kind}" cannot be captured here`);
  }
}

function parseFilters(reader: LineReader, kind: keyof ExpectSpec, argument: string | undefined): Filter[] {
  const filters: Filter[] = [];
  for (;;) {
    // Its own count is the number of bytes already.
    if (kind === 'bytes' && reader.take(/count\b/y)) continue;
    if (kind === 'certificate' && argument === 'days-left' && reader.take(/daysAfterNow\b/y)) continue;
    const simple = reader.take(/(?:count|toInt|toFloat|toString)\b/y);
    if (simple !== undefined) {
      filters.push({ name: simple as 'count' });
      continue;
    }
    if (reader.take(/nth\b/y) !== undefined) {
      filters.push({ name: 'nth', index: Number(reader.word(/\d+/y, 'an index')) });
      continue;
    }
    return filters;
  }
}

function parsePredicate(reader: LineReader): Predicates {
  if (reader.take(/not\b/y) !== undefined) return { not: parsePredicate(reader) };
  const word = reader.word(/==|!=|>=|<=|>|<|[A-Za-z]+/y, 'a predicate, such as == or contains');
  switch (word) {
    case '==':
      return { equals: reader.value() };
    case '!=':
      return { not: { equals: reader.value() } };
    case '>':
      return { 'greater-than': reader.value() as number };
    case '>=':
      return { 'at-least': reader.value() as number };
    case '<':
      return { 'less-than': reader.value() as number };
    case '<=':
      return { 'at-most': reader.value() as number };
    case 'contains': {
      const value = reader.value();
      return { contains: value as string };
    }
    case 'includes':
      return { includes: reader.value() };
    case 'startsWith':
      return { 'starts-with': String(reader.value()) };
    case 'endsWith':
      return { 'ends-with': String(reader.value()) };
    case 'matches':
      return { matches: reader.regex() };
    case 'exists':
      return { exists: true };
    default:
      if (Object.hasOwn(IS, word)) return { is: IS[word]! };
      throw reader.wrong(`the filter or predicate "${word}" is not supported; see the README for what is`);
  }
}
