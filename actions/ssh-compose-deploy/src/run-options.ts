import type { PullOptions } from '@deploy-actions/release';
import { registryLogin } from '@deploy-actions/release';
import type { Workflow } from '@deploy-actions/runner';
import type { DeployInputs } from './fields.ts';
import type { Target } from './targets.ts';
import type { World } from './world.ts';

/** What is the same of a deployment and of the pull before it. */
export function runOptions(
  { server }: Pick<Target, 'server'>,
  inputs: DeployInputs,
  { workflow }: Pick<World, 'workflow'>,
  deploymentId: string,
): Omit<PullOptions, 'pull'> {
  return {
    path: server.path,
    deploymentId,
    dockerHost: server.dockerHost,
    pullTimeout: inputs['pull-timeout'],
    registry: registryLogin(inputs),
    minFreeDisk: inputs['min-free-disk'],
    minFreeInodes: inputs['min-free-inodes'],
    order:
      workflow.runNumber > 0
        ? { key: orderKey(workflow), number: workflow.runNumber, attempt: workflow.runAttempt }
        : undefined,
    allowOlder: inputs['allow-older'],
    lockTimeout: inputs['lock-timeout'],
    holder: { actor: workflow.actor || 'somebody', runUrl: workflow.runUrl },
  };
}

function orderKey(workflow: Workflow): string {
  return `${workflow.repository}/${workflow.workflow}`.replace(/[^A-Za-z0-9._-]+/g, '-');
}
