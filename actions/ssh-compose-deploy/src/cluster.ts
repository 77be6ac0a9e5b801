import type { HistoryEntry } from '@deploy-actions/ledger';
import {
  type ClusterSelf,
  type SeenNode,
  type TaskImage,
  clusterAdoption,
  countedUploads,
  discardStaging,
  inspectNode,
  leadingManager,
  lookFiles,
  nodePart,
  nodesNotGiven,
  refuseUnfit,
  sourcesOfNodes,
} from '@deploy-actions/release';
import type { Server } from '@deploy-actions/shell';
import type { Workspace } from '@deploy-actions/workspace';
import { type Target, prepareAll } from './targets.ts';
import type { World } from './world.ts';

/**
 * Makes a release for a cluster: by the first server, which must be a manager, or by another manager that knows of a later change
 * of what serves; then the other nodes are looked at. Throws the Failure of all that are not fit, before anything is changed.
 */
export async function prepareCluster(
  servers: readonly Server[],
  prepare: (server: Server) => Promise<Target>,
  workspace: Workspace,
  world: World,
): Promise<Target[]> {
  const [targets, managers] = await prepareBy(servers, prepare, workspace, world);
  const told = managers.map(({ server: { name }, history }) => ({ name, history }));
  const best = managers[leadingManager(told, world.log)]!.server;
  if (best === servers[0]) return targets;
  await Promise.all(targets.map(({ session, found: { staging } }) => discardStaging(session, staging)));
  const [again] = await prepareBy(
    [best, ...servers.filter((one) => one !== best)],
    prepare,
    workspace,
    world,
  );
  return again;
}

/** The same by the first server, whatever the others know; and what each manager knows of what has served. */
async function prepareBy(
  servers: readonly Server[],
  prepare: (server: Server) => Promise<Target>,
  workspace: Workspace,
  world: World,
): Promise<[Target[], { server: Server; history: readonly HistoryEntry[] }[]]> {
  const [first, ...others] = servers;
  const manager = await prepare(first!);
  const { found, prepared } = manager;
  const { stack } = prepared;
  const targets = [manager];
  try {
    if (!stack || !found.cluster) throw new TypeError('the first server was not looked at as a manager');
    const { nodes } = found.cluster;
    const sources = sourcesOfNodes(stack, first!.path);
    const seen: SeenNode[] = [
      {
        server: first!.name,
        self: found.cluster.self,
        missing: sources.filter((one) => !isThere(one, manager)),
      },
    ];
    const images: TaskImage[] = [...found.cluster.images];
    const managers = new Set<Target>();
    const told = new Map<Server, readonly HistoryEntry[]>();
    const isManager = ({ id }: ClusterSelf) => nodes.some((one) => one.id === id && one.isManager);
    const looked = await prepareAll(others, async (server) => {
      const session = await world.connect(server);
      const view = await inspectNode(
        session,
        {
          path: server.path,
          files: lookFiles({ path: server.path, files: workspace.files, composeFiles: [] }),
          dockerHost: server.dockerHost,
          sources,
          project: prepared.adopts ? found.project : '',
        },
        { signal: world.signal, followed: true },
      );
      seen.push({ server: server.name, self: view.self, missing: view.missing });
      images.push(...view.images);
      const target = {
        server,
        session,
        found: { ...found, staging: view.staging },
        prepared,
        backup: undefined,
      };
      if (isManager(view.self)) {
        managers.add(target);
        told.set(server, view.history);
      }
      return target;
    });
    targets.push(...looked);
    refuseUnfit(stack, found.cluster, seen);
    takenOver(manager, images);
    // Each manager must be able to bring it back.
    for (const node of looked) node.prepared = nodePart(prepared, managers.has(node));
    const missing = nodesNotGiven(found.cluster, seen).map(({ name }) => name);
    if (missing.length > 0) {
      prepared.warnings.push(
        `the swarm has nodes that are not in \`host\`: ${missing.join(', ')}. A task that comes there needs an image that the node can pull without a login, and keeps no release for a way back; what is mounted must be there`,
      );
    }
    const knowing = others.flatMap((server) => {
      const history = told.get(server);
      return history ? [{ server, history }] : [];
    });
    return [targets, [{ server: first!, history: found.history }, ...knowing]];
  } catch (error) {
    await Promise.all(targets.map(({ session, found: { staging } }) => discardStaging(session, staging)));
    throw error;
  }
}

/**
 * The uploads of a stack that is taken over, and notes of what it comes back with. Where nothing is, what runs as the release
 * wants it although somebody else deployed it is noted all the same.
 */
function takenOver({ found, prepared }: Target, images: readonly TaskImage[]): void {
  const { held } = found.cluster!;
  const { adopts, counted = new Map<string, string>() } = prepared;
  const { uploads, notes } =
    adopts && held !== undefined
      ? clusterAdoption(found.project, held, images, counted)
      : { uploads: countedUploads(counted), notes: [] };
  prepared.uploads.push(...uploads);
  prepared.notes.push(...notes);
}

/** Whether the manager has a source: in shared/ of the application, or anywhere else. */
function isThere(source: string, { found, server }: Target): boolean {
  const shared = `${server.path}/shared/`;
  return source.startsWith(shared)
    ? found.shared.has(source.slice(shared.length))
    : source === shared.slice(0, -1) || found.there.has(source);
}
