import { type LocalImage, type ObservedContainer, imageId } from '@deploy-actions/compose';
import {
  type ClusterNode,
  type ClusterTask,
  type HeldService,
  type NodeSelf,
  readNodeSelf,
  readNodes,
  readServices,
  readTasks as readClusterTasks,
  shouldRun,
} from '@deploy-actions/engine/stack';
import { type HeldStack, type TaskImage, readHeldStack, readTaskImages } from './held-stack.ts';

/** A server as the node of a cluster. */
export interface ClusterSelf extends NodeSelf {
  /** Its kernel can spread connections over tasks, as ports on the mesh and virtual addresses need it. */
  ipvs: boolean;
}

export type { ClusterNode };

/** A cluster as one of its managers tells of it. */
export interface Cluster {
  self: ClusterSelf;
  nodes: readonly ClusterNode[];
  /** Of the project's stack. */
  services: readonly HeldService[];
  /** Those of them that bear no hash of ours. */
  foreign: readonly string[];
  /** Of these the SHA-256 of the configuration that each has. */
  sums: ReadonlyMap<string, string>;
  /** The tasks of the stack that should run. */
  tasks: readonly ClusterTask[];
  /** The stack whole, where it may be taken over; undefined otherwise. */
  held: HeldStack | undefined;
  /** What services that are to be taken over were made from, on the manager. */
  images: readonly TaskImage[];
}

/** Reads `engine_node`. Throws the Failure of a server whose answer has not its form. */
export function readSelf(fields: Readonly<Record<string, string>>): ClusterSelf {
  return { ...readNodeSelf(fields['node'] ?? ''), ipvs: fields['ipvs'] === 'true' };
}

/** Reads what a manager has told; undefined where none was asked. */
export function readCluster(fields: Readonly<Record<string, string>>): Cluster | undefined {
  if (fields['nodes'] === undefined) return undefined;
  const nodes = readNodes(fields['nodes']);
  const services = readServices(fields['services'] ?? '');
  return {
    self: readSelf(fields),
    nodes,
    services,
    foreign: services.filter(({ hash }) => hash === '-').map(({ name }) => name),
    sums: new Map(
      (fields['service_sums'] ?? '')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split(' ', 2) as [string, string]),
    ),
    tasks: readClusterTasks(fields['tasks'] ?? '').filter(shouldRun),
    held:
      fields['service_specs'] === undefined
        ? undefined
        : readHeldStack(fields['service_specs'], fields['cluster_networks'] ?? ''),
    images: readTaskImages(fields['task_images'] ?? ''),
  };
}

/** The tasks that should run, each as the container that it is on its node. */
export function readTasks(text: string, project: string, images: readonly LocalImage[]): ObservedContainer[] {
  return readClusterTasks(text)
    .filter(shouldRun)
    .map(({ id, service, slot, node, image, hash, state, exitCode, since }): ObservedContainer => ({
      id,
      name: `${project}_${service}.${slot}@${node}`,
      project,
      service,
      oneOff: false,
      image,
      imageId: idOf(image, images),
      hash: hash === '-' ? '' : hash,
      engineHash: '',
      folder: '',
      status: state,
      exitCode: exitCode ?? 0,
      health: undefined,
      startedAt: since,
      restarts: 0,
      joined: [],
    }));
}

function idOf(image: string, images: readonly LocalImage[]): string {
  try {
    return imageId(image, images) ?? '';
  } catch {
    return '';
  }
}
