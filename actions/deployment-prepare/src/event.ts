import { Failure, quote } from '@deploy-actions/kit';
import type { Workflow } from '@deploy-actions/runner';

type Run = Pick<Workflow, 'eventName' | 'event' | 'sha' | 'ref' | 'branch' | 'repository' | 'headRepository'>;

/** Events that run with the repository's secrets whoever made the commit that they are about. */
const PRIVILEGED = new Set(['workflow_run', 'pull_request_target']);

/**
 * Refuses a run that must not deploy what it is about: GitHub starts `workflow_run` for every conclusion and for forks too,
 * with this repository's secrets. Throws Failure.
 * Source: docs.github.com "Events that trigger workflows", workflow_run and pull_request_target.
 */
export function checkEvent(run: Run): void {
  const started = object(run.event()['workflow_run']);
  if (run.eventName === 'workflow_run') {
    const conclusion = started['conclusion'];
    if (conclusion !== 'success')
      throw new Failure(
        'refused',
        `the run that started this one ended with ${quote(String(conclusion ?? 'nothing yet'))}, not with success`,
        {
          remedy: "Begin the job with `if: github.event.workflow_run.conclusion == 'success'`.",
        },
      );
    if (started['event'] === 'workflow_run')
      throw new Failure(
        'refused',
        'the run that started this one was itself started by another, and GitHub does not tell which commit that was about',
        {
          remedy: 'Let `workflows:` name the first workflow of the chain.',
        },
      );
  }
  if (PRIVILEGED.has(run.eventName) && run.headRepository !== run.repository)
    throw new Failure(
      'refused',
      `the commit comes from ${run.headRepository === '' ? 'a fork that is gone' : quote(run.headRepository)}, and this run has the secrets of ${run.repository}`,
      {
        remedy:
          "Deploy only what was pushed to the repository itself: compare `head_repository.full_name` with `github.repository` in the job's `if:`.",
      },
    );
  if (run.sha === '')
    throw new Failure(
      'input',
      `the event ${quote(run.eventName)} does not tell which commit the run is about`,
      {
        remedy: 'Run it on push, release, workflow_dispatch, schedule, workflow_run or pull_request.',
      },
    );
  for (const [what, name] of [
    ['branch', run.branch],
    ['ref', run.ref],
  ] as const) {
    // Git allows `$(…)`, backticks and quotes in a name, and an output is easily put into a script.
    if (name !== '' && !/^[\p{L}\p{N}_][\p{L}\p{N}._/@#+=,%-]*$/u.test(name))
      throw new Failure('refused', `the ${what} ${quote(name)} holds characters that a shell would obey`, {
        remedy: 'Rename it: letters, digits and . _ / @ # + = , % - are taken.',
      });
  }
}

/** The tag of a release event; empty for every other one. */
export function releaseTag(run: Pick<Workflow, 'eventName' | 'event'>): string {
  if (run.eventName !== 'release') return '';
  const tag = object(run.event()['release'])['tag_name'];
  return typeof tag === 'string' ? tag : '';
}

/** The branch whose rules say what is required: of a pull request the base, of a tag the default branch. */
export function ruledBranch(run: Pick<Workflow, 'event' | 'branch' | 'pullRequest'>): string {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  if (run.pullRequest !== undefined) {
    const base = text(object(object(run.event()['pull_request'])['base'])['ref']);
    if (base !== '') return base;
  }
  return run.branch || text(object(run.event()['repository'])['default_branch']);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
