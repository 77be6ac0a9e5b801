import { Failure } from '@deploy-actions/kit';

/** A server as the node of a cluster. */
export interface NodeSelf {
  id: string;
  name: string;
}

/** A node as a manager tells of it. */
export interface ClusterNode {
  id: string;
  name: string;
  isReady: boolean;
  /** It gets tasks. */
  isActive: boolean;
  isManager: boolean;
}

/** A service of a stack as the cluster holds it. */
export interface HeldService {
  name: string;
  mode: 'replicated' | 'global' | 'job';
  /** Of a replicated one. */
  replicas: number;
  /** What its last update came to, such as `updating`, `paused` or `rollback_completed`; `-` before the first. */
  update: string;
  /** When that began, as the engine writes it; `-` before the first. */
  updated: string;
  /** SHA-256 of its configuration as we deployed it; `-` where somebody else did. */
  hash: string;
  image: string;
  /** The engine's words on the update. */
  words: string;
}

/** A task of a service, also one that has ended. */
export interface ClusterTask {
  service: string;
  id: string;
  hash: string;
  /** The state that it should have, such as `running`, `ready` or `shutdown`. */
  wanted: string;
  /** The one that it has, such as `running`, `starting`, `failed`, `rejected`, `complete` or `orphaned`. */
  state: string;
  exitCode: number | undefined;
  slot: string;
  /** Since when it has that state, as the engine writes it. */
  since: string;
  /** `-` before it has one. */
  node: string;
  image: string;
  /** The node's words. */
  words: string;
}

const NODE = /^(?:active) (?:true|false) ([a-z0-9]{25}) (\S+)$/;
const LISTED = /^([a-z0-9]{25}) (\S+) (\w+) (\w+) (\S+)$/;
const SERVICE =
  /^[a-z0-9]{25} ([a-zA-Z0-9][\w.-]*) (replicated|global|job) (\d+) (\S+) (\S+) ([0-9a-f]{64}|-) (\S+)(?: (.*))?$/;
const TASK =
  /^([a-zA-Z0-9][\w.-]*) ([a-z0-9]{25}) ([0-9a-f]{64}|-) (\w+) (\w+) (-|-?\d+) (\d+) (\S+) (\S+) (\S+)(?: (.*))?$/;

/** Reads `engine_node`. Throws the Failure of a server whose answer has not its form. */
export function readNodeSelf(text: string): NodeSelf {
  const [, id, name] = NODE.exec(text.trim()) ?? [];
  if (id === undefined || name === undefined) throw lie('its node of the swarm');
  return { id, name };
}

/** Reads `engine_nodes`. */
export function readNodes(text: string): ClusterNode[] {
  return linesOf(text).map((line) => {
    const [, id, name, state, availability, role] = LISTED.exec(line) ?? [];
    if (id === undefined || name === undefined) throw lie('the nodes of its swarm');
    return {
      id,
      name,
      isReady: state === 'Ready',
      isActive: availability === 'Active',
      isManager: role !== '-',
    };
  });
}

/** Reads `engine_stack_services`. */
export function readServices(text: string): HeldService[] {
  return linesOf(text).map((line) => {
    const [all, name, mode, replicas, update, updated, hash, image, words = ''] = SERVICE.exec(line) ?? [];
    if (all === undefined) throw lie('the services of its swarm');
    return {
      name: name!,
      mode: mode as HeldService['mode'],
      replicas: Number(replicas),
      update: update!,
      updated: updated!,
      hash: hash!,
      image: image!,
      words,
    };
  });
}

/** Reads `engine_stack_tasks`. */
export function readTasks(text: string): ClusterTask[] {
  return linesOf(text).map((line) => {
    const [all, service, id, hash, wanted, state, code, slot, since, node, image, words = ''] =
      TASK.exec(line) ?? [];
    if (all === undefined) throw lie('the tasks of its swarm');
    return {
      service: service!,
      id: id!,
      hash: hash!,
      wanted: wanted!,
      state: state!,
      exitCode: code === '-' ? undefined : Number(code),
      slot: slot!,
      since: since!,
      node: node!,
      image: image!,
      words,
    };
  });
}

/** Whether a task should run, or is next to: `should_run` is the same on the server. */
export function shouldRun({ wanted }: Pick<ClusterTask, 'wanted'>): boolean {
  return wanted === 'running' || wanted === 'ready';
}

/** Whether a task has come to an end by itself, or by its node: `remember_ends` is the same on the server. */
export function hasEnded({ state }: Pick<ClusterTask, 'state'>): boolean {
  return state === 'failed' || state === 'rejected' || state === 'complete';
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function lie(what: string): Failure {
  return new Failure('remote', `what the server tells of ${what} has not the form of it`, {
    remedy: 'Look at what answers as docker on the server.',
  });
}
