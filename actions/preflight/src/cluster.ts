import { type Facts, type Known, type NodeFacts, askWays } from '@deploy-actions/readiness';
import {
  type SeenNode,
  networkRoom,
  refuseUnfit,
  sourcesOfNodes,
  stackObstacles,
} from '@deploy-actions/release';
import { Failure } from '@deploy-actions/kit';
import type { Server, Session } from '@deploy-actions/shell';
import type { Workspace } from '@deploy-actions/workspace';
import type { ClusterSeen, Seen, SeenServer } from './checks/check.ts';

/** A server that was looked at, before anything is known of the others. */
export interface LookedNode {
  server: Server;
  session: Session;
  node: Known<NodeFacts>;
  facts: Facts;
  obstacles: Seen['obstacles'];
}

/** Holds the nodes beside each other, the manager first, and asks each what it has and reaches. */
export async function seeCluster(
  looked: readonly LookedNode[],
  first: Server,
  workspace: Pick<Workspace, 'files'>,
): Promise<ReadonlyMap<Server, ClusterSeen>> {
  const manager = looked.find(({ server }) => server === first);
  const told = manager && 'is' in manager.node ? manager.node.is : undefined;
  const found = manager && 'is' in manager.facts.release ? manager.facts.release.is : undefined;
  const release =
    found?.cluster && manager?.obstacles
      ? stackObstacles(found, first.path, manager.obstacles.model, workspace.files)
      : undefined;
  const stack = release?.failure ? undefined : release?.stack;
  const sources = stack ? sourcesOfNodes(stack, first.path) : [];
  const servers = looked.map(({ server, node, facts }): SeenServer => ({
    server: server.name,
    facts: node,
    skew: facts.machine.skew,
  }));
  const ways = new Map(
    await Promise.all(
      looked.map(async ({ server, session, node }): Promise<[Server, ClusterSeen['ways']]> => {
        const self = 'is' in node ? node.is.self : undefined;
        if (!told || told.refusal || !self) return [server, undefined];
        const ready = new Set(told.nodes.filter(({ isReady }) => isReady).map(({ id }) => id));
        const asked = [...told.addresses].flatMap(([id, addresses]) =>
          id !== self.id && ready.has(id) ? addresses : [],
        );
        const answer = await askWays(session, sources, asked);
        return [server, 'is' in answer ? { is: { ...answer.is, asked } } : answer];
      }),
    ),
  );
  const seen = looked.flatMap(({ server, node }): SeenNode[] => {
    const self = 'is' in node ? node.is.self : undefined;
    const way = ways.get(server);
    if (!self || !('is' in node) || !way || !('is' in way)) return [];
    return [{ server: server.name, self: { ...self, ipvs: node.is.ipvs }, missing: way.is.missing }];
  });
  const unfit = stack && found?.cluster && caught(() => refuseUnfit(stack, found.cluster!, seen));
  const room = stack && told && networkRoom(stack, told.nodes.length, told.subnetSize ?? 24);
  return new Map(
    looked.map(({ server, node }): [Server, ClusterSeen] => [
      server,
      { isFirst: server === first, own: node, servers, ways: ways.get(server), release, unfit, room },
    ]),
  );
}

/** The Failure of what does not fit the nodes, where a rule of the deployment throws one. */
function caught(judge: () => void): Failure | undefined {
  try {
    judge();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}
