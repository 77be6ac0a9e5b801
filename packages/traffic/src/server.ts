import { type RunEvent, inspect } from '@deploy-actions/host';
import { Failure, type Log } from '@deploy-actions/kit';
import { LADDER, shareName, shares } from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import { type WantedRoute, deriveRoutes, flagFolder } from './derive.ts';
import { type Look, parseLook } from './look.ts';
import { LOOK } from './program/index.ts';
import { PROXIES } from './proxy/registry.ts';
import type { PreparedSite } from './site.ts';

/** A server with what was seen on it. */
export interface SeenServer {
  server: Server;
  session: Session;
  look: Look;
}

/**
 * Looks at colours, traffic and proxy of a project, in one exec, and changes nothing. `log` hears of the records there
 * that cannot be read.
 */
export async function lookAt(
  server: Server,
  session: Session,
  request: { project: string; siteConfig?: string; wantsConfig: boolean },
  {
    log,
    ...options
  }: { signal?: AbortSignal; log?: Log; onEvent?(event: RunEvent): void; followed?: boolean } = {},
): Promise<SeenServer> {
  const seen = await inspect(session, {
    path: server.path,
    program: LOOK.with({
      project: request.project,
      folder: flagFolder(request.project),
      share_names: shares(LADDER).map(shareName).join(' '),
      docker_host: server.dockerHost ?? '',
      site_config: request.siteConfig ?? '',
      wants_config: request.wantsConfig ? '1' : '0',
      proxy_kinds: PROXIES.map(({ kind }) => kind).join(' '),
    }),
    passing: true,
    ...options,
  });
  const look = parseLook(seen.fields);
  for (const sentence of look.unread) log?.warning(`${server.name}: ${sentence}`);
  return { server, session, look };
}

/** The site as it was prepared, with the colours' present addresses. Throws a `refused` Failure where there is none. */
export function siteOn(look: Look, project: string): PreparedSite {
  const prepared = look.proxy;
  if (look.proxyFault) throw look.proxyFault;
  if (!prepared) {
    throw new Failure('refused', `no proxy was prepared for ${project} on this server`, {
      remedy: 'Run blue-green-switch once with install: true.',
    });
  }
  const contained = prepared.container !== '';
  if (contained && !look.proxies.some((one) => one.name === prepared.container)) {
    throw new Failure('refused', `the proxy's container ${prepared.container} does not run`, {
      remedy: 'Start it, or prepare another one with install: true.',
    });
  }
  const wanted: WantedRoute[] = prepared.routes.map(({ name, service, port }) => ({ name, service, port }));
  return { ...prepared, project, routes: deriveRoutes(look, project, wanted, contained) };
}
