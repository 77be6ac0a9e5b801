import { OutOfTime, parseDuration } from '@deploy-actions/kit';
import { parseStatusSet } from '@deploy-actions/probe';
import { type Answer, type AnswerReader, NoSuchValue } from './answer.ts';
import type { Conformance } from '../openapi/conformance.ts';
import { describe, unmetPredicate } from './predicate.ts';
import { NOTHING, isObject, shown } from './value.ts';
import type { PredicateSpec, Predicates } from '../specification/predicates.ts';
import type { Assertion } from '../specification/specification.ts';
import type { Where } from '../specification/where.ts';
import { fill, fillDeep } from '../specification/template.ts';

/** An expectation that did not hold. */
export interface Unmet {
  /** Such as `jsonpath $.status`. */
  subject: string;
  got: string;
  wanted: string;
  where: Where;
}

/** Holds an answer against one assertion; undefined when it holds. */
export async function judge(
  assertion: Assertion,
  answer: Answer,
  read: AnswerReader,
  variables: Readonly<Record<string, unknown>>,
  conformance: Conformance,
): Promise<Unmet | undefined> {
  const { kind, where } = assertion;
  const argument = assertion.argument === undefined ? undefined : fill(assertion.argument, variables);
  const predicate = fillDeep(assertion.predicate, variables) as PredicateSpec;
  const subject = argument === undefined ? kind : `${kind} ${argument}`;
  const unmet = (got: string, wanted: string): Unmet => ({ subject, got, wanted, where });
  const compare = (value: unknown, spec = predicate) => {
    // Only JSON says how a number is written; all others are counted or measured here.
    const wanted = unmetPredicate(value, spec, kind === 'jsonpath' ? 'written' : 'value');
    return wanted === undefined ? undefined : unmet(shown(value), wanted);
  };
  try {
    switch (kind) {
      case 'status':
        return judgeStatus(answer.response!.status, predicate, unmet);
      case 'duration': {
        const limit = typeof predicate === 'string' ? parseDuration(predicate) : undefined;
        return compare(
          Math.round(answer.durationMs),
          limit === undefined ? inMilliseconds(predicate) : { 'at-most': limit },
        );
      }
      case 'sha256':
        return compare(read.sha256(), typeof predicate === 'string' ? predicate.toLowerCase() : predicate);
      case 'json-schema':
      case 'openapi': {
        const violations =
          kind === 'openapi'
            ? await conformance.openapi(String(predicate), answer, read)
            : await conformance.schema(predicate as object | string, read);
        return violations === undefined ? undefined : unmet(violations.got, violations.wanted);
      }
      case 'header':
        return judgeHeader(read.header(argument!), predicate, compare);
      default:
        return compare(await valueOf(kind, argument, answer, read));
    }
  } catch (error) {
    if (error instanceof NoSuchValue || error instanceof OutOfTime)
      return unmet(
        error.message,
        typeof predicate === 'object' && predicate !== null
          ? describe(predicate as Predicates)
          : shown(predicate),
      );
    throw error;
  }
}

async function valueOf(
  kind: Assertion['kind'],
  argument: string | undefined,
  answer: Answer,
  read: AnswerReader,
): Promise<unknown> {
  const { response, exec } = answer;
  switch (kind) {
    case 'cookie':
      return read.cookie(argument!);
    case 'body':
      return read.text();
    case 'jsonpath':
      return read.jsonpath(argument!);
    case 'xpath':
      return await read.xpath(argument!);
    case 'regex':
      return read.regex(argument!);
    case 'bytes':
      return response!.body.length;
    case 'url':
      return response!.url;
    case 'redirects':
      return response!.redirects;
    case 'certificate':
      return read.certificate(argument!);
    case 'prometheus':
      return read.prometheus(argument!);
    case 'exit-code':
      return exec!.exitCode;
    case 'output':
      return exec!.output;
    default:
      return NOTHING;
  }
}

function judgeStatus(
  status: number,
  predicate: unknown,
  unmet: (got: string, wanted: string) => Unmet,
): Unmet | undefined {
  if (typeof predicate === 'object' && predicate !== null && !Array.isArray(predicate)) {
    const wanted = unmetPredicate(status, predicate as Predicates, 'value');
    return wanted === undefined ? undefined : unmet(String(status), wanted);
  }
  const text = (Array.isArray(predicate) ? predicate : [predicate]).map(String).join(', ');
  return parseStatusSet(text)?.has(status) ? undefined : unmet(String(status), text);
}

/** Predicates that look at all the values of a header, however many came. */
const OF_ALL_VALUES = new Set(['count', 'includes']);

function judgeHeader(
  value: unknown,
  predicate: PredicateSpec,
  compare: (value: unknown, spec: PredicateSpec) => Unmet | undefined,
): Unmet | undefined {
  if (typeof value !== 'string' || !isObject(predicate)) return compare(value, predicate);
  const ofAll = (name: string, wanted: unknown): boolean =>
    OF_ALL_VALUES.has(name) ||
    (name === 'not' && Object.entries(wanted as object).every(([inner, one]) => ofAll(inner, one)));
  const { as, ...predicates } = predicate as Predicates;
  const [all, single] = [true, false].map((wanted) =>
    Object.fromEntries(Object.entries(predicates).filter(([name, one]) => ofAll(name, one) === wanted)),
  );
  const some = (spec: object) => Object.keys(spec).length > 0;
  return (
    (some(all!) ? compare([value], all!) : undefined) ??
    (some(single!) ? compare(value, { ...(as === undefined ? {} : { as }), ...single }) : undefined)
  );
}

/** The times in the predicates of a duration, such as `{ less-than: 2s }`, as milliseconds. */
function inMilliseconds(predicate: PredicateSpec): PredicateSpec {
  if (typeof predicate === 'string') return parseDuration(predicate) ?? predicate;
  if (!isObject(predicate)) return predicate;
  return Object.fromEntries(
    Object.entries(predicate).map(([name, wanted]) => [name, inMilliseconds(wanted as PredicateSpec)]),
  );
}
