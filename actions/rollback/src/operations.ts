import type { Member, Operation } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { redeployOperation, takesDataBack } from '@deploy-actions/release/recorded';
import type { RollbackDecision } from '@deploy-actions/ledger';
import type { Ports } from '@deploy-actions/runner';
import type { Server } from '@deploy-actions/shell';
import { type SeenServer, flipOperation } from '@deploy-actions/traffic';
import type { MovingDecision } from './compensation.ts';
import type { RollbackInputs } from './fields.ts';
import type { World } from './world.ts';

/** A server with what is to be done there. */
export interface Acting<D extends RollbackDecision = RollbackDecision> extends SeenServer {
  decision: D;
}

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
  /** The one that takes the data back for all; undefined: each its own. */
  database: string | undefined;
  /** The backup whose data come back on this server. */
  backup: string | undefined;
  /** Of a cluster: whether this is the manager that changes it, or another node. */
  place: 'server' | 'manager' | 'node';
}

/** What a decision comes to on its server. */
export function memberOf(
  seen: SeenServer,
  decision: MovingDecision,
  inputs: RollbackInputs,
  world: World,
  deploymentId: string,
  { hosts, database, backup, place }: Together,
): Member {
  const { server, session } = seen;
  const options = {
    project: inputs.project,
    waitSeconds: Math.ceil(inputs['wait-timeout'] / 1000),
    hosts,
    // Another node of a cluster waits until the manager has ended, forth and perhaps back.
    goSeconds: place === 'node' ? GO_SECONDS + clusterSeconds(inputs) : GO_SECONDS,
    common: { ...about(server, deploymentId, inputs, world), name: 'rollback' },
  };
  const operation =
    decision.kind === 'flip'
      ? flipOperation(seen, decision, { ...options, place, goSeconds: GO_SECONDS })
      : redeployOperation(seen, decision, {
          ...options,
          patience: world.patience,
          commands: inputs,
          database,
          backup,
          place,
        });
  return { name: server.name, session, reopen: () => world.connect(server), operation };
}

/** How long the manager of a cluster may take. */
function clusterSeconds(inputs: RollbackInputs): number {
  const commands = inputs['down-migrate'].length + inputs['restore-backup'].length;
  return Math.ceil((2 * inputs['wait-timeout'] + commands * inputs['migrate-timeout']) / 1000);
}

/** Throws where the data are to be taken back while the traffic is only moved. */
export function refuseCommands(inputs: RollbackInputs): void {
  if (!takesDataBack(inputs)) return;
  throw new Failure(
    'input',
    '`down-migrate` and `restore-backup` cannot run while the traffic is only moved',
    {
      input: inputs['down-migrate'].length > 0 ? 'down-migrate' : 'restore-backup',
      remedy: 'Use mode: redeploy, or migrate down in a step of its own and set allow-past-migration: true.',
    },
  );
}

/** A refusal before anything was changed, with the server that it is about. */
export function ofServer(name: string, error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  return new Failure(error.kind, `${name}: ${error.message}. Nothing was changed on any server`, {
    ...error,
    cause: error.cause,
  });
}
