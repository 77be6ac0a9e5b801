import { Failure } from '@deploy-actions/kit';
import type { Color } from '@deploy-actions/ledger';
import type { Look } from './look.ts';
import type { ColorsOf, Lead, Place } from './program/index.ts';
import type { FrontDoor } from './proxy/door.ts';
import type { Site } from './site.ts';

/** A server with what was seen on it, as far as the rules of a cluster go by it. */
interface SeenNode {
  server: { name: string };
  look: Pick<Look, 'cluster' | 'slots'>;
}

/** Which programs move the traffic there. */
export const colorsOf = ({ cluster }: Pick<Look, 'cluster'>): ColorsOf => (cluster ? 'cluster' : 'server');

/** What the first and the other servers are to the colours. */
export function placeOf({ cluster }: Pick<Look, 'cluster'>, index: number): Place {
  if (!cluster) return 'server';
  return index === 0 ? 'manager' : 'node';
}

/**
 * Refuses servers of which the first could not judge the colours for all, and those that know of another release in the
 * colour that is to get the traffic.
 */
export function checkCluster(seen: readonly SeenNode[], target?: Color): void {
  const [first, ...others] = seen;
  if (!seen.some(({ look }) => look.cluster)) return;
  if (first!.look.cluster && !first!.look.cluster.isManager) {
    throw new Failure(
      'refused',
      `${first!.look.cluster.name} is a worker of its swarm, and the first host must be a manager`,
      {
        code: 'no-manager',
        input: 'host',
        remedy: 'Name a manager first in host: docker node ls on one shows which they are.',
      },
    );
  }
  if (target === undefined) return;
  const release = first!.look.slots[target];
  for (const { server, look } of others) {
    if (look.cluster && look.slots[target] === release) continue;
    throw new Failure(
      'refused',
      `${server.name} knows of ${look.slots[target] || 'no release'} in ${target}, and ${first!.server.name} of ${release || 'none'}: nothing was changed`,
      {
        code: 'color-changed',
        input: 'host',
        remedy: `Deploy to ${target} with all of these nodes in \`host\` (ssh-compose-deploy), then move the traffic.`,
      },
    );
  }
}

/** The proxy of the first server as the other nodes of its cluster reach it; undefined where it has no address that they could know. */
export function leadOf(
  { cluster }: Pick<Look, 'cluster'>,
  { token }: Pick<Site, 'token'>,
  { connect }: Pick<FrontDoor, 'connect'>,
): Lead | undefined {
  const address = cluster?.address ?? '';
  if (address === '' || address === '0.0.0.0') return undefined;
  const host = address.includes(':') ? `[${address}]` : address;
  return { connect: `${host}:${connect.slice(connect.lastIndexOf(':') + 1)}`, token };
}

/** The networks by which a proxy in a container reaches the services that are routed, in a cluster. */
export function clusterWays(
  { cluster }: Pick<Look, 'cluster'>,
  services: Iterable<string>,
): string[][] | undefined {
  if (!cluster) return undefined;
  const ways = [...new Set(services)].flatMap((service) => {
    const networks = cluster.meets.get(service);
    return networks ? [[...networks]] : [];
  });
  return [...new Map(ways.map((one) => [one.join(' '), one])).values()];
}

/** A proxy on a node itself does not reach tasks on an overlay, whose ports are nowhere on the server. */
export function refuseProxyOfHost({ cluster }: Pick<Look, 'cluster'>, container: string | undefined): void {
  if (!cluster || container !== undefined) return;
  throw new Failure(
    'refused',
    `the proxy runs on ${cluster.name} itself, where the names of the colours' services lead nowhere: they are known on the swarm's networks alone`,
    {
      code: 'proxy-outside',
      input: 'proxy',
      remedy:
        'Run the proxy in a container of its own on each node, on the network of the compose file (docker run --network NAME).',
    },
  );
}
