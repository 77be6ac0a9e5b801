import {
  ALONE,
  type Member,
  type MemberOutcome,
  fleetFailure,
  runTogether,
  succeeded,
} from '@deploy-actions/host';
import { escapeMarkdown } from '@deploy-actions/kit';
import { type Wanted, discardStaging, pullOperation } from '@deploy-actions/release';
import type { DecidedInputs, DeployOutputs } from './fields.ts';
import { pullStory } from './outcome.ts';
import { elapsed, failedFirst, publish, serverChecks, tellDetails, versionBefore } from './report.ts';
import { runOptions } from './run-options.ts';
import { phasesMarkdown } from './summary.ts';
import type { Target } from './targets.ts';
import { transcript } from './transcript.ts';
import type { World } from './world.ts';

/**
 * Pulls on every server the images that a deployment would, and keeps them there for the deployment of the same id. Each server
 * is for itself: what one has stays there where another one fails. Throws the Failure of the first that failed.
 */
export async function pullAhead(
  targets: readonly Target[],
  inputs: DecidedInputs,
  world: World,
  wanted: Wanted,
  given: DeployOutputs,
  begun: number,
): Promise<DeployOutputs> {
  // Neither the colour nor its ports are decided before something is deployed there.
  const outputs = { ...given, color: undefined, 'color-urls': undefined, services: undefined };
  const { pull } = inputs;
  if (pull === 'never') throw new TypeError('there is nothing to pull');
  await Promise.all(targets.map((target) => discardStaging(target.session, target.found.staging)));
  const words = transcript(world, targets.length > 1);
  const members: Member[] = targets.map((target) => ({
    name: target.server.name,
    session: target.session,
    reopen: () => world.connect(target.server),
    operation: pullOperation(target.prepared, wanted, {
      ...runOptions(target, inputs, world, String(outputs['deployment-id'])),
      pull,
    }),
  }));
  const references: unknown[] = [];
  let outcomes: MemberOutcome[];
  try {
    outcomes = await runTogether(members, ALONE, {
      clock: world.clock,
      log: world.log,
      signal: world.signal,
      reconnectFor: world.reconnectFor,
      aliveEvery: 0,
      onEvent: words.take,
      onStart(name, reference) {
        references.push({ name, ...reference });
        world.saveState('runs', JSON.stringify(references));
      },
    });
  } finally {
    outputs.log = words.files().log;
  }
  world.saveState('ended', 'true');
  const ok = outcomes.length === targets.length && outcomes.every(succeeded);
  const outcome = ok ? 'pulled' : outcomes.some(({ result }) => !result) ? 'unknown' : 'nothing-changed';
  const story = pullStory({
    outcome,
    version: wanted.version,
    before: versionBefore(targets[0]!, targets[0]!.found.current),
    servers: targets.map(({ server }) => server.name),
    environment: inputs.environment ?? '',
    failed: failedFirst(outcomes),
  });
  world.log.info(story);
  world.summary(`### ${ok ? '✅' : '❌'} ${escapeMarkdown(story)}\n`);
  world.summary(`${phasesMarkdown(outcomes.map(({ name, result }) => ({ name, result })))}\n`);
  tellDetails(outcomes, world);
  const rows = targets.map(({ server }) => ({
    server,
    outcome: outcomes.find(({ name }) => name === server.name),
    word: 'pulled' as const,
  }));
  const duration = elapsed(world, begun);
  const report = {
    kind: 'pull',
    ok,
    summary: story,
    elapsedMs: duration,
    checks: serverChecks(rows),
  } as const;
  const filled = { ...outputs, outcome, duration, ...publish(report, world) };
  const failure = fleetFailure(outcomes, filled, targets.length > 1);
  if (failure) throw failure;
  return filled;
}
