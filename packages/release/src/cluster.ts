import {
  type FileContent,
  type Relocated,
  type ReleaseService,
  type ServiceChange,
  type StackRelease,
  type StackService,
  neverPulled,
  ownNetworks,
  planChanges,
  servicesTable,
  stackFailure,
  stackFiles,
  toStack,
  writeRelease,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { quote } from '@deploy-actions/shell';
import type { Cluster, ClusterNode, ClusterSelf } from './cluster-view.ts';
import type { Inspection } from './inspection.ts';
import { needsTable, pullList } from './tables.ts';

/** A release for the services of a cluster, as `prepareRelease` puts it together with the rest. */
export interface ClusterPart {
  services: ReleaseService[];
  changes: ServiceChange[];
  notes: string[];
  uploads: Upload[];
  stack: StackRelease;
}

/** Turns a relocated model into a release for a cluster. Throws the Failure of all that a stack cannot say. */
export function clusterPart(
  found: Inspection,
  moved: Relocated,
  wanted: { oneShot: readonly string[]; removeOrphans: boolean },
  { cluster, path }: { cluster: Cluster; path: string },
): ClusterPart {
  refuseForeignServices(cluster, found.project);
  const { release: stack, refusals } = translated(found, moved, wanted.oneShot, { cluster, path });
  const failure = stackFailure(refusals);
  if (failure) throw failure;
  if (stack.once) {
    throw notBuilt(
      'one-shot',
      `runs no one-shot services (${Object.keys(stack.once.services).join(', ')})`,
      'Name their commands in `before-up` or `migrate`, and leave the services out.',
    );
  }
  const services = stack.services.map((one): ReleaseService => ({
    ...one,
    kind: 'long',
    replicas: one.replicas ?? 1,
  }));
  // Of a service on every node there are as many tasks as the cluster makes.
  const planned = stack.services.map((one, index): ReleaseService => ({
    ...services[index]!,
    replicas:
      one.replicas ?? Math.max(1, found.containers.filter(({ service }) => service === one.name).length),
  }));
  const joined = {
    ...moved.model,
    networks: Object.fromEntries(
      stack.networks.map(({ key, name }): [string, { name: string; external: true }] => [
        key,
        { name, external: true },
      ]),
    ),
  };
  return {
    services,
    changes: planChanges({
      model: moved.model,
      services: planned,
      previous: found.previousConfig,
      containers: found.containers.filter(({ service }) => !found.dormant.includes(service)),
      images: found.images,
      adopted: new Set(),
      removeOrphans: wanted.removeOrphans,
    }),
    notes: [...stack.notes],
    stack,
    uploads: [
      // For commands of the user's: they run as plain containers on the manager, on the networks of the stack.
      { name: 'release/compose.json', content: writeRelease(joined, wanted.oneShot).json },
      { name: 'release/services', content: servicesTable(services) },
      { name: 'release/dormant', content: found.dormant.map((name) => `${name}\n`).join('') },
      { name: 'release/pulls', content: pullList(services, neverPulled(found.config)) },
      { name: 'release/needs', content: needsTable(moved.model) },
      ...stackFiles(stack).map(({ service, json }) => ({
        name: `release/stack/${service}.json`,
        content: json,
      })),
      ...ownNetworks(stack).map(({ name, words }, index) => ({
        name: `release/overlays/${String(index + 1).padStart(2, '0')}`,
        content: `overlay_name=${quote([name])}\nset -- ${quote(words)}\n`,
      })),
      ...objectUploads(stack),
    ],
  };
}

/** A relocated model as a stack for the nodes that get tasks, and all that it cannot say. */
export function translated(
  found: Inspection,
  moved: Relocated,
  oneShot: readonly string[],
  { cluster, path }: { cluster: Cluster; path: string },
): ReturnType<typeof toStack> {
  const able = cluster.nodes.filter(({ isReady, isActive }) => isReady && isActive);
  return toStack(moved.model, { path, oneShot, files: contentsOf(found, moved), nodes: able.length });
}

interface NodePart {
  changes: ServiceChange[];
  notes: string[];
  warnings: string[];
  uploads: Upload[];
}

/**
 * What another node needs of a release: its images, and the files that are mounted. A manager gets all but the commands, so
 * that it may be the first server of a later deployment.
 */
export function nodePart<P extends NodePart>(prepared: P, isManager: boolean): P {
  const needed = isManager
    ? /^release\/(?!hooks\/)/
    : /^release\/(?:(?:shared\/)?(?:services|pulls)|meets|trees|release\.head)$/;
  return {
    ...prepared,
    changes: [],
    notes: [],
    warnings: [],
    uploads: prepared.uploads.filter(({ name }) => needed.test(name)),
  };
}

/** Lines of kind, name, SHA-256 and file; what stands in the compose file itself is sent as a file. */
function objectUploads({ objects }: StackRelease): Upload[] {
  const own = objects.filter(({ external }) => !external);
  const isSent = (one: (typeof own)[number]) => one.source !== undefined && 'content' in one.source;
  return [
    {
      name: 'release/objects.list',
      content: own
        .map(({ kind, name, sha256, source }) => {
          const file = source !== undefined && 'file' in source ? source.file : `objects/${name}`;
          return `${kind} ${name} ${sha256} ${file}\n`;
        })
        .join(''),
    },
    ...own.filter(isSent).map(({ name, source }) => ({
      name: `release/objects/${name}`,
      content: (source as { content: string }).content,
    })),
  ];
}

/** What the files of configs and secrets hold, by where they are in the end. */
function contentsOf(found: Inspection, moved: Relocated): ReadonlyMap<string, FileContent> {
  const contents = new Map<string, FileContent>();
  for (const kind of ['configs', 'secrets'] as const) {
    for (const [key, resource] of Object.entries(found.config[kind] ?? {})) {
      const seen = resource?.file === undefined ? undefined : found.sums.get(resource.file);
      const place = moved.model[kind]?.[key]?.file;
      if (seen !== undefined && place !== undefined) contents.set(place, seen);
    }
  }
  return contents;
}

function refuseForeignServices({ foreign }: Cluster, project: string): void {
  if (foreign.length === 0) return;
  throw new Failure(
    'refused',
    `the stack ${project} has services that this action did not deploy: ${foreign.join(', ')}`,
    {
      code: 'foreign-containers',
      input: 'project',
      remedy: 'Give another `project`, or remove that stack first: docker stack rm.',
    },
  );
}

/** What was seen of a node that gets tasks, beside what a manager tells. */
export interface SeenNode {
  /** The server's name, as the user gave it. */
  server: string;
  self: ClusterSelf;
  /** Of the sources that were asked about, those that it has not. */
  missing: readonly string[];
}

/** Sources on the nodes themselves that tasks may mount; what is sent with a release is on each of them. */
export function sourcesOfNodes({ sources }: StackRelease, path: string): string[] {
  return [...new Set(sources.map(({ source }) => source))].filter(
    (source) => !source.startsWith(`${path}/files/`),
  );
}

/** Refuses what would converge and not serve, over all nodes that were looked at; the first is the manager. */
export function refuseUnfit(stack: StackRelease, cluster: Cluster, seen: readonly SeenNode[]): void {
  for (const { server, self } of seen) {
    if (cluster.nodes.some(({ id }) => id === self.id)) continue;
    throw new Failure(
      'refused',
      `${server} (${self.name}) is a node of another swarm than ${seen[0]!.server}`,
      {
        code: 'other-cluster',
        input: 'host',
        remedy: 'Name servers of one swarm: docker node ls on a manager shows them.',
      },
    );
  }
  const without = seen.find(({ self }) => !self.ipvs);
  const needy = without && stack.services.find(({ endpoint }) => endpoint === 'vip');
  if (needy) throw noIpvs(needy, without.server);
  for (const { server, self, missing } of seen) {
    const source = stack.sources.find(
      (one) =>
        missing.includes(one.source) &&
        mayRunOn(stack.services.find(({ name }) => name === one.service)!.constraints, self),
    );
    if (!source) continue;
    throw new Failure(
      'refused',
      `${source.service} mounts ${source.source}, which is not on ${server}: a cluster makes no folder for it, and the task would be rejected there`,
      {
        code: 'mount-missing',
        input: 'compose-file',
        remedy:
          'Make it on every node, send it with `files`, or keep the service on its node with deploy.placement.constraints.',
      },
    );
  }
}

/** Without IPVS all would look well: the tasks run, and what leads to them does not. */
function noIpvs({ name, ports }: StackService, server: string): Failure {
  const port = ports.find(({ mode }) => mode === 'mesh');
  const what = port
    ? `publishes ${port.published ?? port.target} on the mesh`
    : 'has a virtual address (deploy.endpoint_mode: vip)';
  const instead = port
    ? `publish the port on the nodes themselves: {target: ${port.target}, published: ${port.published ?? port.target}, mode: host}`
    : 'leave endpoint_mode out';
  return new Failure(
    'refused',
    `${name} ${what}, and the kernel of ${server} has no IPVS: the deployment would look well and no request be answered`,
    { code: 'no-ipvs', input: 'compose-file', remedy: `Load the module (modprobe ip_vs), or ${instead}.` },
  );
}

/** Whether a service may get a task on a node, as far as its constraints tell by the node's name. */
function mayRunOn(constraints: readonly string[], { name }: ClusterSelf): boolean {
  return constraints.every((one) => {
    const [, sign, wanted] = /^\s*node\.hostname\s*(==|!=)\s*(\S+)\s*$/.exec(one) ?? [];
    // What a label says of a node only the cluster knows; its own word comes with the task.
    if (sign === undefined) return false;
    return (sign === '==') === (wanted === name);
  });
}

/** Nodes that may get tasks and were not given: they must be able to pull by themselves. */
export function nodesNotGiven({ nodes }: Cluster, seen: readonly SeenNode[]): ClusterNode[] {
  return nodes.filter((one) => one.isActive && !seen.some(({ self }) => self.id === one.id));
}

/** The Failure of what `engine: swarm` does not do. */
export function notBuilt(input: string, what: string, remedy: string): Failure {
  return new Failure('input', `input \`${input}\`: \`engine: swarm\` ${what}`, { input, remedy });
}
