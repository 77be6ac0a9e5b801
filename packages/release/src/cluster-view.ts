import { type LocalImage, type ObservedContainer, imageId } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';

/** A server as the node of a cluster. */
export interface ClusterSelf {
  id: string;
  name: string;
  /** Its kernel can spread connections over tasks, as ports on the mesh and virtual addresses need it. */
  ipvs: boolean;
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

/** A cluster as one of its managers tells of it. */
export interface Cluster {
  self: ClusterSelf;
  nodes: readonly ClusterNode[];
  /** Services of the stack that bear no hash of ours. */
  foreign: readonly string[];
}

const NODE = /^(?:active) (?:true|false) ([a-z0-9]{25}) (\S+)$/;
const LISTED = /^([a-z0-9]{25}) (\S+) (\w+) (\w+) (\S+)$/;
const SERVICE =
  /^[a-z0-9]{25} ([a-zA-Z0-9][\w.-]*) (?:replicated|global|job) \d+ (\S+) \S+ ([0-9a-f]{64}|-) \S+(?: |$)/;
const TASK =
  /^([a-zA-Z0-9][\w.-]*) ([a-z0-9]{25}) ([0-9a-f]{64}|-) (\w+) (\w+) (-|-?\d+) (\d+) (\S+) (\S+) (\S+)(?: |$)/;

/** Reads `engine_node`. Throws the Failure of a server whose answer has not its form. */
export function readSelf(fields: Readonly<Record<string, string>>): ClusterSelf {
  const [, id, name] = NODE.exec((fields['node'] ?? '').trim()) ?? [];
  if (id === undefined || name === undefined) throw lie('its node of the swarm');
  return { id, name, ipvs: fields['ipvs'] === 'true' };
}

/** Reads what a manager has told; undefined where none was asked. */
export function readCluster(fields: Readonly<Record<string, string>>): Cluster | undefined {
  if (fields['nodes'] === undefined) return undefined;
  const nodes = linesOf(fields['nodes']).map((line): ClusterNode => {
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
  const foreign = linesOf(fields['services'] ?? '').flatMap((line) => {
    const [all, name, , hash] = SERVICE.exec(line) ?? [];
    if (all === undefined) throw lie('the services of its swarm');
    return hash === '-' ? [name!] : [];
  });
  return { self: readSelf(fields), nodes, foreign };
}

/** The tasks that should run, each as the container that it is on its node. */
export function readTasks(text: string, project: string, images: readonly LocalImage[]): ObservedContainer[] {
  return linesOf(text).flatMap((line): ObservedContainer[] => {
    const [all, service, id, hash, desired, state, code, slot, since, node, image] = TASK.exec(line) ?? [];
    if (all === undefined) throw lie('the tasks of its swarm');
    if (desired !== 'running' && desired !== 'ready') return [];
    return [
      {
        id: id!,
        name: `${project}_${service!}.${slot!}@${node!}`,
        project,
        service: service!,
        oneOff: false,
        image: image!,
        imageId: idOf(image!, images),
        hash: hash === '-' ? '' : hash!,
        engineHash: '',
        folder: '',
        status: state!,
        exitCode: code === '-' ? 0 : Number(code),
        health: undefined,
        startedAt: since!,
        restarts: 0,
        joined: [],
      },
    ];
  });
}

function idOf(image: string, images: readonly LocalImage[]): string {
  try {
    return imageId(image, images) ?? '';
  } catch {
    return '';
  }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function lie(what: string): Failure {
  return new Failure('remote', `what the server tells of ${what} has not the form of it`, {
    remedy: 'Look at what answers as docker on the server.',
  });
}
