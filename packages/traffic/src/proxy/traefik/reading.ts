import { DocumentError, type ParsedDocument, type Path, parseDocument } from '@deploy-actions/document/parse';
import type { CopiedParts, Route } from '../../site.ts';
import { withoutRegions } from '../region.ts';
import { configFailure } from '../replacement.ts';

export type Settings = Record<string, unknown>;

/** A router of the user's file that leads to a route, and the lines (from 1) of what is to be changed. */
export interface FoundRouter {
  name: string;
  route: Route;
  settings: Settings;
  serviceLine: number;
  /** Undefined: it has none. */
  middlewares: { line: number; firstLine: number } | undefined;
}

/** What `install` needs of a file for Traefik's file provider. */
export interface TraefikReading {
  routers: readonly FoundRouter[];
  /** The file as it was understood, without our parts. */
  value: unknown;
  /** What the share's files copy from it. */
  parts: CopiedParts;
}

/**
 * Finds the routers of a file that lead to the routes. Throws `input` Failures for a file that is no YAML or TOML, that
 * has no router for a route, or whose router cannot be changed line by line.
 */
export async function readTraefik(
  config: string,
  project: string,
  routes: readonly Route[],
  file: string,
): Promise<TraefikReading> {
  if (/\.toml$/i.test(file)) {
    throw configFailure('TOML is not changed by install', 'Write the site as YAML (a file NAME.yml).', file);
  }
  const document = await parse(withoutRegions(config, project, file), file);
  const http = mapIn(document.value, 'http');
  const services = mapIn(http, 'services');
  const found: FoundRouter[] = [];
  const balancers: Record<string, Settings> = {};
  for (const route of routes) {
    const leading = Object.keys(services).filter((name) => leadsTo(mapIn(services, name), route));
    refuseOtherWays(document, route, leading, file);
    const own = Object.entries(mapIn(http, 'routers')).filter(([, settings]) =>
      leading.includes(ofFile((settings as Settings | null)?.['service'])),
    );
    if (own.length === 0) {
      refuseElsewhere(document, file);
      throw configFailure(
        `no router leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
        `Write a router and a service with a server at that address into this file. A router in a container's labels would go with the container: write it here, and \`traefik.enable=false\` at ${route.service}.`,
        file,
      );
    }
    for (const [name, settings] of own) {
      found.push(foundRouter(document, name, route, settings as Settings, file));
    }
    const used = [...new Set(own.map(([, settings]) => String((settings as Settings)['service'])))];
    balancers[route.name] = balancerOf(services, used, route, file);
  }
  return {
    routers: found,
    value: document.value,
    parts: { routers: found.map(({ route, settings }) => ({ route: route.name, settings })), balancers },
  };
}

/** Throws where a router leads to the route in a way that would go on to lead to one colour, whatever a switch says. */
function refuseOtherWays(
  document: ParsedDocument,
  route: Route,
  leading: readonly string[],
  file: string,
): void {
  const http = mapIn(document.value, 'http');
  const services = mapIn(http, 'services');
  const byAnother = new Map<string, string>();
  const reached = new Set(leading);
  for (const name of reached) {
    for (const [outer, settings] of Object.entries(services)) {
      const how = Object.keys(LEADING_ON).find((one) =>
        LEADING_ON[one]!(mapIn(settings, one)).map(ofFile).includes(name),
      );
      if (how === undefined) continue;
      byAnother.set(outer, how);
      reached.add(outer);
    }
  }
  for (const [name, settings] of Object.entries(mapIn(http, 'routers'))) {
    const service = ofFile((settings as Settings | null)?.['service']);
    const line = document.place(['http', 'routers', name], 'key').line;
    const how = byAnother.get(service);
    if (how !== undefined) {
      throw configFailure(
        `router ${name} leads to route ${route.name} by the ${how} service ${service}`,
        'Let it lead to the service with the servers: the weights of the colours are those of the switch.',
        file,
        line,
      );
    }
    const scheme = serversOf(mapIn(services, service), 'url')
      .map((url) => /^([a-z0-9]+):\/\/([^/]+)/.exec(url) ?? [])
      .find(([, way, address]) => way !== 'http' && address !== undefined && route.plain.includes(address));
    if (scheme) {
      throw configFailure(
        `service ${service} sends to ${scheme[2]!} by ${scheme[1]!}`,
        'The colours are asked by http: let the application answer it at that address.',
        file,
        document.place(['http', 'services', service], 'key').line,
      );
    }
  }
  const tcp = mapIn(document.value, 'tcp');
  for (const [name, settings] of Object.entries(mapIn(tcp, 'routers'))) {
    const service = ofFile((settings as Settings | null)?.['service']);
    const address = serversOf(mapIn(mapIn(tcp, 'services'), service), 'address').find((one) =>
      route.plain.includes(one.replace(/^localhost(?=:)/, '127.0.0.1')),
    );
    if (address === undefined) continue;
    throw configFailure(
      `route ${route.name} (${address}) is reached by TCP, by service ${service}`,
      'Write a router and a service for it under `http`: only requests can be led to a colour.',
      file,
      document.place(['tcp', 'routers', name], 'key').line,
    );
  }
}

/** Services that lead to others, and where they name them. */
const LEADING_ON: Readonly<Record<string, (settings: Settings) => unknown[]>> = {
  weighted: ({ services }) =>
    Array.isArray(services) ? services.map((one) => (one as Settings)['name']) : [],
  mirroring: ({ service }) => [service],
  failover: ({ service, fallback }) => [service, fallback],
};

/** Throws where a router's service stands in another file of the folder: what it leads to cannot be read here. */
function refuseElsewhere(document: ParsedDocument, file: string): void {
  const http = mapIn(document.value, 'http');
  for (const [name, settings] of Object.entries(mapIn(http, 'routers'))) {
    const written = (settings as Settings | null)?.['service'];
    if (typeof written !== 'string' || ofFile(written).includes('@')) continue;
    if (ofFile(written) in mapIn(http, 'services')) continue;
    throw configFailure(
      `router ${name} leads to service ${ofFile(written)}, which is not in this file`,
      'Write the router and its service into one file.',
      file,
      document.place(['http', 'routers', name, 'service'], 'key').line,
    );
  }
}

/** What the load balancers that are replaced have besides their servers. Throws where the colours could not stand for them. */
function balancerOf(services: Settings, used: readonly string[], route: Route, file: string): Settings {
  const [first, ...others] = used.map((reference) => {
    const name = ofFile(reference);
    const { servers: _, ...balancer } = mapIn(mapIn(services, name), 'loadBalancer');
    const elsewhere = serversOf(mapIn(services, name), 'url')
      .map(addressOf)
      .find((one) => !route.plain.includes(one));
    if (elsewhere === undefined) return { name, balancer };
    throw configFailure(
      `service ${name} also sends to ${elsewhere}, which is none of ${route.name}'s addresses`,
      'Take that server out first: the colours are on this server alone.',
      file,
    );
  });
  const other = others.find(({ balancer }) => canonical(balancer) !== canonical(first!.balancer));
  if (!other) return first!.balancer;
  throw configFailure(
    `the services ${first!.name} and ${other.name} both lead to ${route.name}, with different settings`,
    'Let all of its routers use one service.',
    file,
  );
}

function foundRouter(
  document: ParsedDocument,
  name: string,
  route: Route,
  settings: Settings,
  file: string,
): FoundRouter {
  const path: Path = ['http', 'routers', name];
  const lineOf = (more: Path, what: 'key' | 'value') => document.place([...path, ...more], what).line;
  const serviceLine = lineOf(['service'], 'key');
  const refuse = (message: string, remedy: string) => configFailure(message, remedy, file, serviceLine);
  if (serviceLine === lineOf([], 'key')) {
    throw refuse(`router ${name} stands on one line`, 'Write each of its settings on a line of its own.');
  }
  if (JSON.stringify(settings).includes('{{')) {
    throw refuse(`router ${name} is a Go template`, 'Write what it stands for.');
  }
  const middlewares =
    settings['middlewares'] === undefined
      ? undefined
      : { line: lineOf(['middlewares'], 'key'), firstLine: lineOf(['middlewares', 0], 'value') };
  return { name, route, settings, serviceLine, middlewares };
}

async function parse(text: string, file: string): Promise<ParsedDocument> {
  try {
    return await parseDocument(text, { merge: true });
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    const [{ message, line }] = error.problems as [DocumentError['problems'][number]];
    const remedy = text.includes('{{')
      ? 'It is a Go template: write the site into a file of its own without one.'
      : 'Mend it, or write the site into a file of its own.';
    throw configFailure(message, remedy, file, line);
  }
}

function leadsTo(service: Settings, route: Route): boolean {
  return serversOf(service, 'url').some((url) => route.plain.includes(addressOf(url)));
}

/** Where the servers of a load balancer are. */
function serversOf(service: Settings, key: 'url' | 'address'): string[] {
  const servers = mapIn(service, 'loadBalancer')['servers'];
  return Array.isArray(servers) ? servers.map((one) => String((one as Settings | null)?.[key])) : [];
}

/** `host:port` of a server's URL; the URL where that is none of ours. */
function addressOf(url: string): string {
  return (/^http:\/\/([^/]+)/.exec(url)?.[1] ?? url).replace(/^localhost(?=:)/, '127.0.0.1');
}

/** A name without the provider that it would have anyway. */
const ofFile = (name: unknown): string => String(name).replace(/@file$/, '');

export function mapIn(value: unknown, key: string): Settings {
  const inner = (value as Settings | null | undefined)?.[key];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Settings) : {};
}

/** Equal for what means the same. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}
