import { COLORS, type Color, LADDER, type Share, shareName, shares } from '@deploy-actions/ledger';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from '../../site.ts';

/** The name that a router uses for a route's two colours. */
export function serviceName(site: Pick<Site, 'project'>, route: Pick<Route, 'name'>): string {
  return `deploy-${identifier(site.project, route.name)}`;
}

/** The middleware that tells visitors who has the traffic. */
export function colorMiddleware(site: Pick<Site, 'project'>, route: Pick<Route, 'name'>): string {
  return `${serviceName(site, route)}-share`;
}

/**
 * The dynamic configuration file of a share, as JSON, which is YAML. Its services send a route's requests to the
 * colours by weight; its routers, beside each of the user's, are for the probe alone. A header cannot tell two servers
 * of one weighted service apart, so during a canary visitors are told the share.
 */
export function traefikFile(site: Site, share: Share): string {
  const services: Record<string, unknown> = {};
  const middlewares: Record<string, unknown> = {};
  const routers: Record<string, unknown> = {};
  const header = site.header ?? DEFAULT_HEADER;
  for (const route of site.routes) {
    const name = serviceName(site, route);
    services[name] = {
      weighted: {
        services: COLORS.map((color) => ({ name: `${name}-${color}`, weight: weightOf(share, color) })),
        // Only during a canary is there a side to stay on.
        ...(site.sticky === undefined || share.weight === 100
          ? {}
          : { sticky: { cookie: { name: site.sticky, httpOnly: true, sameSite: 'lax' } } }),
      },
    };
    middlewares[colorMiddleware(site, route)] = answersWith(header, shareName(share));
    for (const color of COLORS) {
      services[`${name}-${color}`] = {
        loadBalancer: {
          ...site.copied?.balancers[route.name],
          servers: addressesOf(route, color).map((address) => ({ url: `http://${address}` })),
        },
      };
      middlewares[`${name}-${color}`] = answersWith(header, color);
    }
    const own = site.copied?.routers.filter((one) => one.route === route.name) ?? [];
    for (const [index, { settings }] of own.entries()) {
      const probe = (word: string, service: string, middleware: string) => ({
        ...settings,
        rule: probeRule(settings, word),
        priority: priorityOf(settings) + 1,
        middlewares: [middleware, ...namesIn(settings['middlewares'])],
        service,
      });
      for (const color of COLORS) {
        const leg = `${name}-${color}`;
        routers[`${name}-${index}-${color}`] = probe(`${site.token}-${color}`, leg, leg);
      }
      // Visitors are not told, so the probe is told apart from them.
      if (site.header === undefined) {
        routers[`${name}-${index}`] = probe(site.token, name, colorMiddleware(site, route));
      }
    }
  }
  const http = { ...(Object.keys(routers).length > 0 ? { routers } : {}), middlewares, services };
  return `${JSON.stringify({ http }, null, 2)}\n# deploy-actions ${site.project} ${shareName(share)}\n`;
}

/** Traefik's files, one for each share: the program renames one of them into the watched directory. */
export function shareFiles(site: Site): { name: string; content: string }[] {
  return shares(site.canary ? LADDER : []).map((share) => ({
    name: `shares/${shareName(share)}.yml`,
    content: traefikFile(site, share),
  }));
}

function weightOf(share: Share, color: Color): number {
  return color === share.color ? share.weight : 100 - share.weight;
}

function answersWith(header: string, value: string): unknown {
  return { headers: { customResponseHeaders: { [header]: value } } };
}

export function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

/** What a router's own rule takes, if the request has the probe's word. */
function probeRule(settings: Readonly<Record<string, unknown>>, word: string): string {
  const matcher = settings['ruleSyntax'] === 'v2' ? 'Headers' : 'Header';
  return `(${String(settings['rule'])}) && ${matcher}(\`${PROBE_HEADER}\`, \`${word}\`)`;
}

/** Traefik's own: unless told otherwise, the longer rule comes first. */
function priorityOf(settings: Readonly<Record<string, unknown>>): number {
  const given = Number(settings['priority'] ?? 0);
  return given === 0 ? Buffer.byteLength(String(settings['rule'])) : given;
}
