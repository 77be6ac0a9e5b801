import { canonical } from '../release.ts';

const TIMES = new Set(['interval', 'timeout', 'start_period', 'start_interval', 'delay', 'window']);
/** Whether a key holds a time. */
export const isTime = (key: string) => TIMES.has(key);

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
};

/** A time as Go writes it, such as `1m30s`. */
export function nanoseconds(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.map(([all]) => all).join('') !== value) return value;
  return Math.round(parts.reduce((sum, [, number, unit]) => sum + Number(number) * UNITS[unit!]!, 0));
}

/** A list; an empty one for anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** A map with each value changed. */
export function mapped(
  map: Record<string, unknown>,
  change: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}

/** A map with something before each of its keys. */
export function prefixed(prefix: string, map: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [`${prefix}${key}`, value]));
}

/** A map with other names; those that have none stay, so that they differ. */
export function pick(
  map: Record<string, unknown>,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [names[key] ?? key, value]));
}

/** A list in an order that its values alone decide. */
export function sorted(list: readonly unknown[]): unknown[] {
  return [...list].sort((a, b) => ((textOf(a) ?? '') < (textOf(b) ?? '') ? -1 : 1));
}

/** The text of a value without what says nothing; undefined where nothing is left. */
export function textOf(value: unknown): string | undefined {
  const kept = substance(value);
  return kept === undefined ? undefined : canonical(kept);
}

function substance(value: unknown): unknown {
  if (value === null || value === undefined || value === '') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((one) => substance(one) ?? one);
  if (typeof value !== 'object') return value === 0 ? undefined : value;
  const entries = Object.entries(value).flatMap(([key, one]) => {
    const kept = substance(one);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Docker reads two dollars as one. */
export function unescaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (Array.isArray(value)) return value.map(unescaped);
  if (typeof value !== 'object' || value === null) return value;
  return mapped(value as Record<string, unknown>, unescaped);
}
