import type { MemberOutcome } from '@deploy-actions/host';
import { Failure, type Log, messageOf } from '@deploy-actions/kit';
import { type HistoryEntry, bestKnowing } from '@deploy-actions/ledger';
import type { Server } from '@deploy-actions/shell';

/** A node that something was done on, the one that led first. */
export interface LedNode {
  server: Server;
  /** Only a manager has what a manager brings up. */
  isManager: boolean;
}

/**
 * Where the manager that led was lost in the middle: does it again with the servers that are left, another manager first, which
 * goes on with what was begun. Whether the first one is really down the cluster tells it. Undefined where the first was not lost,
 * or no other manager is left. A failure of the second says that the first was lost before, where it tells nothing of what runs.
 */
export function goOnElsewhere<T>(
  nodes: readonly LedNode[],
  outcomes: readonly MemberOutcome[],
  log: Log,
  again: (servers: readonly Server[]) => Promise<T>,
): Promise<T> | undefined {
  const [first, ...others] = nodes;
  const outcomeOf = ({ server }: LedNode) => outcomes.find(({ name }) => name === server.name);
  const lost = first && outcomeOf(first)?.lost;
  if (lost === undefined) return undefined;
  const left = others.filter((one) => outcomeOf(one)?.result);
  const next = left.find(({ isManager }) => isManager);
  if (!next) return undefined;
  log.warning(
    `${first!.server.name} was lost in the middle (${messageOf(lost)}): ${next.server.name}, another manager, goes on`,
  );
  const servers = [next, ...left.filter((one) => one !== next)].map(({ server }) => server);
  return again(servers).catch((error: unknown) => {
    throw withLoss(error, first!.server.name);
  });
}

function withLoss(error: unknown, lost: string): unknown {
  if (!(error instanceof Failure) || error.kind === 'unhealthy') return error;
  return new Failure(error.kind, `${error.message}. ${lost}, the first manager, was lost before`, {
    ...error,
    cause: error,
  });
}

/**
 * The manager that leads, by its place: the first, unless another one knows of a later change of what serves (`bestKnowing`), which
 * is told.
 */
export function leadingManager(
  managers: readonly { name: string; history: readonly HistoryEntry[] }[],
  log: Log,
): number {
  const best = bestKnowing(managers.map(({ history }) => history));
  if (best > 0) {
    const [first, leads] = [managers[0]!.name, managers[best]!.name];
    log.info(
      `${leads} knows of a later release than ${first}, which was left out of a deployment or was down at its end: ${leads} leads this one`,
    );
  }
  return best;
}
