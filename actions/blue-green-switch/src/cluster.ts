import { Failure } from '@deploy-actions/kit';
import type { Color } from '@deploy-actions/ledger';
import { type SeenServer, checkCluster } from '@deploy-actions/traffic';
import type { SwitchInputs } from './fields.ts';

/** What a switch of a cluster's proxies cannot do is refused by its name. */
export function checkForCluster(seen: readonly SeenServer[], inputs: SwitchInputs, target?: Color): void {
  checkCluster(seen, target);
  if (!seen[0]!.look.cluster) return;
  if (inputs['live-only-services'].length > 0) {
    throw refused('live-only-services', 'has no services that come and go with the traffic', 'Leave it out.');
  }
  if (inputs.proxy === 'managed') {
    throw refused(
      'proxy',
      'has no managed proxy',
      'Run the proxy in a container of its own on each node, and install into its file.',
    );
  }
}

function refused(input: string, what: string, remedy: string): Failure {
  return new Failure('input', `input \`${input}\`: a swarm ${what}`, { input, remedy });
}
