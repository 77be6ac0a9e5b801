import { messageOf } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';
import type { Post } from './delivery.ts';
import type { Occasion } from './fields.ts';
import type { Status } from './record.ts';

export type Outcome = 'good' | 'bad';

/** How a status compares with another run's; undefined where there is nothing to compare. */
export function outcomeOf(status: Status): Outcome | undefined {
  if (status === 'success') return 'good';
  return status === 'failure' || status === 'rolled-back' ? 'bad' : undefined;
}

/**
 * Why a message is not wanted, as a sentence, or undefined when it is. `change` asks for the last run's
 * outcome; when that cannot be known the message is sent: one too many is better than one too few.
 */
export async function unwanted(
  status: Status,
  onlyOn: readonly Occasion[],
  lastOutcome: () => Promise<Outcome | undefined>,
): Promise<string | undefined> {
  if (onlyOn.length === 0 || onlyOn.includes(status)) return undefined;
  if (!onlyOn.includes('change'))
    return `the status is ${status}, and \`only-on\` asks for ${onlyOn.join(', ')}`;
  const outcome = outcomeOf(status);
  if (outcome === undefined) return `a message of status ${status} is no outcome that could have changed`;
  const last = await lastOutcome();
  if (last === undefined || last !== outcome) return undefined;
  return `the outcome is ${outcome}, as in the last run`;
}

const CONCLUSIONS: Record<string, Outcome> = {
  success: 'good',
  failure: 'bad',
  timed_out: 'bad',
  startup_failure: 'bad',
};

/**
 * The outcome of the last completed run of this workflow on this branch; cancelled and skipped runs say
 * nothing. Undefined when there is none. Throws a sentence when GitHub does not tell.
 * Source: docs.github.com/rest/actions/workflow-runs.
 */
export async function lastRunOutcome(
  workflow: Pick<Workflow, 'apiUrl' | 'repository' | 'runId' | 'runNumber'>,
  token: string,
  post: Post,
): Promise<Outcome | undefined> {
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const answer = await post.request({
      method: 'GET',
      url: `${workflow.apiUrl}/repos/${workflow.repository}/actions/${path}`,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${token}`,
        'x-github-api-version': '2022-11-28',
      },
      deadline: 10_000,
    });
    if (answer.status !== 200) throw new Error(`GitHub answered status ${answer.status}`);
    return JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
  };
  const own = await get(`runs/${encodeURIComponent(workflow.runId)}`);
  const branch =
    typeof own['head_branch'] === 'string' ? `&branch=${encodeURIComponent(own['head_branch'])}` : '';
  const list = await get(
    `workflows/${encodeURIComponent(String(own['workflow_id']))}/runs?status=completed&per_page=30${branch}`,
  );
  const runs = Array.isArray(list['workflow_runs'])
    ? (list['workflow_runs'] as Record<string, unknown>[])
    : [];
  const before = runs
    .filter((run) => Number(run['run_number']) < workflow.runNumber)
    .sort((a, b) => Number(b['run_number']) - Number(a['run_number']));
  for (const run of before) {
    const outcome = CONCLUSIONS[String(run['conclusion'])];
    if (outcome) return outcome;
  }
  return undefined;
}

/** Why GitHub withholds secrets from this run, as a sentence; undefined when it does not. */
export function secretsWithheld(
  workflow: Pick<Workflow, 'actor' | 'repository' | 'event'>,
): string | undefined {
  const event = workflow.event();
  const pull = event['pull_request'] as
    | { head?: { repo?: { fork?: unknown; full_name?: unknown } | null }; user?: { login?: unknown } }
    | undefined;
  const sender = event['sender'] as { login?: unknown } | undefined;
  if ([workflow.actor, sender?.login, pull?.user?.login].includes('dependabot[bot]')) {
    return "GitHub gives Dependabot's runs no secrets of the repository";
  }
  const head = pull?.head;
  // The repository of a deleted fork is null.
  const fork =
    head &&
    (head.repo === null ||
      head.repo?.fork === true ||
      (typeof head.repo?.full_name === 'string' && head.repo.full_name !== workflow.repository));
  return fork ? 'GitHub gives no secrets to a pull request from a fork' : undefined;
}

/** `lastRunOutcome`, where not knowing is worth a line in the log and nothing more. */
export async function askLastOutcome(
  workflow: Workflow,
  token: string | undefined,
  post: Post,
  log: { info(text: string): void },
): Promise<Outcome | undefined> {
  if (!token || workflow.runId === '') {
    log.info('The last outcome is not known (no `github-token`); the message is sent.');
    return undefined;
  }
  try {
    return await lastRunOutcome(workflow, token, post);
  } catch (error) {
    log.info(
      `The last outcome is not known (${messageOf(error)}; the job needs \`actions: read\`); the message is sent.`,
    );
    return undefined;
  }
}
