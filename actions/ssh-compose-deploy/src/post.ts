import { type RunReference, readResult } from '@deploy-actions/host';
import { messageOf } from '@deploy-actions/kit';
import { serversOf, withSessions } from '@deploy-actions/shell';
import type { DeployInputs } from './fields.ts';
import type { World } from './world.ts';

/**
 * After a step that did not see the end of its deployment: says what each server is doing. The programs there
 * finish or restore by themselves; nothing is stopped, since half a deployment is worse than a whole one. `state` is what
 * main has kept; it does nothing where main started nothing, or saw the end itself.
 */
export async function afterDeploy(
  inputs: DeployInputs,
  world: World,
  state: (name: string) => string,
): Promise<void> {
  if (state('runs') === '' || state('ended') === 'true') return;
  const references = JSON.parse(state('runs')) as (RunReference & { name: string })[];
  await withSessions(world, async ({ connect, log }) => {
    for (const server of serversOf(inputs)) {
      const reference = references.find((one) => one.name === server.name);
      if (!reference) continue;
      const { deploymentId, operation } = reference;
      const what = operation === 'pull' ? 'the pull for the deployment' : 'the deployment';
      const goesOn =
        operation === 'pull'
          ? 'what it pulls is found by the deployment'
          : 'it finishes, or restores the release before. Run the step again with the same deployment-id to see its outcome';
      try {
        const result = await readResult(await connect(server), reference);
        log.notice(
          result
            ? `${server.name}: ${what} ${deploymentId} has ended: ${result.failure?.message ?? result.outcome}`
            : `${server.name}: ${what} ${deploymentId} goes on by itself; ${goesOn}.`,
        );
      } catch (error) {
        log.warning(
          `${server.name}: what became of ${what} ${deploymentId} is not known: ${messageOf(error)}`,
        );
      }
    }
  });
}
