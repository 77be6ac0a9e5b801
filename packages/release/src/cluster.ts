import {
  type ComposeModel,
  type FileContent,
  type ObservedContainer,
  type Relocated,
  type ReleaseService,
  type ServiceChange,
  type StackOptions,
  type StackRelease,
  type StackService,
  imageId,
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
import { asFound } from './cluster-adoption.ts';
import type { Cluster, ClusterNode, ClusterSelf } from './cluster-view.ts';
import type { Hook, HookLists } from './hook.ts';
import type { Inspection } from './inspection.ts';
import { needsTable, pullList } from './tables.ts';

/** A release for the services of a cluster, as `prepareRelease` puts it together with the rest. */
export interface ClusterPart {
  services: ReleaseService[];
  changes: ServiceChange[];
  notes: string[];
  uploads: Upload[];
  stack: StackRelease;
  /** What somebody else deployed and is as the release wants it: the SHA-256 of its configuration, and the hash that it counts as. */
  counted: ReadonlyMap<string, string>;
}

/** Turns a relocated model into a release for a cluster. Throws the Failure of all that a stack cannot say. */
export function clusterPart(
  found: Inspection,
  moved: Relocated,
  wanted: { oneShot: readonly string[]; removeOrphans: boolean; hooks: HookLists },
  { cluster, path }: { cluster: Cluster; path: string },
): ClusterPart {
  const options = stackOptions(found, moved, wanted.oneShot, { cluster, path });
  const { release: stack, refusals } = toStack(moved.model, options);
  const failure = stackFailure(refusals);
  if (failure) throw failure;
  const { same, differ } = asFound({ cluster, adopted: found.adopted }, stack);
  const told = judgeHooks(stack, wanted.hooks, cluster.self.name);
  const joined = {
    ...moved.model,
    networks: Object.fromEntries(
      stack.networks.map(({ key, name }): [string, { name: string; external: true }] => [
        key,
        { name, external: true },
      ]),
    ),
  };
  // For what runs as plain containers on the manager, on the networks of the stack.
  const plain = writeRelease(joined, wanted.oneShot);
  const once = plain.services.filter(({ kind }) => kind === 'once');
  const services = [
    ...stack.services.map((one): ReleaseService => ({ ...one, kind: 'long', replicas: one.replicas ?? 1 })),
    ...once,
  ].sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
  // Of a service on every node there are as many tasks as the cluster makes.
  const planned = services.map((one): ReleaseService => {
    const isEverywhere = stack.services.some(
      ({ name, replicas }) => name === one.name && replicas === undefined,
    );
    if (!isEverywhere) return one;
    return {
      ...one,
      replicas: Math.max(1, found.containers.filter(({ service }) => service === one.name).length),
    };
  });
  const hooked = (Object.values(wanted.hooks) as (readonly Hook[])[]).flatMap((list) =>
    list.map(({ service }) => service),
  );
  return {
    services,
    changes: planChanges({
      model: moved.model,
      services: planned,
      previous: found.previousConfig,
      containers: found.containers
        .filter(({ service }) => !found.dormant.includes(service))
        .map((task) => asWanted(task, same, services, found)),
      images: found.images,
      adopted: new Set(),
      removeOrphans: wanted.removeOrphans,
    })
      .map((change) =>
        hasRun(change, once, found) ? { ...change, from: change.to, action: 'keep' as const } : change,
      )
      .map((change) =>
        change.action === 'recreate' && differ.has(change.service)
          ? { ...change, reasons: [...differ.get(change.service)!] }
          : change,
      ),
    notes: [...stack.notes, ...told],
    stack,
    counted: new Map([...same].map(([name, sum]) => [sum, services.find((one) => one.name === name)!.hash])),
    uploads: [
      { name: 'release/compose.json', content: plain.json },
      {
        name: 'release/joined',
        content: joinedTable(moved.model, [...once.map(({ name }) => name), ...hooked], stack),
      },
      { name: 'release/services', content: servicesTable(services) },
      { name: 'release/dormant', content: found.dormant.map((name) => `${name}\n`).join('') },
      { name: 'release/pulls', content: pullList(services, neverPulled(found.config)) },
      { name: 'release/needs', content: needsTable(moved.model) },
      ...stackFiles(stack).map(({ service, json }) => ({
        name: `release/stack/${service}.json`,
        content: json,
      })),
      ...provenFiles(moved.model, stack, options),
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
  place: { cluster: Cluster; path: string },
): ReturnType<typeof toStack> {
  return toStack(moved.model, stackOptions(found, moved, oneShot, place));
}

function stackOptions(
  found: Inspection,
  moved: Relocated,
  oneShot: readonly string[],
  { cluster, path }: { cluster: Cluster; path: string },
): StackOptions {
  const able = cluster.nodes.filter(({ isReady, isActive }) => isReady && isActive);
  return {
    path,
    oneShot,
    files: contentsOf(found, moved),
    nodes: able.length,
    manager: cluster.self.name,
  };
}

/**
 * What the stack says of services whose image brings a health check along: that is known once the image is pulled, and then
 * the file takes the place of the other one. Only those that differ.
 */
function provenFiles(model: ComposeModel, stack: StackRelease, options: StackOptions): Upload[] {
  const healthchecked = new Set(stack.services.flatMap(({ name, health }) => (health ? [] : [name])));
  if (healthchecked.size === 0) return [];
  const plain = new Map(stackFiles(stack).map(({ service, json }) => [service, json]));
  return stackFiles(toStack(model, { ...options, healthchecked }).release)
    .filter(({ service, json }) => json !== plain.get(service))
    .map(({ service, json }) => ({ name: `release/proven/${service}.json`, content: json }));
}

/** A task of a service that somebody else deployed counts as one of the release where nothing differs. */
function asWanted(
  task: ObservedContainer,
  same: ReadonlyMap<string, string>,
  services: readonly ReleaseService[],
  { images }: Pick<Inspection, 'images'>,
): ObservedContainer {
  const wanted =
    task.hash === '' && same.has(task.service) && services.find(({ name }) => name === task.service);
  if (!wanted) return task;
  return { ...task, hash: wanted.hash, image: wanted.image, imageId: imageId(wanted.image, images) ?? '' };
}

/** Whether a one-shot has run for the release that serves, which leaves no container of it. */
function hasRun(
  { service }: ServiceChange,
  once: readonly ReleaseService[],
  { previousRelease }: Inspection,
): boolean {
  const wanted = once.find(({ name }) => name === service);
  if (wanted === undefined) return false;
  return (previousRelease?.services ?? []).some(
    ({ name, hash, image }) => name === service && hash === wanted.hash && image === wanted.image,
  );
}

/** Lines of a service that has plain containers on the manager, and a network that these join. */
function joinedTable(model: ComposeModel, names: readonly string[], { networks }: StackRelease): string {
  return [...new Set(names)]
    .flatMap((name) => {
      const { network_mode: mode, networks: own } = model.services[name] ?? {};
      if (mode !== undefined && mode !== 'default') return [];
      const keys = Object.keys(own ?? { default: null });
      return networks.filter(({ key }) => keys.includes(key)).map((network) => `${name} ${network.name}\n`);
    })
    .join('');
}

/**
 * A command of the user's runs on the manager, where what is bound to a node is the manager's own. Refused where it is known
 * to be on another one; where a label says the place, it is told.
 */
function judgeHooks({ services }: StackRelease, hooks: HookLists, manager: string): string[] {
  const notes: string[] = [];
  for (const [input, list] of Object.entries(hooks) as [string, readonly Hook[]][]) {
    for (const { service } of list) {
      const { bound = [], constraints = [] } = services.find(({ name }) => name === service) ?? {};
      if (bound.length === 0 || constraints.length === 0) continue;
      const named = constraints.filter((one) => BY_NAME.test(one));
      if (named.some((one) => !mayRunOn([one], manager))) {
        throw new Failure(
          'refused',
          `input \`${input}\`: the command of ${service} would run on ${manager}, the manager that deploys, and ${bound.join(', ')} is on another node (${named.join(', ')})`,
          {
            code: 'volume-elsewhere',
            input,
            remedy: `Name a service without it, which reaches ${service} over their network; or name that node first in \`host\`, if it is a manager.`,
          },
        );
      }
      if (named.length === 0) {
        notes.push(
          `\`${input}\`: the command of ${service} runs on ${manager}, and has ${bound.join(', ')} of that node`,
        );
      }
    }
  }
  return notes;
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
    ? /^release(?:-adopted)?\/(?!hooks\/)/
    : /^release(?:-adopted)?\/(?:(?:shared\/)?(?:services|pulls)|meets|trees|release\.head)$/;
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
        mayRunOn(stack.services.find(({ name }) => name === one.service)!.constraints, self.name),
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

const BY_NAME = /^\s*node\.hostname\s*(==|!=)\s*(\S+)\s*$/;

/** Whether a service may get a task on a node, as far as its constraints tell by the node's name. */
function mayRunOn(constraints: readonly string[], name: string): boolean {
  return constraints.every((one) => {
    const [, sign, wanted] = BY_NAME.exec(one) ?? [];
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
