import type { Route } from '../../site.ts';
import { configFailure, lineOf } from '../replacement.ts';
import {
  type Directive,
  NginxSyntaxError,
  configurationFiles,
  expandIncludes,
  parseNginx,
} from './syntax.ts';

/** A `proxy_pass` of the user's file. */
export interface Pass {
  directive: Directive;
  server: Directive;
  /** Blocks around the directive, innermost first, up to the server. */
  chain: readonly Directive[];
  /** Where it leads, its variables replaced where `set` tells them; undefined: not known. */
  target: Target | undefined;
}

export interface Target {
  scheme: string;
  /** Name of an upstream, or `host:port`. */
  host: string;
  /** What follows the host, as it was written; undefined: nothing. */
  path: string | undefined;
  /** It has a variable: nginx then passes the path on as it is, and rewrites no redirect by itself. */
  variable: boolean;
}

/** A user's file, and the whole configuration around it as far as it is known. */
export interface NginxReading {
  text: string;
  file: string;
  directives: readonly Directive[];
  files: ReadonlyMap<string, Directive[]>;
  /** What stands in `http`, in any file. */
  http: readonly Directive[];
  upstreams: readonly Directive[];
  passes: readonly Pass[];
}

/** Reads a user's file within `whole`, which `nginx -T` has printed. Throws an `input` Failure where it is broken. */
export function readNginx(text: string, file: string, whole: string | undefined): NginxReading {
  const directives = parse(text, file);
  const files = whole === undefined ? new Map<string, Directive[]>() : configurationFiles(whole);
  const [main] = [...files.values()];
  const http = expandIncludes(main?.find((one) => one.name === 'http')?.block ?? [], files);
  return {
    text,
    file,
    directives,
    files,
    http,
    upstreams: [...upstreamsIn(directives), ...http.filter((one) => one.name === 'upstream')],
    passes: proxyPasses(directives, files),
  };
}

/** The upstreams of the file itself. */
export function upstreamsIn(directives: readonly Directive[]): Directive[] {
  return directives
    .flatMap((one) => (one.name === 'http' ? (one.block ?? []) : [one]))
    .filter((one) => one.name === 'upstream');
}

/** What holds for a directive: the blocks around it from the inside, `http` last, with what they include. */
export function levelsOf(reading: NginxReading, { chain }: Pass): Directive[][] {
  return [...chain.map((level) => expandIncludes(level.block ?? [], reading.files)), [...reading.http]];
}

/** The directives of this name at the nearest level that has one: nginx inherits all of a level's or none. */
export function effective(levels: readonly (readonly Directive[])[], name: string): Directive[] {
  for (const level of levels) {
    const own = level.filter((one) => one.name === name);
    if (own.length > 0) return own;
  }
  return [];
}

function proxyPasses(directives: readonly Directive[], files: ReadonlyMap<string, Directive[]>): Pass[] {
  const found: Pass[] = [];
  const visit = (list: readonly Directive[], around: readonly Directive[]) => {
    for (const directive of list) {
      if (directive.name === 'proxy_pass') {
        const server = around.find((block) => block.name === 'server');
        if (server) {
          const chain = around.slice(0, around.indexOf(server) + 1);
          found.push({ directive, server, chain, target: targetOf(directive, chain, files) });
        }
      }
      if (directive.block && directive.name !== 'stream') visit(directive.block, [directive, ...around]);
    }
  };
  visit(directives, []);
  return found;
}

const PASS = /^(https?):\/\/([^/$]+)(.*)$/;

function targetOf(
  directive: Directive,
  chain: readonly Directive[],
  files: ReadonlyMap<string, Directive[]>,
): Target | undefined {
  const written = directive.args[0] ?? '';
  const sets = chain.flatMap((level) =>
    expandIncludes(level.block ?? [], files).filter((one) => one.name === 'set'),
  );
  const known = written.replace(/\$(?:\{(\w+)\}|(\w+))/g, (found, braced?: string, bare?: string) => {
    const set = sets.find((one) => one.args[0] === `$${braced ?? bare}`);
    return set?.args[1] !== undefined && !set.args[1].includes('$') ? set.args[1] : found;
  });
  const match = PASS.exec(known);
  if (!match) return undefined;
  const [, scheme, host, path] = match as unknown as [string, string, string, string];
  return { scheme, host, path: path === '' ? undefined : path, variable: written.includes('$') };
}

/** `host:port` as nginx means it, with the names of this machine made one. */
export function normalize(address: string): string {
  const name = address.replace(/^(localhost|\[::1\]|0\.0\.0\.0)(?=:|$)/, '127.0.0.1');
  return /:\d+$/.test(name) ? name : `${name}:80`;
}

/** The addresses behind a target: those of the upstream by that name, else itself. */
export function serversBehind(target: Target, upstreams: readonly Directive[]): Directive[] | undefined {
  const upstream = upstreams.find((one) => one.args[0] === target.host);
  return upstream && (upstream.block ?? []).filter((one) => one.name === 'server');
}

/** Whether a target, or one of the servers behind its name, is an address of the route. */
export function leadsTo(target: Target | undefined, route: Route, upstreams: readonly Directive[]): boolean {
  if (target === undefined) return false;
  const addresses = serversBehind(target, upstreams)?.map((one) => one.args[0]!) ?? [target.host];
  return addresses.some((address) => isOf(route, address));
}

export function isOf(route: Route, address: string): boolean {
  return route.plain.map(normalize).includes(normalize(address));
}

function parse(text: string, file: string): Directive[] {
  try {
    return parseNginx(text);
  } catch (error) {
    if (!(error instanceof NginxSyntaxError)) throw error;
    throw configFailure(
      error.message,
      'nginx would not load this file either: `nginx -t` says more.',
      file,
      lineOf(text, error.offset),
    );
  }
}
