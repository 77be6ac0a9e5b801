import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, shaOf, startGitHub } from '@deploy-actions/github/testing';
import { findRoot, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';

/** A workflow with deployment-prepare, run by a real workflow runner against the stub of GitHub's API. */
const testWithAct = testIf(test, whyNoAct());

const SHA = shaOf('d');
let github: GitHubStub;

beforeEach(async () => {
  github = await startGitHub({
    commits: [
      { sha: shaOf('1'), message: 'init' },
      { sha: SHA, message: "fix: $(touch /tmp/x) `id` '; ::error::x", author: 'eve' },
    ],
    tags: [{ name: 'v1.0.0', sha: shaOf('1'), annotated: true }],
    checkRuns: [{ sha: SHA, name: 'build', run: 12 }],
  });
  github.permissions = { contents: 'read', checks: 'read', statuses: 'read' };
});

afterEach(async () => {
  await github.close();
  expect(github.violations).toEqual([]);
});

const started = {
  event: 'push',
  conclusion: 'success',
  head_sha: SHA,
  head_branch: 'develop',
  head_commit: { id: SHA, message: 'm', author: { name: 'Eve' } },
  head_repository: { full_name: 'org/shop' },
};

const SECRETS = { DEPLOY_HOST: 'deploy@web1', DEPLOY_SSH_KEY: 'k\nk' };

function afterCi(change: { run?: object; secrets?: Record<string, string> } = {}) {
  return runWorkflow({
    workflow: join(findRoot(), 'test/lab/workflows/after-ci.yml'),
    repository: join(findRoot(), 'test/lab/workflows'),
    event: 'workflow_run',
    payload: { action: 'completed', workflow_run: { ...started, ...change.run }, workflow: { name: 'CI' } },
    secrets: { GITHUB_TOKEN: github.token, ...(change.secrets ?? SECRETS) },
    env: { GITHUB_API_URL: github.url },
  });
}

testWithAct(
  'after CI the commit of that run is deployed, and later jobs get its version and images',
  async () => {
    const { exitCode, log } = await afterCi();
    expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
    expect(log).toMatch(new RegExp(`staging-\\d{8}-ddddddd of ${SHA}:`));
    expect(log).toContain(`api=ghcr.io/org/shop/api:${SHA}`);
    expect(log).toContain('notes: 1 commit since v1.0.0');
    expect(log).toContain(`compare/v1.0.0...${SHA}`);
  },
  300_000,
);

testWithAct(
  'a fork, a secret that is not set and a red check each end it before anything is used',
  async () => {
    const fork = await afterCi({ run: { head_repository: { full_name: 'eve/shop' } } });
    expect(fork.exitCode).not.toBe(0);
    // By the report: act may end before it has printed what the step said last.
    expect(fork.log).toMatch(/the commit comes from \\*"eve\/shop\\*"/);
    const unset = await afterCi({ secrets: {} });
    expect(unset.exitCode).not.toBe(0);
    expect(unset.log).toContain('`DEPLOY_HOST`, `DEPLOY_SSH_KEY` are empty');
    github.repository.checkRuns[0]!.conclusion = 'failure';
    const red = await afterCi();
    expect(red.exitCode).not.toBe(0);
    expect(red.log).toMatch(/a check of dddddddddddd is not green: \\*"build\\*" \(failure\)/);
    for (const { log } of [fork, unset, red]) expect(log).not.toContain('After CI/Use');
  },
  300_000,
);
