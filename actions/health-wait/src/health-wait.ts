import { loadClient } from '@deploy-actions/http';
import { Failure, type Report, formatDuration, messageOf, publishReport } from '@deploy-actions/kit';
import {
  type Attempt,
  type ContainerScope,
  type Crash,
  type NodeSession,
  type Reach,
  type ServerSide,
  type StackWatch,
  StopWaiting,
  type Ways,
  crashOf,
  evidenceOf,
  listContainers,
  lookAt,
  pollUntilReady,
  slots,
  stackEvidence,
  watchForCrash,
  watchStack,
} from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import type { HealthInputs, HealthOutputs } from './fields.ts';
import { type TargetOutcome, failureText, remedyFor, reportOf, summaryOf } from './report.ts';
import { type Watched, readWatched } from './watched.ts';

/** What health-wait needs of the world besides the runner's ports. */
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

/** What is known about containers when a wait ends badly. */
type Evidence = string[];

const NEWS_EVERY = 15_000;
/** Milliseconds between two looks at the tasks of a cluster, beside those of the targets. */
const LOOK_EVERY = 2000;

/** Waits until every target is ready. Throws an `unhealthy` Failure that names each one that is not, and why. */
export async function healthWait(inputs: HealthInputs, ports: Ports, world: World): Promise<HealthOutputs> {
  const targets = await readWatched(inputs, ports.addSecret);
  const scope = scopeOf(inputs, targets, ports.variables);
  // The times that are told are the targets', not those of loading our own code.
  if (targets.some(({ target }) => target.kind === 'http')) await loadClient();
  const started = ports.clock.now();
  const needsServer = scope !== undefined || targets.some(({ via }) => via === 'ssh');
  const server = needsServer ? await world.server() : undefined;
  const stack = server && scope && (await stackOf(server, scope, targets, inputs, world));
  const stop = new AbortController();
  const signal = AbortSignal.any([ports.signal, stop.signal, ...(server ? [server.session.gone] : [])]);
  const ended = new AbortController();
  const watching =
    server && scope && inputs['fail-fast']
      ? stack
        ? watchTasks(stack, { signal: ended.signal, stop, clock: ports.clock })
        : watchContainers(server, scope, targets, ended.signal, stop)
      : undefined;
  let outcomes: TargetOutcome[];
  try {
    outcomes = await waitForAll(
      targets,
      inputs,
      { ...ports, signal },
      { runner: world.runner, server, scope, stack },
    );
  } finally {
    ended.abort();
  }
  const elapsedMs = Math.round(ports.clock.now() - started);
  const ok = outcomes.every(({ result }) => result.ok);
  const crash = await watching;
  const evidence =
    ok || !server || !scope
      ? []
      : stack
        ? await gatherTasks(stack, server, await world.nodes(), ports.log)
        : await gather(server, scope, crash, ports.log);
  return conclude(outcomes, elapsedMs, evidence, ports, world);
}

/** The stack that is looked at, where the servers are a cluster's. Throws an `input` Failure for what cannot be asked of one. */
async function stackOf(
  { session }: ServerSide,
  scope: ContainerScope,
  targets: readonly Watched[],
  { path }: HealthInputs,
  world: World,
): Promise<StackWatch | undefined> {
  if (!(await world.isCluster())) return undefined;
  const command = targets.find(({ target }) => target.kind === 'exec');
  if (command) {
    throw new Failure(
      'input',
      `${command.label}: \`engine: swarm\` runs no command in a task, which may be on any node`,
      {
        input: 'targets',
        remedy:
          'Make it the health check of the service, which runs where the task is, and wait for compose://SERVICE.',
      },
    );
  }
  return watchStack(session, { ...scope, path });
}

function scopeOf(
  inputs: HealthInputs,
  targets: Watched[],
  variables: Ports['variables'],
): ContainerScope | undefined {
  const onServer = targets.find(({ target }) => target.kind === 'compose' || target.kind === 'exec');
  // What a job says of its server for all of its steps asks none of them for anything.
  const asked = onServer !== undefined || !variables.has('project');
  const project = asked ? inputs.project : undefined;
  if (project === undefined) {
    if (onServer) {
      throw new Failure('input', `${onServer.label} needs the input \`project\``, {
        input: 'project',
        remedy: 'Name the compose project, such as `project: shop`.',
      });
    }
    return undefined;
  }
  if (inputs.host.length === 0) {
    throw new Failure('input', '`project` is given without `host`', {
      input: 'host',
      remedy: 'Add the server inputs, or leave `project` out.',
    });
  }
  return {
    project,
    services: inputs.services,
    ...(inputs['docker-host'] ? { dockerHost: inputs['docker-host'] } : {}),
  };
}

/** Ends the wait as soon as a container crashes. Answers the crash, if any, when it is over. */
async function watchContainers(
  server: ServerSide,
  scope: ContainerScope,
  targets: Watched[],
  ended: AbortSignal,
  stop: AbortController,
): Promise<Crash | undefined> {
  const named = new Set(scope.services);
  for (const { target } of targets)
    if (target.kind === 'compose' || target.kind === 'exec') named.add(target.service);
  const longest = Math.max(...targets.map(({ rules }) => rules.timeout + rules.initialDelay));
  try {
    const crash = await watchForCrash(server.session, scope, {
      seconds: longest / 1000 + 60,
      signal: ended,
      named,
    });
    if (crash) {
      const detail = `${crash.name} (service ${crash.service}) ${crash.reason}`;
      stop.abort(new StopWaiting({ ok: false, elapsedMs: 0, phase: 'container', detail, final: true }));
    }
    return crash;
  } catch (error) {
    if (!ended.aborted) stop.abort(error);
    return undefined;
  }
}

/** Ends the wait as soon as a service will not become well by waiting, by the rule that a deployment goes by. */
async function watchTasks(
  stack: StackWatch,
  { signal, stop, clock }: { signal: AbortSignal; stop: AbortController; clock: Ports['clock'] },
): Promise<undefined> {
  try {
    for (;;) {
      const view = await stack.look(signal);
      const bad = stack
        .named(view)
        .map((service) => stack.weigh(view, service))
        .find(({ word }) => word === 'bad');
      if (bad) {
        const detail = `service ${bad.reason}`;
        stop.abort(new StopWaiting({ ok: false, elapsedMs: 0, phase: 'container', detail, final: true }));
        return;
      }
      await clock.sleep(LOOK_EVERY, signal);
    }
  } catch (error) {
    if (!signal.aborted) stop.abort(error);
  }
}

/** The words, health logs and last lines of services that are not well, from the nodes where their tasks were. */
async function gatherTasks(
  stack: StackWatch,
  { session }: ServerSide,
  nodes: readonly NodeSession[],
  log: Ports['log'],
): Promise<Evidence> {
  try {
    const view = await stack.look();
    const ill = stack.named(view).filter((service) => stack.weigh(view, service).word !== 'ok');
    return await stackEvidence(ill.slice(0, 5), view, session, nodes, stack.scope);
  } catch (error) {
    log.info(`the tasks' logs could not be read: ${messageOf(error)}`);
    return [];
  }
}

/** Log tails and health logs of what crashed, else of every container that is not well. */
async function gather(
  server: ServerSide,
  scope: ContainerScope,
  crash: Crash | undefined,
  log: Ports['log'],
): Promise<Evidence> {
  try {
    if (crash) return [await evidenceOf(server.session, scope, crash)];
    const containers = await listContainers(server.session, scope);
    const ill = containers.filter(
      (one) =>
        crashOf(one, false) !== undefined ||
        (one.status === 'running' && one.health !== undefined && one.health !== 'healthy'),
    );
    const shown = ill.slice(0, 5);
    const evidence: Evidence = [];
    for (const container of shown) {
      const state = crashOf(container, false)?.reason ?? `is ${container.health}`;
      evidence.push(
        `${container.name} (service ${container.service}) ${state}\n${await evidenceOf(server.session, scope, container)}`,
      );
    }
    return evidence;
  } catch (error) {
    log.info(`the containers' logs could not be read: ${messageOf(error)}`);
    return [];
  }
}

async function waitForAll(
  targets: Watched[],
  inputs: HealthInputs,
  ports: Ports,
  ways: Ways,
): Promise<TargetOutcome[]> {
  const { clock, log } = ports;
  const gate = slots(inputs.concurrency);
  const started = clock.now();
  const open = new Map<Watched, Attempt | undefined>(targets.map((watched) => [watched, undefined]));
  const longest = Math.max(...targets.map(({ rules }) => rules.timeout));
  log.info(
    `waiting for ${targets.length === 1 ? targets[0]!.name : `${targets.length} targets`}, ${formatDuration(longest)} at most`,
  );
  const news = setInterval(() => log.info(progress(open, clock.now() - started)), NEWS_EVERY);
  try {
    return await Promise.all(
      targets.map(async (watched) => {
        const result = await pollUntilReady(
          (limit) =>
            gate.run(() =>
              lookAt(
                watched,
                { timeout: Math.min(limit, watched.requestTimeout), signal: ports.signal },
                ways,
              ),
            ),
          watched.rules,
          { clock, signal: ports.signal, onAttempt: (attempt) => open.set(watched, attempt) },
        );
        open.delete(watched);
        const spent = `${formatDuration(result.elapsedMs)}, ${result.attempts} ${result.attempts === 1 ? 'attempt' : 'attempts'}`;
        if (targets.length <= 50 || !result.ok) {
          log.info(`${watched.name}: ${result.ok ? 'ready' : 'NOT ready'} after ${spent}`);
        }
        return { watched, result };
      }),
    );
  } finally {
    clearInterval(news);
  }
}

function progress(open: Map<Watched, Attempt | undefined>, waited: number): string {
  const shown = [...open]
    .slice(0, 5)
    .map(
      ([watched, attempt]) =>
        `${watched.name} (${attempt?.detail ?? (attempt?.ok ? 'answers well, not often enough yet' : 'no answer yet')})`,
    );
  const more = open.size > shown.length ? ` and ${open.size - shown.length} more` : '';
  return `${formatDuration(waited)}: still waiting for ${shown.join('; ')}${more}`;
}

function conclude(
  outcomes: TargetOutcome[],
  elapsedMs: number,
  evidence: Evidence,
  ports: Ports,
  world: World,
): HealthOutputs {
  const report: Report = reportOf(outcomes, elapsedMs);
  ports.summary(summaryOf(outcomes, report, evidence));
  const results: HealthOutputs = {
    healthy: report.ok,
    ...publishReport(report, ports.redactor, (json) => world.writeReport(json)),
    'elapsed-ms': elapsedMs,
  };
  if (report.ok) {
    ports.log.info(report.summary);
    return results;
  }
  const bad = outcomes.filter(({ result }) => !result.ok);
  const details = [...(bad.length > 1 ? bad.slice(0, 50).map(failureText) : []), ...evidence];
  throw new Failure('unhealthy', report.summary, {
    remedy: remedyFor(bad),
    ...(details.length > 0 ? { details: details.join('\n') } : {}),
    outputs: results,
  });
}
