import { fieldsOf, countIn, listIn, textOrNone } from './answer.ts';
import type { GitHubApi } from './api.ts';

const CONCLUSIONS: Readonly<Record<string, 'good' | 'bad'>> = {
  success: 'good',
  failure: 'bad',
  timed_out: 'bad',
  startup_failure: 'bad',
};

/**
 * The outcome of the last completed run of this workflow on this branch before this one; cancelled and skipped runs say
 * nothing. Undefined when there is none. Needs `actions: read`; throws GitHubError when GitHub does not tell.
 * Source: docs.github.com/rest/actions/workflow-runs.
 */
export async function lastRunOutcome(
  api: GitHubApi,
  run: { runId: string; runNumber: number },
): Promise<'good' | 'bad' | undefined> {
  const own = fieldsOf(
    (await api.ask('GET /repos/{owner}/{repo}/actions/runs/{run_id}', { run_id: run.runId })).data,
    'the run',
  );
  const branch = textOrNone(own, 'head_branch');
  const list = await api.ask('GET /repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs', {
    workflow_id: countIn(own, 'workflow_id'),
    status: 'completed',
    per_page: 30,
    ...(branch === '' ? {} : { branch }),
  });
  const before = listIn(fieldsOf(list.data, 'the list of runs'), 'workflow_runs')
    .map((one) => fieldsOf(one, 'a run'))
    .filter((one) => countIn(one, 'run_number') < run.runNumber)
    .sort((a, b) => countIn(b, 'run_number') - countIn(a, 'run_number'));
  for (const one of before) {
    const conclusion = textOrNone(one, 'conclusion');
    if (Object.hasOwn(CONCLUSIONS, conclusion)) return CONCLUSIONS[conclusion];
  }
  return undefined;
}
