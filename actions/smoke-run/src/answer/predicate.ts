import { cut, parseDuration } from '@deploy-actions/kit';
import type { PredicateSpec, Predicates } from '../specification/specification.ts';

/** Found nothing: no such header, no such node. */
export const NOTHING = Symbol('nothing');

const TYPES: Record<NonNullable<Predicates['is']>, (value: unknown) => boolean> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number' && !Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  collection: (value) => Array.isArray(value) || isObject(value),
  object: isObject,
  empty: (value) =>
    value === '' ||
    (Array.isArray(value) && value.length === 0) ||
    (isObject(value) && Object.keys(value).length === 0),
  date: (value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value) && !Number.isNaN(Date.parse(value)),
  null: (value) => value === null,
};

/**
 * Holds a value against a predicate. Answers undefined when it holds, else what was wanted, as in
 * `contains "x"`. A text is compared as a number where the other side is one (headers, captures).
 */
export function unmetPredicate(value: unknown, spec: PredicateSpec): string | undefined {
  if (!isObject(spec)) return equal(value, spec) ? undefined : shown(spec);
  const predicates = spec as Predicates;
  for (const name of Object.keys(predicates) as (keyof Predicates)[]) {
    const wanted = one(value, name, predicates);
    if (wanted !== undefined) return wanted;
  }
  return undefined;
}

function one(value: unknown, name: keyof Predicates, all: Predicates): string | undefined {
  const wanted = all[name];
  const unless = (holds: boolean, words: string) => (holds ? undefined : words);
  if (name === 'exists')
    return unless((value !== NOTHING) === wanted, wanted ? 'something there' : 'nothing there');
  if (name === 'not')
    return unless(
      value === NOTHING || unmetPredicate(value, all.not!) !== undefined,
      `not ${describe(all.not!)}`,
    );
  if (value === NOTHING) return describe({ [name]: wanted });
  switch (name) {
    case 'equals':
      return unless(equal(value, wanted), shown(wanted));
    case 'contains':
      return unless(textOf(value).includes(String(wanted)), `contains ${shown(wanted)}`);
    case 'starts-with':
      return unless(textOf(value).startsWith(String(wanted)), `starts with ${shown(wanted)}`);
    case 'ends-with':
      return unless(textOf(value).endsWith(String(wanted)), `ends with ${shown(wanted)}`);
    case 'matches':
      return unless(new RegExp(String(wanted), 'u').test(textOf(value)), `matches /${String(wanted)}/`);
    case 'greater-than':
      return unless(compare(value, wanted) > 0, `greater than ${String(wanted)}`);
    case 'at-least':
      return unless(compare(value, wanted) >= 0, `at least ${String(wanted)}`);
    case 'less-than':
      return unless(compare(value, wanted) < 0, `less than ${String(wanted)}`);
    case 'at-most':
      return unless(compare(value, wanted) <= 0, `at most ${String(wanted)}`);
    case 'includes':
      return unless(
        Array.isArray(value) && value.some((item) => equal(item, wanted)),
        `a list with ${shown(wanted)}`,
      );
    case 'count': {
      const size = sizeOf(value);
      const inner = unmetPredicate(size ?? NOTHING, all.count as PredicateSpec);
      return inner === undefined
        ? undefined
        : `count ${inner}${size === undefined ? '' : ` (it is ${size})`}`;
    }
    case 'is':
      return unless(TYPES[all.is!](value), all.is === 'empty' ? 'empty' : `a value of kind ${all.is}`);
  }
}

/** A predicate in words. */
export function describe(predicates: Predicates): string {
  return Object.entries(predicates)
    .map(([name, wanted]) => {
      if (name === 'equals') return shown(wanted);
      if (name === 'not') return `not ${describe(wanted as Predicates)}`;
      if (name === 'exists') return wanted ? 'something there' : 'nothing there';
      return `${name.replaceAll('-', ' ')} ${isObject(wanted) ? describe(wanted as Predicates) : shown(wanted)}`;
    })
    .join(' and ');
}

export function shown(value: unknown): string {
  if (value === NOTHING || value === undefined) return 'nothing';
  return cut(JSON.stringify(value) ?? String(value), 200);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sizeOf(value: unknown): number | undefined {
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  return typeof value === 'string' ? [...value].length : undefined;
}

/** Numbers as numbers, times as milliseconds, everything else as text; NaN where they cannot be compared. */
function compare(a: unknown, b: unknown): number {
  const left = numberOf(a);
  const right = numberOf(b);
  if (left !== undefined && right !== undefined) return left - right;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  return NaN;
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? parseDuration(value) : number;
}

function equal(a: unknown, b: unknown): boolean {
  if (a === NOTHING) return false;
  if (a === b) return true;
  if (typeof a === 'string' && typeof b === 'number') return a.trim() !== '' && Number(a) === b;
  if (typeof a === 'number' && typeof b === 'string') return b.trim() !== '' && Number(b) === a;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(item, b[index]));
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return (
      keys.length === Object.keys(b).length &&
      keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
    );
  }
  return false;
}
