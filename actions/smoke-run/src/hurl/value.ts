import { WrittenNumber, isInteger } from '@deploy-actions/kit';

/** A value could not be had: the query or a filter cannot be asked of what came. */
export class EvaluationError extends Error {}

/** A float, also where it is a whole number. */
export function floatOf(value: number): unknown {
  if (!Number.isInteger(value)) return value;
  const text = String(value);
  return new WrittenNumber(/e/.test(text) ? text.replace('e+', 'e') : `${text}.0`);
}

/** A value whose floats are the nearest double, at any depth. */
export function withFloats(value: unknown): unknown {
  if (value instanceof WrittenNumber) return isInteger(value) ? value : floatOf(Number(value));
  if (Array.isArray(value)) return value.map(withFloats);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withFloats(inner)]));
}
