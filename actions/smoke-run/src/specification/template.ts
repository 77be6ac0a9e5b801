import { randomUUID } from 'node:crypto';
import { isNumber } from '@deploy-actions/kit';

const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}/g;

/** Names that need no definition, as in Hurl. */
const BUILT_IN: Record<string, () => string> = {
  newUuid: () => randomUUID(),
  newDate: () => new Date().toISOString(),
};

/** The value of a variable that is not defined when it is needed (a capture that found nothing). */
export class UnknownVariable extends Error {
  constructor(name: string) {
    super(`the variable {{${name}}} has no value`);
    this.name = 'UnknownVariable';
  }
}

/** Text with every `{{name}}` replaced by its value. Throws UnknownVariable. */
export function fill(text: string, variables: Readonly<Record<string, unknown>>): string {
  return text.replace(PLACE, (_whole, name: string) => {
    const value = Object.hasOwn(variables, name) ? variables[name] : BUILT_IN[name]?.();
    if (value === undefined) throw new UnknownVariable(name);
    return typeof value === 'string' || isNumber(value) ? String(value) : JSON.stringify(value);
  });
}

/**
 * A value with its texts filled, at any depth. A text that is nothing but one `{{name}}` becomes the value
 * itself, so that a captured number stays a number.
 */
export function fillDeep<T>(value: T, variables: Readonly<Record<string, unknown>>): T {
  if (typeof value === 'string') {
    const [, only] = /^\{\{\s*([A-Za-z_][A-Za-z0-9_-]*)\s*\}\}$/.exec(value) ?? [];
    if (only !== undefined && Object.hasOwn(variables, only)) return variables[only] as T;
    return fill(value, variables) as T;
  }
  if (Array.isArray(value)) return value.map((item) => fillDeep(item as unknown, variables)) as T;
  if (typeof value === 'object' && value !== null && !isNumber(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [
        fill(key, variables),
        fillDeep(inner as unknown, variables),
      ]),
    ) as T;
  }
  return value;
}

/** The names that a value asks for, at any depth, without the built-in ones. */
export function namesIn(value: unknown): Set<string> {
  const names = new Set<string>();
  const walk = (one: unknown): void => {
    if (typeof one === 'string') {
      for (const [, name] of one.matchAll(PLACE)) if (!Object.hasOwn(BUILT_IN, name!)) names.add(name!);
    } else if (Array.isArray(one)) one.forEach(walk);
    else if (typeof one === 'object' && one !== null && !isNumber(one)) {
      for (const [key, inner] of Object.entries(one)) {
        walk(key);
        walk(inner);
      }
    }
  };
  walk(value);
  return names;
}
