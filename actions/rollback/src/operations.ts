import type { Member, Operation } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { redeployOperation } from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import type { Server } from '@deploy-actions/shell';
import { type SeenServer, flipOperation } from '@deploy-actions/traffic';
import type { MovingDecision } from './compensation.ts';
import type { RollbackInputs } from './fields.ts';
import type { World } from './world.ts';

/** A server waits this long for the others before it stops without having changed anything. */
const GO_SECONDS = 120;

/** What is the same for every operation of a rollback on a server. */
export function about(
  server: Server,
  deploymentId: string,
  inputs: RollbackInputs,
  ports: Ports,
): Pick<Operation, 'path' | 'deploymentId' | 'lockTimeout' | 'holder'> {
  return {
    path: server.path,
    deploymentId,
    lockTimeout: inputs['lock-timeout'],
    holder: { actor: ports.workflow.actor, runUrl: ports.workflow.runUrl },
  };
}

/** What an operation has to know of the others. */
export interface Together {
  /** How many servers go back. */
  hosts: number;
  /** The one that runs the user's commands for all; undefined: each its own. */
  database: string | undefined;
}

/** What a decision comes to on its server. */
export function memberOf(
  seen: SeenServer,
  decision: MovingDecision,
  inputs: RollbackInputs,
  world: World,
  deploymentId: string,
  { hosts, database }: Together,
): Member {
  const { server, session } = seen;
  const options = {
    project: inputs.project,
    waitSeconds: Math.ceil(inputs['wait-timeout'] / 1000),
    hosts,
    goSeconds: GO_SECONDS,
    common: { ...about(server, deploymentId, inputs, world), name: 'rollback' },
  };
  if (decision.kind === 'flip') refuseCommands(inputs);
  const operation =
    decision.kind === 'flip'
      ? flipOperation(seen, decision, options)
      : redeployOperation(seen, decision, {
          ...options,
          patience: world.patience,
          commands: inputs,
          database,
        });
  return { name: server.name, session, reopen: () => world.connect(server), operation };
}

/** Throws where the data are to be changed while the traffic is only moved. */
export function refuseCommands(inputs: RollbackInputs): void {
  if (!changesData(inputs)) return;
  throw new Failure(
    'input',
    '`down-migrate` and `restore-backup` cannot run while the traffic is only moved',
    {
      input: 'down-migrate',
      remedy: 'Use mode: redeploy, or migrate down in a step of its own and set allow-past-migration: true.',
    },
  );
}

/** Whether something is to undo what was done to the data. */
export function changesData(inputs: RollbackInputs): boolean {
  const count = inputs['down-migrate'].length + inputs['restore-backup'].length;
  return count > 0 || inputs.backup !== undefined;
}
