import { isIPv4, isIPv6 } from 'node:net';
import { exactNumber, matchWithin } from '@deploy-actions/kit';
import type { Comparison, Is, PredicateSpec, Predicates } from '../specification/predicates.ts';
import {
  type Kind,
  NOTHING,
  type SameNumber,
  equal,
  isObject,
  kindOf,
  order,
  shown,
  sizeOf,
  textOf,
} from './value.ts';

/**
 * Whether a predicate holds. `unfit`: the value is of a kind that it cannot be asked of, so neither it nor its `not`
 * holds.
 */
export type Verdict = boolean | 'unfit';

const UUID = /^(?:urn:uuid:|\{)?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

const IS: Record<Is, (value: unknown, kind: Kind) => Verdict> = {
  string: (_value, kind) => kind === 'text',
  number: (_value, kind) => kind === 'integer' || kind === 'float',
  integer: (_value, kind) => kind === 'integer',
  float: (_value, kind) => kind === 'float',
  boolean: (_value, kind) => kind === 'boolean',
  collection: (_value, kind) => ['list', 'object', 'bytes', 'nodes'].includes(kind),
  list: (_value, kind) => kind === 'list' || kind === 'bytes',
  object: (_value, kind) => kind === 'object' || kind === 'nodes',
  null: (_value, kind) => kind === 'null',
  moment: (_value, kind) => kind === 'date',
  empty: (value) => {
    const size = sizeOf(value);
    return size === undefined ? 'unfit' : size === 0;
  },
  date: ofText((text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text))),
  'iso-date': ofText((text) => RFC3339.test(text) && !Number.isNaN(Date.parse(text))),
  uuid: ofText((text) => UUID.test(text)),
  ipv4: ofText(isIPv4),
  ipv6: ofText((text) => isIPv6(text) && !text.includes('%')),
};

function ofText(test: (text: string) => boolean): (value: unknown) => Verdict {
  return (value) => (typeof value === 'string' ? test(value) : 'unfit');
}

export function isKind(value: unknown, is: Is): Verdict {
  return IS[is](value, kindOf(value));
}

/**
 * The one rule of what each comparison says of each kind of value, for YAML and for .hurl; `docs/values.md` is its table.
 * Throws OutOfTime where a regular expression does not end.
 */
export function holds(value: unknown, comparison: Comparison, wanted: unknown, same: SameNumber): Verdict {
  const by = (test: (difference: number) => boolean): Verdict => {
    const difference = order(value, wanted);
    return difference === undefined ? 'unfit' : test(difference);
  };
  switch (comparison) {
    case 'equals':
      return equal(value, wanted, same);
    case 'contains':
      if (Array.isArray(value)) return value.some((item) => equal(item, wanted, same));
      return ofParts(value, wanted, (whole, part) => whole.includes(part));
    case 'starts-with':
      return ofParts(value, wanted, (whole, part) => whole.subarray(0, part.length).equals(part));
    case 'ends-with':
      return ofParts(value, wanted, (whole, part) =>
        whole.subarray(-part.length || whole.length).equals(part),
      );
    case 'includes':
      return Array.isArray(value) ? value.some((item) => equal(item, wanted, same)) : 'unfit';
    case 'matches':
      if (typeof value !== 'string') return 'unfit';
      return matchWithin(wanted instanceof RegExp ? wanted : new RegExp(textOf(wanted), 'u'), value) !== null;
    case 'greater-than':
      return by((difference) => difference > 0);
    case 'at-least':
      return by((difference) => difference >= 0);
    case 'less-than':
      return by((difference) => difference < 0);
    case 'at-most':
      return by((difference) => difference <= 0);
  }
}

/** A text and a part of it, or bytes and a part of them; a part of a text in UTF-8 is one of its bytes. */
function ofParts(value: unknown, wanted: unknown, test: (whole: Buffer, part: Buffer) => boolean): Verdict {
  if (typeof value === 'string' && typeof wanted === 'string')
    return test(Buffer.from(value), Buffer.from(wanted));
  return Buffer.isBuffer(value) && Buffer.isBuffer(wanted) ? test(value, wanted) : 'unfit';
}

/**
 * Holds a value against the predicates of a YAML check. Answers undefined when all hold, else what was wanted, as in
 * `contains "x"`. Of nothing only `exists`, `count` and `is: empty` can be asked: all else fails, its `not` as well.
 */
export function unmetPredicate(
  value: unknown,
  spec: PredicateSpec,
  same: SameNumber = 'written',
): string | undefined {
  if (!isObject(spec)) return equal(value, spec, same) ? undefined : wantedValue(value, spec);
  const { as, ...predicates } = spec as Predicates;
  const taken = converted(value, as);
  if (taken === undefined) return `a text that is a number, and ${describe(predicates)}`;
  for (const name of Object.keys(predicates) as (keyof typeof predicates)[])
    if (verdict(taken, name, predicates, same) !== true) return wantedOf(taken, name, predicates, same);
  return undefined;
}

/** Whether all predicates hold; `unfit` where one of them cannot be asked of the value. */
function verdictOfAll(value: unknown, { as, ...predicates }: Predicates, same: SameNumber): Verdict {
  const taken = converted(value, as);
  if (taken === undefined) return 'unfit';
  const verdicts = (Object.keys(predicates) as (keyof typeof predicates)[]).map((name) =>
    verdict(taken, name, predicates, same),
  );
  return verdicts.includes('unfit') ? 'unfit' : !verdicts.includes(false);
}

/** A text as the number that it writes, or a number as its text; undefined where it is no number. */
function converted(value: unknown, as: Predicates['as']): unknown {
  const kind = kindOf(value);
  if (as === undefined || kind === 'nothing') return value;
  if (as === 'text') return kind === 'integer' || kind === 'float' ? textOf(value) : value;
  return typeof value === 'string' ? exactNumber(value.trim()) : value;
}

function verdict(value: unknown, name: keyof Predicates, all: Predicates, same: SameNumber): Verdict {
  const wanted = all[name];
  const missing = value === NOTHING;
  switch (name) {
    case 'as':
      return true;
    case 'exists':
      return !missing === wanted;
    case 'not': {
      const inner = verdictOfAll(value, all.not!, same);
      return inner === 'unfit' ? inner : !inner;
    }
    case 'count': {
      const size = missing ? 0 : sizeOf(value);
      return size === undefined
        ? 'unfit'
        : unmetPredicate(size, all.count as PredicateSpec, 'value') === undefined;
    }
    case 'is':
      if (missing) return all.is === 'empty' ? true : 'unfit';
      return isKind(value, all.is!);
    case 'contains':
    case 'starts-with':
    case 'ends-with':
      // A part of a text is a text, whether or not it looks like a number.
      return missing
        ? 'unfit'
        : holds(value, name, typeof value === 'string' ? textOf(wanted) : wanted, same);
    default:
      return missing ? 'unfit' : holds(value, name, wanted, same);
  }
}

function wantedOf(value: unknown, name: keyof Predicates, all: Predicates, same: SameNumber): string {
  if (name === 'equals') return wantedValue(value, all.equals);
  if (name === 'count') {
    const size = value === NOTHING ? 0 : sizeOf(value);
    const inner = isObject(all.count) ? describe(all.count as Predicates) : shown(all.count);
    return `count ${inner}${size === undefined ? ', which only a list, an object or a text has' : ` (it is ${size})`}`;
  }
  const words = describe({ [name]: all[name] });
  if (value === NOTHING || verdict(value, name, all, same) !== 'unfit') return words;
  return `${words}${mismatch(value, name === 'not' ? Object.values(all.not!)[0] : all[name])}`;
}

/** What was wanted by an equality, and why not where it looks the same. */
function wantedValue(value: unknown, wanted: unknown): string {
  const alike = textOf(value === NOTHING ? '' : value) === textOf(wanted) || equal(value, wanted, 'value');
  return `${shown(wanted)}${alike || order(value, wanted) === undefined ? mismatch(value, wanted) : ''}`;
}

/** Why two values that look comparable are not, with what to write instead. */
function mismatch(value: unknown, wanted: unknown): string {
  const [got, other] = [kindOf(value), kindOf(wanted)];
  const isNumeric = (kind: Kind) => kind === 'integer' || kind === 'float';
  if (got === 'text' && isNumeric(other))
    return ' (it is a text: write the value in quotes, or `as: number` beside it)';
  if (isNumeric(got) && other === 'text')
    return ' (it is a number: write it without quotes, or `as: text` beside it)';
  if (isNumeric(got) && isNumeric(other) && equal(value, wanted, 'value'))
    return ' (the same value, written otherwise: at-least and at-most compare values)';
  return '';
}

/** A predicate in words. */
export function describe(predicates: Predicates): string {
  return Object.entries(predicates)
    .map(([name, wanted]) => {
      if (name === 'equals') return shown(wanted);
      if (name === 'not') return `not ${describe(wanted as Predicates)}`;
      if (name === 'exists') return wanted ? 'something there' : 'nothing there';
      if (name === 'matches') return `matches /${textOf(wanted)}/`;
      if (name === 'is') return wanted === 'empty' ? 'empty' : `a value of kind ${String(wanted)}`;
      if (name === 'includes') return `a list with ${shown(wanted)}`;
      return `${name.replaceAll('-', ' ')} ${isObject(wanted) ? describe(wanted as Predicates) : shown(wanted)}`;
    })
    .join(' and ');
}
