import type { Member, Operation } from '@deploy-actions/host';
import { deploymentIdOf } from '@deploy-actions/ledger';
import type { Server, Session } from '@deploy-actions/shell';
import type { BackupInputs } from './fields.ts';
import type { World } from './world.ts';

/** What is the same of every operation of this action. */
export type Shared = Pick<Operation, 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;

/** A server with what it is to do. */
export function memberOf(
  server: Server,
  session: Session,
  operation: (shared: Shared) => Operation,
  inputs: BackupInputs,
  world: World,
): Member {
  const { actor, runUrl } = world.workflow;
  return {
    name: server.name,
    session,
    reopen: () => world.connect(server),
    operation: operation({
      path: server.path,
      deploymentId: deploymentIdOf(inputs['deployment-id'], world.workflow),
      lockTimeout: inputs['lock-timeout'],
      holder: { actor, runUrl },
    }),
  };
}
