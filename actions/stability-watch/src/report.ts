import {
  type CheckResult,
  Failure,
  type Report,
  cut,
  formatDuration,
  latencyOf,
  messageOf,
  publishReport,
  quantile,
} from '@deploy-actions/kit';
import type { Ports } from '@deploy-actions/runner';
import { baseOf, baselineJson } from './baseline.ts';
import { upperBound } from './binomial.ts';
import { shareAtMost } from './budget.ts';
import type { WatchInputs, WatchOutputs } from './fields.ts';
import { P95_ANSWERS } from './p95.ts';
import { rowsOf } from './rows.ts';
import type { Counted, Seen } from './seen.ts';
import { summaryOf } from './summary.ts';

/**
 * Says what was seen: summary, report, outputs. Throws a Failure that carries the outputs unless all was well.
 */
export function conclude(
  seen: Seen,
  inputs: WatchInputs,
  ports: Ports,
  world: { writeReport(json: string): string },
): WatchOutputs {
  const report = reportOf(seen, inputs);
  const rows = rowsOf(
    seen.samples,
    seen.incidents.map(({ at }) => at),
    inputs.interval,
    // What the last answers took goes to the last interval.
    Math.min(seen.elapsedMs, inputs.duration),
  );
  ports.summary(summaryOf(seen, report, rows));
  const p95 = slowest(seen);
  const outputs: WatchOutputs = {
    stable: report.ok,
    errors: seen.samples.filter(({ ok }) => !ok).length,
    requests: seen.samples.length,
    'p95-ms': p95 === undefined ? undefined : Math.round(p95),
    reason: report.ok ? undefined : ports.redactor.redact(report.summary),
    baseline:
      seen.targets.length > 0 && seen.lost === undefined ? baselineText(seen, inputs, ports) : undefined,
    ...publishReport(report, ports.redactor, (json) => world.writeReport(json), {
      ...report,
      intervals: rows,
    }),
    'elapsed-ms': seen.elapsedMs,
  };
  if (report.ok) {
    for (const one of seen.missing) ports.annotate('warning', one);
    if (seen.alarm) ports.annotate('warning', `this is wrong already, before any change: ${alarmOf(seen)}`);
    ports.log.info(report.summary);
    return outputs;
  }
  const { lost } = seen;
  const details = [...seen.notes, ...seen.evidence];
  throw new Failure(lost instanceof Failure ? lost.kind : 'unhealthy', report.summary, {
    ...(lost instanceof Failure ? { code: lost.code } : {}),
    remedy: remedyOf(seen),
    outputs,
    ...(details.length > 0 ? { details: details.join('\n') } : {}),
    ...(lost === undefined ? {} : { cause: lost }),
  });
}

/** What a later watch compares itself with. */
function baselineText(seen: Seen, inputs: WatchInputs, { redactor }: Pick<Ports, 'redactor'>): string {
  const targets = seen.targets.map(({ name }, place) => [name, baseOf(seen.tallies[place]!)] as const);
  const alarm = cut(redactor.redact(alarmOf(seen)), 500);
  return baselineJson({ via: inputs.via, targets: new Map(targets), alarm });
}

/** What was wrong, where the watch only measures or has ended with it; empty when nothing was. */
function alarmOf(seen: Seen): string {
  const one = seen.alarm ?? seen.found;
  if (!one) return '';
  return one.target === undefined ? one.reason : `${seen.targets[one.target]!.name}: ${one.reason}`;
}

function remedyOf({ found, lost, limits }: Seen): string {
  if (lost instanceof Failure && lost.remedy !== undefined) return lost.remedy;
  if (found?.incident?.stopped)
    return 'See who or what stopped it on the server; `max-restarts` allows it. A run of ours is known by its journal in `path`.';
  if (found?.kind === 'container')
    return 'Take the release back; the last log lines of the container are below.';
  if (found?.kind === 'log') return 'Take the release back, or mend the pattern if that line is fine.';
  if (found?.kind === 'metric') return 'Take the release back; what must hold of the figure is in `metrics`.';
  if (found?.kind === 'server')
    return 'See what uses it on the server; take the release back if it is the new one.';
  if (found?.limit === 'max-p95') return 'Take the release back, or allow it more time with `max-p95`.';
  if (found)
    return limits.maxErrors === undefined
      ? 'Take the release back and see its logs; `max-error-rate` allows more errors.'
      : 'Take the release back and see its logs.';
  return 'Mend what hides it, or accept the gap with `on-no-data: warn`.';
}

function reportOf(seen: Seen, inputs: WatchInputs): Report {
  const { found, lost, missing, elapsedMs } = seen;
  const blind = missing.length > 0 && inputs['on-no-data'] === 'fail';
  const checks = [
    ...seen.targets.map((one, target) => targetCheck(seen, one, target)),
    ...containerCheck(seen, inputs),
    ...periodicChecks(seen, inputs),
  ];
  return {
    kind: 'watch',
    ok: !found && lost === undefined && !blind,
    summary: headline(seen, inputs, blind),
    elapsedMs,
    checks,
  };
}

function headline(seen: Seen, inputs: WatchInputs, blind: boolean): string {
  const { found, lost, missing, elapsedMs, targets } = seen;
  const after = `after ${formatDuration(elapsedMs)}`;
  if (found) {
    const where =
      found.kind !== 'requests'
        ? ''
        : found.target === undefined
          ? lastError(seen)
          : `${targets[found.target]!.name}: `;
    const last = found.target === undefined ? undefined : seen.tallies[found.target]!.detail;
    const tells = found.kind === 'requests' && found.limit !== 'max-p95' && last !== undefined;
    return `not stable ${after}: ${where}${found.reason}${tells ? `; the last one: ${last}` : ''}`;
  }
  if (lost !== undefined) return `the watch was cut off ${after}: ${messageOf(lost)}`;
  if (blind) return `no data ${after}: ${missing.join('; ')}`;
  if (inputs['baseline-only']) {
    const rings = seen.alarm ? `; it is wrong already: ${alarmOf(seen)}` : '';
    return `measured for ${formatDuration(elapsedMs)}: ${honest(seen)}${rings}`;
  }
  const parts = [honest(seen), seen.scope ? restartsOf(seen) : ''].filter((part) => part !== '');
  return `stable for ${formatDuration(elapsedMs)}: ${parts.join(', ')}`;
}

/** Where the errors of all targets together were last, for people. */
function lastError({ targets, samples }: Seen): string {
  const last = samples.findLast(({ ok }) => !ok);
  return last === undefined ? '' : `${targets[last.target]!.name}: ${last.detail ?? 'failed'}; `;
}

/** The errors with what the number of requests allows to say, such as `0 of 300 requests failed: the error rate is below 1 %`. */
export function honest({ samples, targets }: Pick<Seen, 'samples' | 'targets'>): string {
  if (targets.length === 0) return '';
  const errors = samples.filter(({ ok }) => !ok).length;
  if (samples.length === 0) return 'no requests';
  return `${errors} of ${samples.length} requests failed: the error rate is below ${shareAtMost(upperBound(errors, samples.length))}`;
}

function restartsOf({ incidents }: Seen): string {
  const restarts = incidents.filter(({ incident }) => incident.counted).length;
  return `${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`;
}

function targetCheck(seen: Seen, { name, detail: more }: Counted, target: number): CheckResult {
  const { requests, errors, times, detail } = seen.tallies[target]!;
  const { found } = seen;
  const blamed =
    found?.kind === 'requests' && (found.target === undefined ? errors > 0 : found.target === target);
  const p95 = times.length >= P95_ANSWERS ? `, p95 ${formatDuration(quantile(times, 0.95)!)}` : '';
  const others = more?.() ?? '';
  const last = detail === undefined ? '' : `; the last one: ${detail}`;
  const latency = latencyOf(times);
  return {
    name,
    ok: !blamed,
    attempts: requests,
    elapsedMs: seen.elapsedMs,
    ...(blamed ? { phase: found.limit === 'max-p95' ? 'expectation' : 'http' } : {}),
    detail: `${errors} of ${requests} requests failed${p95}${others === '' ? '' : `, ${others}`}${last}`,
    ...(latency ? { latency } : {}),
  };
}

function containerCheck(seen: Seen, inputs: WatchInputs): CheckResult[] {
  const { scope, incidents, missing, found } = seen;
  if (!scope) return [];
  const ok = found?.kind !== 'container' && !(missing.length > 0 && inputs['on-no-data'] === 'fail');
  const told = incidents.map(({ incident }) => `${incident.name} ${incident.reason}`);
  const detail = [...missing, ...told, ...seen.notes].join('; ');
  return [
    {
      name: `containers of ${scope.project}`,
      ok,
      attempts: 1,
      elapsedMs: seen.elapsedMs,
      ...(ok ? {} : { phase: 'container' }),
      ...(detail === '' ? {} : { detail }),
    },
  ];
}

function periodicChecks({ periodic, found, elapsedMs }: Seen, inputs: WatchInputs): CheckResult[] {
  return periodic.map((one) => {
    const missing = one.missing();
    const blind = missing.length > 0 && inputs['on-no-data'] === 'fail';
    const ok = found?.kind !== one.kind && !blind;
    const detail = [...(found?.kind === one.kind ? [found.reason] : []), ...missing, one.detail()];
    return {
      name: one.name,
      ok,
      attempts: 1,
      elapsedMs,
      ...(ok ? {} : { phase: one.kind === 'metric' ? 'expectation' : 'container' }),
      detail: detail.filter((part) => part !== '').join('; '),
    };
  });
}

/** The p95 of the slowest target that has enough answers. */
function slowest({ tallies }: Seen): number | undefined {
  const found = tallies
    .filter(({ times }) => times.length >= P95_ANSWERS)
    .map(({ times }) => quantile(times, 0.95)!);
  return found.length === 0 ? undefined : Math.max(...found);
}
