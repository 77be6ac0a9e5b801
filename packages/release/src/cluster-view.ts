import { type LocalImage, type ObservedContainer, imageId } from '@deploy-actions/compose';
import {
  type ClusterNode,
  type NodeSelf,
  readNodeSelf,
  readNodes,
  readServices,
  readTasks as readClusterTasks,
  shouldRun,
} from '@deploy-actions/engine/stack';

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
  /** Services of the stack that bear no hash of ours. */
  foreign: readonly string[];
}

/** Reads `engine_node`. Throws the Failure of a server whose answer has not its form. */
export function readSelf(fields: Readonly<Record<string, string>>): ClusterSelf {
  return { ...readNodeSelf(fields['node'] ?? ''), ipvs: fields['ipvs'] === 'true' };
}

/** Reads what a manager has told; undefined where none was asked. */
export function readCluster(fields: Readonly<Record<string, string>>): Cluster | undefined {
  if (fields['nodes'] === undefined) return undefined;
  const nodes = readNodes(fields['nodes']);
  const foreign = readServices(fields['services'] ?? '').filter(({ hash }) => hash === '-');
  return { self: readSelf(fields), nodes, foreign: foreign.map(({ name }) => name) };
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
