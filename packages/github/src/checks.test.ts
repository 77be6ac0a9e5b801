import { afterEach, expect, test } from '@jest/globals';
import { checkRunsOf, requiredChecks, statusesOf } from './checks.ts';
import { type GitHubRig, rigGitHub, shaOf } from './testing/index.ts';

let rig: GitHubRig;

afterEach(async () => {
  await rig.close();
  expect(rig.stub.violations).toEqual([]);
});

const sha = shaOf('a');
const commits = [{ sha, message: 'm' }];

test('skipped and neutral are good as GitHub counts them, everything else that ended is bad', async () => {
  const conclusions = [
    'success',
    'neutral',
    'skipped',
    'failure',
    'cancelled',
    'timed_out',
    'action_required',
  ];
  const checkRuns = [
    ...conclusions.map((conclusion) => ({ sha, name: conclusion, conclusion })),
    { sha, name: 'running', status: 'in_progress' as const, suite: 7, app: 9 },
    { sha: shaOf('b'), name: 'of another commit' },
  ];
  rig = await rigGitHub({ commits, checkRuns }, { checks: 'read' });
  const checks = await checkRunsOf(rig.api, sha);
  expect(checks.map((check) => [check.name, check.state])).toEqual([
    ['success', 'good'],
    ['neutral', 'good'],
    ['skipped', 'good'],
    ['failure', 'bad'],
    ['cancelled', 'bad'],
    ['timed_out', 'bad'],
    ['action_required', 'bad'],
    ['running', 'pending'],
  ]);
  expect(checks.at(-1)).toMatchObject({ word: 'in_progress', suite: 7, app: 9 });
});

test('statuses are checks of their own', async () => {
  const statuses = [
    { sha, context: 'ci/one', state: 'success' as const },
    { sha, context: 'ci/two', state: 'pending' as const },
    { sha, context: 'ci/three', state: 'error' as const },
  ];
  rig = await rigGitHub({ commits, statuses }, { statuses: 'read' });
  expect((await statusesOf(rig.api, sha)).map((check) => [check.name, check.state])).toEqual([
    ['ci/one', 'good'],
    ['ci/two', 'pending'],
    ['ci/three', 'bad'],
  ]);
});

const rule = (...checks: object[]) => ({
  type: 'required_status_checks',
  parameters: { strict_required_status_checks_policy: false, required_status_checks: checks },
});

test('what a branch requires is what its rulesets and its classic protection require together', async () => {
  const protection = {
    required_status_checks: {
      enforcement_level: 'non_admins',
      contexts: ['build', 'legacy'],
      checks: [{ context: 'build', app_id: 15368 }],
    },
  };
  rig = await rigGitHub({
    commits,
    branches: [{ name: 'release/1', sha, protected: true, protection }],
    rules: {
      'release/1': [
        rule({ context: 'test' }, { context: 'build', integration_id: 15368 }),
        { type: 'deletion' },
      ],
    },
  });
  expect(await requiredChecks(rig.api, 'release/1')).toEqual({
    checks: [
      { name: 'test', app: undefined },
      { name: 'build', app: 15368 },
      { name: 'legacy', app: undefined },
    ],
    unknown: undefined,
  });
});

test('a protection that is not told is unknown, never none', async () => {
  const branches = [{ name: 'main', sha, protected: true }];
  rig = await rigGitHub({ commits, branches, rules: { main: [rule({ context: 'test' })] } });
  const denied = await requiredChecks(rig.api, 'main');
  expect(denied.checks).toEqual([{ name: 'test', app: undefined }]);
  expect(denied.unknown).toContain('status 403');
  rig.stub.permissions = { contents: 'read', administration: 'read' };
  expect((await requiredChecks(rig.api, 'main')).unknown).toContain('status 404');
});

test('a branch that nothing protects requires nothing, and one that is not enforced neither', async () => {
  const off = { required_status_checks: { enforcement_level: 'off', contexts: ['x'], checks: [] } };
  rig = await rigGitHub({
    commits,
    branches: [
      { name: 'main', sha },
      { name: 'old', sha, protected: true, protection: off },
    ],
  });
  expect(await requiredChecks(rig.api, 'main')).toEqual({ checks: [], unknown: undefined });
  expect(await requiredChecks(rig.api, 'old')).toEqual({ checks: [], unknown: undefined });
});
