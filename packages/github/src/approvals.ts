import { fieldsOf, innerFields, listIn, textIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';

export interface Approval {
  /** A login; empty where the account is gone. */
  user: string;
  /** Such as `approved` or `rejected`. */
  state: string;
  comment: string;
  environments: readonly string[];
}

/**
 * Who reviewed the deployments of a workflow run. Needs `actions: read`.
 * Source: docs.github.com/rest/actions/workflow-runs#get-the-review-history-for-a-workflow-run.
 */
export async function approvalsOf(api: GitHubApi, runId: string): Promise<Approval[]> {
  const { data } = await api.ask('GET /repos/{owner}/{repo}/actions/runs/{run_id}/approvals', {
    run_id: runId,
  });
  return listIn({ data }, 'data').map((item) => {
    const review = fieldsOf(item, 'a review');
    return {
      user: textOrNone(innerFields(review, 'user'), 'login'),
      state: textIn(review, 'state'),
      comment: textOrNone(review, 'comment'),
      environments: listIn(review, 'environments').map((one) =>
        textOrNone(fieldsOf(one, 'an environment'), 'name'),
      ),
    };
  });
}
