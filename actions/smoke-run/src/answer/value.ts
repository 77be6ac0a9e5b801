import { WrittenNumber, compareNumbers, cut, isInteger, isNumber } from '@deploy-actions/kit';

/** Found nothing: no such header, no such node. */
export const NOTHING = Symbol('nothing');

/** An attribute that is there and has no value, such as a cookie's `HttpOnly`. */
export const FLAG = Symbol('flag');

/** The nodes that an XPath selects, where only their number counts (.hurl). */
export class NodeSet {
  readonly size: number;
  constructor(size: number) {
    this.size = size;
  }
}

/** An answer that was a redirect, with where it led. */
export class Redirect {
  readonly status: number;
  readonly location: string;
  constructor(status: number, location: string) {
    this.status = status;
    this.location = location;
  }
}

/** What a value is, for predicates and for messages. */
export type Kind =
  | 'nothing'
  | 'null'
  | 'boolean'
  | 'integer'
  | 'float'
  | 'text'
  | 'list'
  | 'object'
  | 'bytes'
  | 'date'
  | 'nodes'
  | 'flag'
  | 'redirect';

export function kindOf(value: unknown): Kind {
  if (value === NOTHING || value === undefined) return 'nothing';
  if (value === FLAG) return 'flag';
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (isNumber(value)) return isInteger(value) ? 'integer' : 'float';
  if (typeof value === 'string') return 'text';
  if (Array.isArray(value)) return 'list';
  if (Buffer.isBuffer(value)) return 'bytes';
  if (value instanceof Date) return 'date';
  if (value instanceof NodeSet) return 'nodes';
  if (value instanceof Redirect) return 'redirect';
  return 'object';
}

/** An object of JSON: neither a list nor a number that keeps its text. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object';
}

/** How many there are of what a value holds: items, keys, characters, bytes or nodes. Undefined for what holds nothing. */
export function sizeOf(value: unknown): number | undefined {
  switch (kindOf(value)) {
    case 'list':
      return (value as unknown[]).length;
    case 'object':
      return Object.keys(value as object).length;
    case 'text':
      return [...(value as string)].length;
    case 'bytes':
      return (value as Buffer).length;
    case 'nodes':
      return (value as NodeSet).size;
    default:
      return undefined;
  }
}

/**
 * When two numbers are the same: `written` alike (`1.10` is not `1.1`, nor `1.0` the integer `1`), or of the same `value`,
 * as Hurl has it.
 */
export type SameNumber = 'written' | 'value';

/** Whether two values are the same, at any depth; values of different kinds never are. */
export function equal(a: unknown, b: unknown, same: SameNumber): boolean {
  if (isNumber(a) && isNumber(b))
    return same === 'value' ? compareNumbers(a, b) === 0 : String(a) === String(b);
  const kind = kindOf(a);
  if (kind !== kindOf(b)) return false;
  switch (kind) {
    case 'nothing':
    case 'redirect':
      return false;
    case 'list': {
      const [left, right] = [a as unknown[], b as unknown[]];
      return left.length === right.length && left.every((item, index) => equal(item, right[index], same));
    }
    case 'object': {
      const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
      const keys = Object.keys(left);
      return (
        keys.length === Object.keys(right).length &&
        keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], same))
      );
    }
    case 'bytes':
      return (a as Buffer).equals(b as Buffer);
    case 'date':
      return (a as Date).getTime() === (b as Date).getTime();
    case 'nodes':
      return (a as NodeSet).size === (b as NodeSet).size;
    default:
      return a === b;
  }
}

/** Which of two values is the greater: above 0 the first. Undefined where they have no order: of different kinds, or lists. */
export function order(a: unknown, b: unknown): number | undefined {
  if (isNumber(a) && isNumber(b)) {
    const difference = compareNumbers(a, b);
    return Number.isNaN(difference) ? undefined : difference;
  }
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof Date && b instanceof Date) return a.getTime() - b.getTime();
  return undefined;
}

/** A value for messages: as JSON, at most 200 characters. */
export function shown(value: unknown): string {
  if (value === NOTHING || value === undefined) return 'nothing';
  if (value === FLAG) return 'there, without a value';
  if (Buffer.isBuffer(value)) return cut(`hex,${value.toString('hex')};`, 200);
  if (value instanceof NodeSet) return `${value.size} nodes`;
  if (value instanceof Redirect) return `a redirect (${value.status}) to ${cut(value.location, 150)}`;
  if (value instanceof Date) return value.toISOString();
  return cut(JSON.stringify(value) ?? String(value), 200);
}

/** A value as a text that is put into another: numbers as they were written. */
export function textOf(value: unknown): string {
  return typeof value === 'string'
    ? value
    : value instanceof WrittenNumber
      ? value.source
      : JSON.stringify(value);
}
