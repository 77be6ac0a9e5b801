import { type Operation, cancelRun, followRun, statusOf } from '@deploy-actions/host';
import { Failure, escapeMarkdown, formatDuration, markdownTable } from '@deploy-actions/kit';
import { parseVersionSource, sameVersion, throughSession, versionOf } from '@deploy-actions/probe';
import { type Hook, hookFile } from '@deploy-actions/release/hook';
import type { Ports } from '@deploy-actions/runner';
import { type Server, type Session, openSession, serversOf } from '@deploy-actions/shell';
import {
  type Member,
  type SeenServer,
  lookAt,
  operationHash,
  preparedSite,
  program,
  returnOthers,
  runTogether,
  shareFiles,
  siteParameters,
  switchParameters,
  timerProgram,
  togetherFailure,
} from '@deploy-actions/traffic';
import { takenBack } from './compensation.ts';
import { type Decision, type HistoryEntry, type Request, decide, releasesOf } from './decision.ts';
import type { RollbackInputs, RollbackOutputs } from './fields.ts';
import { deploymentIdOf } from './identity.ts';
import { showList } from './list.ts';
import { REDEPLOY } from './redeploy-program.ts';

/** How a session comes about; tests hand in another way. */
export type Open = (server: Server) => Promise<Session>;

const GO_SECONDS = 120;
const EMPTY: RollbackOutputs = {
  from: undefined,
  to: undefined,
  mode: undefined,
  'elapsed-ms': undefined,
  reason: undefined,
};

/** The action: values in, outputs out, Failures thrown. */
export async function rollback(inputs: RollbackInputs, ports: Ports, open?: Open): Promise<RollbackOutputs> {
  const begun = ports.clock.now();
  const source = versionSource(inputs);
  const servers = serversOf(inputs);
  const connect: Open =
    open ?? ((server) => openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal }));
  const sessions: Session[] = [];
  const reopen = async (server: Server) => {
    const session = await connect(server);
    sessions.push(session);
    return session;
  };
  const elapsed = () => Math.round(ports.clock.now() - begun);
  try {
    const deploymentId = deploymentIdOf(inputs['deployment-id'], ports.workflow);
    const seen = await Promise.all(
      servers.map(async (server) => {
        const session = await reopen(server);
        // Both at once: a session runs two programs side by side.
        const [looked, settled] = await Promise.all([
          look(server, session, inputs, ports),
          inputs.list || inputs.plan ? false : settle(server, session, deploymentId, inputs, ports, reopen),
        ]);
        return settled ? await look(server, session, inputs, ports) : looked;
      }),
    );
    if (inputs.list) return showList(seen, inputs.project, ports);
    const request = requestOf(inputs, ports, deploymentId);
    const decisions = seen.map((one) => decideOn(one, request, servers.length > 1));
    for (const [index, decision] of decisions.entries())
      tell(seen[index]!.server.name, decision, servers.length > 1, ports);
    const acting = decisions.flatMap((decision, index) =>
      decision.kind === 'nothing' ? [] : [{ decision, ...seen[index]! }],
    );
    const [first] = acting;
    if (!first || inputs.plan) {
      const { reason } = decisions[0]!;
      return {
        ...EMPTY,
        mode: first ? first.decision.kind : 'none',
        ...named(decisions[0]!),
        'elapsed-ms': elapsed(),
        reason,
      };
    }
    const members = acting.map((one) =>
      memberOf(
        one,
        one.decision as Exclude<Decision, { kind: 'nothing' }>,
        inputs,
        ports,
        deploymentId,
        acting.length,
        reopen,
      ),
    );
    const outcomes = await runTogether(members, {
      clock: ports.clock,
      log: ports.log,
      signal: ports.signal,
      aliveEvery: 0,
    });
    const outputs: RollbackOutputs = {
      ...EMPTY,
      ...named(first.decision),
      mode: first.decision.kind,
      'elapsed-ms': elapsed(),
      reason: first.decision.reason,
    };
    summary(
      acting,
      outcomes.map((one) => one.result?.failure?.message ?? 'done'),
      elapsed(),
      ports,
    );
    const failure = togetherFailure(outcomes, outputs);
    if (failure) {
      // All servers or none.
      await returnOthers(
        members,
        outcomes,
        (member, outcome) =>
          takenBack(acting.find(({ server }) => server.name === member.name)!.decision, member, outcome),
        { clock: ports.clock, log: ports.log, signal: ports.signal, aliveEvery: 0 },
      );
      throw failure;
    }
    if (source)
      await Promise.all(acting.map((one) => proveVersion(one, one.decision, source, ports, outputs)));
    return outputs;
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

function versionSource(inputs: RollbackInputs) {
  if (inputs['version-from'] === undefined) return undefined;
  try {
    return parseVersionSource(inputs['version-from']);
  } catch (error) {
    throw new Failure('input', `input \`version-from\` ${(error as Error).message}`, {
      input: 'version-from',
    });
  }
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
    { signal: ports.signal },
  );
}

/**
 * What is under way of this workflow run is stopped (the server gives back what is not proven), and what was cut
 * off is finished or given back, before anything is decided. True when there was something.
 */
async function settle(
  server: Server,
  session: Session,
  deploymentId: string,
  inputs: RollbackInputs,
  ports: Ports,
  reopen: (server: Server) => Promise<Session>,
): Promise<boolean> {
  const { runs } = await statusOf(session, server.path);
  const open = runs.filter((run) => run.state !== 'ended' && run.reference.operation !== 'rollback');
  const own = open.filter(
    (run) => run.state !== 'interrupted' && isSameRun(run.reference.deploymentId, deploymentId),
  );
  for (const run of own) {
    ports.log.info(
      `${server.name}: stops ${run.reference.operation} of this workflow run, which is still under way`,
    );
    await cancelRun(session, run.reference);
    await followRun(session, run.reference, {
      clock: ports.clock,
      signal: ports.signal,
      reopen: () => reopen(server),
    }).result.catch(() => undefined);
  }
  if (open.some((run) => run.state === 'interrupted')) {
    ports.log.info(`${server.name}: an earlier run was cut off: it is finished or given back first`);
    const outcomes = await runTogether(
      [
        {
          name: server.name,
          session,
          reopen: () => reopen(server),
          operation: {
            ...about(server, deploymentId, inputs, ports),
            name: 'settle',
            body: 'operate() { :; }\n',
            inputHash: operationHash([deploymentId, ports.clock.wall().getTime()]),
          },
        },
      ],
      { clock: ports.clock, log: ports.log, signal: ports.signal, aliveEvery: 0 },
    );
    const failure = togetherFailure(outcomes, {});
    if (failure) throw failure;
    return true;
  }
  return own.length > 0;
}

/** Ids of one workflow run differ in the job at most: `<run>-<job>`. */
function isSameRun(a: string, b: string): boolean {
  const run = (id: string) => /^\d+(?=-)/.exec(id)?.[0];
  return a === b || (run(a) !== undefined && run(a) === run(b));
}

function requestOf(inputs: RollbackInputs, ports: Ports, deploymentId: string): Request {
  const { runUrl } = ports.workflow;
  return {
    to: inputs.to,
    mode: inputs.mode,
    project: inputs.project,
    isOwn: (entry: HistoryEntry) =>
      isSameRun(entry.deployment_id, deploymentId) || (runUrl !== '' && entry.run_url === runUrl),
    pastMigration:
      inputs['allow-past-migration'] ||
      inputs['down-migrate'].length > 0 ||
      inputs['restore-backup'].length > 0,
  };
}

function decideOn(seen: SeenServer, request: Request, several: boolean): Decision {
  try {
    return decide(seen.look, request);
  } catch (error) {
    if (!several || !(error instanceof Failure)) throw error;
    throw new Failure(
      error.kind,
      `${seen.server.name}: ${error.message}. Nothing was changed on any server`,
      { ...error, cause: error.cause },
    );
  }
}

function tell(server: string, decision: Decision, several: boolean, ports: Ports): void {
  const prefix = several ? `${server}: ` : '';
  if (decision.kind === 'nothing') ports.log.info(`${prefix}Nothing is rolled back: ${decision.reason}.`);
  else if (decision.kind === 'flip')
    ports.log.info(
      `${prefix}The traffic goes from ${decision.from} back to ${decision.to}${decision.release ? ` (${decision.release})` : ''}: ${decision.reason}.`,
    );
  else
    ports.log.info(
      `${prefix}${decision.release.id} (${decision.release.version}) is brought back in place of ${decision.from}: ${decision.reason}.`,
    );
}

function named(decision: Decision): Pick<RollbackOutputs, 'from' | 'to'> {
  if (decision.kind === 'flip')
    return { from: decision.fromRelease || decision.from, to: decision.release || decision.to };
  if (decision.kind === 'redeploy') return { from: decision.from, to: decision.release.id };
  return { from: undefined, to: undefined };
}

function about(
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

function memberOf(
  seen: SeenServer,
  decision: Exclude<Decision, { kind: 'nothing' }>,
  inputs: RollbackInputs,
  ports: Ports,
  deploymentId: string,
  hosts: number,
  reopen: (server: Server) => Promise<Session>,
): Member {
  const { server, session } = seen;
  const common = { ...about(server, deploymentId, inputs, ports), name: 'rollback' };
  const operation =
    decision.kind === 'flip'
      ? flipOperation(seen, decision, inputs, ports, deploymentId, hosts, common)
      : redeployOperation(seen, decision, inputs, ports, hosts, common);
  return { name: server.name, session, reopen: () => reopen(server), operation };
}

type Common = Pick<Operation, 'name' | 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>;

function flipOperation(
  seen: SeenServer,
  decision: Extract<Decision, { kind: 'flip' }>,
  inputs: RollbackInputs,
  ports: Ports,
  deploymentId: string,
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
  const { site, place, prepared } = preparedSite(seen.look, inputs.project);
  const liveOnly = [
    ...new Set(
      seen.look.containers
        .filter((one) => one.labels['deploy-actions.live-only'] === 'true')
        .map((one) => one.service),
    ),
  ];
  const parameters = {
    ...siteParameters(
      site,
      place,
      { url: prepared.url, connect: prepared.connect, version: '', seconds: 30 },
      seen.server.dockerHost,
    ),
    ...switchParameters({
      target: decision.to,
      steps: [100],
      stepSeconds: 0,
      drainSeconds: 0,
      stopAfter: undefined,
      confirmSeconds: 0,
      liveOnly,
      trafficFirst: true,
      hosts,
      goSeconds: GO_SECONDS,
      maxErrorRate: undefined,
      maxP95: undefined,
      minRequests: 1,
      watchRunner: 0,
      actor: ports.workflow.actor,
      runUrl: ports.workflow.runUrl,
      reason: decision.reason,
    }),
    start_target: String(Math.ceil(inputs['wait-timeout'] / 1000)),
    marks_bad: decision.fromRelease,
  };
  return {
    ...common,
    body: program('switch', place.kind),
    parameters,
    files: [
      {
        name: 'timer.sh',
        content: timerProgram(place.kind, {
          ...parameters,
          path: seen.server.path,
          deployment_id: deploymentId,
        }),
      },
      ...(place.kind === 'traefik' ? shareFiles(site) : []),
    ],
    inputHash: operationHash(['flip', decision.to, seen.look.share, seen.look.traffic?.fence ?? 0]),
  };
}

function redeployOperation(
  seen: SeenServer,
  decision: Extract<Decision, { kind: 'redeploy' }>,
  inputs: RollbackInputs,
  ports: Ports,
  hosts: number,
  common: Common,
): Operation {
  const files = (kind: string, list: readonly Hook[]) =>
    list.map((hook, index) => ({
      name: `hooks/${kind}-${String(index + 1).padStart(2, '0')}`,
      content: hookFile(hook),
    }));
  return {
    ...common,
    body: REDEPLOY,
    parameters: {
      project: inputs.project,
      release: decision.release.id,
      failed_release: decision.from,
      docker_host: seen.server.dockerHost ?? '',
      wait_timeout: String(Math.ceil(inputs['wait-timeout'] / 1000)),
      stop_timeout: '',
      remove_orphans: 'true',
      migration_reversible: 'true',
      keep_releases: '5',
      hosts: String(hosts),
      go_seconds: String(GO_SECONDS),
      takes_back: '',
      actor: plain(ports.workflow.actor),
      run_url: plain(ports.workflow.runUrl),
      reason: plain(decision.reason),
    },
    files: [
      ...files('down-migrate', inputs['down-migrate']),
      ...files('restore-backup', inputs['restore-backup']),
    ],
    inputHash: operationHash(['redeploy', decision.release.id, decision.from, seen.look.history.length]),
  };
}

const plain = (text: string) => text.replace(/[^A-Za-z0-9 _.,:/@+=-]/g, '_').slice(0, 300);

/** The version that is served afterwards is the one that was recorded with the release. */
async function proveVersion(
  seen: SeenServer,
  decision: Decision,
  source: NonNullable<ReturnType<typeof versionSource>>,
  ports: Ports,
  outputs: RollbackOutputs,
): Promise<void> {
  const release =
    decision.kind === 'redeploy'
      ? decision.release
      : releasesOf(seen.look).find((one) => decision.kind === 'flip' && one.id === decision.release);
  const prepared = seen.look.proxy;
  if (!release || !prepared) return;
  const reach = throughSession(seen.session, { log: ports.log, redactor: ports.redactor });
  const [host, port] = prepared.connect.split(':');
  try {
    const answer = await reach.request({
      url: prepared.url,
      deadline: 10_000,
      overflow: 'cut',
      signal: ports.signal,
      connect: { address: host!, addressPort: Number(port), insecure: true } as never,
    });
    const got = versionOf(answer, source);
    if (got !== undefined && sameVersion(release.version, got)) return;
    throw new Failure(
      'unhealthy',
      `after the rollback ${prepared.url} answers ${answer.status} with ${got === undefined ? 'no version' : `version ${got}`}, not ${release.version}`,
      {
        remedy: 'Look at what the proxy leads to; `version-from` may name the wrong place.',
        outputs,
      },
    );
  } finally {
    await reach.close();
  }
}

function summary(
  acting: readonly { server: Server; decision: Decision }[],
  endings: readonly string[],
  elapsedMs: number,
  ports: Ports,
): void {
  const rows = acting.map(({ server, decision }, index) => {
    const { from = '', to = '' } = named(decision);
    return [server.name, decision.kind, String(from), String(to), endings[index] ?? ''].map(escapeMarkdown);
  });
  ports.summary(
    `### Rolled back in ${formatDuration(elapsedMs)}\n\n${markdownTable(['Server', 'How', 'From', 'To', 'Outcome'], rows)}\n`,
  );
}
