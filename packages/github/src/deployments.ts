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
  const known = await deploymentOf(api, wanted);
  if (known !== undefined) return { id: known, made: false };
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
  await api.ask('POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
    deployment_id: id,
    state: 'in_progress',
    auto_inactive: false,
    ...(wanted.runUrl === '' ? {} : { log_url: wanted.runUrl }),
  });
  return { id, made: true };
}

/** The newest deployment of the same commit and environment that is this one's, by its payload or by the run that it names. */
async function deploymentOf(api: GitHubApi, wanted: NewDeployment): Promise<number | undefined> {
  const { items } = await api.list(
    'GET /repos/{owner}/{repo}/deployments',
    { sha: wanted.sha, environment: wanted.environment, per_page: 10 },
    { most: 10 },
  );
  const run = wanted.runUrl.replace(/\/attempts\/\d+$/, '');
  for (const item of items) {
    const one = fieldsOf(item, 'a deployment');
    const id = countIn(one, 'id');
    if (textOrNone(innerFields(one, 'payload'), 'deployment_id') === wanted.payload.deployment_id) return id;
    if (run === '') continue;
    const { data } = await api.ask('GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses', {
      deployment_id: id,
      per_page: 100,
    });
    const urls = listIn({ data }, 'data')
      .map((status) => fieldsOf(status, 'a status'))
      .flatMap((status) => [textOrNone(status, 'log_url'), textOrNone(status, 'target_url')]);
    if (urls.some((url) => url === run || url.startsWith(`${run}/`))) return id;
  }
  return undefined;
}
