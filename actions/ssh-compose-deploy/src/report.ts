import { type MemberOutcome, isPast, memberFailure, outcomeText, succeeded } from '@deploy-actions/host';
import {
  type CheckResult,
  type Report,
  codeBlock,
  escapeMarkdown,
  messageOf,
  publishReport,
} from '@deploy-actions/kit';
import type { StepRecord } from '@deploy-actions/ledger';
import type { Wanted } from '@deploy-actions/release';
import { writeReport } from '@deploy-actions/runner';
import type { DeployInputs, DeployOutputs } from './fields.ts';
import { withDigest } from './images.ts';
import {
  type DeployOutcome,
  type PullOutcome,
  outcomeOf,
  servicesOutput,
  storyOf,
  unhealthyServices,
  worstOutcome,
} from './outcome.ts';
import { writeRecord } from './record.ts';
import { detailsMarkdown, phasesMarkdown, planLines, serversMarkdown, servicesMarkdown } from './summary.ts';
import type { Target } from './targets.ts';
import type { World } from './world.ts';

/** Record, report, summary and outputs of what happened. */
export async function tellOutcome(
  outcomes: readonly MemberOutcome[],
  targets: readonly Target[],
  inputs: DeployInputs,
  world: World,
  wanted: Wanted,
  outputs: DeployOutputs,
  begun: number,
): Promise<DeployOutputs> {
  const first = targets[0]!;
  const outcomeNamed = (name: string) => outcomes.find((one) => one.name === name);
  const rows = targets.map(({ server }) => {
    const outcome = outcomeNamed(server.name);
    return { server, outcome, word: outcomeOf(outcome) };
  });
  const outcome = worstOutcome(rows.map(({ word }) => word));
  const ok = outcome === 'deployed' || outcome === 'unchanged';
  const result = outcomeNamed(first.server.name)?.result;
  const release = result?.fields['release'] ?? wanted.release;
  // With colours what ran before goes on running: the live release.
  const previous = first.prepared.color
    ? first.found.current
    : (result?.fields['previous'] ?? first.found.current);
  const services = servicesOutput(first.prepared.changes, first.found, rows[0]!.word, result?.fields);
  const duration = elapsed(world, begun);
  const failed = failedFirst(outcomes);
  const story = storyOf({
    outcome,
    version: wanted.version,
    before: versionBefore(first, previous),
    color: first.prepared.color,
    servers: concerned(rows, outcome).map(({ server }) => server.name),
    environment: inputs.environment ?? '',
    failed,
  });
  const record = await writeRecord(world.workflow.temp, {
    timestamp: world.clock.wall().toISOString(),
    deployment_id: String(outputs['deployment-id']),
    environment: inputs.environment ?? '',
    status: STATUS[outcome],
    git_sha: world.workflow.sha,
    git_ref: world.workflow.ref,
    version: wanted.version,
    release,
    previous_release: previous,
    color: first.prepared.color ?? '',
    actor: world.workflow.actor,
    run_url: world.workflow.runUrl,
    duration_ms: duration,
    services_deployed: Object.entries(services).map(([service, one]) => ({
      service,
      image: one.to,
      action: one.action,
    })),
    health_checks: healthChecks(first, outcomeNamed(first.server.name)),
    rollback_available: previous !== '' && previous !== release,
    phases: phasesOf(outcomeNamed(first.server.name)),
    servers: rows.map(({ server, outcome: one, word }) => ({
      name: server.name,
      outcome: one === undefined ? 'not started' : SERVER_WORD[word],
    })),
  });
  world.log.info(story);
  world.summary(`### ${ok ? '✅' : '❌'} ${escapeMarkdown(story)}\n`);
  if (targets.length > 1) {
    world.summary(
      `${serversMarkdown(
        rows.map(({ server, outcome: one, word }) => ({
          name: server.name,
          outcome: one === undefined ? 'not started' : word,
          detail: one?.result?.failure?.message ?? (one?.lost === undefined ? '' : messageOf(one.lost)),
        })),
      )}\n`,
    );
  }
  world.summary(
    `${servicesMarkdown(Object.entries(services).map(([service, one]) => ({ service, ...one })))}\n`,
  );
  world.summary(`${phasesMarkdown(outcomes.map((one) => ({ name: one.name, result: one.result })))}\n`);
  tellDetails(outcomes, world);
  const report: Report = {
    kind: 'deploy',
    ok,
    summary: story,
    elapsedMs: duration,
    checks: serverChecks(rows),
  };
  return {
    ...outputs,
    outcome,
    release,
    'previous-release': previous,
    changed: outcomes.some((one) => one.result?.fields['changed'] === 'true'),
    services,
    record,
    duration,
    ...publish(report, world, outcome),
  };
}

/** What failed, folded away in the summary. */
export function tellDetails(outcomes: readonly MemberOutcome[], world: Pick<World, 'summary'>): void {
  for (const one of outcomes) {
    const { details } = succeeded(one) ? {} : memberFailure(one);
    if (details) world.summary(`${detailsMarkdown(one.name, details)}\n`);
  }
}

/** The report of a step that ended before any server was asked to change something. */
export function reportOfError(
  error: unknown,
  begun: number,
  world: World,
  kind: 'deploy' | 'pull',
): Partial<DeployOutputs> {
  const summary = messageOf(error);
  return publish({ kind, ok: false, summary, elapsedMs: elapsed(world, begun), checks: [] }, world);
}

/** The file says the outcome besides, for deployment-record. */
export function publish(report: Report, world: World, outcome?: DeployOutcome): Partial<DeployOutputs> {
  return publishReport(
    report,
    world.redactor,
    (json) => writeReport(world.workflow, 'ssh-compose-deploy', json),
    outcome === undefined ? report : { ...report, outcome },
  );
}

interface Row {
  server: Target['server'];
  outcome: MemberOutcome | undefined;
  word: DeployOutcome;
}

/** One check for each server: what became of it, and in which phase it failed. */
export function serverChecks(
  rows: readonly (Omit<Row, 'word'> & { word: DeployOutcome | PullOutcome })[],
): CheckResult[] {
  return rows.map(({ server, outcome, word }) => {
    const phase = outcome?.result?.phases.findLast(({ name }) => name !== 'restore')?.name;
    const isOk = outcome !== undefined && succeeded(outcome);
    return {
      name: server.name,
      ok: isOk,
      attempts: outcome === undefined ? 0 : 1,
      elapsedMs: outcome?.result?.elapsedMs ?? 0,
      ...(isOk || phase === undefined ? {} : { phase }),
      detail: outcome === undefined ? 'not started, because another server failed' : detailOf(outcome, word),
    };
  });
}

function detailOf(outcome: MemberOutcome, word: DeployOutcome | PullOutcome): string {
  return succeeded(outcome) ? word : outcomeText(outcome);
}

/** The servers that a sentence about the outcome is about. */
function concerned(rows: readonly Row[], outcome: DeployOutcome): readonly Row[] {
  if (outcome === 'deployed' || outcome === 'unchanged') return rows;
  const some = rows.filter(({ word }) => word === outcome);
  return some.length > 0 ? some : rows;
}

/** The first that failed by itself, and not because of another one. */
export function failedFirst(outcomes: readonly MemberOutcome[]): MemberOutcome | undefined {
  const failed = outcomes.filter((one) => !succeeded(one));
  return failed.find((one) => one.result?.fields['stopped'] !== 'true') ?? failed[0];
}

/** The version of the release that ran before, else its id. */
export function versionBefore({ found }: Target, previous: string): string {
  const version = found.current === previous ? found.previousRelease?.['version'] : undefined;
  return typeof version === 'string' && version !== '' ? version : previous;
}

/** Each service by itself: those that the server found unwell, and how far the rest was proven. */
function healthChecks({ prepared }: Target, outcome: MemberOutcome | undefined): StepRecord['health_checks'] {
  const unwell = unhealthyServices(outcome);
  const proven =
    outcome !== undefined &&
    (succeeded(outcome) ||
      unwell.size > 0 ||
      (outcome.result?.phases.some(({ name }) => isPast(name, 'wait')) ?? false));
  return prepared.services
    .filter((service) => service.kind === 'long')
    .map(({ name }) => ({ service: name, healthy: proven && !unwell.has(name) }));
}

/** The phases on the first server; of a run that failed the last one before what was given back is the one that failed. */
function phasesOf(outcome: MemberOutcome | undefined): StepRecord['phases'] {
  const phases = outcome?.result?.phases ?? [];
  const failed =
    outcome === undefined || succeeded(outcome) ? -1 : phases.findLastIndex(({ name }) => name !== 'restore');
  return phases.map(({ name, ms }, index) => ({ name, ok: index !== failed, duration_ms: ms }));
}

const STATUS = {
  deployed: 'success',
  unchanged: 'unchanged',
  restored: 'restored',
  'nothing-changed': 'failure',
  left: 'failure',
  unknown: 'unknown',
} as const satisfies Record<DeployOutcome, StepRecord['status']>;

const SERVER_WORD = {
  deployed: 'deployed',
  unchanged: 'deployed',
  restored: 'restored',
  'nothing-changed': 'failed',
  left: 'failed',
  unknown: 'not known',
} as const satisfies Record<DeployOutcome, StepRecord['servers'][number]['outcome']>;

/** Shows what would happen, in the log and the summary. */
export function showPlan(
  targets: readonly Target[],
  inputs: DeployInputs,
  world: World,
  outputs: DeployOutputs,
): DeployOutputs {
  world.summary('### Plan: nothing was changed\n');
  for (const { server, prepared, found } of targets) {
    const changes = prepared.changes.map((change) => ({
      ...change,
      from: withDigest(change.from, found.images),
      to: withDigest(change.to, found.images),
    }));
    world.log.info(`${server.name}: what a deployment would do (nothing is changed)`);
    for (const line of planLines(changes)) world.log.info(`  ${line}`);
    world.summary(
      `${targets.length > 1 ? `**${escapeMarkdown(server.name)}**\n\n` : ''}${servicesMarkdown(changes)}\n`,
    );
  }
  const commands = (['before-up', 'migrate', 'after-up'] as const).flatMap((kind) =>
    inputs[kind].map((hook) => `${kind}: ${hook.service}: ${hook.text}`),
  );
  for (const command of commands) world.log.info(`  would run ${command}`);
  if (inputs['pull-only'])
    world.log.info('  with `pull-only` nothing of that is done, but that the images are pulled');
  if (commands.length > 0) world.summary(`Would run:\n\n${codeBlock(commands.join('\n'))}\n`);
  const changed = targets.some((target) =>
    target.prepared.changes.some((change) => change.action !== 'keep'),
  );
  return { ...outputs, changed };
}

/** Milliseconds since `begun`. */
export function elapsed(world: Pick<World, 'clock'>, begun: number): number {
  return Math.round(world.clock.now() - begun);
}
