/** What a value must be, and how that is said. */
export interface Kind<T> {
  what: string;
  fits(value: unknown): value is T;
}

/** A record as it came from a server, which is read key by key: nothing is believed before its form is checked. */
export interface Form {
  /** The value of a key that has the kind; `absent`, if it is given, where the key is missing. */
  get<T>(name: string, kind: Kind<T>, absent?: NoInfer<T>): T;
  /** The first thing that is wrong; what was read before does not count then. */
  problem(): string | undefined;
}

/** Reads an object. After the first problem the values that `get` answers are of no use. */
export function formOf(value: unknown): Form {
  let problem = isObject(value) ? undefined : 'is not an object';
  const values: Readonly<Record<string, unknown>> = isObject(value) ? value : {};
  return {
    get<T>(name: string, kind: Kind<T>, absent?: T): T {
      const own = Object.hasOwn(values, name) ? values[name] : undefined;
      if (own === undefined && absent !== undefined) return absent;
      if (kind.fits(own)) return own;
      problem ??= own === undefined ? `has no "${name}"` : `"${name}" is not ${kind.what}`;
      return absent as T;
    },
    problem: () => problem,
  };
}

export function kind<T>(what: string, fits: (value: unknown) => boolean): Kind<T> {
  return { what, fits: fits as Kind<T>['fits'] };
}

export function textLike<T extends string = string>(expression: RegExp, what: string): Kind<T> {
  return kind(what, (value) => typeof value === 'string' && expression.test(value));
}

/** Text whose every line has a form; an empty one has none. */
export function linesLike(line: RegExp, what: string): Kind<string> {
  return kind(
    `lines, each ${what}`,
    (value) => typeof value === 'string' && value.split('\n').every((one) => one === '' || line.test(one)),
  );
}

export function wordOf<T extends string>(words: readonly T[]): Kind<T> {
  return kind(`one of ${words.join(', ')}`, (value) => words.includes(value as T));
}

export function listOf<T>(item: Kind<T>): Kind<readonly T[]> {
  return kind(`a list, each ${item.what}`, (value) => Array.isArray(value) && value.every(item.fits));
}

export function mapOf<T>(item: Kind<T>): Kind<Readonly<Record<string, T>>> {
  return kind(
    `an object, each value ${item.what}`,
    (value) => isObject(value) && Object.values(value).every(item.fits),
  );
}

/** An object whose keys have kinds of their own; it may have others too. */
export function objectOf<T extends object>(what: string, keys: { [K in keyof T]: Kind<T[K]> }): Kind<T> {
  return kind(
    what,
    (value) =>
      isObject(value) && Object.entries<Kind<unknown>>(keys).every(([name, one]) => one.fits(value[name])),
  );
}

/** Without anything that ends or moves a line. */
export const LINE: Kind<string> = textLike(/^[^\0-\x1f\x7f]*$/, 'one line of text');
export const TEXT: Kind<string> = kind('text', (value) => typeof value === 'string');
/** As `date -u +%Y-%m-%dT%H:%M:%SZ` writes it. */
export const TIME: Kind<string> = kind(
  'a time such as 2026-01-31T12:00:00Z',
  (value) =>
    typeof value === 'string' &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value) &&
    !Number.isNaN(Date.parse(value)),
);
export const FLAG: Kind<boolean> = kind('true or false', (value) => typeof value === 'boolean');
export const COUNT: Kind<number> = kind(
  'a whole number of at least 0',
  (value) => Number.isSafeInteger(value) && (value as number) >= 0,
);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What a text says: the records that could be read, and a sentence about each that could not. */
export interface Reading<T> {
  records: T[];
  unread: string[];
}

/** Longest part of an unreadable line that is shown, in characters. */
const SHOWN = 80;

/**
 * Reads JSON, one record a line. What cannot be read is left out and told: a power cut may have cut a line short, and a
 * later version of these actions may write what this one does not know.
 */
export function readLines<T>(text: string, name: string, parse: (value: unknown) => T | string): Reading<T> {
  const reading: Reading<T> = { records: [], unread: [] };
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    let record: T | string;
    try {
      record = parse(JSON.parse(line));
    } catch {
      record = 'is not JSON';
    }
    if (typeof record === 'string') {
      const shown = line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line;
      reading.unread.push(`what ${name} says is left out, because it ${record}: ${JSON.stringify(shown)}`);
    } else reading.records.push(record);
  }
  return reading;
}
