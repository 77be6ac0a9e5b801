import {
  ALONE,
  type Member,
  type Operation,
  type TogetherOptions,
  fleetFailure,
  operationHash,
  runTogether,
} from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type Standing, colorProject, isColor, jsonText } from '@deploy-actions/ledger';
import type { Connecting, Server, Session } from '@deploy-actions/shell';
import {
  type DatabaseCommands,
  commandLimits,
  commandsFor,
  databaseUploads,
  onTakenData,
  takesDataBack,
} from './database.ts';
import { PATIENCE } from './programs.ts';
import { STAND_BY } from './recorded-programs.ts';
import { type RecolorDecision, recolored } from './recolored.ts';

/** A server that a recorded release is to stand by on. */
export interface StandingBy {
  server: Server;
  session: Session;
  look: Pick<Standing, 'releases' | 'traffic' | 'history' | 'dataReturns'>;
  decision: RecolorDecision;
}

/** How releases are brought up to stand by. */
export interface StandByOptions {
  project: string;
  waitSeconds: number;
  /** Default `PATIENCE`. */
  patience?: number | undefined;
  commands: DatabaseCommands;
  /** The server that takes the data back for all; undefined: each its own. */
  database: string | undefined;
  /** The ids of the backups whose data come back, by the names of the servers. */
  backups: ReadonlyMap<string, string>;
  about(server: Server): Pick<Operation, 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;
}

/**
 * Brings up in the idle colour what is in none, on all servers at once, or after the one that takes the data back for all; then the traffic only has to move. Answers by the server's name the id that the release has there. Throws the
 * Failure of the servers where that did not succeed.
 */
export async function standBy(
  standing: readonly StandingBy[],
  { project, waitSeconds, patience = PATIENCE, commands, database, backups, about }: StandByOptions,
  world: Connecting & TogetherOptions & { addSecret(value: string): void },
): Promise<ReadonlyMap<string, string>> {
  const members: Member[] = [];
  const made = new Map<string, string>();
  for (const one of standing) {
    const { server, session, decision } = one;
    const { release, uploads } = await recolored(one, decision, project, world);
    made.set(server.name, release);
    const own = commandsFor(commands, server.name, database);
    const backup = backups.get(server.name) ?? '';
    const left = one.look.releases.find(({ id }) => id === decision.fromRelease);
    if (own['down-migrate'].length + own['restore-backup'].length > 0 && left === undefined) {
      throw new Failure('refused', 'what serves now is no recorded release, so no command can run in it', {
        input: 'down-migrate',
        remedy: 'Run it by hand on the server, and set allow-past-migration: true.',
      });
    }
    const common = about(server);
    members.push({
      name: server.name,
      session,
      reopen: () => world.connect(server),
      operation: {
        ...common,
        name: 'redeploy',
        program: STAND_BY.with({
          project: colorProject(project, decision.to),
          engine: 'compose',
          base_project: project,
          color: decision.to,
          shared_services: 'keep',
          source: decision.release.id,
          release,
          failed_release: decision.fromRelease,
          failed_project: isColor(left?.color) ? colorProject(project, left.color) : project,
          docker_host: server.dockerHost ?? '',
          wait_timeout: String(waitSeconds),
          patience: String(patience),
          ...commandLimits(commands),
          backup,
          min_free_disk: '0',
          stop_timeout: '',
          remove_orphans: 'true',
          actor: jsonText(common.holder.actor),
          run_url: jsonText(common.holder.runUrl),
          reason: jsonText(decision.reason),
        }),
        files: [...uploads, ...databaseUploads(own)],
        inputHash: operationHash([
          'recolor',
          decision.release.id,
          decision.to,
          one.look.traffic?.fence ?? 0,
          one.look.history.length,
          one.look.dataReturns?.length ?? 0,
          backup,
        ]),
      },
    });
  }
  // The others start the old code when the data are as it knows them.
  const isFirst = ({ name }: Member) => name === database;
  for (const batch of [members.filter(isFirst), members.filter((one) => !isFirst(one))]) {
    if (batch.length === 0) continue;
    const failure = fleetFailure(await runTogether(batch, ALONE, world), {}, world.named);
    if (!failure) continue;
    // A server says of its own data what became of them.
    const taken = database !== undefined && takesDataBack(commands) && !batch.some(isFirst);
    // The outputs are the caller's.
    const { kind, message, cause, ...more } = taken ? onTakenData(failure) : failure;
    throw new Failure(kind, message, { ...more, cause, outputs: undefined });
  }
  return made;
}
