import {
  ALONE,
  type Operation,
  type TogetherOptions,
  fleetFailure,
  operationHash,
  runTogether,
} from '@deploy-actions/host';
import type { Session } from '@deploy-actions/shell';
import { SETTLE } from './program/index.ts';
import type { SeenServer } from './server.ts';

/**
 * Lets the server finish or give back what was cut off, before anything is decided by what it looks like. True when there
 * was something: then look again. Throws when the lock is not to be had.
 */
export async function settleInterrupted(
  { server, session, look }: SeenServer,
  about: Pick<Operation, 'deploymentId' | 'lockTimeout' | 'holder'>,
  reopen: () => Promise<Session>,
  options: TogetherOptions,
): Promise<boolean> {
  if (!look.unfinished.some(({ running }) => !running)) return false;
  options.log.info(`${server.name}: an earlier run was cut off: it is finished or given back first`);
  const outcomes = await runTogether(
    [
      {
        name: server.name,
        session,
        reopen,
        operation: {
          ...about,
          path: server.path,
          // The program recovers what was cut off before it does what it is for; it is for nothing else.
          name: 'settle',
          program: SETTLE.with({}),
          inputHash: operationHash([about.deploymentId, options.clock.wall().getTime()]),
        },
      },
    ],
    ALONE,
    options,
  );
  const failure = fleetFailure(outcomes, {});
  if (failure) throw failure;
  return true;
}
