import { type Operation, operationHash } from '@deploy-actions/host';
import { type RollbackDecision, type Standing, jsonText } from '@deploy-actions/ledger';
import type { Server } from '@deploy-actions/shell';
import {
  type DatabaseCommands,
  commandLimits,
  commandsFor,
  databaseSeconds,
  databaseUploads,
} from './database.ts';
import { PATIENCE } from './programs.ts';
import { REDEPLOY, REDEPLOY_CLUSTER, REDEPLOY_NODE } from './recorded-programs.ts';

export type RedeployDecision = Extract<RollbackDecision, { kind: 'redeploy' }>;

/** How a recorded release is brought back in place. */
export interface RedeployOptions {
  project: string;
  waitSeconds: number;
  /** Default `PATIENCE`. */
  patience?: number | undefined;
  /** How many servers go back together, and the seconds that each waits for the others. */
  hosts: number;
  goSeconds: number;
  commands: DatabaseCommands;
  /** The server that takes the data back for all; undefined: each its own. */
  database: string | undefined;
  /** The id of the backup whose data come back on this server. */
  backup: string | undefined;
  /** What the server is: by itself, the manager that changes its cluster, or another node of one. */
  place?: 'server' | 'manager' | 'node';
  common: Pick<Operation, 'name' | 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;
}

const PROGRAMS = { server: REDEPLOY, manager: REDEPLOY_CLUSTER, node: REDEPLOY_NODE };

/** Brings a recorded release back in place of the one that serves. */
export function redeployOperation(
  { server, look }: { server: Server; look: Pick<Standing, 'history' | 'dataReturns'> },
  decision: RedeployDecision,
  {
    project,
    waitSeconds,
    patience = PATIENCE,
    hosts,
    goSeconds,
    commands,
    database,
    backup = '',
    place = 'server',
    common,
  }: RedeployOptions,
): Operation {
  return {
    ...common,
    program: PROGRAMS[place].take({
      project,
      engine: place === 'server' ? 'compose' : 'swarm',
      base_project: project,
      release: decision.release.id,
      failed_release: decision.from,
      docker_host: server.dockerHost ?? '',
      wait_timeout: String(waitSeconds),
      patience: String(patience),
      stop_timeout: '',
      remove_orphans: 'true',
      hosts: String(hosts),
      go_seconds: String(goSeconds),
      database_elsewhere: database === undefined || database === server.name ? '' : jsonText(database),
      database_seconds: String(databaseSeconds(commands, goSeconds)),
      ...commandLimits(commands),
      backup,
      min_free_disk: '0',
      takes_back: '',
      actor: jsonText(common.holder.actor),
      run_url: jsonText(common.holder.runUrl),
      reason: jsonText(decision.reason),
    }),
    files: place === 'node' ? [] : databaseUploads(commandsFor(commands, server.name, database)),
    inputHash: operationHash([
      'redeploy',
      decision.release.id,
      decision.from,
      look.history.length,
      look.dataReturns?.length ?? 0,
      backup,
    ]),
  };
}

/**
 * The parameters by which the same program brings the release back that was left; undefined where there was none, or
 * where the data were taken back: that cannot be undone from here.
 */
export function redeployBack(
  decision: RedeployDecision,
  { files = [], program: { parameters } }: Pick<Operation, 'files' | 'program'>,
): Record<string, string> | undefined {
  const changedData = parameters['backup'] !== '' || files.some(({ name }) => name.startsWith('hooks/'));
  if (decision.from === '' || changedData) return undefined;
  return {
    release: decision.from,
    failed_release: decision.release.id,
    database_elsewhere: '',
    takes_back: '1',
  };
}
