import type { ConnectOptions, Endpoint } from '@deploy-actions/http';
import { parseDuration } from '@deploy-actions/kit';
import { credentialsIn } from './credential.ts';
import { type Expectations, parseTextMatch } from './expectation.ts';
import { type JsonExpectation, jsonExpectations } from './json-expectation.ts';
import { lenientJsonPath } from './json-path.ts';
import { parseStatusSet } from './status-set.ts';
import type { TargetInputs } from './target-fields.ts';
import type { Target } from './target.ts';
import { DEFAULT_VERSION_SOURCE, parseVersionSource } from './version.ts';

/** A target as the user wrote it, in a line or in YAML; what is missing comes from the inputs. */
export interface TargetSpec {
  name?: string;
  url: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  'expect-status'?: string | number;
  'expect-body'?: string;
  'expect-json'?: Record<string, unknown> | string;
  'expect-header'?: Record<string, string | null>;
  'expect-version'?: string | number;
  'version-from'?: string;
  'expect-within'?: string;
  'expect-certificate-days'?: number;
  'expect-output'?: string;
  redirects?: number;
  address?: string;
  servername?: string;
  'ip-version'?: 4 | 6;
  'request-timeout'?: string;
  via?: 'runner' | 'ssh';
}

/** A target as it is asked. */
export interface Aim {
  name: string;
  /** Address without user, password and query, for people. */
  label: string;
  target: Target;
  /** Milliseconds for one attempt. */
  requestTimeout: number;
  via: 'runner' | 'ssh';
}

/** What is wrong with one key of a target. */
export class TargetError extends Error {
  readonly key: string;
  constructor(key: string, message: string) {
    super(message);
    this.name = 'TargetError';
    this.key = key;
  }
}

/** Makes a target of its specification and the inputs. Throws TargetError; calls `onSecret` with each credential. */
export function aimOf(spec: TargetSpec, inputs: TargetInputs, onSecret: (value: string) => void): Aim {
  const target = targetOf(spec, inputs, onSecret);
  const onServer = target.kind === 'compose' || target.kind === 'exec';
  const label = labelOf(spec.url);
  return {
    name: spec.name ?? label,
    label,
    target,
    requestTimeout: specTime(spec, 'request-timeout') ?? inputs['request-timeout'],
    via: onServer ? 'ssh' : (spec.via ?? inputs.via),
  };
}

function targetOf(spec: TargetSpec, inputs: TargetInputs, onSecret: (value: string) => void): Target {
  const wrong = (message: string) => new TargetError('url', message);
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(spec.url) ?? [];
  if (scheme === undefined) {
    throw wrong(
      `"${spec.url}" is no address; write one of http://, https://, tcp://, ws://, wss://, compose:// and exec://`,
    );
  }
  switch (scheme.toLowerCase()) {
    case 'compose': {
      if (!/^[a-zA-Z0-9][a-zA-Z0-9._-]*\/?$/.test(rest!))
        throw wrong(`"${spec.url}" is not compose://service`);
      return { kind: 'compose', service: rest!.replace(/\/$/, '') };
    }
    case 'exec': {
      const [, service, command] = /^([a-zA-Z0-9][a-zA-Z0-9._-]*)\s+(\S.*)$/s.exec(rest!) ?? [];
      if (service === undefined) throw wrong(`"${spec.url}" is not exec://service command`);
      const output = spec['expect-output'];
      return {
        kind: 'exec',
        service,
        command: words(command!, wrong),
        ...(output === undefined ? {} : { output: textMatch('expect-output', output) }),
      };
    }
    case 'tcp': {
      const url = parseUrl(spec.url.replace(/^tcp/i, 'http'), wrong);
      const port = /:(\d+)\/?$/.exec(rest!)?.[1];
      if (port === undefined || url.pathname !== '/') throw wrong(`"${spec.url}" is not tcp://host:port`);
      return {
        kind: 'tcp',
        host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: Number(port),
        connect: connection(spec, url, inputs),
      };
    }
    case 'ws':
    case 'wss': {
      const url = parseUrl(spec.url, wrong);
      return {
        kind: 'ws',
        url: url.href,
        headers: headersOf(spec, inputs, onSecret),
        connect: connection(spec, url, inputs),
      };
    }
    case 'http':
    case 'https': {
      const url = parseUrl(spec.url, wrong);
      if (url.password.length > 0) onSecret(decodeURIComponent(url.password));
      const { resolve } = inputs;
      return {
        kind: 'http',
        url: url.href,
        method: (spec.method ?? inputs.method ?? 'GET').toUpperCase(),
        headers: headersOf(spec, inputs, onSecret),
        ...(spec.body === undefined ? {} : { body: spec.body }),
        redirects: spec.redirects ?? inputs.redirects,
        connect: connection(spec, url, inputs),
        ...(resolve.length === 0
          ? {}
          : {
              // The target's own address goes before `resolve`, also where a redirect stays on its host.
              addressFor: ({ host, port }: Endpoint) =>
                spec.address !== undefined && host === bare(url.hostname)
                  ? undefined
                  : addressIn(resolve, host, port),
            }),
        expect: expectations(spec, inputs, url),
      };
    }
    default:
      throw wrong(
        `"${scheme}://" is not one of http://, https://, tcp://, ws://, wss://, compose:// and exec://`,
      );
  }
}

function parseUrl(text: string, wrong: (message: string) => Error): URL {
  try {
    return new URL(text);
  } catch {
    throw wrong(`"${text.replace(/\/\/[^/@\s]*@/, '//')}" is no URL`);
  }
}

function headersOf(
  spec: TargetSpec,
  inputs: TargetInputs,
  onSecret: (value: string) => void,
): Record<string, string> {
  for (const [name, value] of Object.entries(spec.headers ?? {}))
    credentialsIn(name, value).forEach(onSecret);
  return { ...Object.fromEntries(inputs.headers), ...spec.headers };
}

function connection(spec: TargetSpec, url: URL, inputs: TargetInputs): ConnectOptions {
  const options: ConnectOptions = {};
  const family = spec['ip-version'] ?? inputs['ip-version'];
  if (family) options.family = family;
  if (spec.servername) options.servername = spec.servername;
  if (inputs.ca) options.ca = inputs.ca;
  const port = url.port === '' ? (/^(https|wss):$/.test(url.protocol) ? 443 : 80) : Number(url.port);
  const address = addressIn(inputs.resolve, bare(url.hostname), port);
  if (address !== undefined) options.address = address;
  if (spec.address !== undefined) {
    const [, host, addressPort] = /^(\[[^\]]+\]|[^:\s]+|[0-9a-fA-F:]+)(?::(\d+))?$/.exec(spec.address) ?? [];
    if (host === undefined)
      throw new TargetError('address', `"${spec.address}" is not an address or address:port`);
    options.address = bare(host);
    if (addressPort) options.addressPort = Number(addressPort);
  }
  return options;
}

/** The address that `resolve` has for a host (without brackets) and port. */
function addressIn(rules: TargetInputs['resolve'], host: string, port: number): string | undefined {
  return rules.find((rule) => bare(rule.host) === host && rule.port === port)?.address;
}

/** A host without the brackets of IPv6. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function expectations(spec: TargetSpec, inputs: TargetInputs, url: URL): Expectations {
  const expected: Expectations = {};
  const status =
    spec['expect-status'] === undefined
      ? inputs['expect-status']
      : parseStatusSet(String(spec['expect-status']));
  if (spec['expect-status'] !== undefined && !status) {
    throw new TargetError(
      'expect-status',
      `"${spec['expect-status']}" is no set of status codes, such as 200, 2xx or 200-399`,
    );
  }
  if (status) expected.status = status;
  const body =
    spec['expect-body'] === undefined ? inputs['expect-body'] : textMatch('expect-body', spec['expect-body']);
  if (body) expected.body = body;
  const json = jsonOf(spec) ?? inputs['expect-json'];
  if (json.length > 0) expected.json = json;
  const headers = spec['expect-header']
    ? Object.entries(spec['expect-header']).map(([name, text]) => ({
        name: name.toLowerCase(),
        text: text ?? undefined,
      }))
    : inputs['expect-header'];
  if (headers.length > 0) {
    expected.headers = headers.map(({ name, text }) => ({
      name,
      ...(text === undefined ? {} : { match: textMatch('expect-header', text) }),
    }));
  }
  const version = spec['expect-version'] ?? inputs['expect-version'];
  if (version !== undefined && String(version) !== '') {
    const source =
      spec['version-from'] === undefined
        ? inputs['version-from']
        : parsed('version-from', () => parseVersionSource(spec['version-from']!));
    expected.version = {
      expected: String(version),
      source: source ?? parseVersionSource(DEFAULT_VERSION_SOURCE),
    };
  }
  const within = specTime(spec, 'expect-within') ?? inputs['expect-within'];
  if (within !== undefined) expected.withinMs = within;
  const days =
    spec['expect-certificate-days'] ??
    (url.protocol === 'https:' ? inputs['expect-certificate-days'] : undefined);
  if (days !== undefined) expected.certificateDays = days;
  return expected;
}

function jsonOf({ 'expect-json': json }: TargetSpec): JsonExpectation[] | undefined {
  if (json === undefined) return undefined;
  if (typeof json === 'string') return parsed('expect-json', () => jsonExpectations.parse(json));
  return Object.entries(json).map(([path, equals]) => ({
    path: parsed('expect-json', () => lenientJsonPath(path)),
    equals,
  }));
}

function textMatch(key: keyof TargetSpec, text: string) {
  return parsed(key, () => parseTextMatch(text));
}

function parsed<T>(key: keyof TargetSpec, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new TargetError(key, (error as Error).message);
  }
}

/**
 * A time that a target has of its own, in milliseconds; undefined where it has none. Throws TargetError for what is no
 * time, and for zero, which only a delay may be.
 */
export function specTime<K extends string>(spec: Partial<Record<K, unknown>>, key: K): number | undefined {
  const text = spec[key];
  if (text === undefined) return undefined;
  const ms = typeof text === 'string' ? parseDuration(text) : undefined;
  if (ms === undefined || (ms === 0 && key !== 'initial-delay')) {
    throw new TargetError(
      key,
      `"${String(text)}" is no time; write a number with a unit, such as 500ms, 30s or 5m`,
    );
  }
  return ms;
}

/** Splits a command into words; quotes group, a backslash takes the next character as it is. No shell runs it. */
export function words(command: string, wrong: (message: string) => Error): string[] {
  const found: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < command.length; i += 1) {
    const char = command[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && i + 1 < command.length) word += command[(i += 1)]!;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else word = (word ?? '') + (char === '\\' && i + 1 < command.length ? command[(i += 1)]! : char);
  }
  if (quote !== '') throw wrong(`the ${quote} is not closed`);
  if (word !== undefined) found.push(word);
  return found;
}

/** The address for people: no user, no password, no query (which may hold a token). */
export function labelOf(url: string): string {
  return url
    .replace(/^([a-z]+:\/\/)[^/@\s]*@/i, '$1')
    .replace(/\?.*$/s, '')
    .trim();
}
