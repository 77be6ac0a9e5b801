import { exactNumber } from '@deploy-actions/kit';
import type { Where } from '../specification/where.ts';
import type { Cursor } from './cursor.ts';
import { withFloats } from './value.ts';
import {
  type Placeholder,
  type Template,
  TemplateError,
  type Variables,
  fileName,
  isFunction,
  placeholder,
  quoted,
  render,
  unquoted,
  valueOf,
} from './template.ts';

export type Option = { where: Where } & (
  | { name: (typeof FLAGS)[number]; value: boolean | Placeholder }
  | { name: (typeof TIMES)[number]; value: number | Placeholder; unit: number }
  | { name: (typeof COUNTS)[number]; value: number | Placeholder }
  | { name: (typeof TEXTS)[number]; value: Template }
  | { name: 'cacert'; value: Template }
  | { name: 'variable'; variable: string; value: unknown }
);

const FLAGS = ['location', 'location-trusted', 'compressed', 'insecure', 'ipv4', 'ipv6', 'skip'] as const;
const TIMES = ['max-time', 'connect-timeout', 'delay', 'retry-interval'] as const;
const COUNTS = ['max-redirs', 'retry', 'repeat'] as const;
const TEXTS = ['header', 'user', 'connect-to', 'resolve'] as const;
/** They change what hurl prints and nothing else. */
const SILENT = ['verbose', 'very-verbose'];
/** Refused where they are switched on: there is no such way here, or it would change what is sent. */
const REFUSED_FLAGS = [
  'digest',
  'http1.0',
  'http2',
  'http3',
  'negotiate',
  'netrc',
  'netrc-optional',
  'ntlm',
  'path-as-is',
];
const REFUSED = [
  'aws-sigv4',
  'cert',
  'key',
  'limit-rate',
  'netrc-file',
  'output',
  'pinnedpubkey',
  'proxy',
  'unix-socket',
];

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** One line of [Options]; undefined where none begins. An option that changes nothing here is read and left out. */
export function readOption(cursor: Cursor, whereOf: (at: number) => Where): Option | 'silent' | undefined {
  const start = cursor.at;
  const where = whereOf(start);
  const name = cursor.take(/[A-Za-z0-9._-]+/y);
  cursor.space();
  if (name === undefined || !cursor.literal(':')) return undefined;
  cursor.space();
  const found = optionOf(cursor, name, where, start);
  cursor.endOfLine();
  return found;
}

function optionOf(cursor: Cursor, name: string, where: Where, start: number): Option | 'silent' {
  const flag = FLAGS.find((one) => one === name);
  if (flag) return { name: flag, value: booleanOf(cursor), where };
  const time = TIMES.find((one) => one === name);
  if (time) return { name: time, ...timeOf(cursor), where };
  const count = COUNTS.find((one) => one === name);
  if (count) return { name: count, value: countOf(cursor), where };
  const text = TEXTS.find((one) => one === name);
  if (text) return { name: text, value: unquoted(cursor), where };
  if (name === 'cacert') return { name, value: fileName(cursor), where };
  if (name === 'variable') return variableOf(cursor, where);
  if (SILENT.includes(name)) {
    booleanOf(cursor);
    return 'silent';
  }
  if (name === 'verbosity' && cursor.take(/brief|verbose|debug/y) !== undefined) return 'silent';
  if (name === 'http1.1') {
    const value = booleanOf(cursor);
    if (value === true) return 'silent';
    throw cursor.wrong(
      'the option "http1.1" is not supported unless it is true: requests are made in HTTP/1.1',
      start,
    );
  }
  if (REFUSED_FLAGS.includes(name)) {
    if (booleanOf(cursor) === false) return 'silent';
    throw cursor.wrong(`the option "${name}" is not supported`, start);
  }
  throw cursor.wrong(
    REFUSED.includes(name) ? `the option "${name}" is not supported` : `"${name}" is no option`,
    start,
  );
}

function booleanOf(cursor: Cursor): boolean | Placeholder {
  const word = cursor.take(/true|false/y);
  const value = word === undefined ? placeholder(cursor) : word === 'true';
  if (value === undefined) throw cursor.wrong(`expected true or false before ${cursor.rest}`);
  return value;
}

function timeOf(cursor: Cursor): { value: number | Placeholder; unit: number } {
  const digits = cursor.take(/0(?!\d)|[1-9]\d*/y);
  const value = digits === undefined ? placeholder(cursor) : Number(digits);
  if (value === undefined) throw cursor.wrong(`expected a time such as 500ms or 2s before ${cursor.rest}`);
  const unit = digits === undefined ? '' : cursor.take(/[A-Za-z]*/y)!;
  if (!Object.hasOwn(UNITS, unit))
    throw cursor.wrong(`"${unit}" is no unit of time; there are ms, s, m and h`);
  return { value, unit: UNITS[unit]! };
}

function countOf(cursor: Cursor): number | Placeholder {
  const digits = cursor.take(/-1(?!\d)|0(?!\d)|[1-9]\d*/y);
  const value = digits === undefined ? placeholder(cursor) : Number(digits);
  if (value === undefined) throw cursor.wrong(`expected a number, or -1 for no limit, before ${cursor.rest}`);
  return value;
}

function variableOf(cursor: Cursor, where: Where): Option {
  const start = cursor.at;
  const variable = cursor.take(/[\p{L}\p{N}_-]+/uy);
  cursor.space();
  if (variable === undefined || !cursor.literal('='))
    throw cursor.wrong('a variable is written name=value', start);
  if (isFunction(variable))
    throw cursor.wrong(`${variable} is a function; a variable needs another name`, start);
  cursor.space();
  return { name: 'variable', variable, value: literalOf(cursor), where };
}

/** A value of `variable:`: null, true, false, a number, or a text, in quotes or bare. */
function literalOf(cursor: Cursor): unknown {
  const end = '(?=[ \\t]*(?:#|\\r?\\n|$))';
  const word = cursor.take(new RegExp(`(?:null|true|false)${end}`, 'y'));
  if (word !== undefined) return JSON.parse(word);
  const number = cursor.take(new RegExp(`-?(?:0|[1-9]\\d*)(?:\\.\\d+)?${end}`, 'y'));
  if (number !== undefined) return withFloats(exactNumber(number));
  // A text with places for values is put together when its entry is run.
  return { template: quoted(cursor) ?? unquoted(cursor) };
}

/** What the options of an entry come to. */
export interface Settings {
  /** Whether redirects are followed, and how many at most. */
  location: boolean;
  redirects: number;
  trusted: boolean;
  compressed: boolean;
  insecure: boolean;
  family: 4 | 6 | undefined;
  skip: boolean;
  /** Milliseconds; undefined: the default. */
  maxTime: number | undefined;
  connectTimeout: number | undefined;
  delay: number;
  retryInterval: number;
  /** Infinity: as long as the run may take. */
  retry: number;
  repeat: number;
  headers: string[];
  user: string | undefined;
  ca: string | undefined;
  /** `HOST:PORT:ADDRESS:PORT`, as curl has them. */
  connectTo: string[];
  resolve: string[];
}

/** Hurl's own limit of redirects. */
const MOST_REDIRECTS = 50;

/**
 * Works out an entry's options in their order; `variable:` goes into the variables, for all that follows. Throws
 * TemplateError, also for a value of the wrong kind.
 */
export function settingsOf(options: readonly Option[], variables: Record<string, unknown>): Settings {
  let location = false;
  let most = MOST_REDIRECTS;
  const settings: Settings = {
    location: false,
    redirects: 0,
    trusted: false,
    compressed: false,
    insecure: false,
    family: undefined,
    skip: false,
    maxTime: undefined,
    connectTimeout: undefined,
    delay: 0,
    retryInterval: 1000,
    retry: 0,
    repeat: 1,
    headers: [],
    user: undefined,
    ca: undefined,
    connectTo: [],
    resolve: [],
  };
  const limit = (value: number) => (value === -1 ? Infinity : value);
  for (const option of options) {
    switch (option.name) {
      case 'location':
        location = booleanIn(option, variables);
        if (!location) settings.trusted = false;
        break;
      case 'location-trusted':
        if (booleanIn(option, variables)) location = settings.trusted = true;
        break;
      case 'compressed':
      case 'insecure':
      case 'skip':
        settings[option.name] = booleanIn(option, variables);
        break;
      case 'ipv4':
      case 'ipv6':
        settings.family = (option.name === 'ipv4') === booleanIn(option, variables) ? 4 : 6;
        break;
      case 'max-time':
        settings.maxTime = numberIn(option, variables) * option.unit;
        break;
      case 'connect-timeout':
        settings.connectTimeout = numberIn(option, variables) * option.unit;
        break;
      case 'delay':
        settings.delay = numberIn(option, variables) * option.unit;
        break;
      case 'retry-interval':
        settings.retryInterval = numberIn(option, variables) * option.unit;
        break;
      case 'max-redirs':
        most = limit(numberIn(option, variables, -1));
        break;
      case 'retry':
      case 'repeat':
        settings[option.name] = limit(numberIn(option, variables, -1));
        break;
      case 'header':
        settings.headers.push(render(option.value, variables));
        break;
      case 'user':
        settings.user = render(option.value, variables);
        break;
      case 'cacert':
        settings.ca = render(option.value, variables);
        break;
      case 'connect-to':
        settings.connectTo.push(render(option.value, variables));
        break;
      case 'resolve':
        settings.resolve.push(render(option.value, variables));
        break;
      case 'variable':
        variables[option.variable] = isTemplate(option.value)
          ? render(option.value.template, variables)
          : option.value;
        break;
    }
  }
  // Without a limit the run's own ends it; a loop of redirects would never.
  return { ...settings, location, redirects: Math.min(most, 1000) };
}

function isTemplate(value: unknown): value is { template: Template } {
  return typeof value === 'object' && value !== null && 'template' in value;
}

function booleanIn(
  { name, value }: { name: string; value: boolean | Placeholder },
  variables: Variables,
): boolean {
  const found = typeof value === 'boolean' ? value : valueOf(value, variables);
  if (typeof found !== 'boolean') throw new TemplateError(`the option ${name} needs true or false`);
  return found;
}

function numberIn(
  { name, value }: { name: string; value: number | Placeholder },
  variables: Variables,
  least = 0,
): number {
  const found = typeof value === 'number' ? value : valueOf(value, variables);
  if (typeof found !== 'number' || !Number.isInteger(found) || found < least)
    throw new TemplateError(`the option ${name} needs a whole number of at least ${least}`);
  return found;
}
