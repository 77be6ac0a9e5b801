import { type ComposeModel, type Environment, type ServiceChange, colorUrls } from '@deploy-actions/compose';
import { Failure, formatDuration, messageOf, pool } from '@deploy-actions/kit';
import {
  type Inspection,
  type Prepared,
  type Wanted,
  deployOperation,
  inspectForDeploy,
  prepareRelease,
  secretValues,
} from '@deploy-actions/release';
import type { Ports } from '@deploy-actions/runner';
import { type Server, type Session, openSession, serversOf } from '@deploy-actions/shell';
import { type DeployInputs, type DeployOutputs } from './fields.ts';
import { type Member, type MemberOutcome, deployFleet, fleetFailure, succeeded } from './fleet.ts';
import { teller } from './progress.ts';
import { writeRecord } from './record.ts';
import { checkInputs, deploymentIdOf, digestRule, loginOf, parallelOf, releaseIdOf, versionOf } from './rules.ts';
import { showStatus } from './status.ts';
import {
  type ServiceOutcome,
  digestAmong,
  phasesMarkdown,
  planLines,
  serversMarkdown,
  servicesMarkdown,
  withDigest,
} from './summary.ts';
import { placeInComposeFile } from './compose-error.ts';
import { type Workspace, readWorkspace } from './workspace.ts';

/** How a session comes about; tests hand in another way. */
export type Open = (server: Server) => Promise<Session>;

/** A server with what was found on it and what is to be done there. */
interface Target {
  server: Server;
  session: Session;
  found: Inspection;
  prepared: Prepared;
}

/** Each server waits this long for the others before it reverts, beside the time that they may take. */
const GO_MARGIN = 120_000;

/** The action: values in, outputs out, Failures thrown. */
export async function deploy(inputs: DeployInputs, ports: Ports, open?: Open): Promise<DeployOutputs> {
  const begun = ports.clock.now();
  checkInputs(inputs);
  const servers = serversOf(inputs);
  const connect: Open =
    open ?? ((server) => openSession(server, { clock: ports.clock, log: ports.log, signal: ports.signal }));
  if (inputs.status) return await showStatus(inputs, ports, servers, connect);
  const workspace = await readWorkspace(ports.workflow.workspace, inputs['compose-file'], inputs.files);
  const wanted = await wantedOf(inputs, ports, workspace);
  const deploymentId = deploymentIdOf(inputs, ports.workflow);
  const outputs: DeployOutputs = {
    'deployment-id': deploymentId,
    release: undefined,
    version: wanted.version,
    'previous-release': undefined,
    changed: false,
    services: undefined,
    record: undefined,
    duration: undefined,
    color: undefined,
    'color-urls': undefined,
  };
  const sessions: Session[] = [];
  try {
    const targets = await prepareAll(servers, async (server) => {
      const session = await connect(server);
      sessions.push(session);
      return await prepareOn(server, session, inputs, ports, workspace, wanted);
    });
    const first = targets[0]!;
    outputs['previous-release'] = first.found.current;
    outputs.color = first.prepared.color;
    if (first.prepared.color) outputs['color-urls'] = colorUrls(first.prepared.ports);
    outputs.services = servicesOutput(first.prepared.changes, first.found);
    tellNotes(targets, ports);
    if (inputs.plan) return finishPlan(targets, inputs, ports, { ...outputs, duration: elapsed(ports, begun) });
    const outcomes = await runAll(targets, inputs, ports, wanted, deploymentId, connect, sessions);
    ports.saveState('ended', 'true');
    const filled = await report(outcomes, targets, inputs, ports, wanted, outputs, begun);
    const failure = fleetFailure(outcomes, filled);
    if (failure) throw failure;
    return filled;
  } catch (error) {
    if (error instanceof Failure && error.outputs === undefined) {
      const failed = { ...outputs, duration: elapsed(ports, begun) };
      throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs: failed });
    }
    throw error;
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

async function wantedOf(inputs: DeployInputs, ports: Ports, workspace: Workspace): Promise<Wanted> {
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
    workspaceFiles: new Set(),
    hooks: {
      'before-up': inputs['before-up'],
      migrate: inputs.migrate,
      'migration-state': inputs['migration-state'],
      'after-up': inputs['after-up'],
    },
    removeOrphans: inputs['remove-orphans'] && inputs.services.length === 0,
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

/** Looks at every server before any is changed; one error names all that are not fit. */
async function prepareAll(servers: readonly Server[], prepare: (server: Server) => Promise<Target>): Promise<Target[]> {
  const failed: { server: Server; error: unknown }[] = [];
  const targets = await pool(servers, 10, async (server) => {
    try {
      return [await prepare(server)];
    } catch (error) {
      failed.push({ server, error });
      return [];
    }
  });
  if (failed.length === 0) return targets.flat();
  const first = failed[0]!;
  if (servers.length === 1 || !(first.error instanceof Failure)) throw first.error;
  throw new Failure(first.error.kind, `${first.server.name}: ${first.error.message}. Nothing was changed on any server`, {
    ...first.error,
    details: [first.error.details, ...failed.slice(1).map((one) => `${one.server.name}: ${messageOf(one.error)}`)]
      .filter(Boolean)
      .join('\n'),
    cause: first.error.cause,
  });
}

async function prepareOn(
  server: Server,
  session: Session,
  inputs: DeployInputs,
  ports: Ports,
  workspace: Workspace,
  wanted: Wanted,
): Promise<Target> {
  let found: Inspection;
  try {
    found = await inspectForDeploy(
      session,
      {
        path: server.path,
        project: inputs.project ?? '',
        composeFiles: workspace.composeFiles,
        profiles: inputs.profiles,
        env: inputs.env,
        envFile: inputs['env-file'] ?? '',
        files: workspace.files,
        // The first colour takes the running stack as the live one, with its data and env files.
        adopt: inputs.adopt || inputs.color !== undefined,
        dockerHost: server.dockerHost,
      },
      { signal: ports.signal, onEvent: (event) => event.type === 'warning' && ports.log.warning(event.text) },
    );
  } catch (error) {
    for (const value of inputs.env.values()) ports.addSecret(value);
    throw await placeInComposeFile(error, workspace);
  }
  for (const value of secretsOf(inputs.env, found.config)) ports.addSecret(value);
  refuseForeign(found, inputs);
  const workspaceFiles = new Set<string>();
  for (const path of relativeSources(found)) if (await workspace.has(path)) workspaceFiles.add(path);
  const prepared = prepareRelease(found, server.path, { ...wanted, workspaceFiles });
  return { server, session, found, prepared };
}

/**
 * Every value of `env`, and of the file on the server what is named like a secret. A registry or tag that is part
 * of an image's name is left out, and so are ports: they are shown everywhere, and masks would shred the log.
 */
function secretsOf(env: Environment, model: ComposeModel): string[] {
  const images = Object.values(model.services).map((service) => service.image ?? '');
  const open = (value: string) => /^\d{1,5}$/.test(value) || images.some((image) => value !== '' && image.includes(value));
  return [...[...env.values()].filter((value) => !open(value)), ...secretValues(model)];
}

/** Relative sources of mounts, to look up whether one was forgotten in `files`. */
function relativeSources(found: Inspection): string[] {
  return Object.values(found.config.services).flatMap((service) =>
    (service.volumes ?? []).flatMap((mount) =>
      mount.type === 'bind' && mount.source?.startsWith(`${found.stage}/`) ? [mount.source.slice(found.stage.length + 1)] : [],
    ),
  );
}

/** A stack that somebody else started is not taken over unasked. */
function refuseForeign(found: Inspection, inputs: DeployInputs): void {
  const foreign = found.containers.filter((container) => container.hash === '' && !container.oneOff);
  if (found.current !== '' || foreign.length === 0 || inputs.adopt || inputs.color) return;
  throw new Failure(
    'refused',
    `the project ${found.project} has containers that this action did not start: ${foreign.map((one) => one.name).join(', ')}`,
    {
      input: 'adopt',
      remedy: 'Set `adopt: true` once to take the running stack over as it is, or give another `project`.',
    },
  );
}

function tellNotes(targets: readonly Target[], ports: Ports): void {
  for (const note of new Set(targets.flatMap((target) => target.prepared.notes))) ports.log.info(note);
}

async function runAll(
  targets: readonly Target[],
  inputs: DeployInputs,
  ports: Ports,
  wanted: Wanted,
  deploymentId: string,
  connect: Open,
  sessions: Session[],
): Promise<MemberOutcome[]> {
  const { workflow } = ports;
  const several = targets.length > 1;
  const login = loginOf(inputs);
  const parallel = parallelOf(inputs.parallel, targets.length);
  const batches = Math.ceil(targets.length / parallel) + 1;
  const members: Member[] = targets.map((target, index) => ({
    name: target.server.name,
    session: target.session,
    reopen: async () => {
      const session = await connect(target.server);
      sessions.push(session);
      return session;
    },
    operation: deployOperation(target.prepared, wanted, {
      path: target.server.path,
      deploymentId,
      staging: target.found.staging,
      dockerHost: target.server.dockerHost,
      adopt: inputs.adopt,
      pull: inputs.pull,
      registry: login,
      minFreeDisk: inputs['min-free-disk'],
      waitTimeout: inputs['wait-timeout'],
      stopTimeout: inputs['stop-timeout'],
      onFailure: inputs['on-failure'],
      keepReleases: inputs['keep-releases'],
      removeOrphans: wanted.removeOrphans,
      migrationReversible: inputs['migration-reversible'],
      goDeadline: several ? GO_MARGIN + batches * (inputs['wait-timeout'] + 300_000) : undefined,
      migratesElsewhere: several && index > 0 && inputs['migrate-on'] === 'first',
      order:
        workflow.runNumber > 0
          ? { key: orderKey(workflow), number: workflow.runNumber, attempt: workflow.runAttempt }
          : undefined,
      allowOlder: inputs['allow-older'],
      lockTimeout: inputs['lock-timeout'],
      holder: { actor: workflow.actor || 'somebody', runUrl: workflow.runUrl },
      resumeOnBoot: inputs['resume-on-boot'],
    }),
  }));
  const voice = teller(ports.log, several);
  const references: unknown[] = [];
  return await deployFleet(members, {
    clock: ports.clock,
    signal: ports.signal,
    teller: voice,
    parallel,
    migratesFirst: inputs.migrate.length > 0 && inputs['migrate-on'] === 'first',
    onStart(name, reference) {
      references.push({ name, ...reference });
      ports.saveState('runs', JSON.stringify(references));
    },
  });
}

function orderKey(workflow: Ports['workflow']): string {
  return `${workflow.repository}/${workflow.workflow}`.replace(/[^A-Za-z0-9._-]+/g, '-');
}

async function report(
  outcomes: readonly MemberOutcome[],
  targets: readonly Target[],
  inputs: DeployInputs,
  ports: Ports,
  wanted: Wanted,
  outputs: DeployOutputs,
  begun: number,
): Promise<DeployOutputs> {
  const first = targets[0]!;
  const result = outcomes[0]?.result;
  const ok = outcomes.length === targets.length && outcomes.every(succeeded);
  const restored = outcomes.some((one) => one.result?.fields['restored'] === 'true');
  const changed = outcomes.some((one) => one.result?.fields['changed'] === 'true');
  const release = result?.fields['release'] ?? wanted.release;
  const previous = result?.fields['previous'] ?? first.found.current;
  const services = servicesOutput(first.prepared.changes, first.found, result?.fields['digests']);
  const duration = elapsed(ports, begun);
  const status = ok ? (changed ? 'success' : release === previous ? 'unchanged' : 'success') : restored ? 'restored' : outcomes.some((one) => one.lost) ? 'unknown' : 'failure';
  const rows = targets.map((target) => {
    const outcome = outcomes.find((one) => one.name === target.server.name);
    return {
      name: target.server.name,
      outcome: !outcome ? 'not started' : outcome.lost ? 'not known' : succeeded(outcome) ? 'deployed' : outcome.result!.fields['restored'] === 'true' ? 'restored' : 'failed',
      detail: outcome?.lost ? messageOf(outcome.lost) : (outcome?.result?.failure?.message ?? ''),
    };
  });
  const record = await writeRecord(ports.workflow.temp, {
    timestamp: ports.clock.wall().toISOString(),
    deployment_id: String(outputs['deployment-id']),
    environment: inputs.environment ?? '',
    status,
    git_sha: ports.workflow.sha,
    git_ref: ports.workflow.ref,
    version: wanted.version,
    release,
    previous_release: previous,
    color: first.prepared.color ?? '',
    actor: ports.workflow.actor,
    run_url: ports.workflow.runUrl,
    duration_ms: duration,
    services_deployed: Object.entries(services).map(([service, one]) => ({ service, image: one.to, action: one.action })),
    health_checks: first.prepared.services
      .filter((service) => service.kind === 'long')
      .map((service) => ({ service: service.name, healthy: ok })),
    rollback_available: previous !== '' && previous !== release,
    servers: rows.map(({ name, outcome }) => ({ name, outcome })),
  });
  const title = ok
    ? status === 'unchanged'
      ? `Nothing changed: ${release} runs already`
      : `Deployed ${wanted.version} in ${formatDuration(duration)}`
    : `The deployment of ${wanted.version} failed${restored ? ' and the release before it was restored' : ''}`;
  ports.log.info(title);
  ports.summary(`### ${ok ? '✅' : '❌'} ${title}\n`);
  if (targets.length > 1) ports.summary(`${serversMarkdown(rows)}\n`);
  ports.summary(`${servicesMarkdown(Object.entries(services).map(([service, one]) => ({ service, ...one })))}\n`);
  ports.summary(`${phasesMarkdown(outcomes.map((one) => ({ name: one.name, result: one.result })))}\n`);
  return { ...outputs, release, 'previous-release': previous, changed, services, record, duration };
}

/**
 * The output `services`: service -> what was done and the images, by digest where that is known. `digests` are
 * lines of the server's: a service and the digests of its image.
 */
function servicesOutput(
  changes: readonly ServiceChange[],
  found: Inspection,
  digests = '',
): Record<string, Omit<ServiceOutcome, 'service'>> {
  const after = new Map(
    digests.split('\n').map((line): [string, string[]] => {
      const [service = '', ...references] = line.split(' ');
      return [service, references.filter((one) => one !== '')];
    }),
  );
  return Object.fromEntries(
    changes.map(({ service, action, from, to, reasons }) => [
      service,
      {
        action,
        from: withDigest(from, found.images),
        to: digestAmong(to, after.get(service)) ?? withDigest(to, found.images),
        reasons,
      },
    ]),
  );
}

function finishPlan(targets: readonly Target[], inputs: DeployInputs, ports: Ports, outputs: DeployOutputs): DeployOutputs {
  ports.summary('### Plan: nothing was changed\n');
  for (const { server, prepared, found } of targets) {
    const changes = prepared.changes.map((change) => ({
      ...change,
      from: withDigest(change.from, found.images),
      to: withDigest(change.to, found.images),
    }));
    ports.log.info(`${server.name}: what a deployment would do (nothing is changed)`);
    for (const line of planLines(changes)) ports.log.info(`  ${line}`);
    ports.summary(`${targets.length > 1 ? `**${server.name}**\n\n` : ''}${servicesMarkdown(changes)}\n`);
  }
  const commands = (['before-up', 'migrate', 'after-up'] as const).flatMap((kind) =>
    inputs[kind].map((hook) => `${kind}: ${hook.service}: ${hook.text}`),
  );
  for (const command of commands) ports.log.info(`  would run ${command}`);
  if (commands.length > 0) ports.summary(`Would run:\n\n${commands.map((one) => `- ${one.replace(/[\\`*_<>|[\]]/g, '\\$&')}`).join('\n')}\n`);
  const changed = targets.some((target) => target.prepared.changes.some((change) => change.action !== 'keep'));
  return { ...outputs, changed };
}

function elapsed(ports: Ports, begun: number): number {
  return Math.round(ports.clock.now() - begun);
}
