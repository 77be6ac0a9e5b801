import { DocumentError, type ParsedDocument, type Path, parseDocument } from '@deploy-actions/document/parse';
import type { CopiedParts, Route, Site } from '../../site.ts';
import { type Door, plainHost } from '../door.ts';
import { type Edit, type Surroundings, emptyEdit } from '../proxy.ts';
import { indentAt, insertRegion, replaceRegion, withoutRegions } from '../region.ts';
import { type Replacement, configFailure, replaceAll } from '../replacement.ts';
import { colorMiddleware, namesIn, serviceName } from './share-file.ts';

type Settings = Record<string, unknown>;

/** A router of the user's file that leads to a route, and the lines (from 1) of what is to be changed. */
interface FoundRouter {
  name: string;
  route: Route;
  settings: Settings;
  serviceLine: number;
  /** Undefined: it has none. */
  middlewares: { line: number; firstLine: number } | undefined;
}

/** What `install` needs of a file for Traefik's file provider. */
interface TraefikReading {
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
async function readTraefik(
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
    const own = Object.entries(mapIn(http, 'routers')).filter(([, settings]) =>
      leading.some((name) =>
        [name, `${name}@file`].includes(String((settings as Settings | null)?.['service'])),
      ),
    );
    if (own.length === 0) {
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

/**
 * Traefik watches a directory: a switch renames a file with other weights into it. The change is seen within
 * `providersThrottleDuration` (2 s by default), so the action waits until it has seen the new colour answer.
 */
export async function installTraefik(config: string, site: Site, { file }: Surroundings): Promise<Edit> {
  const reading = await readTraefik(config, site.project, site.routes, file);
  const text = withoutRegions(config, site.project, file);
  const changed = replaceAll(
    text,
    reading.routers.flatMap((router) => changesTo(router, text, site, file)),
    file,
  );
  await checkEdit(changed, reading, site, file);
  return {
    ...emptyEdit(changed),
    changes: reading.routers.map(
      ({ name, route, serviceLine }) =>
        `line ${serviceLine}: router ${name} becomes a choice between ${route.name} blue and green`,
    ),
    doors: traefikDoors(reading.parts),
    copied: reading.parts,
  };
}

/** Its ports are in the static configuration, which may be anywhere: those of its documentation. */
function traefikDoors({ routers }: CopiedParts): Door[] {
  return routers.map(({ settings }) => {
    const tls = settings['tls'] !== undefined;
    const rule = String(settings['rule']);
    const host = plainHost(/\bHost\(\s*["`]([^"`]+)["`]/i.exec(rule)?.[1] ?? '');
    const path = /\bPath(?:Prefix)?\(\s*["`](\/[A-Za-z0-9/_.~-]*)["`]/i.exec(rule)?.[1] ?? '/';
    return { port: tls ? 443 : 80, tls, ...(host === undefined ? {} : { host }), path };
  });
}

/** What the load balancers that are replaced have besides their servers. Throws where the colours could not stand for them. */
function balancerOf(services: Settings, used: readonly string[], route: Route, file: string): Settings {
  const [first, ...others] = used.map((reference) => {
    const name = reference.replace(/@file$/, '');
    const { servers, ...balancer } = mapIn(mapIn(services, name), 'loadBalancer');
    const elsewhere = (servers as unknown[]).map(addressOf).find((one) => !route.plain.includes(one));
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

/**
 * Looks at what the edit means: the routers that were found have the new service and middleware, and nothing else is
 * different. Throws an `input` Failure otherwise, as for an alias or two routes in one router.
 */
async function checkEdit(text: string, reading: TraefikReading, site: Site, file: string): Promise<void> {
  const wanted = structuredClone(reading.value) as Settings;
  const routers = mapIn(mapIn(wanted, 'http'), 'routers');
  for (const { name, route, settings } of reading.routers) {
    routers[name] = {
      ...settings,
      service: serviceName(site, route),
      ...(site.header === undefined
        ? {}
        : { middlewares: [colorMiddleware(site, route), ...namesIn(settings['middlewares'])] }),
    };
  }
  const got = await parseDocument(text, { merge: true }).catch(() => undefined);
  if (got && canonical(got.value) === canonical(wanted)) return;
  const { name, serviceLine } = reading.routers[0]!;
  throw configFailure(
    `router ${name} cannot be changed without changing something else`,
    'Write each router that leads to the application for itself: a setting on a line, its value behind it, no aliases (*name), and one route only.',
    file,
    serviceLine,
  );
}

/** Equal for what means the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
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

/** The router's service becomes the choice; its middlewares get ours before them, as the outermost. */
function changesTo(router: FoundRouter, text: string, site: Site, file: string): Replacement[] {
  const { project } = site;
  const service = `service: ${serviceName(site, router.route)}`;
  const middleware = colorMiddleware(site, router.route);
  const serviceAt = statementAt(text, router.serviceLine);
  if (site.header === undefined) return [replaceRegion(text, serviceAt, project, [service])];
  const { middlewares } = router;
  if (!middlewares) {
    return [replaceRegion(text, serviceAt, project, [service, 'middlewares:', `  - ${middleware}`])];
  }
  const changed = [replaceRegion(text, serviceAt, project, [service])];
  const first = statementAt(text, middlewares.firstLine);
  if (middlewares.firstLine > middlewares.line && text.startsWith('- ', first.start)) {
    return [
      ...changed,
      insertRegion(text, first.start, project, indentAt(text, first.start), [`- ${middleware}`]),
    ];
  }
  const listAt = statementAt(text, middlewares.line);
  if (!/^middlewares:\s*(?:\[[^\]]*\]\s*)?(?:#.*)?$/.test(text.slice(listAt.start, listAt.end))) {
    throw configFailure(
      `the middlewares of router ${router.name} stand on several lines in brackets`,
      'Write each on a line of its own, with a dash before it.',
      file,
      middlewares.line,
    );
  }
  const list = [middleware, ...namesIn(router.settings['middlewares'])];
  return [...changed, replaceRegion(text, listAt, project, [`middlewares: ${JSON.stringify(list)}`])];
}

/** From the first character of a line that is no space to its end. */
function statementAt(text: string, line: number): { start: number; end: number } {
  let from = 0;
  for (let number = 1; number < line; number += 1) from = text.indexOf('\n', from) + 1;
  const next = text.indexOf('\n', from);
  const raw = text.slice(from, next === -1 ? text.length : next);
  return { start: from + /^\s*/.exec(raw)![0].length, end: from + raw.trimEnd().length };
}

function leadsTo(service: Settings, route: Route): boolean {
  const servers = mapIn(service, 'loadBalancer')['servers'];
  if (!Array.isArray(servers)) return false;
  return servers.some((server: unknown) => route.plain.includes(addressOf(server)));
}

/** `host:port` of a server; its URL where that is none of ours. */
function addressOf(server: unknown): string {
  const url = String((server as Settings | null)?.['url']);
  return (/^http:\/\/([^/]+)/.exec(url)?.[1] ?? url).replace(/^localhost(?=:)/, '127.0.0.1');
}

function mapIn(value: unknown, key: string): Settings {
  const inner = (value as Settings | null | undefined)?.[key];
  return typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? (inner as Settings) : {};
}
