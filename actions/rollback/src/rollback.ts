import { ALL_OR_NONE, fleetFailure, outcomeText, runTogether } from '@deploy-actions/host';
import {
  Failure,
  type Report,
  escapeMarkdown,
  formatDuration,
  markdownTable,
  publishReport,
} from '@deploy-actions/kit';
import {
  type HistoryEntry,
  type RollbackDecision,
  type RollbackRequest,
  decideRollback,
  deploymentIdOf,
  isSameRun,
} from '@deploy-actions/ledger';
import { goOnElsewhere } from '@deploy-actions/release';
import {
  afterDatabase,
  databaseServer,
  databaseServers,
  onTakenData,
  standBy,
  takesDataBack,
} from '@deploy-actions/release/recorded';
import { type Ports, writeReport } from '@deploy-actions/runner';
import { type Server, type Session, serversOf, withSessions } from '@deploy-actions/shell';
import { type SeenServer, lookAt, settleUnderWay } from '@deploy-actions/traffic';
import { type MovingDecision, takenBack } from './compensation.ts';
import { backupsOf, withoutDone } from './data.ts';
import { EMPTY, type GivenInputs, type RollbackInputs, type RollbackOutputs } from './fields.ts';
import { showList } from './list.ts';
import { afterManager, bestKnowingFirst, checkDecision, checkForCluster, runsInCluster } from './cluster.ts';
import { type Acting, about, memberOf, ofServer, refuseCommands } from './operations.ts';
import { idleReport, refusedReport, reportOf, sentenceOf } from './report.ts';
import { proveVersion, versionProof } from './served-version.ts';
import type { World } from './world.ts';

/** The action: values in, outputs out, Failures thrown. */
export async function rollback(given: GivenInputs, world: World): Promise<RollbackOutputs> {
  const inputs: RollbackInputs = {
    ...given,
    'restore-backup': given['restore-backup']?.commands ?? [],
    backup: given['restore-backup']?.backup,
  };
  const begun = world.clock.now();
  try {
    return await withSessions(world, (inner) => rollBack(serversOf(inputs), inputs, inner, begun));
  } catch (error) {
    if (!(error instanceof Failure) || error.outputs !== undefined) throw error;
    // Refused, or ended before any server was asked: whoever is told must hear why.
    const elapsedMs = Math.round(world.clock.now() - begun);
    const report = refusedReport(error, elapsedMs);
    world.summary(`### ❌ ${escapeMarkdown(report.summary)}\n`);
    const outputs = { ...EMPTY, 'elapsed-ms': elapsedMs, reason: error.message, ...publish(report, world) };
    throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs });
  }
}

/** The file says the mode besides, for deployment-record. */
function publish(report: Report, world: World, mode = ''): Partial<RollbackOutputs> {
  return publishReport(
    report,
    world.redactor,
    (json) => writeReport(world.workflow, 'rollback', json),
    mode === '' ? report : { ...report, mode },
  );
}

async function rollBack(
  servers: readonly Server[],
  inputs: RollbackInputs,
  world: World,
  begun: number,
): Promise<RollbackOutputs> {
  const elapsed = () => Math.round(world.clock.now() - begun);
  const several = servers.length > 1;
  const deploymentId = deploymentIdOf(inputs['deployment-id'], world.workflow);
  const given = await Promise.all(
    servers.map(async (server) => {
      const session = await world.connect(server);
      const looked = await look(server, session, inputs, world);
      if (inputs.list || inputs.plan) return { ...looked, gaveBack: false };
      const { changed, gaveBack } = await settleUnderWay(
        looked,
        inputs.to !== undefined,
        about(server, deploymentId, inputs, world),
        world,
      );
      return { ...(changed ? await look(server, session, inputs, world) : looked), gaveBack };
    }),
  );
  if (inputs.list) return showList(given, inputs.project, world);
  const seen = bestKnowingFirst(given, inputs, world);
  const request = requestOf(inputs, world, deploymentId);
  const isCluster = runsInCluster(seen[0]!, inputs);
  if (isCluster) checkForCluster(inputs);
  // In a cluster one manager says what serves.
  const decisions = isCluster
    ? Array.from(seen, () => decideOn(seen[0]!, request, several))
    : seen.map((one) => decideOn(one, request, several));
  if (isCluster) checkDecision(seen, decisions[0]!);
  for (const [index, decision] of decisions.entries())
    tell(seen[index]!.server.name, decision, several, world);
  const acting = decisions.flatMap((decision, index) =>
    decision.kind === 'nothing' ? [] : [{ decision, ...seen[index]! }],
  );
  const [first] = acting;
  if (!first || inputs.plan) {
    const { reason } = decisions[0]!;
    return {
      ...EMPTY,
      mode: first ? modeOf(first.decision) : 'none',
      ...named(decisions[0]!),
      'elapsed-ms': elapsed(),
      reason,
      ...publish(idleReport((first ?? { decision: decisions[0]! }).decision, elapsed()), world),
    };
  }
  // What is left to be done for the data.
  const wanted = withoutDone(seen, acting, inputs, world);
  const database = isCluster ? undefined : databaseServer(acting, servers, wanted);
  const proofs = (isCluster ? [first] : acting).map((one) => versionProof(one, inputs));
  if (acting.some(({ decision }) => decision.kind === 'flip')) refuseCommands(wanted);
  const bringing = databaseServers(acting, database, wanted);
  const backups = await backupsOf(bringing, acting, wanted, world);
  // What is to take the traffic stands by on every server before it moves on any.
  const ready = await readied(acting, { database, backups }, wanted, world, deploymentId);
  const members = ready.map((one, index) =>
    memberOf(one, one.decision, one.inputs, world, deploymentId, {
      place: isCluster ? (index === 0 ? 'manager' : 'node') : 'server',
      hosts: acting.length,
      database: acting.length > 1 ? database : undefined,
      backup: backups.get(one.server.name),
    }),
  );
  const waits = database !== undefined && first.decision.kind === 'redeploy';
  const outcomes = await runTogether(
    members,
    {
      ...(isCluster && first.decision.kind !== 'flip'
        ? afterManager(members[0]!.name)
        : waits
          ? afterDatabase(database)
          : ALL_OR_NONE),
      undo(member, outcome) {
        // What serves in a cluster does not hang on what its nodes have noted.
        if (isCluster && first.decision.kind !== 'flip') return undefined;
        // Where the data were taken back, going back would put the new code on the old schema.
        if (takesDataBack(inputs)) return undefined;
        return takenBack(ready.find(({ server }) => server.name === member.name)!.decision, member, outcome);
      },
    },
    world,
  );
  if (isCluster && first.decision.kind !== 'flip') {
    const led = ready.map(({ server, look: { cluster } }) => ({
      server,
      isManager: cluster?.isManager === true,
    }));
    const goOn = goOnElsewhere(led, outcomes, world.log, (left) => rollBack(left, inputs, world, begun));
    if (goOn) return await goOn;
  }
  const outputs: RollbackOutputs = {
    ...EMPTY,
    ...named(ready[0]!.decision),
    mode: modeOf(first.decision),
    'elapsed-ms': elapsed(),
    reason: first.decision.reason,
    ...publish(reportOf(ready, outcomes, elapsed()), world, modeOf(first.decision)),
  };
  summary(ready, new Map(outcomes.map((one) => [one.name, outcomeText(one)])), elapsed(), world);
  const failure = fleetFailure(outcomes, outputs, members.length > 1);
  // What a server brings back in place says what became of the data; a switch of the traffic does not know.
  if (failure) throw takesDataBack(wanted) && acting.some(isRecolored) ? onTakenData(failure) : failure;
  await Promise.all(
    ready.map(async (one, index) => {
      const proof = proofs[index];
      const version = versionOfDecision(one);
      if (proof && version !== undefined) await proveVersion(one, version, proof, world, outputs);
      else if (proof)
        world.log.warning(`${one.server.name}: the version was not proven, because none is recorded`);
    }),
  );
  return outputs;
}

/** A release that is brought up for this is redeployed, for whoever reads the outputs. */
function modeOf(decision: RollbackDecision): string {
  return decision.kind === 'recolor' ? 'redeploy' : decision.kind;
}

const isRecolored = (one: Acting): one is Acting<Extract<RollbackDecision, { kind: 'recolor' }>> =>
  one.decision.kind === 'recolor';

/** Lets stand by what is in no colour; what is to be done then is one operation on each server. */
async function readied(
  acting: readonly Acting<Exclude<RollbackDecision, { kind: 'nothing' }>>[],
  { database, backups }: { database: string | undefined; backups: ReadonlyMap<string, string> },
  inputs: RollbackInputs,
  world: World,
  deploymentId: string,
): Promise<(Acting<MovingDecision> & { inputs: RollbackInputs })[]> {
  const made = await standBy(
    acting.filter(isRecolored),
    {
      project: inputs.project,
      waitSeconds: Math.ceil(inputs['wait-timeout'] / 1000),
      patience: world.patience,
      commands: inputs,
      database,
      backups,
      about: (server) => about(server, deploymentId, inputs, world),
    },
    { ...world, named: acting.length > 1 },
  );
  return await Promise.all(
    acting.map(async (one) => {
      const { decision } = one;
      if (decision.kind !== 'recolor') return { ...one, decision, inputs };
      const release = made.get(one.server.name)!;
      const flip: MovingDecision = { ...decision, kind: 'flip', release, slot: release };
      // The data were taken back with it.
      const moved = { ...inputs, 'down-migrate': [], 'restore-backup': [], backup: undefined };
      return { ...(await look(one.server, one.session, inputs, world)), decision: flip, inputs: moved };
    }),
  );
}

/** The recorded version of what serves after a decision. */
function versionOfDecision({ decision, look: seen }: Acting): string | undefined {
  if (decision.kind === 'redeploy') return decision.release.version;
  return seen.releases.find((one) => decision.kind === 'flip' && one.id === decision.release)?.version;
}

async function look(
  server: Server,
  session: Session,
  inputs: RollbackInputs,
  ports: Ports,
): Promise<SeenServer> {
  return await lookAt(
    server,
    session,
    { project: inputs.project, wantsConfig: false },
    { signal: ports.signal, log: ports.log, followed: !inputs.list && !inputs.plan },
  );
}

function requestOf(inputs: RollbackInputs, ports: Ports, deploymentId: string): RollbackRequest {
  const { runUrl } = ports.workflow;
  return {
    to: inputs.to,
    mode: inputs.mode,
    project: inputs.project,
    isOwn: (entry: HistoryEntry) =>
      isSameRun({ deploymentId: entry.deployment_id, runUrl: entry.run_url ?? '' }, { deploymentId, runUrl }),
    pastMigration: inputs['allow-past-migration'] || takesDataBack(inputs),
    now: Math.floor(ports.clock.wall().getTime() / 1000),
    runsHooks: takesDataBack(inputs),
  };
}

function decideOn(
  seen: SeenServer & { gaveBack: boolean },
  request: RollbackRequest,
  several: boolean,
): RollbackDecision {
  try {
    return decideRollback(seen.look, request, seen.gaveBack);
  } catch (error) {
    throw several ? ofServer(seen.server.name, error) : error;
  }
}

function tell(server: string, decision: RollbackDecision, several: boolean, ports: Ports): void {
  ports.log.info(`${several ? `${server}: ` : ''}${sentenceOf(decision)}`);
}

function named(decision: RollbackDecision): Pick<RollbackOutputs, 'from' | 'to'> {
  if (decision.kind === 'flip')
    return { from: decision.fromRelease || decision.from, to: decision.release || decision.to };
  if (decision.kind === 'recolor') return { from: decision.fromRelease, to: decision.release.id };
  if (decision.kind === 'redeploy') return { from: decision.from, to: decision.release.id };
  return { from: undefined, to: undefined };
}

function summary(
  acting: readonly { server: Server; decision: RollbackDecision }[],
  endings: ReadonlyMap<string, string>,
  elapsedMs: number,
  ports: Ports,
): void {
  const rows = acting.map(({ server, decision }) => {
    const { from = '', to = '' } = named(decision);
    return [
      server.name,
      decision.kind,
      String(from),
      String(to),
      endings.get(server.name) ?? 'not started',
    ].map(escapeMarkdown);
  });
  ports.summary(
    `### Rollback, ${formatDuration(elapsedMs)}\n\n${markdownTable(['Server', 'How', 'From', 'To', 'Outcome'], rows)}\n`,
  );
}
