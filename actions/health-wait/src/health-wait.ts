import { Failure, type Inputs, type Report, formatDuration, reportJson } from '@deploy-actions/kit';
import {
  type Attempt,
  type PollResult,
  type Reach,
  pollUntilReady,
  probeHttp,
  probeTcp,
  probeWebSocket,
  slots,
} from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import { fields, type outputs } from './fields.ts';
import { failureText, remedyFor, reportOf, summaryOf } from './report.ts';
import { type Watched } from './target-spec.ts';
import { readTargets } from './targets.ts';

void fields;
export type HealthInputs = Inputs<typeof fields>;
export type HealthOutputs = Record<(typeof outputs)[number], string | number | boolean | undefined>;

/** What health-wait needs of the world besides the runner's ports. */
export interface World {
  runner: Reach;
  /** Writes the whole report and answers its path. */
  writeReport(json: string): string;
}

/** One target and how its wait ended. */
export interface Outcome {
  watched: Watched;
  result: PollResult;
}

const NEWS_EVERY = 15_000;

/** Waits until every target is ready. Throws an `unhealthy` Failure that names each one that is not, and why. */
export async function healthWait(inputs: HealthInputs, ports: Ports, world: World): Promise<HealthOutputs> {
  for (const [, value] of inputs.headers) if (value.length >= 8) ports.addSecret(value);
  const targets = await readTargets(inputs, ports.addSecret);
  const started = ports.clock.now();
  const outcomes = await waitForAll(targets, inputs, ports, world);
  const elapsedMs = Math.round(ports.clock.now() - started);
  return conclude(outcomes, elapsedMs, ports, world);
}

async function waitForAll(
  targets: Watched[],
  inputs: HealthInputs,
  ports: Ports,
  world: World,
): Promise<Outcome[]> {
  const { clock, log } = ports;
  const gate = slots(inputs.concurrency);
  const started = clock.now();
  const open = new Map<Watched, Attempt | undefined>(targets.map((watched) => [watched, undefined]));
  log.info(
    `waiting for ${targets.length === 1 ? targets[0]!.name : `${targets.length} targets`}, ${formatDuration(inputs.timeout)} at most`,
  );
  const news = setInterval(() => log.info(progress(open, clock.now() - started)), NEWS_EVERY);
  try {
    return await Promise.all(
      targets.map(async (watched) => {
        const result = await pollUntilReady(
          (limit) => gate.run(() => look(watched, Math.min(limit, watched.requestTimeout), ports, world)),
          watched.rules,
          { clock, signal: ports.signal, onAttempt: (attempt) => open.set(watched, attempt) },
        );
        open.delete(watched);
        const spent = `${formatDuration(result.elapsedMs)}, ${result.attempts} ${result.attempts === 1 ? 'attempt' : 'attempts'}`;
        if (targets.length <= 50 || !result.ok)
          log.info(`${watched.name}: ${result.ok ? 'ready' : 'NOT ready'} after ${spent}`);
        return { watched, result };
      }),
    );
  } finally {
    clearInterval(news);
  }
}

async function look(watched: Watched, timeout: number, ports: Ports, world: World): Promise<Attempt> {
  const limits = { timeout, signal: ports.signal };
  const { target } = watched;
  switch (target.kind) {
    case 'http':
      return await probeHttp(world.runner, target, limits);
    case 'tcp':
      return await probeTcp(world.runner, target, limits);
    case 'ws':
      return await probeWebSocket(world.runner, target, limits);
    default:
      throw new Failure('input', `${watched.label} needs a server`, { input: 'host' });
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

function conclude(outcomes: Outcome[], elapsedMs: number, ports: Ports, world: World): HealthOutputs {
  const report: Report = reportOf(outcomes, elapsedMs);
  const whole = JSON.parse(ports.redactor.redact(JSON.stringify(report))) as Report;
  ports.summary(summaryOf(outcomes, report));
  const results: HealthOutputs = {
    healthy: report.ok,
    report: reportJson(whole),
    'report-file': world.writeReport(JSON.stringify(whole)),
    'elapsed-ms': elapsedMs,
  };
  if (report.ok) {
    ports.log.info(report.summary);
    return results;
  }
  const bad = outcomes.filter(({ result }) => !result.ok);
  throw new Failure('unhealthy', report.summary, {
    remedy: remedyFor(bad),
    ...(bad.length > 1 ? { details: bad.slice(0, 50).map(failureText).join('\n') } : {}),
    outputs: results,
  });
}
