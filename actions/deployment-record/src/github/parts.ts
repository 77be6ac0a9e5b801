import {
  COMMENT_LIMIT,
  type DeploymentStatus,
  type GitHubApi,
  type RunDeployment,
  approvalsOf,
  changeReleaseBody,
  deploymentOfRun,
  isAbsent,
  pullRequestsOf,
  setDeploymentStatus,
  writeComment,
} from '@deploy-actions/github';
import { Failure, cut, quote } from '@deploy-actions/kit';
import type { DeploymentRecord } from '@deploy-actions/ledger';
import type { Workflow } from '@deploy-actions/runner';
import type { RecordInputs } from '../fields.ts';
import type { Story } from '../story.ts';
import type { RunStatus } from '../verdict.ts';
import { storyMarkdown } from '../markdown.ts';
import { withNotes } from './notes-section.ts';

/** What a part tells whoever reads the log. */
export interface Told {
  /** A sentence about what was done. */
  info?: string;
  /** A sentence about what the reader may want to change. */
  notice?: string;
}

/** Who let the run go on, of all that were asked for this environment. */
export async function readApprovals(
  api: GitHubApi,
  runId: string,
  environment: string,
): Promise<DeploymentRecord['approvals']> {
  const all = await approvalsOf(api, runId);
  return all
    .filter(
      ({ environments }) =>
        environment === '' || environments.length === 0 || environments.includes(environment),
    )
    .map(({ user, state, comment }) => ({ user, state, comment }));
}

/**
 * What GitHub is to be told of a deployment; undefined where it knows. One that deployment-prepare made is ended by nobody else. One of
 * a job with `environment:` GitHub ends by itself, by how the job ended: only that it was taken back it cannot know.
 */
export function statusToTell(
  status: RunStatus,
  { ours }: Pick<RunDeployment, 'ours'>,
): DeploymentStatus['state'] | undefined {
  if (ours) {
    if (status === 'success' || status === 'unchanged') return 'success';
    return status === 'cancelled' ? 'error' : 'failure';
  }
  return status === 'rolled-back' || status === 'restored' ? 'failure' : undefined;
}

/** Gives the run's own deployment its true status; never makes one. */
export async function tellDeployment(
  api: GitHubApi,
  story: Pick<Story, 'status' | 'sentence' | 'record'>,
  inputs: Pick<RecordInputs, 'environment-url'>,
  workflow: Pick<Workflow, 'runUrl'>,
): Promise<Told & { id: string }> {
  const { record, status, sentence } = story;
  if (record.environment === '')
    throw new Failure('input', 'input `deployment-status` needs the environment', {
      input: 'environment',
      remedy: 'Name where it was deployed to in `environment`, or hand on the `record`.',
    });
  const { runUrl } = workflow;
  const found = await deploymentOfRun(api, {
    environment: record.environment,
    deploymentId: record.deployment_id,
    runUrl,
  });
  if (found === undefined)
    return {
      id: '',
      notice: `GitHub has no deployment of this run in ${quote(record.environment)}, and none is made: let a job name \`environment:\`, or deployment-prepare create one`,
    };
  const id = String(found.id);
  const state = statusToTell(status, found);
  if (state === undefined) return { id, info: `GitHub's deployment ${id} is left as its job makes it` };
  await setDeploymentStatus(api, found.id, {
    state,
    description: sentence,
    environmentUrl: inputs['environment-url'],
    runUrl,
  });
  const told: Told = { info: `GitHub's deployment ${id} is ${state} now` };
  if (!found.ours && found.state !== 'success' && found.state !== 'failure')
    told.notice = `the job of GitHub's deployment ${id} is not over, and writes its own status at its end: to keep \`${state}\` there, run this step in a later job without \`environment:\``;
  return { id, ...told };
}

/** Writes the comment on the pull request, or renews it. */
export async function tellPullRequest(
  api: GitHubApi,
  story: Story,
  inputs: Pick<RecordInputs, 'pull-request' | 'comment-author'>,
  workflow: Pick<Workflow, 'pullRequest'>,
): Promise<Told & { url: string }> {
  const { record } = story;
  const number = inputs['pull-request'] ?? workflow.pullRequest ?? (await pullRequestOf(api, record.git_sha));
  if (number === undefined)
    return { url: '', info: 'No pull request holds this commit; there is none to comment on' };
  // One for each environment; the name is a person's, and must not end the mark.
  const marker = `<!-- deploy-actions: deployment ${encodeURIComponent(record.environment).replaceAll('-', '%2D')} -->`;
  const written = await writeComment(api, {
    pullRequest: number,
    marker,
    body: cut(storyMarkdown(story), COMMENT_LIMIT - marker.length - 1),
    author: inputs['comment-author'],
  });
  return {
    url: written.url,
    info: `The comment on pull request ${number} was ${written.isNew ? 'written' : 'renewed'}`,
    ...(written.author === inputs['comment-author']
      ? {}
      : {
          notice: `the comment was written by ${written.author}: set \`comment-author\` to that, or the next run writes another one`,
        }),
  };
}

async function pullRequestOf(api: GitHubApi, sha: string): Promise<number | undefined> {
  if (sha === '') return undefined;
  const pulls = await pullRequestsOf(api, sha);
  return (pulls.find(({ merged }) => merged) ?? pulls[0])?.number;
}

/** Puts the notes into the release of the tag. */
export async function tellRelease(api: GitHubApi, tag: string, notes: string): Promise<Told> {
  if (tag === '') return { notice: 'the run is about no tag: name one in `release-tag` for the notes' };
  try {
    const isChanged = await changeReleaseBody(api, tag, (body) => withNotes(body, notes));
    return { info: `The notes of release ${tag} ${isChanged ? 'are written' : 'are as they were'}` };
  } catch (error) {
    if (!isAbsent(error)) throw error;
    return { notice: `there is no published release ${quote(tag)} that could take the notes` };
  }
}
