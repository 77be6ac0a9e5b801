import { randomInt } from 'node:crypto';
import { colorUrls } from '@deploy-actions/compose';
import { type Locks, type Member, type MemberOutcome, fleetFailure, runTogether } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { deploymentIdOf, releaseIdOf } from '@deploy-actions/ledger';
import {
  type DeployOptions,
  type Wanted,
  deployOperation,
  discardStaging,
  goOnElsewhere,
  servingRelease,
} from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import { type Server, serversOf, withSessions } from '@deploy-actions/shell';
import { checkBackup } from './backup.ts';
import { chooseEngine } from './engine.ts';
import { type DecidedInputs, type DeployInputs, type DeployOutputs, EMPTY } from './fields.ts';
import { prepareCluster } from './cluster.ts';
import { clusterProtocol, deployProtocol } from './fleet.ts';
import { servicesOutput } from './outcome.ts';
import { elapsed, reportOfError, showPlan, tellOutcome } from './report.ts';
import { pullAhead } from './pull-ahead.ts';
import { checkForEngine, checkInputs, digestRule, parallelOf, versionOf } from './rules.ts';
import { runOptions } from './run-options.ts';
import { showStatus } from './status.ts';
import { type Target, prepareAll, prepareOn } from './targets.ts';
import { type Workspace, readWorkspace } from '@deploy-actions/workspace';
import { type Transcript, transcript } from './transcript.ts';
import type { World } from './world.ts';

/** How often ports are chosen anew where another application was faster. */
const PORT_TRIES = 5;

/** How a deployment is tried; each further try looks at the servers anew. */
interface Try {
  /** Tries that are left, this one included. */
  left: number;
  /** How the locks of several servers are taken. */
  locks: Locks;
  /** What the user has been told: each try finds it anew. */
  told: Set<string>;
}

/** Each server waits this long for the others before it reverts, beside the time that they may take. */
const GO_MARGIN = 120_000;

/** The action: values in, outputs out, Failures thrown. */
export async function deploy(inputs: DeployInputs, world: World): Promise<DeployOutputs> {
  const begun = world.clock.now();
  checkInputs(inputs);
  const servers = serversOf(inputs);
  if (inputs.status) return await withSessions(world, (inner) => showStatus(inputs, inner, servers));
  const workspace = await readWorkspace(world.workflow.workspace, inputs['compose-file'], inputs.files);
  const outputs: DeployOutputs = {
    ...EMPTY,
    'deployment-id': deploymentIdOf(inputs['deployment-id'], world.workflow),
    version: versionOf(inputs, world.workflow),
    changed: false,
  };
  try {
    return await withSessions(world, async (inner) => {
      const { engine, connect } = await chooseEngine(inputs.engine, servers, inner);
      const decided = { ...inputs, engine };
      checkForEngine(decided);
      const wanted = wantedOf(decided, inner, workspace);
      return await deployTo(servers, decided, { ...inner, connect }, workspace, wanted, outputs, begun);
    });
  } catch (error) {
    if (error instanceof Failure && error.outputs === undefined) {
      const failed = {
        ...outputs,
        // Who was under way when the step ended goes on by itself, and nobody has heard its end.
        outcome: outputs.log === undefined ? 'nothing-changed' : 'unknown',
        duration: elapsed(world, begun),
        ...reportOfError(error, begun, world, inputs['pull-only'] ? 'pull' : 'deploy'),
      };
      throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs: failed });
    }
    throw error;
  }
}

/** `outputs` are filled in on the way, so that a failure has those that are known by then. */
async function deployTo(
  servers: readonly Server[],
  inputs: DecidedInputs,
  world: World,
  workspace: Workspace,
  wanted: Wanted,
  outputs: DeployOutputs,
  begun: number,
  { left, locks, told }: Try = { left: PORT_TRIES, locks: 'at once', told: new Set() },
): Promise<DeployOutputs> {
  const prepare = async (server: Server) =>
    prepareOn(server, await world.connect(server), inputs, world, workspace, wanted);
  const targets =
    inputs.engine === 'swarm'
      ? await prepareCluster(servers, prepare, workspace, world)
      : await prepareAll(servers, prepare);
  await checkBackup(inputs.backup, targets);
  const first = targets[0]!;
  outputs['previous-release'] = first.found.current;
  outputs.color = first.prepared.color;
  if (first.prepared.color && first.prepared.ports.length > 0)
    outputs['color-urls'] = colorUrls(first.prepared.ports);
  outputs.services = servicesOutput(first.prepared.changes, first.found, undefined);
  tellNotes(targets, world, told);
  if (inputs.plan) {
    await Promise.all(targets.map((target) => discardStaging(target.session, target.found.staging)));
    return showPlan(targets, inputs, world, { ...outputs, duration: elapsed(world, begun) });
  }
  if (inputs['pull-only']) return await pullAhead(targets, inputs, world, wanted, outputs, begun);
  const words = transcript(world, targets.length > 1);
  let outcomes: MemberOutcome[];
  try {
    outcomes = await runAll(targets, inputs, world, wanted, String(outputs['deployment-id']), words, locks);
  } finally {
    const { log, migrationLog } = words.files();
    Object.assign(outputs, { log, 'migration-log': migrationLog });
  }
  const held = outcomes.filter(({ result }) => result?.failure?.code === 'lock-held');
  if (
    locks === 'at once' &&
    held.length > 0 &&
    outcomes.length > 1 &&
    outcomes.every(({ result }) => result)
  ) {
    world.log.info(
      `another run holds the lock of ${held.map(({ name }) => name).join(', ')}: now one lock is waited for after the other; nothing was changed`,
    );
    const inOrder: Try = { left, locks: 'in order', told };
    return await deployTo(servers, inputs, world, workspace, wanted, outputs, begun, inOrder);
  }
  if (left > 1 && wanted.color && outcomes.some(({ result }) => result?.failure?.code === 'ports-taken')) {
    world.log.info(
      'another application took a port at the same moment, so others are chosen; nothing was changed',
    );
    const { first, last } = wanted.color.range;
    const again = { ...wanted, color: { ...wanted.color, start: randomInt(first, last + 1) } };
    return await deployTo(servers, inputs, world, workspace, again, outputs, begun, {
      left: left - 1,
      locks,
      told,
    });
  }
  if (inputs.engine === 'swarm') {
    const led = targets.map((target) => ({ server: target.server, isManager: isManager(target) }));
    const next: Try = { left, locks, told };
    const goOn = goOnElsewhere(led, outcomes, world.log, (rest) =>
      deployTo(rest, inputs, world, workspace, wanted, outputs, begun, next),
    );
    if (goOn) return await goOn;
  }
  world.saveState('ended', 'true');
  await tellRepeated(outcomes, targets, world, outputs);
  const filled = await tellOutcome(outcomes, targets, inputs, world, wanted, outputs, begun);
  const failure = fleetFailure(outcomes, filled, targets.length > 1);
  if (failure) throw failure;
  return filled;
}

/** Only a manager gets what a manager deploys. */
function isManager({ prepared }: Target): boolean {
  return prepared.uploads.some(({ name }) => name.startsWith('release/stack/'));
}

function wantedOf(inputs: DecidedInputs, ports: Ports, workspace: Workspace): Wanted {
  const { workflow } = ports;
  const version = versionOf(inputs, workflow);
  return {
    release: releaseIdOf(version, ports.clock.wall()),
    version,
    images: inputs.images,
    digestRule: digestRule(inputs),
    services: inputs.services,
    oneShot: inputs['one-shot'],
    files: workspace.files,
    workspaceSources: new Map(),
    hooks: {
      'before-up': inputs['before-up'],
      migrate: inputs.migrate,
      'migration-state': inputs['migration-state'],
      'after-up': inputs['after-up'],
    },
    removeOrphans: inputs['remove-orphans'] && inputs.services.length === 0,
    adopt: inputs.adopt,
    migrationReversible: inputs['migration-reversible'],
    rolling:
      inputs.strategy === 'rolling'
        ? { fallback: inputs['rolling-fallback'], drain: inputs['drain-timeout'], callers: undefined }
        : undefined,
    engine: inputs.engine,
    color: inputs.color && {
      color: inputs.color,
      services: inputs['color-services'],
      liveOnly: inputs['live-only-services'],
      shared: inputs['shared-services'],
      range: inputs['port-range'],
    },
    about: {
      environment: inputs.environment ?? '',
      repository: workflow.repository,
      ref: workflow.ref,
      sha: workflow.sha,
      actor: workflow.actor,
      run_url: workflow.runUrl,
      compose_files: workspace.composeFiles.map((file) => file.path),
      profiles: inputs.profiles,
      env_file: inputs['env-file'] ?? '',
    },
  };
}

function tellNotes(targets: readonly Target[], ports: Ports, told: Set<string>): void {
  const tell = (kind: 'info' | 'warning', texts: readonly string[]) => {
    for (const text of texts) {
      if (told.has(text)) continue;
      told.add(text);
      ports.log[kind](text);
    }
  };
  tell(
    'info',
    targets.flatMap(({ prepared }) => prepared.notes),
  );
  tell(
    'warning',
    targets.flatMap(({ prepared }) => prepared.warnings),
  );
}

/**
 * A deployment that had succeeded before is only reported. Throws a `refused` Failure where another release runs by now,
 * after a rollback or a later deployment: a green step would say that this version serves.
 */
async function tellRepeated(
  outcomes: readonly MemberOutcome[],
  targets: readonly Target[],
  ports: Ports,
  outputs: DeployOutputs,
): Promise<void> {
  for (const { name, result } of outcomes) {
    const target = targets.find(({ server }) => server.name === name)!;
    if (!result || result.fresh || result.outcome !== 'succeeded') continue;
    const release = result.fields['release'] ?? '';
    ports.log.info(
      `${name}: this deployment has succeeded before, as the release ${release}; nothing was done`,
    );
    if (target.prepared.color !== undefined) continue;
    // The one that was looked at may have been replaced meanwhile; undefined when the connection has gone since.
    const current = await servingRelease(target.session, target.server.path).catch(() => undefined);
    if (current === undefined || current === release) continue;
    throw new Failure(
      'refused',
      `${name}: this deployment has succeeded before, as the release ${release}, but by now ${current || 'no release'} runs there`,
      {
        remedy: 'To deploy this version again, start a new workflow run or give another `deployment-id`.',
        outputs,
      },
    );
  }
}

async function runAll(
  targets: readonly Target[],
  inputs: DecidedInputs,
  world: World,
  wanted: Wanted,
  deploymentId: string,
  words: Transcript,
  locks: Locks,
): Promise<MemberOutcome[]> {
  const several = targets.length > 1;
  const parallel = parallelOf(inputs.parallel, targets.length);
  const batches = Math.ceil(targets.length / parallel) + 1;
  const members: Member[] = targets.map((target, index) => ({
    name: target.server.name,
    session: target.session,
    reopen: () => world.connect(target.server),
    operation: deployOperation(target.prepared, wanted, {
      ...runOptions(target, inputs, world, deploymentId),
      staging: target.found.staging,
      portClaims: world.portClaims,
      adopt: inputs.adopt,
      pull: inputs.pull,
      waitTimeout: inputs['wait-timeout'],
      patience: world.patience,
      stopTimeout: inputs['stop-timeout'],
      hookTimeout: inputs['hook-timeout'],
      migrateTimeout: inputs['migrate-timeout'],
      migrateOnCancel: inputs['migrate-on-cancel'],
      onFailure: inputs['on-failure'],
      keepReleases: inputs['keep-releases'],
      removeOrphans: wanted.removeOrphans,
      migrationReversible: inputs['migration-reversible'],
      backup: target.backup,
      goDeadline: several
        ? GO_MARGIN + batches * (inputs['wait-timeout'] + 300_000) + commandsTime(inputs, targets[0]!)
        : undefined,
      place: placeOf(inputs, index),
      migratesElsewhere: several && index > 0 && inputs['migrate-on'] === 'first',
      resumeOnBoot: inputs['resume-on-boot'],
    }),
  }));
  const references: unknown[] = [];
  const migratesFirst = inputs.migrate.length > 0 && inputs['migrate-on'] === 'first';
  const protocol =
    inputs.engine === 'swarm'
      ? clusterProtocol(members[0]!.name)
      : deployProtocol(parallel, {
          migratesFirst: migratesFirst ? members[0]!.name : undefined,
          endsMigrations: inputs['migrate-on-cancel'] === 'end',
        });
  return await runTogether(members, protocol, {
    clock: world.clock,
    log: world.log,
    signal: world.signal,
    reconnectFor: world.reconnectFor,
    locks,
    onEvent: words.take,
    onStart(name, reference) {
      references.push({ name, ...reference });
      world.saveState('runs', JSON.stringify(references));
    },
  });
}

/** Milliseconds that commands and one-shots may take on the manager, while the other nodes of a cluster wait for its end. */
function commandsTime(inputs: DecidedInputs, { prepared }: Target): number {
  if (inputs.engine !== 'swarm') return 0;
  const hooks = inputs['before-up'].length + 2 * inputs['migration-state'].length + inputs['after-up'].length;
  return (
    hooks * inputs['hook-timeout'] +
    inputs.migrate.length * inputs['migrate-timeout'] +
    prepared.services.filter(({ kind }) => kind === 'once').length * inputs['wait-timeout']
  );
}

function placeOf({ engine }: DecidedInputs, index: number): DeployOptions['place'] {
  if (engine === 'compose') return 'server';
  return index === 0 ? 'manager' : 'node';
}
