import type { HttpResponse } from '@deploy-actions/http';
import { HttpError } from '@deploy-actions/http/error';
import { bodyText } from '@deploy-actions/http/text';
import {
  OutOfTime,
  cut,
  formatDuration,
  matchWithin,
  parseExactJson,
  sameVersion,
  within,
} from '@deploy-actions/kit';
import type { JsonPath } from './json-path.ts';
import { type StatusSet, parseStatusSet } from './status-set.ts';
import { type VersionSource, versionOf } from './version.ts';

/** Text that must be found in another: as it is, or by a regular expression written `/…/flags`. */
export interface TextMatch {
  readonly text: string;
  /** Undefined for plain text. Of a server's text only what `within` runs may ask it. */
  readonly expression?: RegExp;
  /** Throws OutOfTime where an expression does not end. */
  test(value: string): boolean;
}

/** Reads plain text or `/expression/flags`. Throws an Error when the expression is broken. */
export function parseTextMatch(text: string): TextMatch {
  const [, source, flags] = /^\/(.+)\/([imsu]*)$/s.exec(text) ?? [];
  if (source === undefined) return { text, test: (value) => value.includes(text) };
  let expression: RegExp;
  try {
    expression = new RegExp(source, flags);
  } catch (error) {
    throw new Error(`${text} is no regular expression: ${(error as Error).message.replace(/^.*: /, '')}`, {
      cause: error,
    });
  }
  return { text, expression, test: (value) => matchWithin(expression, value) !== null };
}

export interface VersionExpectation {
  expected: string;
  source: VersionSource;
}

/** What an answer must be like. Everything that is given must hold. */
export interface Expectations {
  /** Default 200-399. */
  status?: StatusSet;
  body?: TextMatch;
  /** Every value that the path selects must be equal; without `equals` it must select something. */
  json?: { path: JsonPath; equals?: unknown }[];
  /** Without `match` the header must be there. Names in lower case. */
  headers?: { name: string; match?: TextMatch }[];
  version?: VersionExpectation;
  /** Longest time to the whole answer, in milliseconds. */
  withinMs?: number;
  /** Least days for which the certificate must still be valid. */
  certificateDays?: number;
}

export const DEFAULT_STATUS: StatusSet = parseStatusSet('200-399')!;

/** Whether a body is needed to decide. */
export function readsBody(expectations: Expectations): boolean {
  const { body, json, version } = expectations;
  return (
    body !== undefined ||
    (json !== undefined && json.length > 0) ||
    (version !== undefined && version.source.kind !== 'header')
  );
}

/**
 * What an answer lacks, in one sentence that says what was got and what was wanted; undefined when it is as
 * it should be. The status is judged first, since an error page's body says little. What the server sends cannot hold
 * the judgement up: after a second it is ended, and the answer is not as it should be.
 */
export function unmet(answer: HttpResponse, expectations: Expectations, now: Date): string | undefined {
  // A status is judged at once.
  if (!readsBody(expectations) && !expectations.headers?.some(({ match }) => match))
    return unmetIn(answer, expectations, now);
  try {
    return within(JUDGEMENT_TIME, () => unmetIn(answer, expectations, now));
  } catch (error) {
    if (error instanceof OutOfTime || error instanceof HttpError)
      return `the answer cannot be judged: ${error.message}${bodyHint(answer)}`;
    throw error;
  }
}

/** Milliseconds for judging one answer. */
const JUDGEMENT_TIME = 1000;

function unmetIn(answer: HttpResponse, expectations: Expectations, now: Date): string | undefined {
  const {
    status = DEFAULT_STATUS,
    headers = [],
    body,
    json = [],
    version,
    withinMs,
    certificateDays,
  } = expectations;
  if (!status.has(answer.status)) {
    const where =
      answer.headers['location'] && answer.status >= 300 && answer.status < 400 ? ' (a redirect)' : '';
    return `status ${answer.status}${where}, wanted ${status.text}${bodyHint(answer)}`;
  }
  for (const { name, match } of headers) {
    const value = answer.headers[name];
    if (value === undefined) return `no header ${name}${match ? `, wanted ${name}: ${match.text}` : ''}`;
    if (match && !match.test(value)) return `header ${name} is ${quoted(value)}, wanted ${match.text}`;
  }
  if (body && !body.test(bodyText(answer))) {
    return `the body does not ${body.text.startsWith('/') ? 'match' : 'contain'} ${quoted(body.text)}${bodyHint(answer)}`;
  }
  if (json.length > 0) {
    const document = parsed(answer);
    if (document === undefined) return `the body is not JSON${bodyHint(answer)}`;
    for (const { path, equals } of json) {
      const values = path.select(document.value);
      if (values.length === 0)
        return `${path.text} is not in the answer${equals === undefined ? '' : `, wanted ${shown(equals)}`}`;
      if (equals === undefined) continue;
      const other = values.findIndex((value) => !alike(value, equals));
      if (other < 0) continue;
      const which = values.length === 1 ? '' : `: value ${other + 1} of ${values.length}`;
      return `${path.text}${which} is ${shown(values[other])}, wanted ${shown(equals)}`;
    }
  }
  if (version) {
    const got = versionOf(answer, version.source);
    if (got === undefined)
      return `the answer names no version (${sourceText(version.source)}), wanted ${version.expected}`;
    if (!sameVersion(version.expected, got))
      return `version ${cut(got, 100)} answers, wanted ${version.expected}`;
  }
  if (withinMs !== undefined && answer.timings.total > withinMs) {
    return `the answer took ${formatDuration(answer.timings.total)}, wanted at most ${formatDuration(withinMs)}`;
  }
  if (certificateDays !== undefined) {
    if (!answer.certificate) return 'no certificate: the answer did not come over TLS';
    const days = (answer.certificate.validTo.getTime() - now.getTime()) / 86_400_000;
    if (days < certificateDays)
      return `the certificate is valid for ${Math.floor(days)} more days, wanted at least ${certificateDays}`;
  }
  return undefined;
}

function parsed(answer: HttpResponse): { value: unknown } | undefined {
  const text = bodyText(answer);
  try {
    return { value: parseExactJson(text) };
  } catch {
    return undefined;
  }
}

/**
 * Equal as JSON, or the same when written out: `1` in a workflow is text as often as it is a number. Numbers are compared
 * as they are written: `1.10` is another version than `1.1`, and 2^53 + 1 another id than 2^53.
 */
function alike(value: unknown, wanted: unknown): boolean {
  if (wanted === null) return value === null;
  const written = (one: unknown) => (typeof one === 'string' ? one : JSON.stringify(one));
  return written(value) === written(wanted);
}

function sourceText(source: VersionSource): string {
  if (source.kind === 'header') return `header ${source.name}`;
  return source.kind === 'json' ? `JSON ${source.path.text}` : 'body';
}

function bodyHint(answer: HttpResponse): string {
  // Its beginning: what looks for pairs of tags takes time by the square of what it reads.
  let text: string;
  try {
    text = bodyText({ ...answer, body: answer.body.subarray(0, 8192) });
  } catch {
    return '';
  }
  // Of a page a person reads the words.
  if (/html/i.test(answer.headers['content-type'] ?? '')) {
    text = text.replace(/<(style|script)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  }
  text = text.replace(/\s+/g, ' ').trim();
  return text === '' ? '' : `; it begins ${quoted(cut(text, 200))}`;
}

function quoted(text: string): string {
  return `"${cut(text.replace(/[\0-\x1f\x7f]+/g, ' '), 200)}"`;
}

function shown(value: unknown): string {
  return cut(JSON.stringify(value) ?? 'undefined', 120);
}
