import { LOOK_AT_NODE, type Source, sourceFile } from '@deploy-actions/archive';
import { type NodeSelf, readNodeSelf } from '@deploy-actions/engine/stack';
import { engineOf } from '@deploy-actions/engine/used-engine';
import { inspect } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import type { EngineKind } from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import type { BackupInputs } from './fields.ts';
import type { World } from './world.ts';

/** A server with what of the application it is asked about. */
export interface Place {
  server: Server;
  session: Session;
  engine: EngineKind;
  sources: readonly Source[];
  /** Services that stand still meanwhile. */
  pause: readonly string[];
}

/** A node of a cluster as it tells of itself. */
export interface SeenNode {
  server: Server;
  session: Session;
  self: NodeSelf;
  /** How many of each source it has, in their order. */
  here: readonly number[];
}

/** A task that runs: its service, and the name of its node. */
export interface RunningTask {
  service: string;
  node: string;
}

/**
 * What is saved on which server. With Compose each has all of it; of a cluster what is saved of a service is saved on the node
 * that runs it, a volume where it is, and a path on each node that has it. Which of the two the application is the ledger of the first
 * server says. Throws the Failure of what is on no node, or twice, before anything changes.
 */
export async function placesOf(
  servers: readonly Server[],
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
): Promise<Place[]> {
  const { sessions, engine } = await openAll(servers, world);
  const pause = inputs.pause;
  if (engine === 'compose')
    return servers.map((server, index) => ({ server, session: sessions[index]!, engine, sources, pause }));
  const asked = [...sources, ...pause.map(pausing)];
  const { nodes, tasks } = await lookAtNodes(servers, sessions, asked, inputs, world);
  const places = nodes.map(({ server, session }): Place => ({
    server,
    session,
    engine,
    sources: [],
    pause: [],
  }));
  for (const [index, source] of sources.entries()) {
    for (const at of nodesWith(source, index, nodes, tasks, inputs))
      places[at]!.sources = [...places[at]!.sources, source];
  }
  // What writes to a file is on the node that has it.
  for (const [index, service] of pause.entries()) {
    const at = sources.length + index;
    const pausers = places.filter(
      (place, node) => nodes[node]!.here[at]! > 0 && place.sources.some(({ kind }) => FILES.includes(kind)),
    );
    if (pausers.length === 0) {
      throw new Failure(
        'refused',
        `no task of ${service} runs on a node whose volumes or paths are saved, so there is nothing to pause: ${whereRuns(service, tasks)}`,
        { code: 'service-not-running', input: 'pause', remedy: 'Correct the input pause, or leave it out.' },
      );
    }
    for (const place of pausers) place.pause = [...place.pause, service];
  }
  return places.filter(({ sources: own }) => own.length > 0);
}

const FILES: readonly string[] = ['volume', 'path'];

/** A service that is paused, as it is asked about. */
const pausing = (service: string): Source => ({ kind: 'command', service, names: ['pause'] });

/** Opens all servers, and asks the first one what the application runs by. */
export async function openAll(
  servers: readonly Server[],
  world: World,
): Promise<{ sessions: Session[]; engine: EngineKind }> {
  const sessions = await Promise.all(servers.map((server) => world.connect(server)));
  return { sessions, engine: await engineOf('auto', sessions[0]!, servers[0]!.path) };
}

/** Asks all nodes at once; the first is a manager. */
export async function lookAtNodes(
  servers: readonly Server[],
  sessions: readonly Session[],
  sources: readonly Source[],
  inputs: BackupInputs,
  world: World,
): Promise<{ nodes: SeenNode[]; tasks: RunningTask[] }> {
  let tasks: RunningTask[] = [];
  const nodes = await Promise.all(
    servers.map(async (server, index): Promise<SeenNode> => {
      const session = sessions[index]!;
      const { fields } = await inspect(session, {
        path: server.path,
        program: LOOK_AT_NODE.with({
          project: inputs.project,
          engine: 'swarm',
          docker_host: server.dockerHost ?? '',
          role: index === 0 ? 'manager' : 'node',
        }),
        files: [{ name: 'sources', content: sourceFile(sources) }],
        passing: true,
        signal: world.signal,
      });
      if (index === 0) tasks = readTasks(fields['tasks'] ?? '');
      const here = (fields['here'] ?? '').split('\n').filter((line) => line !== '');
      if (here.length !== sources.length || here.some((one) => !/^\d{1,6}$/.test(one))) throw lie(server);
      return { server, session, self: readNodeSelf(fields['node'] ?? ''), here: here.map(Number) };
    }),
  );
  const twice = nodes.find(({ self }, index) => nodes.slice(0, index).some((one) => one.self.id === self.id));
  if (twice) {
    throw new Failure(
      'refused',
      `${twice.server.name} is the node ${twice.self.name}, which is given twice`,
      {
        code: 'request-refused',
        input: 'host',
        remedy: 'Name each node once.',
      },
    );
  }
  return { nodes, tasks };
}

function readTasks(text: string): RunningTask[] {
  return text.split('\n').flatMap((line) => {
    const [, service, node] = /^(\S+) (\S+)$/.exec(line) ?? [];
    return service === undefined ? [] : [{ service, node: node! }];
  });
}

function lie(server: Server): Failure {
  return new Failure('remote', `what ${server.name} tells of what it has is not what was asked`, {
    remedy: 'Look at what answers as docker on the server.',
  });
}

/** Indexes of the nodes that have a source. Throws where it is on none, or cannot be told by one of them. */
export function nodesWith(
  source: Source,
  index: number,
  nodes: readonly SeenNode[],
  tasks: readonly RunningTask[],
  { project, path }: BackupInputs,
): number[] {
  const at = nodes.flatMap(({ here }, node) => (here[index]! > 0 ? [node] : []));
  const { kind, service, names } = source;
  if (kind === 'path') {
    if (at.length > 0) return at;
    throw new Failure(
      'input',
      `there is no ${names[0]} in ${path ?? 'the folder of the application'} on any of the nodes`,
      {
        code: 'input-wrong',
        input: 'paths',
        remedy: 'Correct the input paths.',
      },
    );
  }
  if (kind === 'volume') {
    if (at.length === 1) return at;
    if (at.length > 1) {
      throw new Failure(
        'refused',
        `the volume ${names[0]} is on ${namesOf(at, nodes)}, and each may have other data`,
        {
          code: 'request-refused',
          input: 'volumes',
          remedy:
            'Name in `host` the manager and the one node whose volume is meant, and save the others in a step of their own.',
        },
      );
    }
    throw new Failure(
      'refused',
      `no task of ${project} on the nodes that are given has the volume ${names[0]}`,
      {
        code: 'request-refused',
        input: 'volumes',
        remedy:
          'Name all nodes in `host`, or correct the name: as the compose file has it, and where it has a `name` of its own that one.',
      },
    );
  }
  const running = tasks.filter((one) => one.service === service);
  const here = nodes.reduce((sum, one) => sum + one.here[index]!, 0);
  if (running.length > 1 || here > 1) {
    throw new Failure(
      'refused',
      `${service} runs as ${Math.max(running.length, here)} tasks (${whereRuns(service, tasks)}), and which of them has the data nobody says`,
      {
        code: 'request-refused',
        input: 'databases',
        remedy: 'Save the one that holds the data as a service of its own, with one replica.',
      },
    );
  }
  if (at.length === 1) return at;
  if (running.length === 1) {
    throw new Failure(
      'refused',
      `${service} runs on the node ${running[0]!.node}, which is not in \`host\``,
      {
        code: 'request-refused',
        input: 'host',
        remedy: `Name ${running[0]!.node} in \`host\` as well: what is saved of a service is saved on its node.`,
      },
    );
  }
  throw new Failure('refused', `no task of ${service} runs in ${project}`, {
    code: 'service-not-running',
    input: 'databases',
    remedy: 'Start it, or correct the name in the input.',
  });
}

function whereRuns(service: string, tasks: readonly RunningTask[]): string {
  const on = tasks.filter((one) => one.service === service).map(({ node }) => node);
  return on.length === 0 ? 'it runs on no node' : `it runs on ${on.join(', ')}`;
}

const namesOf = (indexes: readonly number[], nodes: readonly SeenNode[]) =>
  indexes.map((one) => nodes[one]!.self.name).join(', ');
