import { parseDuration } from '@deploy-actions/kit';
import { parseStatusSet } from '@deploy-actions/probe';
import { type Answer, type AnswerReader, NoSuchValue } from './answer.ts';
import type { Conformance } from '../openapi/conformance.ts';
import { NOTHING, describe, shown, unmetPredicate } from './predicate.ts';
import type { Assertion, Filter, PredicateSpec, Predicates, Where } from '../specification/specification.ts';
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
    const filtered = applyFilters(value, assertion.filters ?? []);
    const wanted = unmetPredicate(filtered, spec);
    return wanted === undefined ? undefined : unmet(shown(filtered), wanted);
  };
  try {
    switch (kind) {
      case 'status':
        return judgeStatus(answer.response!.status, predicate, unmet);
      case 'duration': {
        const limit = typeof predicate === 'string' ? parseDuration(predicate) : undefined;
        return compare(Math.round(answer.durationMs), limit === undefined ? predicate : { 'at-most': limit });
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
      default:
        return compare(await valueOf(kind, argument, answer, read));
    }
  } catch (error) {
    if (error instanceof NoSuchValue)
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
    case 'header':
      return read.header(argument!);
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
    const wanted = unmetPredicate(status, predicate as Predicates);
    return wanted === undefined ? undefined : unmet(String(status), wanted);
  }
  const text = (Array.isArray(predicate) ? predicate : [predicate]).map(String).join(', ');
  return parseStatusSet(text)?.has(status) ? undefined : unmet(String(status), text);
}

function applyFilters(value: unknown, filters: readonly Filter[]): unknown {
  let current = value;
  for (const filter of filters) {
    if (current === NOTHING) return NOTHING;
    switch (filter.name) {
      case 'count':
        current = Array.isArray(current)
          ? current.length
          : typeof current === 'object' && current !== null
            ? Object.keys(current).length
            : NOTHING;
        break;
      case 'nth':
        current =
          Array.isArray(current) && filter.index < current.length
            ? (current[filter.index] as unknown)
            : NOTHING;
        break;
      case 'toInt':
        current = /^\s*[-+]?\d+\s*$/.test(String(current)) ? Number(current) : NOTHING;
        break;
      case 'toFloat':
        current = Number.isNaN(Number(current)) ? NOTHING : Number(current);
        break;
      case 'toString':
        current = typeof current === 'string' ? current : JSON.stringify(current);
        break;
    }
  }
  return current;
}
