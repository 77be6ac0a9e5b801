import type { Member, Operation } from '@deploy-actions/host';
import { deploymentIdOf } from '@deploy-actions/ledger';
import type { SeenServer } from '@deploy-actions/traffic';
import type { SwitchInputs } from './fields.ts';
import type { World } from './world.ts';

/** A server with what it is to do; the rest is the same for every operation of this action. */
export function memberOf(
  { server, session }: Pick<SeenServer, 'server' | 'session'>,
  operation: Omit<Operation, 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>,
  inputs: SwitchInputs,
  world: World,
): Member {
  const { actor, runUrl } = world.workflow;
  return {
    name: server.name,
    session,
    reopen: () => world.connect(server),
    operation: {
      ...operation,
      path: server.path,
      deploymentId: deploymentIdOf(inputs['deployment-id'], world.workflow),
      lockTimeout: inputs['lock-timeout'],
      holder: { actor, runUrl },
    },
  };
}
