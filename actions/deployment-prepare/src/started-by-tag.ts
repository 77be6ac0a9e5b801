import { type GitHubApi, commitOfTag, parseVersion, tagNamed } from '@deploy-actions/github';
import { type Log, messageOf } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';

/**
 * The run with its tag, where a tag started the run that started it: `workflow_run` names a tag as if it were a branch, and
 * only GitHub knows which it is. It is asked where the name is a version's, and a tag counts that names this very commit.
 */
export async function withTag(
  workflow: Workflow,
  github: () => GitHubApi,
  log: Pick<Log, 'info'>,
): Promise<Workflow> {
  const name = workflow.branch;
  if (workflow.eventName !== 'workflow_run' || parseVersion(name) === undefined) return workflow;
  try {
    const api = github();
    const tag = await tagNamed(api, name);
    if (tag === undefined || (await commitOfTag(api, tag)) !== workflow.sha) return workflow;
  } catch (error) {
    log.info(
      `${name} is taken for a branch: GitHub does not tell whether it is a tag (${messageOf(error)}).`,
    );
    return workflow;
  }
  return { ...workflow, ref: `refs/tags/${name}`, branch: '', tag: name };
}
