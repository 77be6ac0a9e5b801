import { MATCH_TIME, exactNumber, isNumber, matchWithin, parseExactJson, within } from '@deploy-actions/kit';
import { QUERY_TIME } from '../answer/answer.ts';
import { jsonPath } from '@deploy-actions/probe';
import { NOTHING, Redirect, isObject, kindOf, shown, sizeOf } from '../answer/value.ts';
import { dateFormat } from './date-format.ts';
import type { Filter, Pattern } from './query.ts';
import { expand, fromRust } from './regex.ts';
import { type Variables, render, rendered, valueOf } from './template.ts';
import { EvaluationError, floatOf, withFloats } from './value.ts';
import { openPage, xpathValue } from './xpath.ts';

/** Applies filters one after another. Throws EvaluationError; TemplateError. */
export async function applyFilters(
  value: unknown,
  filters: readonly Filter[],
  variables: Variables,
): Promise<unknown> {
  let current = value;
  for (const filter of filters) {
    if (current === NOTHING) throw new EvaluationError(`the filter ${filter.name} gets nothing`);
    current = await applyFilter(current, filter, variables);
  }
  return current;
}

export function regexOf(pattern: Pattern, variables: Variables): RegExp {
  return 'regex' in pattern ? pattern.regex : fromRust(render(pattern.text, variables));
}

/** What a regular expression's first group finds. */
export function firstGroup(text: string, regex: RegExp): unknown {
  return matchWithin(regex, text)?.[1] ?? NOTHING;
}

/** One value where a path selects one, the list of several, nothing for none. */
export function select(path: string, document: unknown): unknown {
  const found = within(QUERY_TIME, () => jsonPath(path).select(document));
  return found.length === 0 ? NOTHING : found.length === 1 ? found[0] : found;
}

async function applyFilter(value: unknown, filter: Filter, variables: Variables): Promise<unknown> {
  const unfit = (wanted: string) =>
    new EvaluationError(`the filter ${filter.name} takes ${wanted}, and gets ${shown(value)}`);
  const text = () => {
    if (typeof value !== 'string') throw unfit('a text');
    return value;
  };
  const list = () => {
    if (!Array.isArray(value)) throw unfit('a list');
    return value as unknown[];
  };
  const bytes = () => {
    if (!Buffer.isBuffer(value)) throw unfit('bytes');
    return value;
  };
  const date = () => {
    if (!(value instanceof Date)) throw unfit('a date');
    return value;
  };
  switch (filter.name) {
    case 'base64Decode':
      return base64(text(), /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'base64');
    case 'base64UrlSafeDecode':
      return base64(text(), /^[A-Za-z0-9_-]*$/, 'base64url');
    case 'base64Encode':
      return bytes().toString('base64');
    case 'base64UrlSafeEncode':
      return bytes().toString('base64url');
    case 'charsetDecode':
      return decoded(bytes(), render(filter.argument, variables));
    case 'count':
      if (typeof value === 'string' || isObject(value) || sizeOf(value) === undefined)
        throw unfit('a list, bytes or nodes');
      return sizeOf(value);
    case 'daysAfterNow':
      return Math.trunc((date().getTime() - Date.now()) / 86_400_000);
    case 'daysBeforeNow':
      return Math.trunc((Date.now() - date().getTime()) / 86_400_000);
    case 'dateFormat':
      return formatOf(render(filter.argument, variables)).write(date());
    case 'toDate': {
      const found = formatOf(render(filter.argument, variables)).read(text());
      if (!found) throw unfit(`a date of the format ${render(filter.argument, variables)}`);
      return found;
    }
    case 'first':
    case 'last': {
      const item = list().at(filter.name === 'first' ? 0 : -1);
      if (item === undefined) throw unfit('a list that is not empty');
      return item;
    }
    case 'nth': {
      const index = typeof filter.index === 'number' ? filter.index : valueOf(filter.index, variables);
      if (typeof index !== 'number' || !Number.isInteger(index))
        throw new EvaluationError('nth needs an integer');
      const item = list().at(index);
      if (item === undefined) throw unfit(`a list that has an item ${index}`);
      return item;
    }
    case 'htmlEscape':
      return text().replace(/[&<>"']/g, (char) => HTML[char]!);
    case 'jsonpath':
      return select(render(filter.argument, variables), jsonOf(text()));
    case 'location':
      if (!(value instanceof Redirect)) throw unfit('a redirect');
      return value.location;
    case 'regex':
      return firstGroup(text(), regexOf(filter.pattern, variables));
    case 'replace':
      return text().replaceAll(render(filter.old, variables), () => render(filter.by, variables));
    case 'replaceRegex': {
      const by = render(filter.by, variables);
      const regex = new RegExp(regexOf(filter.pattern, variables), 'gu');
      const given = text();
      return within(MATCH_TIME, () => given.replace(regex, (...found) => expand(by, matchOf(found))));
    }
    case 'split':
      return text().split(render(filter.argument, variables));
    case 'toFloat': {
      if (isNumber(value)) return kindOf(value) === 'float' ? value : floatOf(Number(value));
      const given = text();
      if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(given)) throw unfit('a text that is a number');
      return floatOf(Number(given));
    }
    case 'toHex':
      return bytes().toString('hex');
    case 'toInt': {
      if (isNumber(value)) return kindOf(value) === 'integer' ? value : Math.trunc(Number(value));
      const given = text();
      if (!/^[+-]?\d+$/.test(given)) throw unfit('a text that is an integer');
      return exactNumber(String(BigInt(given)));
    }
    case 'toString': {
      const written = rendered(value);
      if (written === undefined) throw unfit('a text, number, boolean, null or date');
      return written;
    }
    case 'urlDecode':
      return percentDecoded(text());
    case 'urlEncode':
      return encodeURIComponent(text())
        .replace(/[!'()*]/g, hexOf)
        .replaceAll('%2F', '/');
    case 'urlQueryParam':
      return queryParameter(text(), render(filter.argument, variables));
    case 'utf8Decode':
      return bytes().toString('utf8');
    case 'utf8Encode':
      return Buffer.from(text());
    case 'xpath':
      return xpathValue(await openPage(text(), 'html'), render(filter.argument, variables));
  }
}

const HTML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
};

/** A character as its percent-encoding (RFC 3986, section 2.1). */
export function hexOf(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

function base64(text: string, pattern: RegExp, encoding: 'base64' | 'base64url'): Buffer {
  if (!pattern.test(text)) throw new EvaluationError(`${shown(text)} is not ${encoding}`);
  return Buffer.from(text, encoding);
}

function formatOf(text: string): ReturnType<typeof dateFormat> {
  const format = dateFormat(text);
  if (format.problem !== undefined) throw new EvaluationError(format.problem);
  return format;
}

/** Bytes as text of a charset; a mark of byte order is a character of it. Throws EvaluationError. */
export function decoded(bytes: Buffer, charset: string): string {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true });
  } catch {
    throw new EvaluationError(`"${charset}" is no known encoding of text`);
  }
  try {
    return decoder.decode(bytes);
  } catch {
    throw new EvaluationError(`this is no text in ${charset}`);
  }
}

/** JSON as Hurl reads it: integers as they are written, floats as the nearest double. Throws EvaluationError. */
export function jsonOf(text: string): unknown {
  try {
    return withFloats(parseExactJson(text));
  } catch {
    throw new EvaluationError('the text is not JSON');
  }
}

function matchOf(found: unknown[]): RegExpExecArray {
  const named = typeof found.at(-1) === 'object' ? (found.pop() as Record<string, string>) : undefined;
  const groups = found.slice(0, -2) as string[];
  return Object.assign(groups, { index: 0, input: '', groups: named }) as unknown as RegExpExecArray;
}

function percentDecoded(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  const raw = bytes.replace(/%([0-9a-fA-F]{2})/g, (_whole, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return Buffer.from(raw, 'latin1').toString('utf8');
}

function queryParameter(text: string, name: string): unknown {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new EvaluationError(`${shown(text)} is no URL`);
  return new URL(text).searchParams.get(name) ?? NOTHING;
}
