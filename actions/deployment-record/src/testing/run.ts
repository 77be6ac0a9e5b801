import { readWorkflow } from '../../../../packages/runner/src/workflow.ts';
import { eventFile } from './rig.ts';
import { stepRecord } from './samples.ts';

/** The commit that the run is about, and its address. */
export const SHA = 'c'.repeat(40);
export const RUN = 'https://github.com/org/shop/actions/runs/7';

/** The workflow that the step finds itself in; `env` goes over what GitHub gives. */
export function run(name = 'push', event: object = {}, env: Record<string, string> = {}) {
  return readWorkflow({
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: SHA,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'octo',
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: eventFile(event),
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'deploy',
    ...env,
  });
}

/** What a step is given after a deployment that went well. */
export const GOOD = { record: JSON.stringify(stepRecord()), outcome: 'deployed', 'job-status': 'success' };
