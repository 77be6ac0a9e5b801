import { parseDocument } from '@deploy-actions/document/parse';
import type { CopiedParts, Site } from '../../site.ts';
import { type Door, plainHost } from '../door.ts';
import { type Edit, type Surroundings, emptyEdit } from '../proxy.ts';
import { indentAt, insertRegion, replaceRegion, withoutRegions } from '../region.ts';
import { type Replacement, configFailure, replaceAll } from '../replacement.ts';
import {
  type FoundRouter,
  type Settings,
  type TraefikReading,
  canonical,
  mapIn,
  readTraefik,
} from './reading.ts';
import { colorMiddleware, namesIn, serviceName } from './share-file.ts';

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
    // Behind a `!` stands what the site is not asked by.
    const host = plainHost(/(?<![!\w]\s*)Host\(\s*["`]([^"`]+)["`]/i.exec(rule)?.[1] ?? '');
    const path =
      /(?<![!\w]\s*)Path(?:Prefix)?\(\s*["`](\/(?:[A-Za-z0-9/_.~-]|%[0-9A-Fa-f]{2})*)["`]/i.exec(rule)?.[1] ??
      '/';
    return { port: tls ? 443 : 80, tls, ...(host === undefined ? {} : { host }), path };
  });
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
