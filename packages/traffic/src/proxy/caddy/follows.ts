import { type Follow, LONGEST_KEPT, namesOneOf } from '../follow.ts';
import { type Line, parseCaddyfile } from './syntax.ts';

/**
 * The first release that tries again when a name led nowhere for a moment, whatever the method: before it only a GET did.
 * Source: Caddy's pull request 5841, `LoadBalancing.tryAgain` in modules/caddyhttp/reverseproxy/reverseproxy.go.
 */
const RETRIES_ALL = [2, 7, 5] as const;

/** Milliseconds for which a request must be tried again: the moment in which a name leads nowhere is far shorter. */
const LEAST_PATIENCE = 1000;

/** Nanoseconds, as Caddy's JSON has them, in milliseconds. */
const NANOSECONDS = 1e6;

type Json = Readonly<Record<string, unknown>>;

interface Told {
  version: string;
  /** Why it cannot be known what it goes by. */
  unknown: string | undefined;
  config: unknown;
  file: string;
  lines: readonly Line[];
}

/**
 * Caddy keeps connections by the address that stands in its configuration: behind a plain name they stay those to the
 * container that the name led to once. With `dynamic a` it asks where the name leads, each `refresh`, and connects to that
 * address; a request that finds no address in that moment is tried again for `lb_try_duration`.
 */
export function followsInCaddy(told: string, names: readonly string[]): Follow {
  const { version, unknown, config, file, lines } = readTold(told);
  const toWrite = { remedy: 'Write the lines below in its place', lines: linesFor(names[0]!) };
  if (unknown !== undefined) {
    return {
      why: `what it goes by cannot be read: ${unknown}`,
      remedy: 'Let its container run `caddy run --config` with the absolute path of a Caddyfile',
    };
  }
  const at = (test: (line: Line) => boolean) => {
    const line = lines.find(test);
    return line === undefined ? '' : ` (line ${line.number} of ${file})`;
  };
  const isFor = (dynamic: Line, name: unknown) =>
    dynamic.words[2] === name ||
    lines.some(({ parent, words }) => parent === dynamic && words[0] === 'name' && words[1] === name);
  let keep = 0;
  const maps = mapped(config);
  const judge = (proxy: Json): Follow | undefined => {
    for (const { dial } of objects(proxy['upstreams'])) {
      const written = String(dial);
      const place = at(({ words }) => words.some((word, index) => index > 0 && samePlace(word, written)));
      const meant = placeholders(written).length === 0 ? [written] : maps.get(written);
      if (meant === undefined) {
        return {
          why: `\`reverse_proxy ${written}\`${place} asks an address that is known only when it is asked`,
          ...toWrite,
        };
      }
      if (meant.some((one) => namesOneOf(one, names))) {
        return {
          why: `\`reverse_proxy ${written}\`${place} keeps connections by the name, also those to a container that the name has left`,
          ...toWrite,
        };
      }
    }
    const source = proxy['dynamic_upstreams'];
    return isObject(source) ? judgeSource(source, proxy) : undefined;
  };
  const judgeSource = (source: Json, proxy: Json): Follow | undefined => {
    const place = at(
      (line) =>
        line.words[0] === 'dynamic' && line.words[1] === source['source'] && isFor(line, source['name']),
    );
    const title = `\`dynamic ${String(source['source'])}\`${place}`;
    const name = String(source['name'] ?? '');
    const isA = source['source'] === 'a' && placeholders(name).length === 0;
    if (!isA)
      return { why: `${title} finds its addresses in a way of which nothing is known here`, ...toWrite };
    if (!namesOneOf(name, names)) return undefined;
    const refresh = milliseconds(source['refresh'], 60_000);
    if (refresh > LONGEST_KEPT * 1000) {
      return {
        why: `${title} keeps the addresses of ${name} for ${refresh / 1000} s, longer than ${LONGEST_KEPT} s`,
        ...toWrite,
      };
    }
    const resolver = strings(source['resolver']);
    if (resolver.some((one) => !/^(?:udp\/)?127\.0\.0\.11(?::53)?$/.test(one))) {
      return { why: `${title} asks ${resolver.join(', ')} for the name, not Docker`, ...toWrite };
    }
    const patience = patienceOf(proxy['load_balancing']);
    if (patience < LEAST_PATIENCE) {
      return {
        why: `${title} has no lb_try_duration of 1s or more beside it: a request in the moment in which the name is led elsewhere would fail`,
        ...toWrite,
      };
    }
    if (!isAtLeast(version, RETRIES_ALL)) {
      return {
        why: `it is Caddy ${version || 'of an unknown version'}, which does not try a POST again that it could not send: ${RETRIES_ALL.join('.')} is the first that does`,
        remedy: `Run Caddy ${RETRIES_ALL.join('.')} or later`,
      };
    }
    keep = Math.max(keep, Math.ceil(refresh / 1000) + 1);
    return undefined;
  };
  const visit = (value: unknown): Follow | undefined => {
    if (typeof value === 'string') {
      return isAddressOf(value, names)
        ? {
            why: `it names ${value} elsewhere than in a \`reverse_proxy\`, and how that is looked up is not known here`,
            remedy: `Let it ask ${names[0]} by a \`reverse_proxy\` alone`,
          }
        : undefined;
    }
    if (Array.isArray(value)) return first(value, visit);
    if (!isObject(value)) return undefined;
    const isProxy = value['handler'] === 'reverse_proxy';
    const found = isProxy ? judge(value) : undefined;
    if (found) return found;
    return first(Object.entries(value), ([key, inner]) =>
      // What is matched, answered or mapped is nowhere that is asked.
      [
        'headers',
        'match',
        'body',
        ...(isProxy ? ['upstreams', 'dynamic_upstreams'] : []),
        ...(value['handler'] === 'map' ? ['mappings', 'defaults'] : []),
      ].includes(key)
        ? undefined
        : visit(inner),
    );
  };
  return visit(config) ?? { keep };
}

/** The lines to write, for messages. */
function linesFor(name: string): string {
  return [
    'reverse_proxy {',
    '    dynamic a {',
    `        name ${name}`,
    '        port PORT',
    '        refresh 1s',
    '    }',
    '    lb_try_duration 5s',
    '    transport http {',
    '        keepalive 2s',
    '    }',
    '}',
  ].join('\n');
}

/** Reads what `names_caddy` prints. */
function readTold(told: string): Told {
  const [head = '', ...rest] = told.split(/^(?=file \/)/m);
  const line = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1];
  const [, file = '', text = ''] = /^file (.*)\n([\s\S]*)$/.exec(rest.join('')) ?? [];
  const json = line('running') ?? line('adapted');
  const config = json === undefined ? undefined : parsed(json);
  return {
    version: /^v?(\d+\.\d+\.\d+)(?![\w.-])/.exec(line('version') ?? '')?.[1] ?? '',
    unknown: line('unknown') ?? (isObject(config) ? undefined : 'it told nothing that is a configuration'),
    config,
    file,
    lines: linesOf(text),
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/** For messages alone: of a file that is no Caddyfile no line is named. */
function linesOf(text: string): Line[] {
  try {
    return parseCaddyfile(text);
  } catch {
    return [];
  }
}

/** What `map` gives for a placeholder that is a whole address. */
function mapped(config: unknown): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) visit(one);
    if (!isObject(value)) return;
    if (value['handler'] === 'map') {
      for (const [index, name] of strings(value['destinations']).entries()) {
        const outputs = objects(value['mappings']).map(
          (one) => (one['outputs'] as unknown[] | undefined)?.[index],
        );
        const all = [...outputs, (value['defaults'] as unknown[] | undefined)?.[index]].filter(
          (one) => one !== null && one !== undefined,
        );
        const meant = all.map(String);
        if (meant.every((one) => placeholders(one).length === 0))
          found.set(name, [...(found.get(name) ?? []), ...meant]);
      }
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(config);
  return found;
}

/** Milliseconds for which a request is tried again. */
function patienceOf(balancing: unknown): number {
  if (!isObject(balancing)) return 0;
  const duration = milliseconds(balancing['try_duration'], 0);
  const retries = Number(balancing['retries'] ?? 0);
  return retries > 0 ? Math.min(duration, retries * milliseconds(balancing['try_interval'], 250)) : duration;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objects = (value: unknown): Json[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** The strings in a value, however deep. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(strings);
  return isObject(value) ? Object.values(value).flatMap(strings) : [];
}

/** A duration in Caddy's JSON: nanoseconds, or a text such as `1s`; what cannot be read is for ever. */
function milliseconds(value: unknown, otherwise: number): number {
  if (value === undefined || value === 0) return otherwise;
  if (typeof value === 'number') return value / NANOSECONDS;
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(String(value)) ?? [];
  return number === undefined
    ? Infinity
    : Number(number) * { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit!]!;
}

function first<T>(values: readonly T[], judge: (value: T) => Follow | undefined): Follow | undefined {
  for (const value of values) {
    const found = judge(value);
    if (found) return found;
  }
  return undefined;
}

const placeholders = (text: string) => text.match(/\{[^{}]*\}/g) ?? [];

/** An address with a port or a scheme; a path or a header has neither. */
function isAddressOf(text: string, names: readonly string[]): boolean {
  return /(?::\d+|:\/\/)/.test(text) && !text.startsWith('/') && namesOneOf(text, names);
}

/** Whether a word of a Caddyfile is the address as Caddy's JSON has it, which gives it a port. */
function samePlace(word: string, dial: string): boolean {
  const bare = word.replace(/^[a-z0-9+]+:\/\//, '');
  return dial === bare || dial.startsWith(`${bare}:`);
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const own = version.split('.').map(Number);
  for (const [index, number] of least.entries()) {
    const mine = own[index];
    if (mine === undefined || Number.isNaN(mine)) return false;
    if (mine !== number) return mine > number;
  }
  return true;
}
