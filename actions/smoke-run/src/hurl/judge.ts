import { OutOfTime } from '@deploy-actions/kit';
import type { Unmet } from '../answer/assertion.ts';
import { type Verdict, holds, isKind } from '../answer/predicate.ts';
import { NOTHING, NodeSet, shown } from '../answer/value.ts';
import type { Expected, HurlAssert, HurlPredicate } from './assert.ts';
import { type Body, renderJson } from './body.ts';
import type { HurlEntry, HurlResponse } from './entry.ts';
import type { Evaluator } from './evaluate.ts';
import { applyFilters } from './filter.ts';
import { EvaluationError } from './value.ts';
import { PatternError, fromRust } from './regex.ts';
import { TemplateError, type Variables, render, valueOf } from './template.ts';

/** Reads a file that an entry names. */
export type ReadFile = (entry: HurlEntry, name: string) => Buffer;

/** Whether an error says that an answer cannot be asked so; all others are faults of our own. */
export function isUnanswerable(error: unknown): error is Error {
  return [EvaluationError, TemplateError, PatternError, OutOfTime].some((kind) => error instanceof kind);
}

/** Holds an answer against headers, body and asserts of an entry, in Hurl's order; the status is judged before. */
export async function judgeEntry(
  entry: HurlEntry,
  response: HurlResponse,
  answer: Evaluator,
  variables: Variables,
  readFile: ReadFile,
): Promise<Unmet[]> {
  const unmet: Unmet[] = [];
  for (const { name, value, where } of response.headers) {
    const field = render(name, variables);
    const [values, wanted] = [answer.header(field), render(value, variables)];
    if (!values.includes(wanted))
      unmet.push({
        subject: `header ${field}`,
        got: values.length === 0 ? 'nothing' : values.map(shown).join(' and '),
        wanted: shown(wanted),
        where,
      });
  }
  if (response.body) {
    const { body, where } = response.body;
    const wanted = bodyOf(body, variables, (name) => readFile(entry, name));
    const got = Buffer.isBuffer(wanted) ? answer.bytes() : answer.text();
    if (!holds(got, 'equals', wanted, 'value'))
      unmet.push({ subject: 'body', got: shown(got), wanted: shown(wanted), where });
  }
  for (const assert of response.asserts) {
    const one = await judgeAssert(assert, answer, variables, (name) => readFile(entry, name));
    if (one) unmet.push(one);
  }
  return unmet;
}

async function judgeAssert(
  assert: HurlAssert,
  answer: Evaluator,
  variables: Variables,
  readFile: (name: string) => Buffer,
): Promise<Unmet | undefined> {
  const { predicate, where } = assert;
  const subject = assert.text;
  try {
    const asked = await answer.evaluate(assert.query, variables);
    const value = await applyFilters(asked, assert.filters, variables);
    const wanted = predicate.expected && expectedOf(predicate.expected, variables, readFile);
    if (verdictOf(value, predicate, wanted) === true) return undefined;
    return { subject, got: shown(value), wanted: inWords(predicate, wanted), where };
  } catch (error) {
    if (!isUnanswerable(error)) throw error;
    return { subject, got: error.message, wanted: inWords(predicate, undefined), where };
  }
}

/** A predicate of nothing does not hold, so that its `not` does; one that is `unfit` never holds. */
function verdictOf(value: unknown, { not, name }: HurlPredicate, wanted: unknown): Verdict {
  const plain = value === NOTHING ? false : plainVerdict(value, name, wanted);
  return plain === 'unfit' ? plain : plain !== not;
}

function plainVerdict(value: unknown, name: HurlPredicate['name'], wanted: unknown): Verdict {
  switch (name) {
    case 'exists':
      return !(value instanceof NodeSet && value.size === 0);
    case 'differs':
      return !holds(value, 'equals', wanted, 'value');
    case 'equals':
    case 'contains':
    case 'starts-with':
    case 'ends-with':
    case 'matches':
    case 'greater-than':
    case 'at-least':
    case 'less-than':
    case 'at-most':
    case 'includes':
      return holds(
        value,
        name,
        name === 'matches' && typeof wanted === 'string' ? fromRust(wanted) : wanted,
        'value',
      );
    default:
      return isKind(value, name);
  }
}

function expectedOf(expected: Expected, variables: Variables, readFile: (name: string) => Buffer): unknown {
  if ('value' in expected) return expected.value;
  if ('place' in expected) return valueOf(expected.place, variables);
  if ('text' in expected) return render(expected.text, variables);
  if ('regex' in expected) return expected.regex;
  if ('file' in expected) return readFile(render(expected.file, variables));
  return bodyOf(expected.body, variables, readFile);
}

/** What a body comes to: text, or bytes. Throws TemplateError. */
export function bodyOf(
  body: Body,
  variables: Variables,
  readFile: (name: string) => Buffer,
): string | Buffer {
  switch (body.kind) {
    case 'text':
      return render(body.text, variables);
    case 'json':
      return renderJson(body.json, variables);
    case 'graphql': {
      const query = JSON.stringify(render(body.query, variables).trim());
      const given =
        body.variables === undefined ? '' : `,"variables":${renderJson(body.variables, variables, false)}`;
      return `{"query":${query}${given}}`;
    }
    case 'bytes':
      return body.bytes;
    case 'file':
      return readFile(render(body.name, variables));
  }
}

const WORDS: Readonly<Partial<Record<HurlPredicate['name'], string>>> = {
  equals: '',
  differs: 'another value than ',
  exists: 'something there',
};

function inWords({ not, name, expected }: HurlPredicate, wanted: unknown): string {
  const what =
    wanted instanceof RegExp
      ? String(wanted)
      : expected === undefined
        ? ''
        : wanted === undefined
          ? '…'
          : shown(wanted);
  const words = WORDS[name] ?? (expected === undefined ? `is ${name}` : `${name.replaceAll('-', ' ')} `);
  return `${not ? 'not ' : ''}${words}${what}`;
}
