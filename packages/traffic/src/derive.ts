import { Failure } from '@deploy-actions/kit';
import {
  COLORS,
  type Color,
  colorContainers,
  colorNetwork,
  colorProject,
  containersOfColor,
  isColorNetwork,
  recolorNetwork,
} from '@deploy-actions/ledger';
import { clusterWays } from './cluster.ts';
import type { Look, LookProxy } from './look.ts';
import type { LookContainer } from './look-container.ts';
import { PROXIES, proxyOf } from './proxy/registry.ts';
import type { Route, Site } from './site.ts';

/** A route as the user writes it: `name: service:port`. */
export interface WantedRoute {
  name: string;
  service: string;
  port: number;
}

/** Where flags live unless told otherwise: no home, not in memory, one folder per project. */
export function flagFolder(project: string): string {
  return `/var/lib/deploy-actions/${project}`;
}

/**
 * The proxy that serves the project: the one that was named, was used before, or is the only one that runs. One that was used
 * before counts no more once it was taken out and does not run: the project has got another one. `container`: the only one
 * that it may run in.
 */
export function chooseProxy(look: Look, wanted: string, container?: string): LookProxy {
  const before = look.traffic;
  const isPrepared = look.proxy !== undefined || look.proxyFault !== undefined;
  const isUsed = isPrepared || look.proxies.some((one) => one.kind === before?.proxy);
  const kind = wanted !== 'auto' ? wanted : isUsed ? before?.proxy : undefined;
  const found = look.proxies.filter(
    (one) => (kind === undefined || one.kind === kind) && (container === undefined || one.name === container),
  );
  const [only] = found;
  if (found.length === 1 && only) return only;
  const same = found.find((one) => before !== undefined && one.name === before.container);
  if (same) return same;
  if (found.length === 0) {
    const titles = PROXIES.map(({ title }) => title);
    throw new Failure(
      'refused',
      kind === undefined ? 'no proxy runs on the server' : `no ${proxyOf(kind).title} runs on the server`,
      {
        input: 'proxy',
        remedy: `Start ${titles.slice(0, -1).join(', ')} or ${titles.at(-1)} in front of the application, or use proxy: managed.`,
      },
    );
  }
  const names = found.map((one) =>
    one.id === '' ? `${one.kind} on the host` : `${one.kind} in ${one.name}`,
  );
  throw new Failure('input', `several proxies run on the server: ${names.join(', ')}`, {
    input: 'proxy',
    remedy: 'Name the kind in `proxy`, and stop the ones that are not used.',
  });
}

/** Routes with the addresses of both colours. Throws where a colour's address cannot be known yet. */
export function deriveRoutes(
  look: Look,
  project: string,
  wanted: readonly WantedRoute[],
  contained: boolean,
): Route[] {
  const blue = colorContainers(look, project, 'blue');
  const green = colorContainers(look, project, 'green');
  const routes =
    wanted.length > 0
      ? wanted
      : publishedRoutes([...green, ...containersOfColor(look.containers, project, 'blue')]);
  if (routes.length === 0) {
    throw new Failure('input', 'no service of the colours publishes a port, so there is nothing to route', {
      input: 'routes',
      remedy: 'Write `routes` as lines `name: service:port`.',
    });
  }
  // What the user's file names may be older than the containers.
  const before = ({ service, port }: WantedRoute) => [
    ...(look.proxy?.routes.find((one) => one.service === service && one.port === port)?.plain ?? []),
    ...(look.traffic?.routes.find((one) => one.service === service && one.port === port)?.blue ?? []),
  ];
  return routes.map((route) => {
    const recorded = look.traffic?.routes.find(
      (one) => one.service === route.service && one.port === route.port,
    );
    if (contained) {
      return {
        ...route,
        blue: [`${route.service}-blue:${route.port}`],
        green: [`${route.service}-green:${route.port}`],
        plain: [
          `${route.service}:${route.port}`,
          `${route.service}-blue:${route.port}`,
          ...blue.filter((one) => one.service === route.service).map((one) => `${one.name}:${route.port}`),
          ...before(route),
        ].filter((one, index, all) => all.indexOf(one) === index),
      };
    }
    const of = (containers: readonly LookContainer[], color: Color): string[] => {
      const own = addresses(containers, route);
      if (own.length > 0) return own;
      return recorded ? [...recorded[color]] : addressesSetAside(look, route, color);
    };
    const addressesByColor = { blue: of(blue, 'blue'), green: of(green, 'green') };
    for (const color of ['blue', 'green'] as const) {
      if (addressesByColor[color].length > 0) continue;
      throw new Failure(
        'refused',
        `route ${route.name}: ${color} publishes no port of ${route.service}:${route.port} yet`,
        {
          input: 'routes',
          remedy: `Deploy with \`color: ${color}\` first (ssh-compose-deploy): the ports are set aside then.`,
        },
      );
    }
    const plain = look.containers.filter((one) => one.project === project);
    return {
      ...route,
      ...addressesByColor,
      plain: [...new Set([...addresses(plain, route), ...addressesByColor.blue, ...before(route)])],
    };
  });
}

/**
 * For each colour and each service that is routed, the networks on which a proxy in a container can reach it: one of them
 * will do. What is deployed tells of both colours, since they have the same.
 */
export function colorNetworksOf(look: Look, project: string, routes: readonly WantedRoute[]): string[][] {
  const ways = clusterWays(
    look,
    routes.map(({ service }) => service),
  );
  if (ways) return ways;
  const found = new Map<string, string[]>();
  for (const service of new Set(routes.map((route) => route.service))) {
    const asGreen = COLORS.flatMap((color) =>
      look.containers
        .filter((one) => one.project === colorProject(project, color) && one.service === service)
        .flatMap((one) => one.networks.filter((network) => isColorNetwork(network, project, color)))
        .map((network) => recolorNetwork(network, project, 'blue')),
    );
    const green = asGreen.length > 0 ? [...new Set(asGreen)].sort() : [colorNetwork(project, 'green')];
    for (const ways of [green.map((network) => recolorNetwork(network, project, 'green')), green])
      found.set(ways.join(' '), ways);
  }
  return [...found.values()];
}

function publishedRoutes(containers: readonly LookContainer[]): WantedRoute[] {
  const found = new Map<string, WantedRoute>();
  for (const one of containers) {
    for (const port of one.published.keys()) {
      const key = `${one.service}:${port}`;
      const single = one.published.size === 1;
      if (!found.has(key))
        found.set(key, { name: single ? one.service : `${one.service}-${port}`, service: one.service, port });
    }
  }
  return [...found.values()];
}

/** In the order of ports: Docker hands a range of them out to replicas as it comes. */
function addresses(containers: readonly LookContainer[], route: WantedRoute): string[] {
  return containers
    .filter((one) => one.service === route.service)
    .flatMap((one) => one.published.get(route.port) ?? [])
    .sort((a, b) => a - b)
    .map((port) => `127.0.0.1:${port}`);
}

/** Where a colour will be that was not deployed yet. */
function addressesSetAside(look: Look, route: WantedRoute, color: Color): string[] {
  return look.ports
    .filter((one) => one.color === color && one.service === route.service && one.target === route.port)
    .sort((a, b) => a.replica - b.replica)
    .map((one) => `127.0.0.1:${one.port}`);
}

/** Says so when the proxy's configuration names other addresses than the colours have. */
export function movedAddresses(site: Site, look: Look): string | undefined {
  for (const route of site.routes) {
    const recorded = look.traffic?.routes.find((one) => one.name === route.name);
    if (!recorded) continue;
    for (const color of ['blue', 'green'] as const) {
      if ([...recorded[color]].sort().join() !== [...route[color]].sort().join()) {
        return `${route.name} of ${color} is at ${route[color].join(', ')}, but the proxy was prepared for ${recorded[color].join(', ')}`;
      }
    }
  }
  return undefined;
}
