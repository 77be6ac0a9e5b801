import { loadClient } from '@deploy-actions/http';
import { Failure, formatDuration, messageOf } from '@deploy-actions/kit';
import {
  type Aim,
  type ContainerScope,
  type Reach,
  type ServerSide,
  type Ways,
  evidenceOf,
  followContainers,
  listContainers,
  lookAt,
  readTargets,
} from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { tail } from './binomial.ts';
import { type Limits, type Sample, openBudget, share } from './budget.ts';
import { CAUSE_COMES_WITHIN, type Incident, containerSignals } from './container-signals.ts';
import type { WatchInputs, WatchOutputs } from './fields.ts';
import { metricLooks } from './metrics.ts';
import { type Periodic, logPatterns, periodicRun, serverLoad } from './periodic.ts';
import { P95_ANSWERS } from './p95.ts';
import { conclude } from './report.ts';
import { type Pace, sampleTargets } from './sampling.ts';
import type { Found, Seen } from './seen.ts';

/** What stability-watch needs of the world besides the runner's ports. */
export interface World {
  runner: Reach;
  /** The server's session and its way to targets, opened at the first call. Throws when there is no server. */
  server(): Promise<ServerSide>;
  /** Writes the whole report and answers its path. */
  writeReport(json: string): string;
}

/** Why the watch is over before its time; the signal's reason. */
class Over extends Error {}

const NEWS_EVERY = 15_000;

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
  tellBaseline(inputs, targets, ports);
  tellOdds(limits, pace, ports.log);
  if (inputs.metrics.length > 0 || targets.some(({ target }) => target.kind === 'http')) await loadClient();
  const needsServer =
    scope !== undefined ||
    loadInputs(inputs).length > 0 ||
    (inputs.metrics.length > 0 && inputs.via === 'ssh') ||
    targets.some(({ via }) => via === 'ssh');
  const server = needsServer ? await world.server() : undefined;
  const seen = await observe({ targets, scope, pace, limits, inputs, server, ports, world });
  return conclude(seen, inputs, ports, world);
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

/** The inputs with a limit on the server's load. */
function loadInputs(inputs: WatchInputs): string[] {
  return (['max-cpu', 'max-memory', 'max-disk'] as const).filter((input) => inputs[input] !== undefined);
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

/** Whether a target is asked over the network, and not by a program on the server. */
function isRequest({ target }: Aim): boolean {
  return target.kind !== 'compose' && target.kind !== 'exec';
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

/** Refuses a watch that could not see what it is asked to judge. */
function refuseBlind(
  inputs: WatchInputs,
  targets: readonly Aim[],
  scope: ContainerScope | undefined,
  pace: Pace,
): void {
  if (targets.length === 0 && !scope && loadInputs(inputs).length === 0 && inputs.metrics.length === 0)
    throw new Failure('input', 'there is nothing to watch: neither `targets` nor a `project` on a server', {
      input: 'targets',
      remedy: 'Name an address in `targets`, or `project` and the server inputs.',
    });
  if (inputs['log-patterns'].length > 0 && !scope)
    throw new Failure('input', '`log-patterns` needs the inputs `project` and `host`', {
      input: 'log-patterns',
      remedy: 'Name the compose project whose logs are searched, and its server.',
    });
  const promql = inputs.metrics.find(({ source }) => source.kind === 'promql');
  if (promql && inputs['prometheus-url'] === undefined)
    throw new Failure(
      'input',
      `${promql.text} is asked of Prometheus, and input \`prometheus-url\` is empty`,
      {
        input: 'prometheus-url',
        remedy: 'Name its address, or write that of a /metrics page before a metric.',
      },
    );
  const [load] = loadInputs(inputs);
  if (load !== undefined && inputs.host.length === 0)
    throw new Failure('input', `\`${load}\` is about a server, and input \`host\` is empty`, {
      input: load,
      remedy: 'Add the server inputs: host, user, ssh-key, known-hosts.',
    });
  const fewest = targets.some(isRequest)
    ? Math.floor((pace.duration / pace.interval) * inputs['requests-per-interval'])
    : 0;
  const needs: [limit: string, requests: number][] = [];
  if (inputs['max-p95'] !== undefined) needs.push(['max-p95', P95_ANSWERS]);
  if (inputs['max-error-rate'] !== undefined) needs.push(['max-error-rate', inputs['min-requests']]);
  for (const [input, requests] of needs) {
    if (fewest >= requests) continue;
    throw new Failure(
      'input',
      fewest === 0
        ? `\`${input}\` needs \`targets\` that are asked over the network`
        : `\`${input}\` is judged from ${requests} requests on, and this watch makes ${fewest} to a target`,
      {
        input,
        remedy: `Raise \`requests-per-interval\` or \`duration\`${input === 'max-p95' ? '' : ', or lower `min-requests`'}. `,
      },
    );
  }
}

/** Says how often the watch would blame a service that fails once in a thousand requests, where that is often. */
function tellOdds({ maxErrors }: Limits, pace: Pace, log: Ports['log']): void {
  if (maxErrors === undefined) return;
  const all = Math.floor(
    (pace.duration / pace.interval) * pace.perInterval.reduce((sum, one) => sum + one, 0),
  );
  const alarm = tail(maxErrors + 1, all, 0.001);
  if (alarm > 0.05)
    log.info(
      `with max-errors ${maxErrors} and ${all} requests, a service that fails once in a thousand requests is blamed in ${share(alarm)} of the watches`,
    );
}

/** Holds the baseline against this watch; what it cannot say, and what rang in it already, is told before anything is asked. */
function tellBaseline(
  { baseline, via, 'baseline-only': only }: WatchInputs,
  targets: readonly Aim[],
  { annotate, log }: Pick<Ports, 'annotate' | 'log'>,
): void {
  if (only && targets.length === 0)
    throw new Failure('input', '`baseline-only` has nothing to measure: input `targets` is empty', {
      input: 'targets',
      remedy: 'Name the addresses that the later watch asks as well.',
    });
  if (!baseline) return;
  if (only)
    throw new Failure(
      'input',
      '`baseline` and `baseline-only` are given both: one is compared, the other made',
      {
        input: 'baseline-only',
        remedy: 'Leave one of them out.',
      },
    );
  if (baseline.via !== via)
    throw new Failure(
      'input',
      `the baseline was measured by way of ${baseline.via}, and this watch asks by ${via}`,
      {
        input: 'baseline',
        remedy: 'Measure both from the same place: give both steps the same `via`.',
      },
    );
  for (const { name } of targets) {
    const base = baseline.targets.get(name);
    if (!base) log.warning(`the baseline knows nothing of ${name}: it is judged by itself.`);
    else if (base.p95AtMostMs === undefined)
      log.info(`the baseline has too few answers of ${name} to compare times`);
  }
  if (baseline.alarm !== '')
    annotate('warning', `this was wrong before the watch, in the baseline already: ${baseline.alarm}`);
}

interface Scene {
  targets: readonly Aim[];
  scope: ContainerScope | undefined;
  pace: Pace;
  limits: Limits;
  inputs: WatchInputs;
  server: ServerSide | undefined;
  ports: Ports;
  world: World;
}

function periodicOf(
  inputs: WatchInputs,
  scope: ContainerScope | undefined,
  server: ServerSide | undefined,
  runner: Reach,
): Periodic[] {
  const found: Periodic[] = [];
  if (inputs.metrics.length > 0) {
    const reach = inputs.via === 'ssh' ? server!.reach : runner;
    found.push(metricLooks(inputs.metrics, inputs['prometheus-url'], reach));
  }
  if (!server) return found;
  if (scope && inputs['log-patterns'].length > 0)
    found.push(logPatterns(inputs['log-patterns'], scope, server));
  const limits = { cpu: inputs['max-cpu'], memory: inputs['max-memory'], disk: inputs['max-disk'] };
  if (Object.values(limits).some((limit) => limit !== undefined))
    found.push(serverLoad(limits, server, { path: inputs.path ?? '', dockerHost: inputs['docker-host'] }));
  return found;
}

async function observe({ targets, scope, pace, limits, inputs, server, ports, world }: Scene): Promise<Seen> {
  const { clock, log } = ports;
  const started = clock.now();
  const begun = started + pace.warmUp;
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, over.signal, ...(server ? [server.session.gone] : [])]);
  const seldom = new Set(targets.flatMap((aim, place) => (isRequest(aim) ? [] : [place])));
  const { baseline } = inputs;
  const budget = openBudget(
    limits,
    targets.length,
    seldom,
    targets.map(({ name }) => baseline?.targets.get(name)),
  );
  const samples: Sample[] = [];
  const incidents: { incident: Incident; at: number }[] = [];
  const missing: string[] = [];
  let found: Found | undefined;
  let alarm: Found | undefined;
  const end = (one: Found) => {
    if (found) return;
    if (inputs['baseline-only']) {
      alarm ??= one;
      return;
    }
    found = one;
    over.abort(new Over(one.reason));
  };
  let counted = 0;
  const onIncident = (incident: Incident) => {
    incidents.push({ incident, at: clock.now() - begun });
    if (incident.counted) counted += 1;
    if (incident.counted && counted <= inputs['max-restarts']) return;
    end({ kind: 'container', reason: blame(incident), incident });
  };
  const blame = ({ name, service, reason, counted: one }: Incident) => {
    const allowed = inputs['max-restarts'];
    return `${name} (service ${service}) ${reason}${one && allowed > 0 ? `, and max-restarts is ${allowed}` : ''}`;
  };
  const signals = scope && containerSignals(scope, onIncident);
  const following = new AbortController();
  const followed = (async () => {
    if (!signals || !server) return;
    try {
      const how = await followContainers(
        server.session,
        scope,
        {
          seconds: (pace.warmUp + pace.duration) / 1000 + 120,
          signal: AbortSignal.any([following.signal, ports.signal]),
        },
        signals,
      );
      if (how === 'ended')
        missing.push(
          'the engine ended its events before the watch was over, as it does when it is restarted',
        );
    } catch (error) {
      if (!following.signal.aborted && !over.signal.aborted) over.abort(error);
    }
  })();
  log.info(
    `watching ${[targets.length === 1 ? targets[0]!.name : targets.length > 1 ? `${targets.length} targets` : '', scope ? `the containers of ${scope.project}` : ''].filter((part) => part !== '').join(' and ')} for ${formatDuration(pace.warmUp + pace.duration)}`,
  );
  let told = clock.now();
  const periodics = periodicOf(inputs, scope, server, world.runner);
  const periodic = periodicRun(periodics, signal, {
    found: end,
    failed: (error) => over.abort(error),
  });
  const ways: Ways = { runner: world.runner, server, scope };
  let lost: unknown;
  try {
    periodic.look();
    const { skipped } = await sampleTargets(
      async (target) => {
        const aim = targets[target]!;
        const { ok, elapsedMs, detail } = await lookAt(aim, { timeout: aim.requestTimeout, signal }, ways);
        return { ok, elapsedMs, ...(detail === undefined ? {} : { detail }) };
      },
      pace,
      {
        clock,
        signal,
        onSample(sample) {
          samples.push(sample);
          const spent = budget.add(sample);
          if (spent) end({ kind: 'requests', ...spent });
        },
        onInterval() {
          const slow = budget.slow(false);
          if (slow) end({ kind: 'requests', ...slow });
          periodic.look();
          if (clock.now() - told < NEWS_EVERY) return;
          told = clock.now();
          const errors = samples.filter(({ ok }) => !ok).length;
          log.info(`${formatDuration(told - started)}: ${samples.length} requests, ${errors} failed`);
        },
      },
    );
    await periodic.finish();
    if (signal.aborted) throw signal.reason;
    const slow = budget.slow(true);
    if (slow) end({ kind: 'requests', ...slow });
    if (skipped > 0) log.info(`${skipped} requests were left out: too many were under way at a time`);
  } catch (error) {
    if (ports.signal.aborted) throw ports.signal.reason;
    if (!(error instanceof Over)) lost = error;
  }
  const elapsedMs = Math.max(0, Math.round(clock.now() - begun));
  const evidence = await closeContainers();
  if (!found && lost === undefined) missing.push(...periodic.missing());
  return {
    targets,
    scope,
    tallies: budget.tallies,
    limits,
    samples,
    incidents,
    notes: signals?.notes ?? [],
    missing,
    found,
    alarm,
    baseline,
    lost,
    elapsedMs,
    evidence,
    periodic: periodics,
  };

  /** Ends the events, compares with a last list, and fetches the log of the container that is to blame. */
  async function closeContainers(): Promise<string[]> {
    if (!signals || !server || !scope || lost !== undefined) {
      following.abort();
      return [];
    }
    if (found?.incident?.reason === 'exited with code 137')
      await clock.sleep(CAUSE_COMES_WITHIN, ports.signal);
    following.abort();
    await followed;
    try {
      const containers = await listContainers(server.session, scope);
      if (!found) {
        missing.push(...signals.missing());
        signals.finish(containers);
      }
      const culprit = found?.incident;
      // What it died of may have become known meanwhile.
      if (found && culprit) found.reason = blame(culprit);
      return culprit ? [await evidenceOf(server.session, scope, culprit)] : [];
    } catch (error) {
      if (!found) lost = error;
      else log.info(`the containers' logs could not be read: ${messageOf(error)}`);
      return [];
    }
  }
}
