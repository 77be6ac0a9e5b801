import { formatDuration } from '@deploy-actions/kit';
import {
  type Check,
  type ClusterSeen,
  failed,
  failedBy,
  listed,
  passed,
  type Seen,
  type SeenServer,
  unknown,
  type Verdict,
  warned,
} from './check.ts';

/** Between nodes only these ports are needed, and nobody else may reach them. */
const PORTS = '2377/tcp to managers, 7946/tcp and udp, 4789/udp';

/** Whether the servers are one cluster that a deployment can go to. */
const CHECKS: readonly Omit<Check, 'judgeUnseen'>[] = [
  {
    name: 'swarm',
    judge: (seen) =>
      inCluster(seen, ({ own, isFirst }) => {
        if ('failure' in own) return failedBy(own.failure);
        const { self, refusal, liveRestore, version, nodes } = own.is;
        // A worker tells nothing of others, which is as it should be unless it is the first.
        if (refusal && (isFirst || self === undefined)) return failedBy(refusal);
        if (liveRestore)
          return failed(
            'live-restore is on, which goes with no swarm: after a restart of the engine its tasks are lost',
            'Take "live-restore" out of /etc/docker/daemon.json, and restart Docker.',
          );
        const role =
          nodes.some(({ id, isManager }) => id === self!.id && isManager) || refusal === undefined
            ? 'a manager'
            : 'a worker';
        return passed(`${self!.name} is ${role}, Docker ${version}`);
      }),
  },
  {
    name: 'nodes',
    judge: (seen) => firstOf(seen, (cluster) => judgeNodes(cluster, seen)),
  },
  {
    name: 'node-ports',
    judge: (seen) =>
      inCluster(seen, ({ ways }) => {
        if (ways === undefined) return unknown('not asked: see swarm');
        if ('failure' in ways) return failedBy(ways.failure);
        const { closed, unknown: unasked, asked } = ways.is;
        if (closed.length > 0)
          return failed(
            `does not reach ${listed(closed)}`,
            `Open between the nodes, and to nobody else: ${PORTS}.`,
          );
        if (unasked.length > 0)
          return unknown(
            `${listed(unasked)} cannot be asked: the server has neither bash nor nc`,
            `Look for yourself whether these are open between the nodes: ${PORTS}.`,
          );
        return passed(
          `reaches ${asked.length === 0 ? 'nobody else: it is alone' : listed(asked)}; what goes over UDP (7946, 4789) cannot be asked`,
        );
      }),
  },
  {
    name: 'stack',
    judge: (seen) =>
      firstOf(seen, ({ release, unfit }) => {
        if (release === undefined) return unknown('not looked at: see configuration');
        if (release.failure) return failedBy(release.failure);
        if (unfit) return failedBy(unfit);
        const { services } = release.stack!;
        return passed(`${listed(services.map(({ name }) => name))} can be deployed to the cluster`);
      }),
  },
  {
    name: 'overlay-addresses',
    judge: (seen) =>
      firstOf(seen, ({ room }) => {
        if (room === undefined) return unknown('not looked at: see stack');
        const full = room.filter(({ addresses, wanted }) => wanted > addresses);
        if (full.length > 0)
          return failed(
            full
              .map(({ name, addresses, wanted }) => `${name} has ${addresses}, and the stack takes ${wanted}`)
              .join('; '),
            'Give the network a larger range in the compose file: ipam: { config: [{ subnet: 10.20.0.0/20 }] }.',
          );
        if (room.length === 0) return passed('the stack makes no network');
        return passed(
          room.map(({ name, addresses, wanted }) => `${name}: ${wanted} of ${addresses}`).join('; '),
        );
      }),
  },
];

/** The same, and of a server that could not be looked at only where it should be a node. */
export const SWARM: readonly Check[] = CHECKS.map((check) => ({
  ...check,
  judgeUnseen: ({ engine }) => (engine === 'swarm' ? unknown('not looked at: see connection') : undefined),
}));

function inCluster({ cluster }: Seen, judge: (cluster: ClusterSeen) => Verdict): Verdict | undefined {
  return cluster && judge(cluster);
}

/** What is told once, by the first server. */
function firstOf({ cluster }: Seen, judge: (cluster: ClusterSeen) => Verdict): Verdict | undefined {
  if (!cluster?.isFirst) return undefined;
  if ('failure' in cluster.own || cluster.own.is.refusal) return unknown('not looked at: see swarm');
  return judge(cluster);
}

/** Nodes that are down, get no tasks, were not given, or differ. */
function judgeNodes({ own, servers }: ClusterSeen, { inputs }: Seen): Verdict {
  if ('failure' in own) throw new TypeError('judged without its facts');
  const { nodes } = own.is;
  const ids = new Set(servers.flatMap(({ facts }) => ('is' in facts ? (facts.is.self?.id ?? []) : [])));
  const down = nodes.filter(({ isReady }) => !isReady);
  if (down.length > 0)
    return failed(
      `down: ${listed(down.map(({ name }) => name))}`,
      'Bring them back, or take them out: docker node rm --force NAME. A service on every node waits for them.',
    );
  const foreign = servers.filter(({ facts }) => {
    const self = 'is' in facts ? facts.is.self : undefined;
    return self !== undefined && !nodes.some(({ id }) => id === self.id);
  });
  if (foreign.length > 0)
    return failed(
      `of another swarm: ${listed(foreign.map(({ server }) => server))}`,
      'Name servers of one swarm: docker node ls on a manager shows them.',
    );
  const apart = clocksApart(servers);
  const most = inputs['max-clock-skew'];
  if (apart && apart.ms > most)
    return failed(
      `the clocks of ${apart.slow} and ${apart.fast} are ${formatDuration(apart.ms)} apart, and max-clock-skew is ${formatDuration(most)}`,
      'Let them be set: timedatectl set-ntp true (or install chrony). Certificates of the nodes, and what is newer, go by them.',
    );
  const notes: string[] = [];
  const remedies: string[] = [];
  const drained = nodes.filter(({ isActive }) => !isActive);
  if (drained.length > 0) {
    notes.push(`get no tasks: ${listed(drained.map(({ name }) => name))}`);
    remedies.push('docker node update --availability active NAME, where that is not meant.');
  }
  const absent = nodes.filter(({ id, isActive }) => isActive && !ids.has(id));
  if (absent.length > 0) {
    notes.push(
      `not in \`host\`: ${listed(absent.map(({ name }) => name))}. A task that comes there needs an image that the node can pull without a login, and keeps no release for a way back; what is mounted must be there`,
    );
    remedies.push('Name every node in `host`.');
  }
  const versions = new Set(servers.flatMap(({ facts }) => ('is' in facts ? [facts.is.version] : [])));
  if (versions.size > 1) {
    notes.push(`Docker differs: ${listed([...versions])}`);
    remedies.push('Let all nodes have one version of Docker.');
  }
  const words = `${nodes.length} node${nodes.length === 1 ? '' : 's'}, ${nodes.filter(({ isManager }) => isManager).length} of them managers`;
  return notes.length === 0
    ? passed(`${words}, all ready`)
    : warned(`${words}; ${notes.join('; ')}`, remedies.join(' '));
}

/** The two servers whose clocks are furthest apart, beyond what the looks can be off; undefined of fewer than two. */
function clocksApart(servers: readonly SeenServer[]): { slow: string; fast: string; ms: number } | undefined {
  const known = servers.flatMap(({ server, skew }) => (skew ? [{ server, ...skew }] : []));
  if (known.length < 2) return undefined;
  const sorted = known.sort((a, b) => a.ms - b.ms);
  const [slow, fast] = [sorted[0]!, sorted.at(-1)!];
  return { slow: slow.server, fast: fast.server, ms: Math.max(0, fast.ms - slow.ms - fast.give - slow.give) };
}
