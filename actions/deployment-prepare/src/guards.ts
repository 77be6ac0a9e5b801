import {
  type GitHubApi,
  checkRunsOf,
  gitHubFailure,
  isAbsent,
  releaseAssets,
  requiredChecks,
  statusesOf,
} from '@deploy-actions/github';
import { Failure, quote } from '@deploy-actions/kit';
import type { Ports, Workflow } from '@deploy-actions/runner';
import { type ChecksAnswer, awaitChecks } from './checks/wait.ts';
import { wantedChecks } from './checks/wanted.ts';
import { naming } from './decisions.ts';
import { ruledBranch } from './event.ts';
import type { PrepareInputs } from './fields.ts';
import { type Values, fillPattern } from './placeholders.ts';

/** Waits for the checks that are wanted of the run's commit. Throws Failure. */
export async function guardChecks(
  inputs: PrepareInputs,
  run: Workflow,
  ports: Pick<Ports, 'clock' | 'log' | 'signal'>,
  api: GitHubApi,
): Promise<ChecksAnswer> {
  const given = inputs['required-checks'];
  const branch = ruledBranch(run);
  const rules = given.includes('*') ? await rulesOf(api, branch) : undefined;
  const { wanted, told } = wantedChecks(given, inputs['min-checks'], branch, rules);
  if (told !== undefined) ports.log.warning(`${told}.`);
  const { sha } = run;
  return await awaitChecks(
    { wanted, timeout: inputs['checks-timeout'], runUrl: run.runUrl, commit: sha.slice(0, 12) },
    { runs: () => checkRunsOf(api, sha), statuses: () => statusesOf(api, sha), ...ports },
  );
}

async function rulesOf(api: GitHubApi, branch: string) {
  if (branch === '')
    throw new Failure(
      'input',
      '`*` stands for the checks that a branch requires, and the run is about none',
      {
        input: 'required-checks',
        remedy: 'Name the checks, one per line.',
      },
    );
  try {
    return await requiredChecks(api, branch);
  } catch (error) {
    throw gitHubFailure(error, `what the branch ${quote(branch)} requires`, 'contents: read');
  }
}

/** Holds the release of the tag against the files that it must have. Throws Failure. */
export async function guardAssets(
  patterns: readonly string[],
  tag: string,
  values: Values,
  api: () => GitHubApi,
): Promise<void> {
  const wanted = naming('release-assets', () => patterns.map((pattern) => fillPattern(pattern, values)));
  if (tag === '')
    throw new Failure('input', 'input `release-assets` is given, and the run is about no tag', {
      input: 'release-assets',
      remedy: 'Run it on a release or a tag, or leave the input out for this event.',
    });
  let found: string[];
  try {
    found = await releaseAssets(api(), tag);
  } catch (error) {
    if (isAbsent(error))
      throw new Failure('refused', `there is no published release of the tag ${quote(tag)}`, {
        remedy: 'Publish it first: a draft is not seen.',
      });
    throw gitHubFailure(error, `what the release ${quote(tag)} holds`, 'contents: read');
  }
  const missing = wanted.filter((pattern) => !found.some((name) => isLike(name, pattern)));
  if (missing.length === 0) return;
  throw new Failure('refused', `the release ${quote(tag)} lacks ${missing.map(quote).join(', ')}`, {
    remedy: `It has ${found.length === 0 ? 'no files' : found.slice(0, 20).map(quote).join(', ')}; an upload that was not finished does not count.`,
  });
}

/** Whether a name is of a pattern with `*` and `?`. Each character is looked at once for each star. */
export function isLike(name: string, pattern: string): boolean {
  let [at, in_] = [0, 0];
  let [star, mark] = [-1, 0];
  while (at < name.length) {
    if (pattern[in_] === '?' || (pattern[in_] !== '*' && pattern[in_] === name[at]))
      [at, in_] = [at + 1, in_ + 1];
    else if (pattern[in_] === '*') [star, mark, in_] = [in_, at, in_ + 1];
    else if (star >= 0) [mark, at, in_] = [mark + 1, mark + 1, star + 1];
    else return false;
  }
  return /^\**$/.test(pattern.slice(in_));
}
