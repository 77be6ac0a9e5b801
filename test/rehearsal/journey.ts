import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '@deploy-actions/lab';
import { type JobEnd, type ReadyStep, type StepEnd, playJob, readJob } from '@deploy-actions/tooling/job';
import { EXAMPLES } from '../lab/workflow-rig.ts';
import { labelOf } from './budget.ts';
import { describeOutcome } from './outcome.ts';
import { FIRST_VERSION, type Production, type Run, SITE_CONFIG, openProduction } from './production.ts';
import type { Progress } from './progress.ts';
import { type RunEnd, runStep } from './step.ts';
import { type Traffic, type Watch, watchTraffic } from './watch.ts';

/** One release as it went. */
export interface Release {
  version: string;
  /** Each step that ran, with its milliseconds and, in a phrase, what it did or why it failed. */
  steps: { label: string; ms: number; ok: boolean; outcome: string }[];
  ms: number;
}

/** What was played, what visitors saw of it, and what serves at its end. */
export interface Story {
  releases: Release[];
  traffic: Traffic;
  /** The version and the colour that serve at the end. */
  serves: { version: string; color: string };
  /** `deployment.html` of each release. */
  pages: string[];
}

/** A good release, and one that answers every tenth request of its visitors with an error. */
export const GOOD = 'v1.1.0';
export const BAD = 'v1.2.0';

/**
 * Plays production-blue-green.yml twice, its own steps as they stand: a good release, and a bad one that the watch finds
 * and the pipeline takes back. Before it, both colours are deployed and the proxy is prepared, as docs/pipelines.md says.
 * @param artifacts the folder that takes what the workflow uploads
 * @throws when a step does not end as it should, or a request fails that the bad release itself did not answer so.
 */
export async function playJourney(
  lab: Lab,
  progress: Progress,
  artifacts: string,
  signal: AbortSignal,
): Promise<Story> {
  const production = await openProduction(lab, artifacts, signal);
  const watch = watchTraffic();
  try {
    await setUp(production, progress);
    watch.start(production.site);
    await watch.expect(FIRST_VERSION);
    const stage: Stage = { production, progress, watch };
    const good = await playRelease(GOOD, production.release(GOOD, 'feat: prices'), stage, FIRST_VERSION);
    if (good.end.status !== 'success') throw new Error(`${GOOD} was to succeed; ${whyFailed(good)}`);
    const bad = await playRelease(BAD, production.release(BAD, 'feat: faster prices'), stage, GOOD);
    const failed = bad.release.steps.filter(({ ok }) => !ok).map(({ label }) => label);
    if (failed.join() !== 'watch' || bad.end.ran.every(({ step }) => step.id !== 'rollback'))
      throw new Error(`of ${BAD} the watch alone was to fail; ${whyFailed(bad)}`);
    await watch.expect(GOOD);
    const traffic = await watch.stop();
    const violations = production.violations();
    if (violations.length > 0)
      throw new Error(`GitHub or Telegram would not take it: ${violations.join('; ')}`);
    return {
      releases: [good.release, bad.release],
      traffic,
      serves: { version: GOOD, color: outputsOf(good, 'deploy')['color'] ?? '' },
      pages: [good, bad].map((one) => {
        const id = outputsOf(one, 'prepare')['deployment-id'] ?? '';
        return join(artifacts, `production-${id}`, 'deployment.html');
      }),
    };
  } finally {
    await watch.stop();
    await production.close();
  }
}

/** Brings the version before up as both colours, and puts nginx in front of them by the example for that. */
async function setUp(production: Production, progress: Progress): Promise<void> {
  await progress.phase(`CI has pushed the images of ${FIRST_VERSION}, ${GOOD} and ${BAD}`, async () => {
    await production.publish(FIRST_VERSION, 'v1');
    await production.publish(GOOD, 'v2');
    await production.publish(BAD, 'some-errors');
    return { outcome: `every tenth answer of ${BAD} is an error`, value: undefined };
  });
  const { runner } = production.byHand({});
  runner.standIns['actions/checkout']!({});
  for (const color of ['blue', 'green']) {
    await progress.phase(`${FIRST_VERSION} as ${color}`, async (...tells) => {
      const step = { uses: 'org/deploy-actions/ssh-compose-deploy' };
      const inputs = production.firstDeployment(FIRST_VERSION, color);
      const end = await runStep({ step, inputs, env: {}, status: 'success' }, runner, ...tells);
      if (!end.ok) throw new Error(end.errors.join('; '));
      if (color === 'blue') await production.startSite();
      return {
        outcome: color === 'blue' ? 'it serves, behind nginx' : 'the other colour is there',
        value: undefined,
      };
    });
  }
  await progress.phase('prepare nginx, once: prepare-proxy.yml', async (...tells) => {
    const { contexts, runner: machine } = production.byHand({
      action: 'install',
      'site-config': SITE_CONFIG,
    });
    let failure = '';
    const { status } = await playJob(readExample('prepare-proxy.yml'), contexts, async (ready) => {
      const end = await runStep(ready, machine, ...tells);
      failure += end.errors.join('; ');
      return end;
    });
    if (status !== 'success') throw new Error(failure);
    return { outcome: 'from here on the traffic moves without a reload', value: undefined };
  });
}

interface Stage {
  production: Production;
  progress: Progress;
  watch: Watch;
}

interface Played {
  release: Release;
  end: JobEnd;
}

async function playRelease(
  version: string,
  { contexts, runner }: Run,
  stage: Stage,
  before: string,
): Promise<Played> {
  const { production, progress, watch } = stage;
  const steps: Release['steps'] = [];
  const began = performance.now();
  const play = async (ready: ReadyStep): Promise<StepEnd> => {
    const label = labelOf(ready);
    if (label === 'switch') watch.moves(version, `${version} takes the traffic`);
    if (label === 'rollback') watch.moves(before, `${before} has it back`);
    const started = performance.now();
    const end = await watch.during(version, label, () =>
      progress.phase(`${version}: ${label}`, async (...tells) => {
        const value = await runStep(ready, runner, ...tells);
        const outcome = outcomeOf(label, value);
        steps.push({ label, ms: performance.now() - started, ok: value.ok, outcome });
        return { outcome, ok: value.ok, value };
      }),
    );
    for (const { chat, text } of production.news())
      progress.tell(`Telegram, ${chat}:\n${text.replace(/^/gm, '│ ')}`);
    return end;
  };
  const end = await playJob(readExample('production-blue-green.yml'), contexts, play);
  return { release: { version, steps, ms: performance.now() - began }, end };
}

function outcomeOf(label: string, { ok, outputs, errors }: RunEnd): string {
  return ok ? describeOutcome(label, outputs) : errors.join('; ').split('\n')[0]!;
}

function whyFailed({ release }: Played): string {
  const failed = release.steps.filter(({ ok }) => !ok).map(({ label, outcome }) => `${label}: ${outcome}`);
  return failed.length === 0 ? 'no step failed' : `what failed: ${failed.join('; ')}`;
}

function outputsOf({ end }: Played, id: string): Readonly<Record<string, string>> {
  return end.ran.find(({ step }) => step.id === id)?.end.outputs ?? {};
}

function readExample(name: string): ReturnType<typeof readJob> {
  return readJob(readFileSync(join(EXAMPLES, name), 'utf8'));
}
