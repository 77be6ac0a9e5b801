import { type RunReference, readResult } from '@deploy-actions/host';
import { messageOf } from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { openSession, serversOf } from '@deploy-actions/shell';
import type { DeployInputs } from './fields.ts';

/**
 * After a step that did not see the end of its deployment: says what each server is doing. The programs there
 * finish or restore by themselves; nothing is stopped, since half a deployment is worse than a whole one.
 */
export async function afterCancellation(inputs: DeployInputs, ports: Ports, runs: string): Promise<void> {
  const references = JSON.parse(runs) as (RunReference & { name: string })[];
  for (const server of serversOf(inputs)) {
    const reference = references.find((one) => one.name === server.name);
    if (!reference) continue;
    try {
      const session = await openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal });
      try {
        const result = await readResult(session, reference);
        ports.log.notice(
          result
            ? `${server.name}: the deployment ${reference.deploymentId} has ended: ${result.failure?.message ?? result.outcome}`
            : `${server.name}: the deployment ${reference.deploymentId} goes on by itself; it finishes, or restores the release before. Run the step again with the same deployment-id to see its outcome.`,
        );
      } finally {
        await session.close();
      }
    } catch (error) {
      ports.log.warning(
        `${server.name}: what became of the deployment ${reference.deploymentId} is not known: ${messageOf(error)}`,
      );
    }
  }
}
