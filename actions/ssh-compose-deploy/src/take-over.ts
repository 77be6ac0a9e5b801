import type { MemberOutcome } from '@deploy-actions/host';
import type { Server } from '@deploy-actions/shell';
import type { Target } from './targets.ts';

/**
 * Where the manager that deployed was lost in the middle: the servers that are left, another manager first, which goes on with
 * the deployment. It has the release; whether the first one is really down the cluster tells it. Undefined where there is none.
 */
export function serversToGoOn(
  targets: readonly Target[],
  outcomes: readonly MemberOutcome[],
): Server[] | undefined {
  const outcomeOf = ({ server }: Target) => outcomes.find(({ name }) => name === server.name);
  const [first, ...others] = targets;
  if (!first || !outcomeOf(first)?.lost) return undefined;
  const left = others.filter((target) => outcomeOf(target)?.result);
  const next = left.find(isManager);
  return next && [next, ...left.filter((one) => one !== next)].map(({ server }) => server);
}

/** Only a manager gets what a manager deploys. */
function isManager({ prepared }: Target): boolean {
  return prepared.uploads.some(({ name }) => name.startsWith('release/stack/'));
}
