import { RETURNING_KINDS, type Source } from '@deploy-actions/archive';
import type { NodeSelf } from '@deploy-actions/engine/stack';
import { Failure } from '@deploy-actions/kit';
import type { BackupRecord } from '@deploy-actions/ledger';
import type { Server } from '@deploy-actions/shell';
import type { BackupInputs } from './fields.ts';
import { backupOn } from './look.ts';
import { type Place, type RunningTask, type SeenNode, lookAtNodes, nodesWith, openAll } from './nodes.ts';
import type { World } from './world.ts';

/** What comes back in a cluster: databases that stay up meanwhile. What needs its service stopped the cluster would start again. */
const RETURNING_IN_CLUSTER: readonly string[] = ['postgres', 'mysql', 'mariadb', 'path'];

/**
 * Where a backup comes back: on each server with Compose; of a cluster on the nodes that hold it, whose services must run there still.
 * Throws the Failure of what cannot be right, before anything changes.
 */
export async function returnPlaces(
  servers: readonly Server[],
  chosen: readonly Source[],
  backup: string,
  inputs: BackupInputs,
  world: World,
): Promise<Place[]> {
  const { sessions, engine } = await openAll(servers, world);
  if (engine === 'compose')
    return servers.map((server, index) => ({
      ...{ server, session: sessions[index]!, engine, sources: chosen, pause: [] },
    }));
  const held = await Promise.all(
    servers.map((server, index) => backupOn(server, sessions[index]!, backup, inputs, world)),
  );
  const wanted = held.map((one) => rowsOf(one, chosen));
  const all = wanted.flat();
  if (all.length === 0) {
    throw new Failure(
      'refused',
      held.some(Boolean)
        ? `the backup ${backup} has nothing of what is asked for on the nodes that are given`
        : `none of the nodes that are given has the backup ${backup}`,
      {
        code: 'backup-unknown',
        input: 'restore',
        remedy:
          'The action backup with list: true shows which node has which. Name that node in `host`; its folder can be brought there by hand.',
      },
    );
  }
  const stopping = all.find(({ kind }) => !RETURNING_IN_CLUSTER.includes(kind));
  if (stopping !== undefined) {
    throw new Failure(
      'refused',
      `${stopping.kind === 'volume' ? `the volume ${stopping.names[0]}` : `the ${stopping.kind} of ${stopping.service}`} comes back only while its service stands still, and a swarm would start that again`,
      {
        code: 'request-refused',
        input: 'restore',
        remedy:
          'On a manager `docker service scale STACK_SERVICE=0`, bring it back by the commands of the manual on its node, and scale it up again. Name in `databases` and `paths` what is to come back by this.',
      },
    );
  }
  const { nodes, tasks } = await lookAtNodes(servers, sessions, all, inputs, world);
  const places: Place[] = [];
  let index = 0;
  for (const [at, rows] of wanted.entries()) {
    const { server, session, self } = nodes[at]!;
    for (const row of rows) {
      if (row.kind !== 'path') checkIsThere(row, index, at, { nodes, tasks, self, backup }, inputs);
      index += 1;
    }
    if (rows.length > 0) places.push({ server, session, engine, sources: rows, pause: [] });
  }
  return places;
}

/** The service of what comes back must run on the node that holds its backup, and nowhere else. */
function checkIsThere(
  row: Source,
  index: number,
  at: number,
  {
    nodes,
    tasks,
    self,
    backup,
  }: { nodes: readonly SeenNode[]; tasks: readonly RunningTask[]; self: NodeSelf; backup: string },
  inputs: BackupInputs,
): void {
  const [node] = nodesWith(row, index, nodes, tasks, inputs);
  if (node === at) return;
  throw new Failure(
    'refused',
    `the backup ${backup} of ${row.service} is on the node ${self.name}, and ${row.service} runs on ${nodes[node!]!.self.name}`,
    {
      code: 'request-refused',
      input: 'restore',
      remedy: `Copy ${nodes[at]!.server.path}/backups/${backup} to that node, with the owner and modes that it has, and name that node and the manager alone in \`host\`.`,
    },
  );
}

/** What a node's part of a backup has of what is chosen; all that comes back, where nothing is. */
function rowsOf(held: Pick<BackupRecord, 'files'> | undefined, chosen: readonly Source[]): Source[] {
  const rows: Source[] = [];
  for (const { kind, service, source } of held?.files ?? []) {
    if (!RETURNING_KINDS.includes(kind)) continue;
    const isChosen =
      chosen.length === 0 ||
      chosen.some(
        (one) =>
          one.kind === kind &&
          one.service === service &&
          (one.names.length === 0 || one.names.includes(source)),
      );
    if (isChosen) rows.push({ kind: kind as Source['kind'], service, names: source === '' ? [] : [source] });
  }
  return rows;
}
