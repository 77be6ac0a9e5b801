import { type Member, type Operation, operationHash } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { jsonText } from '@deploy-actions/ledger';
import { REDEPLOY } from '@deploy-actions/release';
import { type Hook, hookFile } from '@deploy-actions/release/hook';
import type { Ports } from '@deploy-actions/runner';
import type { Server } from '@deploy-actions/shell';
import {
  type SeenServer,
  flipProgram,
  liveOnlyServices,
  proxyOf,
  siteOn,
  siteParameters,
  switchParameters,
} from '@deploy-actions/traffic';
import type { Decision } from './decision.ts';
import type { RollbackInputs } from './fields.ts';
import type { World } from './world.ts';

/** A server waits this long for the others before it stops without having changed anything. */
const GO_SECONDS = 120;

/** So long it waits for the user's commands on another one. */
const DATABASE_SECONDS = 3600;

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
  decision: Exclude<Decision, { kind: 'nothing' | 'recolor' }>,
  inputs: RollbackInputs,
  world: World,
  deploymentId: string,
  together: Together,
): Member {
  const { server, session } = seen;
  const common = { ...about(server, deploymentId, inputs, world), name: 'rollback' };
  const operation =
    decision.kind === 'flip'
      ? flipOperation(seen, decision, inputs, world, together.hosts, common)
      : redeployOperation(seen, decision, inputs, world, together, common);
  return { name: server.name, session, reopen: () => world.connect(server), operation };
}

export type Common = Pick<Operation, 'name' | 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;

function flipOperation(
  seen: SeenServer,
  decision: Extract<Decision, { kind: 'flip' }>,
  inputs: RollbackInputs,
  ports: Ports,
  hosts: number,
  common: Common,
): Operation {
  if (inputs['down-migrate'].length + inputs['restore-backup'].length > 0) {
    throw new Failure(
      'input',
      '`down-migrate` and `restore-backup` cannot run while the traffic is only moved',
      {
        input: 'down-migrate',
        remedy:
          'Use mode: redeploy, or migrate down in a step of its own and set allow-past-migration: true.',
      },
    );
  }
  const site = siteOn(seen.look, inputs.project);
  const parameters = {
    ...siteParameters(
      site,
      { url: site.url, connect: site.connect, version: '', seconds: 30 },
      seen.server.dockerHost,
    ),
    ...switchParameters({
      target: decision.to,
      liveOnly: liveOnlyServices(seen.look),
      trafficFirst: true,
      hosts,
      goSeconds: GO_SECONDS,
      actor: ports.workflow.actor,
      runUrl: ports.workflow.runUrl,
      reason: decision.reason,
    }),
    start_target: String(Math.ceil(inputs['wait-timeout'] / 1000)),
    marks_bad: decision.fromRelease,
    expect_slot: decision.slot,
  };
  return {
    ...common,
    program: flipProgram(site.kind).take(parameters),
    // No timers: what is rolled back stays so.
    files: proxyOf(site.kind).files(site),
    inputHash: operationHash(['flip', decision.to, seen.look.share, seen.look.traffic?.fence ?? 0]),
  };
}

function redeployOperation(
  seen: SeenServer,
  decision: Extract<Decision, { kind: 'redeploy' }>,
  inputs: RollbackInputs,
  ports: Ports,
  { hosts, database }: Together,
  common: Common,
): Operation {
  return {
    ...common,
    program: REDEPLOY.with({
      project: inputs.project,
      base_project: inputs.project,
      release: decision.release.id,
      failed_release: decision.from,
      docker_host: seen.server.dockerHost ?? '',
      wait_timeout: String(Math.ceil(inputs['wait-timeout'] / 1000)),
      stop_timeout: '',
      remove_orphans: 'true',
      hosts: String(hosts),
      go_seconds: String(GO_SECONDS),
      database_elsewhere: database === undefined || database === seen.server.name ? '' : jsonText(database),
      database_seconds: String(DATABASE_SECONDS),
      takes_back: '',
      actor: jsonText(ports.workflow.actor),
      run_url: jsonText(ports.workflow.runUrl),
      reason: jsonText(decision.reason),
    }),
    files: hookUploads(inputs),
    inputHash: operationHash(['redeploy', decision.release.id, decision.from, seen.look.history.length]),
  };
}

/** The user's commands, as files of the run. */
export function hookUploads(inputs: RollbackInputs): { name: string; content: string }[] {
  return (['down-migrate', 'restore-backup'] as const).flatMap((kind) =>
    inputs[kind].map((hook: Hook, index) => ({
      name: `hooks/${kind}-${String(index + 1).padStart(2, '0')}`,
      content: hookFile(hook),
    })),
  );
}
