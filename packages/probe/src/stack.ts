import { complaintOf } from '@deploy-actions/engine/complaint';
import {
  type ClusterNode,
  type ClusterTask,
  type HeldService,
  type Weighed,
  hasEnded,
  readNodes,
  readServices,
  readTasks,
  weighService,
} from '@deploy-actions/engine/stack';
import { LIST_NODE, LIST_TASKS, SERVICE_LOG } from '@deploy-actions/engine/watch';
import { Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { type Container, type ContainerScope, parseList } from './container.ts';
import { type ProbeLimits, attempt } from './http-probe.ts';
import type { Attempt, ComposeTarget } from './target.ts';

/** A stack of a cluster, all services or some, as one of its managers is asked about it. */
export interface StackScope extends ContainerScope {
  /** The folder of the application on that manager, whose records say what should run; undefined: nobody says. */
  path?: string | undefined;
}

/** What a manager tells of a stack. */
export interface StackView {
  /** Milliseconds since 1970 by the manager's clock, which knows whole seconds. */
  now: number;
  nodes: readonly ClusterNode[];
  services: readonly HeldService[];
  tasks: readonly ClusterTask[];
  /** Service -> hash, of the release that serves by the records; `-` for what somebody else deployed and is as it was found. */
  wanted: ReadonlyMap<string, string>;
}

/** Asks a manager. Throws a Failure when the server is none, or its cluster has no leader. */
export async function viewStack(
  session: Session,
  { project, dockerHost = '', path = '' }: StackScope,
  signal?: AbortSignal,
): Promise<StackView> {
  const { code, stdout, stderr } = await session.run({
    script: LIST_TASKS.text(),
    args: [dockerHost, project, path],
    timeout: 30_000,
    signal,
  });
  if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, dockerHost);
  const behind = new Map<string, string[]>();
  for (const line of stdout.toString('utf8').split('\n')) {
    const [, word, rest] = /^(now|node|service|task|wanted) (.*)$/.exec(line) ?? [];
    if (word !== undefined) behind.set(word, [...(behind.get(word) ?? []), rest!]);
  }
  const text = (word: string) => (behind.get(word) ?? []).join('\n');
  const now = /^\d{9,11}$/.test(text('now')) ? Number(text('now')) * 1000 : NaN;
  if (Number.isNaN(now) || !behind.has('node'))
    throw new Failure('remote', `what ${session.name} tells of its swarm has not the form of it`, {
      remedy: 'Look at what answers as docker on the server.',
    });
  return {
    now,
    nodes: readNodes(text('node')),
    services: readServices(text('service')),
    tasks: readTasks(text('task')),
    wanted: new Map(
      (behind.get('wanted') ?? []).flatMap((line): [string, string][] => {
        const [, hash, name] = WANTED.exec(line) ?? [];
        return hash === undefined ? [] : [[name!, hash]];
      }),
    ),
  };
}

/** A line of the services of a release, as `servicesTable` writes it. */
const WANTED = /^\d+ (?:long|once) (?:gate|free) \d+ ([0-9a-f]{64}|-) \S* ([a-zA-Z0-9][\w.-]*)$/;

/**
 * Looks at a stack again and again; what had ended when it was looked at first is history. What ends from then on is remembered: a
 * cluster keeps five tasks of one place (task-history-limit), the one that runs among them.
 */
export interface StackWatch {
  readonly scope: StackScope;
  /** Callers that come while a look is under way get what it finds. */
  look(signal?: AbortSignal): Promise<StackView>;
  /** The word on a service by a view; `settled: false`: its tasks need not have run for a while. */
  weigh(view: StackView, service: string, options?: { settled: boolean }): Weighed;
  /** The services that are asked about: those of the scope, else all that are held or wanted. */
  named(view: StackView): string[];
}

export function watchStack(session: Session, scope: StackScope): StackWatch {
  let first: StackView | undefined;
  let before: ReadonlySet<string> = new Set();
  let underWay: Promise<StackView> | undefined;
  let ended: readonly ClusterTask[] = [];
  const remember = (view: StackView): StackView => {
    const now = new Set(view.tasks.map(({ id }) => id));
    const tasks = [...ended.filter(({ id }) => !now.has(id)), ...view.tasks];
    ended = tasks.filter(hasEnded);
    return { ...view, tasks };
  };
  return {
    scope,
    async look(signal) {
      underWay ??= viewStack(session, scope, signal)
        .then(remember)
        .finally(() => (underWay = undefined));
      const view = await underWay;
      if (!first) {
        first = view;
        before = new Set(view.tasks.map(({ id }) => id));
      }
      return view;
    },
    weigh: ({ services, tasks, wanted, now }, service, { settled } = { settled: true }) =>
      weighService(service, {
        services,
        tasks,
        hash: wanted.get(service),
        // An update that the cluster has stopped or taken back stands so until the next one.
        updatedBefore: undefined,
        before,
        changed: settled,
        now,
      }),
    named: ({ services, wanted }) =>
      scope.services.length > 0
        ? [...scope.services]
        : [...new Set([...services.map(({ name }) => name), ...wanted.keys()])],
  };
}

/** Whether as many tasks of a service run as should, on the wanted configuration, healthy and settled, whatever node they are on. */
export async function probeStack(
  stack: StackWatch,
  { service }: ComposeTarget,
  limits: ProbeLimits,
): Promise<Attempt> {
  return await attempt(limits, async () => {
    const view = await stack.look(limits.signal);
    const { word, reason } = stack.weigh(view, service);
    return word === 'ok' ? { ok: true } : { ok: false, phase: 'container', detail: reason };
  });
}

/** A server as the node of a cluster: its name there, and the containers that it has, or had, for tasks of the stack. */
export interface NodeContainers {
  node: string;
  containers: readonly Container[];
}

/** Asks a node for its own containers of the stack. Throws a Failure when the engine does not answer. */
export async function listNode(
  session: Session,
  { project, dockerHost = '' }: ContainerScope,
  signal?: AbortSignal,
): Promise<NodeContainers> {
  const { code, stdout, stderr } = await session.run({
    script: LIST_NODE.text(),
    args: [dockerHost, project],
    timeout: 30_000,
    signal,
  });
  if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, dockerHost);
  const lines = stdout.toString('utf8').split('\n');
  const node = lines.find((line) => line.startsWith('node '))?.slice('node '.length) ?? '';
  const head = `${project}_`;
  const containers = parseList(lines).map((one) => ({
    ...one,
    service: one.service.startsWith(head) ? one.service.slice(head.length) : one.service,
  }));
  return { node, containers };
}

/** The last lines of a service from all nodes, for people; empty where there are none. */
export async function serviceLog(
  session: Session,
  { project, dockerHost = '' }: ContainerScope,
  service: string,
): Promise<string> {
  const { stdout } = await session.run({
    script: SERVICE_LOG.text(),
    args: [dockerHost, project, service],
    timeout: 30_000,
  });
  return stdout.toString('utf8').trimEnd();
}
