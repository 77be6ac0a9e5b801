import { type Protocol, afterTheEndOf } from '@deploy-actions/host';
import { Failure, type Log } from '@deploy-actions/kit';
import { type RollbackDecision, engineFor, lastEngine, releaseOfLink } from '@deploy-actions/ledger';
import { leadingManager, notBuilt } from '@deploy-actions/release';
import { type SeenServer, checkCluster } from '@deploy-actions/traffic';
import type { RollbackInputs } from './fields.ts';

/** Whether what serves was deployed to a cluster. Throws the `engine-differs` Failure where another engine is asked for. */
export function runsInCluster({ look }: SeenServer, { engine }: Pick<RollbackInputs, 'engine'>): boolean {
  const current = releaseOfLink(look.current);
  const asked = engine === 'auto' ? lastEngine(current, look.releases) : engine;
  const serving = look.releases.filter(({ id }) => id === current);
  return engineFor(asked, serving) === 'swarm';
}

/** The servers with the manager first that knows best what serves, in a cluster; as they were given else. */
export function bestKnowingFirst<T extends SeenServer>(
  seen: readonly T[],
  inputs: Pick<RollbackInputs, 'engine'>,
  { log }: { log: Log },
): readonly T[] {
  const first = seen[0]!;
  const isManager = (one: T) => one.look.cluster?.isManager === true && runsInCluster(one, inputs);
  const managers = seen.filter((one) => one === first || isManager(one));
  const told = managers.map(({ server: { name }, look: { history } }) => ({ name, history }));
  const best = managers[leadingManager(told, log)]!;
  if (best === first) return seen;
  return [best, ...seen.filter((one) => one !== best)];
}

/** What is not done in a cluster is refused by its name. */
export function checkForCluster(inputs: RollbackInputs): void {
  if (inputs.backup !== undefined) {
    throw notBuilt(
      'restore-backup',
      'brings no backup back',
      'Bring the data back in a step of its own, and set allow-past-migration: true.',
    );
  }
}

/**
 * How a cluster goes back: all nodes have the images before anything is changed; then the first server, a manager, goes on by
 * itself to the end; the others hear which release serves then.
 */
export function afterManager(manager: string): Protocol {
  return {
    steps: [
      { step: 'meet', at: { phase: 'preflight', state: 'ready' }, go: true },
      afterTheEndOf(manager, ['to']),
    ],
  };
}

/** Refuses what cannot be done to the colours of a cluster, before anything changes. */
export function checkDecision(seen: readonly SeenServer[], decision: RollbackDecision): void {
  checkCluster(seen, decision.kind === 'flip' ? decision.to : undefined);
  if (decision.kind !== 'recolor') return;
  throw new Failure(
    'refused',
    `${decision.release.id} stands by in no colour of the swarm, and is not brought up there by a rollback`,
    {
      input: 'to',
      remedy: `Deploy ${decision.release.version} again with \`color: ${decision.to}\` (ssh-compose-deploy), then move the traffic (blue-green-switch).`,
    },
  );
}
