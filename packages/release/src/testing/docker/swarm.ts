import { readFileSync } from 'node:fs';
import type { Call } from './call.ts';
import { Refusal, options, unknown } from './refusal.ts';
import { type FakeThing, type State, sha256 } from './state.ts';
import { render } from './template.ts';

/** A service, with the names that `docker service inspect` gives to what it tells. */
interface FakeService {
  ID: string;
  Spec: Spec;
  PreviousSpec?: Spec;
  UpdateStatus?: { State: string; StartedAt: string; Message: string };
  /** Counts its changes. */
  Version?: { Index: number };
  /** The text of its stack file, or its whole configuration, by which a change is told. */
  text: string;
}

interface Spec {
  Name: string;
  Labels: Record<string, string>;
  Mode: { Global?: object; Replicated?: { Replicas: number } };
  TaskTemplate: { ContainerSpec: ContainerSpec; [key: string]: unknown };
  [key: string]: unknown;
}

interface ContainerSpec {
  Image: string;
  Labels?: Record<string, string>;
  Configs?: { ConfigName: string }[];
  Secrets?: { SecretName: string }[];
  [key: string]: unknown;
}

interface FakeTask {
  ID: string;
  ServiceID: string;
  Spec: { ContainerSpec: ContainerSpec };
  DesiredState: string;
  Status: { State: string; Timestamp: string; Err: string; ContainerStatus?: { ExitCode: number } };
  Slot: number;
  NodeID: string;
}

interface StackFile {
  services: Record<
    string,
    {
      image: string;
      labels?: Record<string, string>;
      deploy?: { mode?: string; replicas?: number; labels?: Record<string, string> };
      configs?: { source: string }[];
      secrets?: { source: string }[];
    }
  >;
  configs?: Record<string, { name: string }>;
  secrets?: Record<string, { name: string }>;
}

/** Milliseconds that a task seems to have been up already: it is well at once. */
const UP_FOR = 60_000;

/** Ids of the cluster have 25 letters. */
export const idOf = (text: string) => sha256(text).slice(0, 25);

/** What `docker info` tells of the swarm. */
export function swarmAbout(state: State): object {
  const { swarm } = state.script();
  const name = swarm?.nodes[0] ?? 'here';
  const manages = swarm !== undefined && (swarm.manager ?? true);
  return {
    Name: name,
    LiveRestoreEnabled: swarm?.liveRestore ?? false,
    Swarm: {
      ...(manages && { Cluster: { SubnetSize: 24 } }),
      LocalNodeState: swarm ? (swarm.state ?? 'active') : 'inactive',
      ControlAvailable: manages,
      NodeID: swarm ? idOf(name) : '',
      NodeAddr: swarm ? '127.0.0.1' : '',
    },
  };
}

/** `docker node …`, `service …`, `stack …`, `config …` and `secret …`, as a manager answers them. */
export function swarmCommand(state: State, call: Call, words: readonly string[]): string {
  const { swarm } = state.script();
  const [kind = '', what = '', ...rest] = words;
  const help = kind === 'stack' && rest.includes('--help');
  if (help) return '      --detach   Exit immediately\n';
  if (!swarm || swarm.state === 'inactive')
    throw new Refusal(
      'Error response from daemon: This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  if (swarm.state === 'locked')
    throw new Refusal(
      'Error response from daemon: Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.',
    );
  if (!(swarm.manager ?? true))
    throw new Refusal(
      "Error response from daemon: This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
    );
  if (swarm.leaderless)
    throw new Refusal(
      'Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader.',
    );
  switch (`${kind} ${what}`) {
    case 'node ls': {
      const { values } = options(rest, { values: { format: ['--format'] } });
      const [format = ''] = values.get('format') ?? [];
      return swarm.nodes
        .map((name, index) => ({
          ID: idOf(name),
          Hostname: name,
          Status: swarm.down?.includes(name) ? 'Down' : 'Ready',
          Availability: swarm.drained?.includes(name) ? 'Drain' : 'Active',
          ManagerStatus: index === 0 ? 'Leader' : name.startsWith('m') ? 'Reachable' : '',
        }))
        .map((node) => `${render(format, node)}\n`)
        .join('');
    }
    case 'node inspect': {
      const { values, rest: ids } = options(rest, { values: { format: ['--format'] } });
      return ids
        .map((id) => {
          const name = swarm.nodes.find((one) => idOf(one) === id)!;
          const node = {
            ID: id,
            Status: { Addr: '127.0.0.1' },
            ...(name.startsWith('m') && { ManagerStatus: { Addr: '127.0.0.1:2377' } }),
          };
          return `${render(values.get('format')![0]!, node)}\n`;
        })
        .join('');
    }
    case 'service ls': {
      const { values } = options(rest, { values: { filter: ['--filter'] }, flags: ['--quiet'] });
      const [, stack] =
        /^label=com\.docker\.stack\.namespace=(.*)$/.exec(values.get('filter')?.[0] ?? '') ?? [];
      if (stack === undefined) throw unknown(words);
      return services(state)
        .filter(({ Spec }) => Spec.Labels['com.docker.stack.namespace'] === stack)
        .map(({ ID }) => `${ID}\n`)
        .join('');
    }
    case 'service inspect': {
      const { values, rest: ids } = options(rest, { values: { format: ['--format'] } });
      return ids
        .map((id) => {
          const service = serviceOf(state, id);
          return `${render(values.get('format')![0]!, { ...service, Version: service.Version ?? { Index: 1 } })}\n`;
        })
        .join('');
    }
    case 'service ps': {
      const { rest: ids } = options(rest, { flags: ['--quiet', '--no-trunc'] });
      return tasks(state)
        .filter(({ ServiceID }) => ids.includes(ServiceID))
        .map(({ ID }) => `${ID}\n`)
        .join('');
    }
    case 'service logs':
      return '';
    case 'service rm':
      for (const name of rest) remove(state, serviceOf(state, name));
      return rest.map((one) => `${one}\n`).join('');
    case 'stack deploy':
      return deploy(state, call, rest);
    case 'config ls':
    case 'secret ls': {
      const { values } = options(rest, { values: { filter: ['--filter'], format: ['--format'] } });
      const [, key, value] = /^label=([^=]+)=(.*)$/.exec(values.get('filter')?.[0] ?? '') ?? [];
      return state
        .names(`${kind}s`)
        .map((name) => state.read<FakeThing>(`${kind}s`, name)!)
        .filter(({ Labels = {} }) => Labels[key ?? ''] === value)
        .map(({ Name, Labels = {} }) => {
          const methods = { Label: (label: string) => Labels[label] ?? '' };
          return `${render(values.get('format')![0]!, { Name }, methods)}\n`;
        })
        .join('');
    }
    case 'config create':
    case 'secret create': {
      const { values, rest: given } = options(rest, { values: { label: ['--label'] } });
      const [Name = '', file = ''] = given;
      if (file !== '-') readFileSync(file);
      if (state.read(`${kind}s`, Name))
        throw new Refusal(
          `Error response from daemon: rpc error: code = AlreadyExists desc = ${kind} ${Name} already exists`,
        );
      const Labels = Object.fromEntries(
        (values.get('label') ?? []).map((one) => one.split(/=(.*)/s, 2) as [string, string]),
      );
      state.write(`${kind}s`, Name, { Name, Labels } satisfies FakeThing);
      return `${Name}\n`;
    }
    case 'config inspect':
    case 'secret inspect':
      for (const name of options(rest, { values: { format: ['--format'] } }).rest)
        if (!state.read(`${kind}s`, name))
          throw new Refusal(`Error response from daemon: ${kind} ${name} not found`);
      return '.\n';
    case 'config rm':
    case 'secret rm':
      for (const name of rest) state.remove(`${kind}s`, name);
      return '';
  }
  throw unknown(words);
}

/** `docker inspect --type task`. */
export function inspectTasks(state: State, words: readonly string[]): string {
  const { values, rest } = options(words, { values: { format: ['--format'] } });
  return tasks(state)
    .filter(({ ID }) => rest.includes(ID))
    .map((task) => `${render(values.get('format')![0]!, task)}\n`)
    .join('');
}

const services = (state: State) =>
  state.names('services').map((name) => state.read<FakeService>('services', name)!);
const tasks = (state: State) => state.names('tasks').map((name) => state.read<FakeTask>('tasks', name)!);

function serviceOf(state: State, which: string): FakeService {
  const found = services(state).find(({ ID, Spec }) => ID === which || Spec.Name === which);
  if (!found) throw new Refusal(`Error: no such service: ${which}`);
  return found;
}

function remove(state: State, { ID, Spec }: FakeService): void {
  state.remove('services', Spec.Name);
  for (const task of tasks(state)) if (task.ServiceID === ID) state.remove('tasks', task.ID);
}

/** As if it all happened at once: what is not well has stopped its update already. */
function deploy(state: State, call: Call, words: readonly string[]): string {
  const { values, rest } = options(words, {
    values: { file: ['--compose-file'], resolve: ['--resolve-image'] },
    flags: ['--prune=false', '--detach=true'],
  });
  const [stack] = rest;
  const { swarm } = state.script();
  const said = Number(state.read<number>('answers', 'out-of-sequence') ?? 0);
  if (said < (swarm?.outOfSequence ?? 0)) {
    state.write('answers', 'out-of-sequence', said + 1);
    throw new Refusal(
      'failed to update service: Error response from daemon: rpc error: code = Unknown desc = update out of sequence',
    );
  }
  if (stack === undefined || values.get('resolve')?.[0] !== 'never')
    throw unknown(['stack', 'deploy', ...words]);
  for (const file of values.get('file') ?? []) {
    const text = readFileSync(file, 'utf8');
    const model = JSON.parse(text) as StackFile;
    for (const name of Object.keys(model.services)) put(state, call, stack, name, model, text);
  }
  return '';
}

function put(state: State, call: Call, stack: string, name: string, model: StackFile, text: string): void {
  const Name = `${stack}_${name}`;
  const { image, labels = {}, deploy = {}, configs = [], secrets = [] } = model.services[name]!;
  const namesOf = (kind: 'configs' | 'secrets', given: { source: string }[]) =>
    given.map(({ source }) => {
      const object = model[kind]?.[source]?.name ?? source;
      if (!state.read(kind, object)) throw new Refusal(`${kind.slice(0, -1)} not found: ${object}`);
      return object;
    });
  const container: ContainerSpec = {
    Image: image,
    Labels: labels,
    Configs: namesOf('configs', configs).map((ConfigName) => ({ ConfigName })),
    Secrets: namesOf('secrets', secrets).map((SecretName) => ({ SecretName })),
  };
  const Spec: Spec = {
    Name,
    Labels: { 'com.docker.stack.namespace': stack, ...deploy.labels },
    Mode: deploy.mode === 'global' ? { Global: {} } : { Replicated: { Replicas: deploy.replicas ?? 1 } },
    TaskTemplate: { ContainerSpec: container },
  };
  const old = state.read<FakeService>('services', Name);
  call.out(`${old ? 'Updating' : 'Creating'} service ${Name}\n`);
  if (old?.text !== text) hold(state, Spec, text);
}

/** The API of the engine through its own client, as far as services are made and changed by it. */
export async function dialStdio(state: State, call: Call): Promise<string> {
  const asked = state.path(`dialled-${process.hrtime.bigint()}`);
  const answer = (status: string, body: object) =>
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n${JSON.stringify(body)}\n`;
  // What the client reads comes to nobody but a command of its own.
  await call.run({
    words: [
      'sh',
      '-c',
      'l=0; while IFS= read -r h; do h=${h%"$(printf "\\r")"}; printf "%s\\n" "$h"; case $h in Content-Length:*) l=${h#*: } ;; "") break ;; esac; done >"$0"; head -c "$l" >>"$0"',
      asked,
    ],
    env: {},
    isInteractive: true,
  });
  const [head = '', body = ''] = readFileSync(asked, 'utf8').split(/\n\n(.*)/s);
  const [, where = ''] = /^POST \/services\/(\S+) HTTP/.exec(head) ?? [];
  const Spec = JSON.parse(body) as Spec;
  if (where === 'create') {
    if (state.read('services', Spec.Name))
      return answer('409 Conflict', {
        message: `rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ${Spec.Name} already exists`,
      });
    hold(state, Spec, body);
    return answer('201 Created', { ID: idOf(Spec.Name) });
  }
  const [, id, version] = /^(\w+)\/update\?version=(\d+)$/.exec(where) ?? [];
  const old = services(state).find(({ ID }) => ID === id);
  if (!old) return answer('404 Not Found', { message: `service ${id} not found` });
  if (String(old.Version?.Index ?? 1) !== version)
    return answer('500 Internal Server Error', {
      message: 'rpc error: code = Unknown desc = update out of sequence',
    });
  hold(state, Spec, body);
  return answer('200 OK', { Warnings: null });
}

/** The cluster has a service from now on as it is told, and its tasks as if it all happened at once. */
export function hold(state: State, Spec: Spec, text: string): void {
  const { Name } = Spec;
  const { ContainerSpec } = Spec.TaskTemplate;
  const image = ContainerSpec.Image;
  const old = state.read<FakeService>('services', Name);
  const { health, fails } = state.script().images?.[image] ?? {};
  const isBad = health === 'unhealthy' || fails !== undefined;
  const ID = old?.ID ?? idOf(Name);
  const StartedAt = new Date().toISOString();
  state.write('services', Name, {
    ID,
    Spec,
    Version: { Index: (old?.Version?.Index ?? 1) + 1 },
    text,
    ...(old && {
      PreviousSpec: old.Spec,
      UpdateStatus: isBad
        ? { State: 'paused', StartedAt, Message: 'update paused due to failure or early termination of task' }
        : { State: 'completed', StartedAt, Message: 'update completed' },
    }),
  } satisfies FakeService);
  const { nodes } = state.script().swarm!;
  const add = (slot: number, DesiredState: string, State: string, Err = '') => {
    const task: FakeTask = {
      ID: idOf(`${Name} ${slot} ${process.hrtime.bigint()}`),
      ServiceID: ID,
      Spec: { ContainerSpec },
      DesiredState,
      Status: {
        State,
        Timestamp: new Date(Date.now() - UP_FOR).toISOString(),
        Err,
        ContainerStatus: { ExitCode: State === 'failed' ? 137 : 0 },
      },
      Slot: slot,
      NodeID: idOf(nodes[slot % nodes.length]!),
    };
    state.write('tasks', task.ID, task);
  };
  if (isBad) {
    const [word, said] =
      fails === undefined
        ? ['failed', 'task: non-zero exit (137): dockerexec: unhealthy container']
        : ['rejected', fails];
    for (let ended = 0; ended < (old ? 1 : 6); ended += 1) add(1, 'shutdown', word, said);
    return;
  }
  for (const task of tasks(state).filter(
    ({ ServiceID, DesiredState }) => ServiceID === ID && DesiredState === 'running',
  )) {
    state.write('tasks', task.ID, {
      ...task,
      DesiredState: 'shutdown',
      Status: { ...task.Status, State: 'shutdown' },
    } satisfies FakeTask);
  }
  const count = Spec.Mode.Global ? nodes.length : (Spec.Mode.Replicated?.Replicas ?? 0);
  for (let slot = 1; slot <= count; slot += 1) add(slot, 'running', 'running');
}

/** A task of a service runs on a node of that name, as somebody's stack has it; the service is made where there is none. */
export function runTask(state: State, Name: string, stack: string, node: string): void {
  const ContainerSpec: ContainerSpec = { Image: 'postgres:17', Labels: {}, Configs: [], Secrets: [] };
  const ID = idOf(Name);
  const slot = tasks(state).filter(({ ServiceID }) => ServiceID === ID).length + 1;
  state.write('services', Name, {
    ID,
    text: '',
    Spec: {
      Name,
      Labels: { 'com.docker.stack.namespace': stack },
      Mode: { Replicated: { Replicas: slot } },
      TaskTemplate: { ContainerSpec },
    },
  } satisfies FakeService);
  const task: FakeTask = {
    ID: idOf(`${Name} ${slot}`),
    ServiceID: ID,
    Spec: { ContainerSpec },
    DesiredState: 'running',
    Status: { State: 'running', Timestamp: new Date(Date.now() - UP_FOR).toISOString(), Err: '' },
    Slot: slot,
    NodeID: idOf(node),
  };
  state.write('tasks', task.ID, task);
}
