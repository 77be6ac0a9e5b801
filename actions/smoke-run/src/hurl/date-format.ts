/** Dates by a format of strftime, as far as it can be said without doubt; all times are UTC. */
export interface DateFormat {
  /** Why the format is not supported. */
  problem: string | undefined;
  write(date: Date): string;
  /** Undefined for a text that is not of the format. */
  read(text: string): Date | undefined;
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const short = (names: string[]) => names.map((name) => name.slice(0, 3));
const padded = (value: number, width = 2, fill = '0') => String(value).padStart(width, fill);

interface Parts {
  year?: number;
  month?: number;
  day?: number;
  hour?: number;
  half?: number;
  minute?: number;
  second?: number;
  milliseconds?: number;
  /** Minutes east of UTC. */
  offset?: number;
  epoch?: number;
}

interface Specifier {
  write(date: Date): string;
  pattern: string;
  take?(text: string, parts: Parts): void;
}

const number = (digits: number, write: (date: Date) => number, key: keyof Parts, fill = '0'): Specifier => ({
  write: (date) => padded(write(date), digits, fill),
  pattern: fill === ' ' ? ` *\\d{1,${digits}}` : `[+-]?\\d{1,${digits}}`,
  take: (text, parts) => (parts[key] = Number(text)),
});
const name = (
  names: string[],
  write: (date: Date) => number,
  take?: (index: number, parts: Parts) => void,
): Specifier => ({
  write: (date) => names[write(date)]!,
  pattern: names.join('|'),
  take: (text, parts) =>
    take?.(
      names.findIndex((one) => one.toLowerCase() === text.toLowerCase()),
      parts,
    ),
});
const toMonth = (index: number, parts: Parts) => (parts.month = index + 1);
const offsetTo = (colon: string): Specifier => ({
  write: () => `+00${colon}00`,
  pattern: '[+-]\\d\\d:?\\d\\d|Z',
  take(text, parts) {
    const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(text) ?? [];
    parts.offset = hours === undefined ? 0 : (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
  },
});

const SPECIFIERS: Readonly<Record<string, Specifier>> = {
  Y: {
    write: (date) => padded(date.getUTCFullYear(), 4),
    pattern: '\\d{4}',
    take: (text, parts) => (parts.year = Number(text)),
  },
  m: number(2, (date) => date.getUTCMonth() + 1, 'month'),
  d: number(2, (date) => date.getUTCDate(), 'day'),
  e: number(2, (date) => date.getUTCDate(), 'day', ' '),
  H: number(2, (date) => date.getUTCHours(), 'hour'),
  I: number(2, (date) => date.getUTCHours() % 12 || 12, 'hour'),
  M: number(2, (date) => date.getUTCMinutes(), 'minute'),
  S: number(2, (date) => date.getUTCSeconds(), 'second'),
  a: name(short(DAYS), (date) => date.getUTCDay()),
  A: name(DAYS, (date) => date.getUTCDay()),
  b: name(short(MONTHS), (date) => date.getUTCMonth(), toMonth),
  h: name(short(MONTHS), (date) => date.getUTCMonth(), toMonth),
  B: name(MONTHS, (date) => date.getUTCMonth(), toMonth),
  p: name(
    ['AM', 'PM'],
    (date) => Number(date.getUTCHours() >= 12),
    (index, parts) => (parts.half = index),
  ),
  z: offsetTo(''),
  ':z': offsetTo(':'),
  Z: { write: () => 'UTC', pattern: '[A-Z]+' },
  s: {
    write: (date) => String(Math.floor(date.getTime() / 1000)),
    pattern: '-?\\d+',
    take: (text, parts) => (parts.epoch = Number(text)),
  },
  '+': {
    write: (date) =>
      date
        .toISOString()
        .replace(/\.000Z$/, 'Z')
        .replace(/Z$/, '+00:00'),
    pattern: '\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|[+-]\\d\\d:\\d\\d)',
    take: (text, parts) => (parts.epoch = new Date(text).getTime() / 1000),
  },
  '.f': {
    write: (date) => (date.getUTCMilliseconds() === 0 ? '' : `.${padded(date.getUTCMilliseconds(), 3)}`),
    pattern: '(?:\\.\\d+)?',
    take: (text, parts) => (parts.milliseconds = Math.floor(Number(`0${text}`) * 1000)),
  },
  '.3f': {
    write: (date) => `.${padded(date.getUTCMilliseconds(), 3)}`,
    pattern: '\\.\\d{3}',
    take: (text, parts) => (parts.milliseconds = Math.floor(Number(`0${text}`) * 1000)),
  },
};

const WHOLE: Readonly<Record<string, string>> = {
  F: '%Y-%m-%d',
  T: '%H:%M:%S',
  R: '%H:%M',
  D: '%m/%d/%y',
};

/** Reads a format such as `%Y-%m-%d %H:%M:%S %z`. */
export function dateFormat(text: string): DateFormat {
  const whole = text.replace(/%([FTR])/g, (_all, letter: string) => WHOLE[letter]!);
  const pieces = whole.match(/%(?::z|\.3f|\.f|[^])|[^%]+|%/g) ?? [];
  const unknown = pieces.find(
    (piece) => piece.startsWith('%') && piece !== '%%' && !Object.hasOwn(SPECIFIERS, piece.slice(1)),
  );
  const specifiers = pieces.map((piece) =>
    piece.startsWith('%') && piece !== '%%' ? SPECIFIERS[piece.slice(1)] : undefined,
  );
  return {
    problem: unknown === undefined ? undefined : `${unknown} in the format of a date is not supported`,
    write: (date) =>
      pieces.map((piece, index) => specifiers[index]?.write(date) ?? piece.replace('%%', '%')).join(''),
    read(given) {
      const source = pieces.map((piece, index) =>
        specifiers[index]
          ? `(${specifiers[index].pattern})`
          : piece
              .replace('%%', '%')
              .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
              .replace(/\s+/g, '\\s*'),
      );
      const match = new RegExp(`^${source.join('')}$`, 'i').exec(given);
      if (!match) return undefined;
      const parts: Parts = {};
      let group = 0;
      for (const specifier of specifiers) if (specifier) specifier.take?.(match[(group += 1)]!, parts);
      return dateOf(parts);
    },
  };
}

function dateOf(parts: Parts): Date | undefined {
  if (parts.epoch !== undefined) return new Date(parts.epoch * 1000);
  const { year, month, day, hour = 0, half, minute = 0, second = 0, milliseconds = 0, offset = 0 } = parts;
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const hours = half === undefined ? hour : (hour % 12) + 12 * half;
  const date = new Date(Date.UTC(year, month - 1, day, hours, minute, second, milliseconds));
  const same = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hours < 24 && minute < 60;
  return same ? new Date(date.getTime() - offset * 60_000) : undefined;
}
