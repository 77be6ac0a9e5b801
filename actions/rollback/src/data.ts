import { restoreOperation } from '@deploy-actions/archive';
import { ALONE, fleetFailure, outcomeText, runTogether, succeeded } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import type { SeenServer } from '@deploy-actions/traffic';
import { EMPTY, type RollbackInputs } from './fields.ts';
import { about } from './operations.ts';
import type { World } from './world.ts';

/**
 * Brings the data of a backup back before anything else is changed, on the first server of `host`, or on each
 * (`migrate-on`). Throws a Failure where it could not: then no release was rolled back.
 */
export async function restoreData(
  backup: string,
  acting: readonly SeenServer[],
  first: string,
  inputs: RollbackInputs,
  world: World,
  deploymentId: string,
): Promise<void> {
  const concerned =
    inputs['migrate-on'] === 'each' ? acting : acting.filter(({ server }) => server.name === first);
  if (concerned.length === 0) {
    throw new Failure('input', `\`restore-backup\` is for ${first}, and nothing is to be rolled back there`, {
      input: 'restore-backup',
      remedy:
        'If the data came back before, leave it out and set allow-past-migration: true; if each server has a database of its own, set migrate-on: each.',
    });
  }
  const outcomes = await runTogether(
    concerned.map(({ server, session }) => ({
      name: server.name,
      session,
      reopen: () => world.connect(server),
      operation: restoreOperation(about(server, deploymentId, inputs, world), {
        backup,
        step: 'restore',
        sources: [],
        project: inputs.project,
        dockerHost: server.dockerHost,
        minFreeDisk: 0,
        timeout: inputs['migrate-timeout'],
        attempt: world.workflow.runAttempt,
      }),
    })),
    ALONE,
    world,
  );
  for (const outcome of outcomes) {
    const { backup: id, replaced } = outcome.result?.fields ?? {};
    const text = succeeded(outcome)
      ? `the data of the backup ${id} came back; those from before are kept as ${replaced}`
      : outcomeText(outcome);
    world.log.info(`${outcome.name}: ${text}`);
  }
  const failure = fleetFailure(outcomes, EMPTY, concerned.length > 1);
  if (!failure) return;
  // Its outputs are none of a rollback's.
  throw new Failure(failure.kind, `${failure.message}; nothing was rolled back`, {
    ...failure,
    cause: failure.cause,
    outputs: undefined,
  });
}
