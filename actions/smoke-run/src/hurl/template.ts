import { randomUUID } from 'node:crypto';
import { isNumber, WrittenNumber } from '@deploy-actions/kit';
import type { Cursor } from './cursor.ts';

/** `{{name}}`, or a function in its place. */
export interface Placeholder {
  name: string;
}

/** Text with places for values. */
export type Template = readonly (string | Placeholder)[];

/** A placeholder that has no value that could stand in a text, or no value at all. */
export class TemplateError extends Error {}

export type Variables = Readonly<Record<string, unknown>>;

/** Words of expressions that name no variable (hurl.dev, "Templates", "Functions"). */
const FUNCTIONS: Readonly<Record<string, () => unknown>> = {
  newUuid: () => randomUUID(),
  newDate: () => new Date(),
};

export function isFunction(name: string): boolean {
  return Object.hasOwn(FUNCTIONS, name);
}

/** The value of a placeholder. Throws TemplateError. */
export function valueOf({ name }: Placeholder, variables: Variables): unknown {
  if (Object.hasOwn(variables, name)) return variables[name];
  const call = isFunction(name) ? FUNCTIONS[name] : undefined;
  if (!call) throw new TemplateError(`the variable {{${name}}} has no value`);
  return call();
}

/** A value as it stands in a text; undefined for those that Hurl does not write (lists, objects, bytes). */
export function rendered(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'boolean') return String(value);
  if (value instanceof Date) return value.toISOString().replace(/(\.\d{3})Z$/, '$1000Z');
  if (!isNumber(value)) return undefined;
  return value instanceof WrittenNumber ? floatText(value) : String(value);
}

/** A float is written with at least one digit behind its point, an integer as it is. */
function floatText(value: WrittenNumber): string {
  if (/^-?\d+$/.test(value.source)) return value.source;
  const text = String(Number(value.source));
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The text of a template, its values put in. Throws TemplateError. */
export function render(template: Template, variables: Variables, encode = (text: string) => text): string {
  return template
    .map((part) => {
      if (typeof part === 'string') return part;
      const value = rendered(valueOf(part, variables));
      if (value === undefined)
        throw new TemplateError(`{{${part.name}}} is no text, number, boolean or date`);
      return encode(value);
    })
    .join('');
}

/** A template for names and messages, as it is written. */
export function written(template: Template): string {
  return template.map((part) => (typeof part === 'string' ? part : `{{${part.name}}}`)).join('');
}

/** `{{ name }}` that begins here. */
export function placeholder(cursor: Cursor): Placeholder | undefined {
  const start = cursor.at;
  if (!cursor.literal('{{')) return undefined;
  cursor.space();
  const name = cursor.take(/[\p{L}\p{N}_-]+/uy);
  cursor.space();
  if (name === undefined || !cursor.literal('}}'))
    throw cursor.wrong('{{…}} holds the name of one variable, newUuid or newDate', start);
  return { name };
}

interface Reading {
  /** Ends before this character or pattern. */
  until: RegExp;
  /** Which characters a backslash may stand before; without, a backslash is a character. */
  escapes?: string;
}

/** A template up to where `until` matches, which is not taken. */
export function template(cursor: Cursor, { until, escapes }: Reading): Template {
  const parts: (string | Placeholder)[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') parts.push(text);
    text = '';
  };
  while (!cursor.done && !cursor.peek(until)) {
    const place = placeholder(cursor);
    if (place) {
      flush();
      parts.push(place);
    } else if (escapes !== undefined && cursor.char === '\\') text += cursor.escape(escapes);
    else {
      text += String.fromCodePoint(cursor.text.codePointAt(cursor.at)!);
      cursor.at += cursor.text.codePointAt(cursor.at)! > 0xffff ? 2 : 1;
    }
  }
  flush();
  return parts;
}

const STRING_ESCAPES = '#"`\\/bnfrt';

/** A text in double quotes. */
export function quoted(cursor: Cursor): Template | undefined {
  const start = cursor.at;
  if (!cursor.literal('"')) return undefined;
  const found = template(cursor, { until: /["\n\r\t]/y, escapes: STRING_ESCAPES });
  if (!cursor.literal('"')) throw cursor.wrong('the text in quotes does not end', start);
  return found;
}

/** A text in backticks, on one line. */
export function backticked(cursor: Cursor): Template | undefined {
  const start = cursor.at;
  if (cursor.peek(/```/y) || !cursor.literal('`')) return undefined;
  const found = template(cursor, { until: /[`\n\r\t]/y, escapes: STRING_ESCAPES });
  if (!cursor.literal('`')) throw cursor.wrong('the text in backticks does not end', start);
  return found;
}

/** The value of a header or option: up to a comment or the end of the line, without blanks at its end. */
export function unquoted(cursor: Cursor): Template {
  return template(cursor, { until: /[ \t]*(?:#|\r?\n|$)|\t/y, escapes: STRING_ESCAPES });
}

/** The name before a `:`; undefined where none begins. */
export function key(cursor: Cursor): Template | undefined {
  if (cursor.peek(/\[/y)) return undefined;
  const found = template(cursor, {
    until: /(?!\{\{)[^\p{L}\p{N}_.[\]@$\\-]/uy,
    escapes: '#:\\/bfnrt',
  });
  return found.length === 0 ? undefined : found;
}

/** The name of a file before its `;`. */
export function fileName(cursor: Cursor): Template {
  const found = template(cursor, { until: /(?!\{\{)[#; {}\r\n]/y, escapes: '\\bfnrt#; {}' });
  if (found.length === 0) throw cursor.wrong('expected the name of a file');
  return found;
}
