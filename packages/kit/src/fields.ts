import { parseBytes } from './bytes.ts';
import { parseDuration } from './duration.ts';
import { Failure, type FailureDetails, messageOf } from './failure.ts';

/**
 * One input: how its text becomes a value. A field is a plain value, so that all inputs of an action stand on
 * one screen (`fields.ts`) and a test can hold them against action.yml.
 */
export interface Field<T> {
  /** Without a value the action stops before it does anything. */
  readonly required: boolean;
  /** Known to the redactor before anything is printed. */
  readonly secret: boolean;
  /** Whether the bytes at both ends matter (no trimming). */
  readonly raw: boolean;
  /** Value of a non-empty text; throws FieldError (or Failure) with what would be right. */
  parse(text: string): T;
  /** Value when the input is empty. */
  readonly empty: () => T;
  /** The variable of the environment that gives the text where the input is empty. */
  readonly variable?: string;
}

/** What is wrong with an input's text; `line` counts from 1 within the input. */
export class FieldError extends Error {
  readonly line: number | undefined;
  readonly remedy: string | undefined;
  constructor(message: string, options: { line?: number; remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FieldError';
    this.line = options.line;
    this.remedy = options.remedy;
  }
}

export type Fields = Record<string, Field<unknown>>;
export type Inputs<F extends Fields> = { [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** A field from a parser; optional with `undefined` as its empty value unless told otherwise. */
export function field<T>(parse: (text: string) => T): Field<T | undefined> {
  return { required: false, secret: false, raw: false, parse, empty: () => undefined };
}

/** The same field, but the input must have a value. */
export function required<T>(inner: Field<T | undefined>): Field<T> {
  return {
    ...inner,
    required: true,
    parse: (text) => inner.parse(text) as T,
    empty: () => undefined as never,
  };
}

/** The same field with a value for an empty input. Shown defaults belong into action.yml; this is their twin. */
export function withDefault<T>(inner: Field<T | undefined>, value: T): Field<T> {
  return { ...inner, parse: (text) => inner.parse(text) as T, empty: () => value };
}

/** The same field, whose value is a secret. */
export function secret<T>(inner: Field<T>): Field<T> {
  return { ...inner, secret: true };
}

/** The same field; where the input is empty, the environment's variable of this name gives its text. */
export function orVariable<T>(inner: Field<T>, variable: string): Field<T> {
  return { ...inner, variable };
}

/** Text, trimmed at both ends. */
export function text(): Field<string | undefined> {
  return field((value) => value);
}

/** Text whose every byte matters. */
export function rawText(): Field<string | undefined> {
  return { ...field((value) => value), raw: true };
}

/** Text that matches a pattern; `what` says what would be right. */
export function pattern(expression: RegExp, what: string): Field<string | undefined> {
  return field((value) => {
    if (!expression.test(value)) throw new FieldError(`${quote(value)} is not ${what}`);
    return value;
  });
}

/** One item per line, trimmed; empty lines and lines that start with `#` are left out. */
export function lines(): Field<string[]> {
  return linesOf((line) => line);
}

/** One item per line, each parsed; an error names the line. */
export function linesOf<T>(parse: (line: string, number: number) => T): Field<T[]> {
  return {
    ...withDefault(
      field((value) => parseLines(value, parse)),
      [] as T[],
    ),
    // A default must not be shared between two callers.
    empty: () => [],
  };
}

function parseLines<T>(value: string, parse: (line: string, number: number) => T): T[] {
  const items: T[] = [];
  for (const [index, raw] of value.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    try {
      items.push(parse(line, index + 1));
    } catch (error) {
      if (error instanceof FieldError && error.line === undefined) {
        throw new FieldError(error.message, { line: index + 1, remedy: error.remedy, cause: error.cause });
      }
      throw error;
    }
  }
  return items;
}

/** A whole number within bounds, both included. */
export function integer(min = 0, max = Number.MAX_SAFE_INTEGER): Field<number | undefined> {
  return field((value) => {
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
      throw new FieldError(`${quote(value)} is not a whole number ${range}`);
    }
    return number;
  });
}

/** A time such as `500ms`, `30s`, `5m`, in milliseconds. */
export function duration(min = 0, max = 86_400_000 * 366): Field<number | undefined> {
  return field((value) => {
    const ms = parseDuration(value);
    if (ms === undefined) {
      throw new FieldError(`${quote(value)} is not a time`, {
        remedy: 'Write a number with a unit, such as 500ms, 30s or 5m.',
      });
    }
    if (ms < min || ms > max)
      throw new FieldError(`${quote(value)} is out of range (${min} ms to ${max} ms)`);
    return ms;
  });
}

/** A size such as `512MiB` or `1GB`, in bytes. */
export function bytes(): Field<number | undefined> {
  return field((value) => {
    const size = parseBytes(value);
    if (size === undefined) {
      throw new FieldError(`${quote(value)} is not a size`, {
        remedy: 'Write a number with a unit, such as 512MiB or 1GB.',
      });
    }
    return size;
  });
}

/** A share such as `5%`, in whole percent. */
export function percent(): Field<number | undefined> {
  return field((value) => {
    const match = /^(\d{1,3}) ?%$/.exec(value);
    if (!match || Number(match[1]) > 100) {
      throw new FieldError(`${quote(value)} is not a share`, {
        remedy: 'Write whole percent from 0% to 100%, such as 5%.',
      });
    }
    return Number(match[1]);
  });
}

/** `true` or `false`, in YAML 1.2's spellings, as `core.getBooleanInput` takes them. */
export function flag(): Field<boolean> {
  return withDefault(
    field((value) => {
      if (/^(true|True|TRUE)$/.test(value)) return true;
      if (/^(false|False|FALSE)$/.test(value)) return false;
      throw new FieldError(`${quote(value)} is neither true nor false`);
    }),
    false,
  );
}

/** One of a few words. */
export function oneOf<const W extends string>(words: readonly W[]): Field<W | undefined> {
  return field((value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new FieldError(`${quote(value)} is not one of ${words.join(', ')}`);
    return word;
  });
}

/** `name=value` lines; the value is all after the first `=`, trimmed. A name may stand only once. */
export function pairs(): Field<[name: string, value: string][]> {
  return {
    ...linesOf((line) => line),
    parse(value) {
      const seen = new Set<string>();
      return parseLines(value, (line): [string, string] => {
        const at = line.indexOf('=');
        if (at < 1) throw new FieldError(`${quote(line)} is not name=value`);
        const name = line.slice(0, at).trim();
        if (seen.has(name)) throw new FieldError(`${quote(name)} is given twice`);
        seen.add(name);
        return [name, line.slice(at + 1).trim()];
      });
    },
    empty: () => [],
  } as Field<[string, string][]>;
}

/** A short quotation of user text for an error message, in one line and at most 60 characters. */
export function quote(value: string): string {
  const line = value.replace(/[\0-\x1f\x7f]+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 57).toWellFormed()}…` : line}"`;
}

export interface FieldSources {
  /** The text of an input; empty when it is not set. */
  input(name: string): string;
  /** The text of a variable of the environment; empty when it is not set. None, where it is left out. */
  variable?(name: string): string;
  /** Gets each secret's text before any parser runs, so that no message can show one. */
  onSecret?(value: string): void;
  /** Gets the name of each input whose text a variable gave, and that variable's. */
  onVariable?(input: string, variable: string): void;
  /** Why the run gets no secrets, where it gets none. */
  withheld?(): string | undefined;
}

/**
 * Reads every field and answers the values, or throws one `input` Failure that names the first wrong input, and the
 * others behind it. An input wins over its variable.
 */
export function parseFields<F extends Fields>(fields: F, sources: FieldSources): Inputs<F> {
  const texts = new Map<string, { text: string; variable?: string }>();
  for (const [name, one] of Object.entries(fields)) {
    let value = sources.input(name);
    let variable: string | undefined;
    if (value.trim() === '' && one.variable !== undefined) {
      const given = sources.variable?.(one.variable) ?? '';
      if (given.trim() !== '') [value, variable] = [given, one.variable];
    }
    const text = one.raw ? value : value.trim();
    texts.set(name, variable === undefined ? { text } : { text, variable });
    if (one.secret && text !== '') sources.onSecret?.(text);
    if (variable !== undefined) sources.onVariable?.(name, variable);
  }
  const values: Record<string, unknown> = {};
  const failures: Failure[] = [];
  for (const [name, one] of Object.entries(fields)) {
    const { text, variable } = texts.get(name)!;
    try {
      if (text.trim() === '' && one.required) {
        // The runner gives an input that is not there as one that is empty.
        throw new FieldError('is required and is empty', {
          remedy: whyEmpty(name, { withheld: sources.withheld?.(), variable: one.variable }),
        });
      }
      values[name] = text === '' ? one.empty() : one.parse(text);
    } catch (error) {
      failures.push(inputFailure(name, error, one.secret, variable));
    }
  }
  if (failures.length === 0) return values as Inputs<F>;
  const [first, ...others] = failures as [Failure, ...Failure[]];
  if (others.length === 0) throw first;
  throw new Failure('input', [first, ...others].map((failure) => failure.message).join('; '), {
    remedy: [first, ...others].map((failure) => failure.remedy).find((remedy) => remedy !== undefined),
    input: first.input,
    place: first.place,
  });
}

/** What to look at when a value that is needed is empty. `withheld` says why the run gets no secrets, where it gets none. */
export function whyEmpty(
  name: string,
  { withheld, variable }: { withheld?: string | undefined; variable?: string | undefined } = {},
): string {
  if (withheld !== undefined) return `${withheld}, so a value that comes from one is empty.`;
  const ways =
    variable === undefined
      ? `Write \`${name}:\` under \`with:\` of this step.`
      : `Write \`${name}:\` under \`with:\` of this step, or \`${variable}:\` under \`env:\` of the job.`;
  return `${ways} Where it stands there, the secret or variable behind it is empty: check its name, and that the job names the \`environment:\` that holds it.`;
}

function inputFailure(name: string, error: unknown, isSecret: boolean, variable?: string): Failure {
  const details: FailureDetails = { input: name, cause: error instanceof Error ? error.cause : undefined };
  const told = `input \`${name}\`${variable === undefined ? '' : ` (from the variable ${variable})`}`;
  if (error instanceof Failure) {
    return new Failure(error.kind, error.message, { ...error, ...details, cause: error.cause });
  }
  if (!(error instanceof FieldError)) {
    return new Failure('input', `${told}: ${messageOf(error)}`, { ...details, cause: error });
  }
  // A parser quotes what it was given; of a secret only the kind of mistake may be told.
  const message = isSecret ? error.message.replace(/"[^]*"/, 'the value') : error.message;
  const where = error.line === undefined ? '' : `, line ${error.line}`;
  const joint = message.startsWith('is required') ? ' ' : ': ';
  return new Failure('input', `${told}${where}${joint}${message}`, {
    ...details,
    remedy: error.remedy,
  });
}
