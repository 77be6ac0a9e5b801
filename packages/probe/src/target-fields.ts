import {
  FieldError,
  type Inputs,
  duration,
  field,
  integer,
  linesOf,
  oneOf,
  pattern,
  rawText,
  secret,
  text,
  withDefault,
} from '@deploy-actions/kit';
import { parseTextMatch } from './expectation.ts';
import { jsonExpectations } from './json-expectation.ts';
import { parseStatusSet } from './status-set.ts';
import { parseVersionSource } from './version.ts';

/** `Name: value` as a header is written. */
function header(line: string): [name: string, value: string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*)$/.exec(line) ?? [];
  if (name === undefined) throw new FieldError('"the line" is not `Name: value`');
  return [name, value!];
}

/** `Name` or `Name: text`. */
function headerExpectation(line: string): { name: string; text?: string } {
  const [, name, text] = /^([\w!#$%&'*+.^`|~-]+)(?:\s*:\s*(.+))?$/.exec(line) ?? [];
  if (name === undefined) throw new FieldError(`"${line}" is not \`Name\` or \`Name: text\``);
  return { name: name.toLowerCase(), ...(text === undefined ? {} : { text }) };
}

/** `host:port:address`, as curl's --resolve. */
function resolution(line: string): { host: string; port: number; address: string } {
  const [, host, port, address] = /^([^:\s]+|\[[^\]]+\]):(\d{1,5}):(\S+)$/.exec(line) ?? [];
  if (host === undefined) {
    throw new FieldError(`"${line}" is not host:port:address`, {
      remedy: 'Write such as app.example.org:443:203.0.113.7.',
    });
  }
  return { host: host.toLowerCase(), port: Number(port), address: address!.replace(/^\[(.*)\]$/, '$1') };
}

/** The inputs that say what is asked and what a good answer is, the same in every action that asks. */
export const targetFields = {
  targets: rawText(),
  'request-timeout': withDefault(duration(10, 600_000), 5000),
  'expect-status': field((value) => {
    const set = parseStatusSet(value);
    if (set) return set;
    throw new FieldError(`"${value}" is no set of status codes`, {
      remedy: 'Write such as 200, 2xx or 200-399.',
    });
  }),
  'expect-body': field(parseTextMatch),
  'expect-json': jsonExpectations,
  'expect-header': linesOf(headerExpectation),
  'expect-version': text(),
  'version-from': field(parseVersionSource),
  'expect-within': duration(1),
  'expect-certificate-days': integer(0, 10_000),
  method: pattern(/^[A-Za-z]{3,10}$/, 'an HTTP method, such as GET or HEAD'),
  headers: secret(linesOf(header)),
  redirects: withDefault(integer(0, 20), 0),
  resolve: linesOf(resolution),
  'ip-version': field((value): 4 | 6 => {
    if (value === '4' || value === '6') return Number(value) as 4 | 6;
    throw new FieldError(`"${value}" is not 4 or 6`);
  }),
  ca: field((value) => {
    if (!value.includes('-----BEGIN CERTIFICATE-----')) throw new FieldError('is not a PEM certificate');
    return value;
  }),
  via: withDefault(oneOf(['runner', 'ssh']), 'runner'),
};

export type TargetInputs = Inputs<typeof targetFields>;
