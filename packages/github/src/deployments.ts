import { cut } from '@deploy-actions/kit';
import { countIn, fieldsOf, innerFields, listIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';
import { GitHubError } from './error.ts';

export interface NewDeployment {
  sha: string;
  environment: string;
  description: string;
  /** Kept with the deployment and given back with it. */
  payload: Readonly<Record<string, unknown>> & { deployment_id: string };
  /** Where a person sees the run. */
  runUrl: string;
}

/**
 * The deployment of this run, made unless there is one: GitHub makes one itself for a job with `environment:`, and a run that
 * is run again finds its own. Answers its id, and whether it was made here. Needs `deployments: write`.
 * Source: docs.github.com/rest/deployments. `auto_merge` and `required_contexts` are named because their defaults merge the
 * default branch into the ref, and wait for the very run that deploys.
 */
export async function ensureDeployment(
  api: GitHubApi,
  wanted: NewDeployment,
): Promise<{ id: number; made: boolean }> {
  const { sha, environment, runUrl, payload } = wanted;
  const known = await deploymentOfRun(api, { sha, environment, runUrl, deploymentId: payload.deployment_id });
  if (known !== undefined) return { id: known.id, made: false };
  const { data } = await api.ask('POST /repos/{owner}/{repo}/deployments', {
    ref: wanted.sha,
    environment: wanted.environment,
    description: wanted.description,
    payload: wanted.payload,
    auto_merge: false,
    required_contexts: [],
  });
  const made = fieldsOf(data, 'the deployment');
  // 202 is a merge that GitHub made instead.
  if (made['id'] === undefined) throw new GitHubError('GitHub made no deployment', { trouble: 'malformed' });
  const id = countIn(made, 'id');
  await setDeploymentStatus(api, id, { state: 'in_progress', runUrl });
  return { id, made: true };
}

/** What tells a run's own deployment from others. */
export interface RunOfDeployment {
  environment: string;
  /** Our id, as in the payload of one that was made here. */
  deploymentId: string;
  runUrl: string;
  /**
   * The commit, where it is known what it was filed under: a job's deployment is filed under the run's own commit, which under
   * `workflow_run` is another one than the run is about.
   */
  sha?: string;
}

export interface RunDeployment {
  id: number;
  /** Made here, and not by GitHub for a job with `environment:`. */
  ours: boolean;
  /** The state of its newest status, such as `in_progress`; empty where there is none. */
  state: string;
}

const STATUSES = 'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses';

/** Deployments of an environment that are looked through: several runs may be under way. */
const LOOKED_THROUGH = 10;

/**
 * The deployment of this run: one that was made here, by its payload, or GitHub's own for a job with `environment:`, by the run
 * that its statuses name. Undefined where there is none. Needs `deployments: read`.
 */
export async function deploymentOfRun(
  api: GitHubApi,
  wanted: RunOfDeployment,
): Promise<RunDeployment | undefined> {
  const { environment, sha } = wanted;
  const { items } = await api.list(
    'GET /repos/{owner}/{repo}/deployments',
    { environment, per_page: LOOKED_THROUGH, ...(sha === undefined ? {} : { sha }) },
    { most: LOOKED_THROUGH },
  );
  const run = wanted.runUrl.replace(/\/attempts\/\d+$/, '');
  for (const item of items) {
    const one = fieldsOf(item, 'a deployment');
    const id = countIn(one, 'id');
    const ours = textOrNone(innerFields(one, 'payload'), 'deployment_id') === wanted.deploymentId;
    if (!ours && run === '') continue;
    const { data } = await api.ask(STATUSES, { deployment_id: id, per_page: 100 });
    const statuses = listIn({ data }, 'data').map((status) => fieldsOf(status, 'a status'));
    const urls = statuses.flatMap((status) => [
      textOrNone(status, 'log_url'),
      textOrNone(status, 'target_url'),
    ]);
    if (ours || urls.some((url) => url === run || url.startsWith(`${run}/`)))
      return { id, ours, state: statuses[0] === undefined ? '' : textOrNone(statuses[0], 'state') };
  }
  return undefined;
}

export interface DeploymentStatus {
  state: 'success' | 'failure' | 'error' | 'in_progress';
  /** Cut to what GitHub takes. */
  description?: string;
  /** Where the application answers. */
  environmentUrl?: string;
  runUrl: string;
}

/** Longest description of a status, in characters. Source: docs.github.com/rest/deployments/statuses. */
const LONGEST_DESCRIPTION = 140;

/** Gives a deployment another status. Needs `deployments: write`. */
export async function setDeploymentStatus(
  api: GitHubApi,
  id: number,
  status: DeploymentStatus,
): Promise<void> {
  const { state, description = '', environmentUrl, runUrl } = status;
  await api.ask('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    deployment_id: id,
    state,
    // Earlier deployments are over when this one has succeeded, and not before.
    auto_inactive: state === 'success',
    ...(description === '' ? {} : { description: cut(description, LONGEST_DESCRIPTION) }),
    ...(environmentUrl === undefined ? {} : { environment_url: environmentUrl }),
    ...(runUrl === '' ? {} : { log_url: runUrl }),
  });
}
