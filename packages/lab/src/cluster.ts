import type { Host } from './host.ts';

/** What `joinCluster` makes of servers. */
export interface ClusterOptions {
  /** How many of them, from the first on, are managers. Default 1. */
  readonly managers?: number;
}

/**
 * Joins servers to one swarm over the network of their lab. The kernel may lack IPVS: then ports on the mesh and virtual
 * addresses answer nobody, while `mode: host` ports and `endpoint_mode: dnsrr` do.
 */
export async function joinCluster(
  hosts: readonly Host[],
  { managers = 1 }: ClusterOptions = {},
): Promise<void> {
  const [first, ...others] = hosts;
  if (!first) throw new Error('a cluster needs a server');
  const address = await addressOf(first);
  await first.sh(`docker swarm init --advertise-addr ${address}`);
  const token = async (role: 'manager' | 'worker') =>
    (await first.sh(`docker swarm join-token --quiet ${role}`)).trim();
  const [manager, worker] = await Promise.all([token('manager'), token('worker')]);
  // One after the other: managers that join at once may meet a leader that is just counting votes.
  for (const [index, host] of others.entries()) {
    const own = index + 1 < managers ? manager : worker;
    await host.sh(
      `docker swarm join --advertise-addr ${await addressOf(host)} --token ${own} ${address}:2377`,
    );
  }
}

/** Takes servers out of their swarm, whatever state it is in. */
export async function leaveCluster(hosts: readonly Host[]): Promise<void> {
  await Promise.all(hosts.map((host) => host.exec(['docker', 'swarm', 'leave', '--force'])));
}

/** Its address in the network of the lab. */
async function addressOf(host: Host): Promise<string> {
  return (await host.sh("hostname -i | tr ' ' '\\n' | grep -v : | head -n 1")).trim();
}
