import { type Field, FieldError, linesOf, quote } from '@deploy-actions/kit';

/** What a variable must be. */
export interface Requirement {
  key: string;
  /** Undefined: it must not be empty. */
  rule: { kind: 'length'; least: number } | { kind: 'is' | 'is-not'; value: string } | undefined;
  /** Counted from 1 within the input. */
  line: number;
}

/** `KEY`, `KEY>=50`, `KEY=value` and `KEY!=value` lines. */
export function requiredEnv(): Field<Requirement[]> {
  return linesOf((text, line): Requirement => {
    const [, key, sign, value = ''] = /^([A-Za-z_][A-Za-z0-9_]*)\s*(?:(>=|!=|=)\s*(.*))?$/.exec(text) ?? [];
    if (key === undefined)
      throw new FieldError(`${quote(text)} is none of KEY, KEY>=50, KEY=value, KEY!=value`);
    if (sign === undefined) return { key, rule: undefined, line };
    if (sign === '>=') {
      const least = /^\d{1,6}$/.test(value) ? Number(value) : 0;
      if (least < 1) throw new FieldError(`${quote(value)} behind ${key}>= is no number of characters`);
      return { key, rule: { kind: 'length', least }, line };
    }
    if (value === '') throw new FieldError(`${key}${sign} names no value`);
    return { key, rule: { kind: sign === '=' ? 'is' : 'is-not', value }, line };
  });
}

/** What is wrong with a variable, without its value; undefined when nothing is. */
export function whatIsWrong(
  { key, rule, line }: Requirement,
  values: ReadonlyMap<string, string>,
): string | undefined {
  const value = values.get(key) ?? '';
  if (value === '') return `${key} is ${values.has(key) ? 'empty' : 'not there'}`;
  switch (rule?.kind) {
    case 'length': {
      const length = [...value].length;
      return length < rule.least
        ? `${key} has ${length} characters, and must have at least ${rule.least}`
        : undefined;
    }
    case 'is':
      return value === rule.value ? undefined : `${key} is not what line ${line} of required-env says`;
    case 'is-not':
      return value === rule.value ? `${key} is what line ${line} of required-env forbids` : undefined;
    default:
      return undefined;
  }
}
