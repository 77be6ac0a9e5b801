import { formatDuration, messageOf } from '@deploy-actions/kit';
import {
  type Aim,
  type ContainerScope,
  type NodeSession,
  type Reach,
  type ServerSide,
  type StackWatch,
  type Ways,
  evidenceOf,
  followContainers,
  listContainers,
  lookAt,
  stackEvidence,
} from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import type { AccessLog } from './access-log/access-log.ts';
import { type Limits, type Sample, type Tally, openBudget } from './budget.ts';
import {
  CAUSE_COMES_WITHIN,
  type Incident,
  type Stop,
  type WatchSignals,
  containerSignals,
} from './container-signals.ts';
import type { WatchInputs } from './fields.ts';
import { followTasks } from './follow-tasks.ts';
import { metricLooks } from './metrics.ts';
import { type Periodic, logPatterns, periodicRun, serverLoad } from './periodic.ts';
import { P95_ANSWERS } from './p95.ts';
import { isRequest, loadInputs } from './refusal.ts';
import { type Pace, sampleTargets } from './sampling.ts';
import type { Counted, Found, Seen } from './seen.ts';
import { stopJudge } from './stops.ts';
import { type TaskSignals, taskSignals } from './task-signals.ts';

/** Why the watch is over before its time; the signal's reason. */
class Over extends Error {}

const NEWS_EVERY = 15_000;

/** What is watched, by which limits, and from where. */
export interface Scene {
  targets: readonly Aim[];
  scope: ContainerScope | undefined;
  /** Of real traffic, opened at its end. */
  log: AccessLog | undefined;
  pace: Pace;
  limits: Limits;
  inputs: WatchInputs;
  server: ServerSide | undefined;
  /** Where the containers are the tasks of a cluster. */
  stack: StackWatch | undefined;
  /** Its nodes that were given. */
  nodes: () => Promise<readonly NodeSession[]>;
  ports: Ports;
  /** From where targets are asked, unless by the server. */
  runner: Reach;
}

/** What is watched, for people. */
export function watchedWords(
  targets: readonly Aim[],
  scope: ContainerScope | undefined,
  accessLog: AccessLog | undefined,
): string {
  const asked = targets.length === 1 ? targets[0]!.name : `${targets.length} targets`;
  const words = [
    ...(targets.length > 0 ? [asked] : []),
    ...(accessLog ? [`the ${accessLog.name}`] : []),
    ...(scope ? [`the containers of ${scope.project}`] : []),
  ];
  return words.length > 0 ? words.join(' and ') : 'figures and the load';
}

function periodicOf(
  inputs: WatchInputs,
  scope: ContainerScope | undefined,
  server: ServerSide | undefined,
  loaded: readonly Pick<ServerSide, 'session'>[],
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
    for (const one of loaded)
      found.push(serverLoad(limits, one, { path: inputs.path ?? '', dockerHost: inputs['docker-host'] }));
  return found;
}

/** Limits that need more requests than the log has had. */
function tooFew({ name }: AccessLog, { requests, times }: Readonly<Tally>, inputs: WatchInputs): string[] {
  if (requests === 0) return [];
  const rate = inputs['max-error-rate'] !== undefined && requests < inputs['min-requests'];
  return [
    ...(rate
      ? [
          `max-error-rate is judged from ${inputs['min-requests']} requests on, and the ${name} had ${requests}`,
        ]
      : []),
    ...(inputs['max-p95'] !== undefined && times.length < P95_ANSWERS
      ? [`max-p95 is judged from ${P95_ANSWERS} answers on, and the ${name} had ${times.length}`]
      : []),
  ];
}

/** Looks until the time is over or a limit is passed. Throws the signal's reason when the run is cancelled. */
export async function observe({
  targets,
  scope,
  log: accessLog,
  pace,
  limits,
  inputs,
  server,
  stack,
  nodes,
  ports,
  runner,
}: Scene): Promise<Seen> {
  const { clock, log } = ports;
  const started = clock.now();
  const begun = started + pace.warmUp;
  const over = new AbortController();
  const signal = AbortSignal.any([ports.signal, over.signal, ...(server ? [server.session.gone] : [])]);
  const seldom = new Set(targets.flatMap((aim, place) => (isRequest(aim) ? [] : [place])));
  const { baseline } = inputs;
  const counted: Counted[] = [...targets, ...(accessLog ? [accessLog] : [])];
  const budget = openBudget(
    limits,
    counted.length,
    seldom,
    counted.map(({ name }) => baseline?.targets.get(name)),
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
  let restarts = 0;
  const onIncident = (incident: Incident) => {
    incidents.push({ incident, at: clock.now() - begun });
    if (incident.counted) restarts += 1;
    if (incident.counted && restarts <= inputs['max-restarts']) return;
    end({ kind: 'container', reason: blame(incident), incident });
  };
  const blame = ({ name, service, reason, counted: one }: Incident) => {
    const allowed = inputs['max-restarts'];
    return `${name} (service ${service}) ${reason}${one && allowed > 0 ? `, and max-restarts is ${allowed}` : ''}`;
  };
  // A limit on the load is one for each node.
  const loaded = stack && loadInputs(inputs).length > 0 ? await nodes() : server ? [server] : [];
  if (stack && loaded.length < inputs.host.length && loadInputs(inputs).length > 0)
    missing.push('the load of a node could not be seen: it cannot be reached');
  const following = new AbortController();
  const stops = scope && server && stopJudge(scope, inputs.path, server, () => signals!, ports.signal);
  const onStop = (stop: Stop) => stops?.judge(stop);
  const tasks = stack && taskSignals(stack, onIncident, onStop);
  const containers = tasks || !scope ? undefined : containerSignals(scope, onIncident, onStop);
  const signals: WatchSignals | undefined = tasks ?? containers;
  const followed = (async () => {
    if (tasks) {
      const until = AbortSignal.any([following.signal, ports.signal]);
      const options = { clock, signal: until, missing: (sentence: string) => void missing.push(sentence) };
      await followTasks(stack!, tasks, nodes, options).catch((error: unknown) => {
        if (!following.signal.aborted && !over.signal.aborted) over.abort(error);
      });
      return;
    }
    if (!containers || !server || !scope) return;
    try {
      const how = await followContainers(
        server.session,
        scope,
        {
          seconds: (pace.warmUp + pace.duration) / 1000 + 120,
          signal: AbortSignal.any([following.signal, ports.signal]),
        },
        containers,
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
    `watching ${watchedWords(targets, scope, accessLog)} for ${formatDuration(pace.warmUp + pace.duration)}`,
  );
  let told = clock.now();
  const periodics = periodicOf(inputs, scope, server, loaded, runner);
  const onSample = (sample: Sample) => {
    samples.push(sample);
    const spent = budget.add(sample);
    if (spent) end({ kind: 'requests', ...spent });
  };
  const looks = accessLog ? [...periodics, traffic(accessLog, targets.length)] : periodics;
  const periodic = periodicRun(looks, signal, {
    found: end,
    failed: (error) => over.abort(error),
  });
  const ways: Ways = { runner, server, scope, stack };
  let lost: unknown;
  let elapsedMs = 0;
  try {
    periodic.look();
    // What came in the warm-up does not count.
    if (accessLog && pace.warmUp > 0)
      void clock.sleep(pace.warmUp, signal).then(
        () => periodic.look(),
        () => {},
      );
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
        onSample,
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
  elapsedMs = Math.max(0, Math.round(clock.now() - begun));
  const evidence = await closeContainers();
  if (!found && lost === undefined) missing.push(...periodic.missing());
  return {
    targets: counted,
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

  /** The log's requests as samples of the target with that place. */
  function traffic(one: AccessLog, target: number): Periodic {
    let counting = false;
    return {
      kind: 'requests',
      name: one.name,
      missing: () => [...one.missing(elapsedMs), ...tooFew(one, budget.tallies[target]!, inputs)],
      detail: () => one.detail(),
      async look(last, signal) {
        if (!counting) {
          await one.skip(signal);
          counting = clock.now() >= begun;
          return undefined;
        }
        // A line stands for the time since the look before; which interval that is decides its middle.
        const at = Math.max(0, clock.now() - begun - pace.interval / 2);
        await one.look(
          last,
          ({ status, ms }) => {
            const ok = status < 500;
            onSample({ target, at, elapsedMs: ms, ok, ...(ok ? {} : { detail: `status ${status}` }) });
          },
          signal,
        );
        return undefined;
      },
    };
  }

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
    await stops?.settled();
    try {
      if (!found) missing.push(...signals.missing());
      if (tasks) return await closeTasks(server, tasks);
      const last = await listContainers(server.session, scope);
      if (!found) containers!.finish(last);
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
  /** The same of a cluster; the evidence is of the nodes where the tasks were. */
  async function closeTasks({ session }: ServerSide, of: TaskSignals): Promise<string[]> {
    const view = await stack!.look();
    if (!found) {
      of.view(view, new Map());
      await stops?.settled();
      of.finish(view);
    }
    const service = found?.incident?.service;
    return service === undefined
      ? []
      : await stackEvidence([service], view, session, await nodes(), stack!.scope);
  }
}
