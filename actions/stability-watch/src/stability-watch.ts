import { loadClient } from '@deploy-actions/http';
import { Failure, formatDuration } from '@deploy-actions/kit';
import {
  type Aim,
  type ContainerScope,
  type LogPlace,
  type NodeSession,
  type Reach,
  type ServerSide,
  type StackWatch,
  openLog,
  readTargets,
  watchStack,
} from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { type AccessLog, logName, openAccessLog } from './access-log/access-log.ts';
import type { Limits } from './budget.ts';
import { type WatchInputs, type WatchOutputs, outputs } from './fields.ts';
import { observe, watchedWords } from './observe.ts';
import { isRequest, loadInputs, refuseBlind, tellBaseline, tellOdds } from './refusal.ts';
import { conclude } from './report.ts';
import type { Pace } from './sampling.ts';

/** What stability-watch needs of the world besides the runner's ports. */
export interface World {
  runner: Reach;
  /** The server's session and its way to targets, opened at the first call. Throws when there is no server. */
  server(): Promise<ServerSide>;
  /** Whether the servers are nodes of a cluster, a manager first. Opens the server too. */
  isCluster(): Promise<boolean>;
  /** All servers, for what only a node knows of its tasks; one that cannot be reached is told and left out. */
  nodes(): Promise<readonly NodeSession[]>;
  /** Writes the whole report and answers its path. */
  writeReport(json: string): string;
}

/**
 * Watches until the time is over or a limit is passed. Throws an `unhealthy` Failure with the reason, and the outputs with
 * it; an `input` Failure before anything is asked when the watch could not see what its limits are about.
 */
export async function stabilityWatch(inputs: WatchInputs, ports: Ports, world: World): Promise<WatchOutputs> {
  for (const url of [
    inputs['prometheus-url'],
    ...inputs.metrics.map(({ source }) => (source.kind === 'page' ? source.url : undefined)),
  ]) {
    const password = url === undefined ? '' : new URL(url).password;
    if (password !== '') ports.addSecret(decodeURIComponent(password));
  }
  const targets = await targetsOf(inputs, ports);
  const scope = scopeOf(inputs, targets, ports.variables);
  const pace = paceOf(inputs, targets);
  const limits = limitsOf(inputs);
  refuseBlind(inputs, targets, scope, pace);
  const place = inputs['access-log'];
  tellBaseline(inputs, [...targets, ...(place ? [{ name: logName(place) }] : [])], ports);
  tellOdds(limits, pace, ports.log);
  if (inputs.plan && !place) return planned(targets, scope, pace, undefined, ports);
  if (inputs.metrics.length > 0 || targets.some(({ target }) => target.kind === 'http')) await loadClient();
  const needsServer =
    scope !== undefined ||
    place !== undefined ||
    loadInputs(inputs).length > 0 ||
    (inputs.metrics.length > 0 && inputs.via === 'ssh') ||
    targets.some(({ via }) => via === 'ssh');
  const server = needsServer ? await world.server() : undefined;
  const stack = server && scope && (await stackOf(server, scope, targets, inputs, world));
  const log = place && (await logOf(place, inputs, server!, ports));
  if (inputs.plan) return planned(targets, scope, pace, log, ports);
  const seen = await observe({
    targets,
    scope,
    log,
    pace,
    limits,
    inputs,
    server,
    stack,
    nodes: world.nodes,
    ports,
    runner: world.runner,
  });
  return conclude(seen, inputs, ports, world);
}

/** The stack that is watched, where the servers are a cluster's. Throws an `input` Failure for what cannot be seen of one. */
async function stackOf(
  { session }: ServerSide,
  scope: ContainerScope,
  targets: readonly Aim[],
  inputs: WatchInputs,
  world: World,
): Promise<StackWatch | undefined> {
  if (!(await world.isCluster())) return undefined;
  const refused = (input: string, what: string, remedy: string) =>
    new Failure('input', `${what}, which may be on any node of the cluster`, { input, remedy });
  const command = targets.find(({ target }) => target.kind === 'exec');
  if (command)
    throw refused(
      'targets',
      `${command.label}: \`engine: swarm\` runs no command in a task`,
      'Make it the health check of the service, which runs where the task is, and watch compose://SERVICE.',
    );
  if (inputs['log-patterns'].length > 0)
    throw refused(
      'log-patterns',
      'input `log-patterns`: `engine: swarm` searches no log of a task',
      'Leave it out, and let what collects the logs of all nodes look for them.',
    );
  return watchStack(session, { ...scope, path: inputs.path });
}

async function logOf(
  place: LogPlace,
  inputs: WatchInputs,
  { session }: Pick<ServerSide, 'session'>,
  { clock }: Pick<Ports, 'clock'>,
): Promise<AccessLog> {
  const source = openLog(session, place, inputs['docker-host']);
  const wanted = { format: inputs['access-log-format'], wantsTimes: inputs['max-p95'] !== undefined };
  return await openAccessLog(place, source, wanted, () => clock.now());
}

/** Says what would be watched. What the inputs get wrong was thrown by then. */
function planned(
  targets: readonly Aim[],
  scope: ContainerScope | undefined,
  { warmUp, duration, interval, perInterval }: Pace,
  accessLog: AccessLog | undefined,
  { log }: Pick<Ports, 'log'>,
): WatchOutputs {
  const requests = perInterval.reduce((sum, one) => sum + Math.floor((duration / interval) * one), 0);
  log.info(
    `planned, and nothing is asked: ${watchedWords(targets, scope, accessLog)} for ${formatDuration(warmUp + duration)}${requests > 0 ? `, ${requests} requests` : ''}`,
  );
  return Object.fromEntries(outputs.map((output) => [output, undefined])) as WatchOutputs;
}

async function targetsOf(inputs: WatchInputs, ports: Ports): Promise<Aim[]> {
  const { targets } = inputs;
  if (targets === undefined) return [];
  return await readTargets({ ...inputs, targets }, ports.addSecret, {
    properties: {},
    complete: (aim) => aim,
  });
}

function scopeOf(
  inputs: WatchInputs,
  targets: readonly Aim[],
  variables: Ports['variables'],
): ContainerScope | undefined {
  const onServer = targets.find(({ target }) => target.kind === 'compose' || target.kind === 'exec');
  const { project, services } = inputs;
  if (project === undefined) {
    const asking = onServer?.label ?? (services.length > 0 ? '`services`' : undefined);
    if (asking === undefined) return undefined;
    throw new Failure('input', `${asking} needs the input \`project\``, {
      input: 'project',
      remedy: 'Name the compose project, such as `project: shop`.',
    });
  }
  if (inputs.host.length === 0) {
    // What a job says of its project for all of its steps asks none of them for a server.
    if (variables.has('project') && !onServer && services.length === 0) return undefined;
    throw new Failure('input', '`project` is given without `host`', {
      input: 'host',
      remedy: 'Add the server inputs, or leave `project` out.',
    });
  }
  return {
    project,
    services,
    ...(inputs['docker-host'] ? { dockerHost: inputs['docker-host'] } : {}),
  };
}

function paceOf(inputs: WatchInputs, targets: readonly Aim[]): Pace {
  return {
    warmUp: inputs['warm-up'],
    duration: inputs.duration,
    interval: inputs.interval,
    // A look at a container or a command in it is work for the server, not a request.
    perInterval: targets.map((aim) => (isRequest(aim) ? inputs['requests-per-interval'] : 1)),
  };
}

function limitsOf(inputs: WatchInputs): Limits {
  return {
    maxErrors: inputs['max-errors'],
    maxErrorRate: inputs['max-error-rate'],
    minRequests: inputs['min-requests'],
    maxConsecutive: inputs['max-consecutive-errors'],
    maxP95: inputs['max-p95'],
  };
}
