import { type GitHubApi, ensureDeployment, isDenied } from '@deploy-actions/github';
import {
  type CheckResult,
  Failure,
  type PublishedReport,
  messageOf,
  publishReport,
  quote,
} from '@deploy-actions/kit';
import type { Ports, Workflow } from '@deploy-actions/runner';
import { emptyValues } from '@deploy-actions/runner/required-values';
import type { CheckRow } from './checks/verdict.ts';
import { ChecksFailure } from './checks/wait.ts';
import { type Decisions, decide, naming } from './decisions.ts';
import { checkEvent, releaseTag } from './event.ts';
import type { PrepareInputs } from './fields.ts';
import { guardAssets, guardChecks } from './guards.ts';
import { type Collected, collectNotes } from './notes/collect.ts';
import { markdownNotes, plainNotes } from './notes/render.ts';
import { valuesOf } from './placeholders.ts';
import { withTag } from './started-by-tag.ts';
import { renderSummary } from './summary.ts';
import { chooseVersion } from './version.ts';

/** Everything outside that deployment-prepare touches. */
export interface World {
  /** GitHub's API, or a Failure where there is no token for it; asked for when a part needs it. */
  github(): GitHubApi;
  /** Writes the notes and answers the path. */
  writeNotes(markdown: string): string;
  writeReport(json: string): string;
}

export type PreparePorts = Pick<
  Ports,
  'workflow' | 'log' | 'clock' | 'signal' | 'redactor' | 'summary' | 'addSecret'
>;

/** What was found out beside the decisions. */
interface Extras {
  notes: string;
  'notes-file': string;
  'previous-version': string;
  'pull-request'?: string;
  deployment: string;
}

export type PrepareOutputs = Decisions & Extras & PublishedReport;

/** Texts for the log, by where a version is from. */
const SOURCE_WORDS = {
  release: 'the tag of the release',
  tag: 'the tag',
  input: 'as given',
  timestamp: 'by its pattern',
} as const;

/**
 * Decides what is deployed and holds it against what must be true before: first what needs nobody (event, values, version,
 * names), then what GitHub knows. What is checked fails the deployment; what is only told (notes, GitHub's deployment) costs
 * that one part when a permission is missing.
 */
export async function prepareDeployment(
  inputs: PrepareInputs,
  ports: PreparePorts,
  world: World,
): Promise<PrepareOutputs> {
  const { clock, log } = ports;
  for (const { value } of inputs.required) if (value !== '') ports.addSecret(value);
  const begun = clock.now();
  const parts = openParts(ports);
  const extras: Extras = { notes: '', 'notes-file': '', 'previous-version': '', deployment: '' };
  let run: Workflow = ports.workflow;
  let decided: Decisions | undefined;
  let collected: Collected | undefined;
  let rows: readonly CheckRow[] = [];

  const publish = (failure: Failure | undefined): PublishedReport => {
    ports.summary(renderSummary({ decided, extras, failure, rows, collected, run, parts: parts.results }));
    const summary = failure?.message ?? `${decided!.version} of ${run.repository} is ready to be deployed`;
    const elapsedMs = Math.round(clock.now() - begun);
    const report = { kind: 'prepare', ok: !failure, summary, elapsedMs, checks: parts.results } as const;
    // The file says the names besides, for deployment-record.
    const named = decided && {
      version: decided.version,
      'deployment-id': decided['deployment-id'],
      environment: decided.environment,
      reason: decided.reason,
    };
    return publishReport(report, ports.redactor, world.writeReport, { ...report, ...named });
  };

  try {
    await parts.must('event', () => checkEvent(run));
    await parts.must('required values', () => {
      const failure = emptyValues(inputs.required, run);
      if (failure) throw failure;
    });
    run = await withTag(run, world.github, log);
    const now = clock.wall();
    const values = valuesOf(run, inputs.environment ?? '', now);
    const chosen = await parts.must('version', () =>
      naming('version-pattern', () =>
        chooseVersion(
          {
            from: inputs['version-from'],
            input: inputs.version,
            pattern: inputs['version-pattern'],
            semver: inputs.semver,
          },
          releaseTag(run),
          values,
        ),
      ),
    );
    const made = await parts.must('names', () => decide(inputs, run, chosen.text, values, now));
    decided = made;
    const where = made.ref === '' ? '' : `, ${made.ref}`;
    log.info(
      `Version ${made.version} (${SOURCE_WORDS[chosen.source]}) of ${made.sha}${where}; id ${made['deployment-id']}`,
    );
    for (const sentence of chosen.passed) log.warning(`${sentence}; ${quote(chosen.text)} is taken instead.`);

    if (inputs['release-assets'].length > 0)
      await parts.must('release assets', () =>
        guardAssets(
          inputs['release-assets'],
          releaseTag(run) || run.tag,
          { ...values, version: chosen.text },
          world.github,
        ),
      );
    if (inputs['required-checks'].length > 0 || inputs['min-checks'] !== undefined)
      ({ rows } = await parts.must('checks', () => guardChecks(inputs, run, ports, world.github())));
    const by = inputs.notes;
    if (by !== 'none')
      await parts.may('notes', 'contents: read', async () => {
        const since = inputs['notes-since'];
        collected = await collectNotes(world.github(), {
          by,
          since,
          current: chosen.semantic,
          sha: made.sha,
        });
        const page = `${run.serverUrl}/${run.repository}`;
        extras.notes = plainNotes(collected);
        extras['previous-version'] = collected.previous;
        extras['notes-file'] = world.writeNotes(markdownNotes(collected, { page, sha: made.sha }));
        if (made['pull-request'] === '' && collected.pullRequest !== undefined)
          extras['pull-request'] = String(collected.pullRequest);
        if (collected.told !== undefined) log.notice(`${collected.told}.`);
      });
    if (inputs['create-deployment'])
      await parts.may('deployment', 'deployments: write', async () => {
        extras.deployment = await deploymentOf(made, run, world, log);
      });
    return { ...made, ...extras, ...publish(undefined) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error instanceof ChecksFailure) rows = error.rows;
    const outputs = { ...decided, ...extras, ...publish(error) };
    throw new Failure(error.kind, error.message, { ...error, cause: error.cause, outputs });
  }
}

async function deploymentOf(
  made: Decisions,
  run: Workflow,
  world: World,
  log: PreparePorts['log'],
): Promise<string> {
  if (made.environment === '')
    throw new Failure('input', 'input `create-deployment` needs `environment`', {
      input: 'environment',
      remedy: 'Name where it is deployed to.',
    });
  const payload = { deployment_id: made['deployment-id'], version: made.version, images: made.images };
  const description = [...made.reason].slice(0, 140).join('');
  const { id, made: isNew } = await ensureDeployment(world.github(), {
    sha: made.sha,
    environment: made.environment,
    description,
    payload,
    runUrl: run.runUrl,
  });
  log.info(
    isNew ? `Deployment ${id} was created at GitHub.` : `Deployment ${id} at GitHub is this run's already.`,
  );
  return String(id);
}

interface Parts {
  results: CheckResult[];
  /** A part without which nothing is deployed. */
  must<T>(name: string, work: () => T | Promise<T>): Promise<T>;
  /** A part that the deployment goes on without; the reader is told, and which permission it needs. */
  may(name: string, permission: string, work: () => Promise<void>): Promise<void>;
}

function openParts({ clock, log, signal }: PreparePorts): Parts {
  const results: CheckResult[] = [];
  const timed = async <T>(
    name: string,
    severity: 'error' | 'warn',
    work: () => T | Promise<T>,
  ): Promise<T> => {
    const started = clock.now();
    const elapsed = () => ({ attempts: 1, elapsedMs: Math.round(clock.now() - started) });
    try {
      const value = await work();
      results.push({ name, ok: true, ...elapsed() });
      return value;
    } catch (error) {
      results.push({ name, ok: false, severity, ...elapsed(), detail: messageOf(error) });
      throw error;
    }
  };
  return {
    results,
    must: (name, work) => timed(name, 'error', work),
    async may(name, permission, work) {
      try {
        await timed(name, 'warn', work);
      } catch (error) {
        if ((error instanceof Failure && error.kind === 'input') || signal.aborted) throw error;
        const why = isDenied(error)
          ? `the token may not ask for it, which needs \`${permission}\``
          : messageOf(error);
        log.warning(`The ${name} part is left out: ${why}.`);
      }
    },
  };
}
