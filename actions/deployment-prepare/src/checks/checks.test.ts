import { afterEach, expect, test } from '@jest/globals';
import { shaOf } from '@deploy-actions/github/testing';
import type { Check } from '@deploy-actions/github';
import { readWorkflow } from '../../../../packages/runner/src/workflow.ts';
import { type PrepareRig, eventFile, rigPrepare } from '../testing/rig.ts';
import { judgeChecks, withoutOwn } from './verdict.ts';

const SHA = shaOf('c');
const both = { contents: 'read', checks: 'read', statuses: 'read' } as const;

let rig: PrepareRig | undefined;

afterEach(async () => {
  await rig?.close();
  expect(rig?.stub.violations ?? []).toEqual([]);
  rig = undefined;
});

/** A rig whose stub is GitHub for the run, pages of runs included. */
async function opened(
  repository: object,
  permissions: object = both,
  env: Record<string, string> = {},
  event: object = {},
): Promise<PrepareRig> {
  const variables = {
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_SHA: SHA,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_RUN_ID: '4711',
    GITHUB_JOB: 'prepare',
    GITHUB_EVENT_PATH: eventFile(event),
    ...env,
  };
  const workflow = readWorkflow(variables);
  rig = await rigPrepare(workflow, { commits: [{ sha: SHA, message: 'm' }], ...repository }, permissions);
  // A check of a workflow run is seen on the server's own pages.
  Object.assign(workflow, { runUrl: `${rig.stub.url}/org/shop/actions/runs/4711` });
  return rig;
}

const check = (name: string, state: Check['state'], more: Partial<Check> = {}): Check => ({
  kind: 'run',
  name,
  state,
  word: state === 'good' ? 'success' : state === 'bad' ? 'failure' : 'in_progress',
  suite: 1,
  app: 15368,
  url: '',
  ...more,
});
const named = (...names: string[]) => ({
  names: names.map((name) => ({ name, app: undefined })),
  minimum: undefined,
});

test('of a name that is there several times every one must be good', () => {
  expect(
    judgeChecks(named('build'), [check('build', 'good'), check('build', 'bad', { suite: 2 })]).outcome,
  ).toBe('bad');
  expect(
    judgeChecks(named('build'), [check('build', 'good'), check('build', 'pending', { suite: 2 })]).outcome,
  ).toBe('waiting');
  const status = check('build', 'bad', { kind: 'status', suite: undefined, app: undefined });
  expect(judgeChecks(named('build'), [check('build', 'good'), status]).outcome).toBe('bad');
  expect(judgeChecks(named('build'), [check('build', 'good'), check('other', 'bad')]).outcome).toBe('good');
});

test('a name that is not there is waited for, and none at all is never enough', () => {
  expect(judgeChecks(named('build', 'test'), [check('build', 'good')])).toMatchObject({
    outcome: 'waiting',
    rows: [
      { name: 'build', state: 'good' },
      { name: 'test', state: 'absent' },
    ],
  });
  expect(judgeChecks(named('build'), []).outcome).toBe('waiting');
  expect(judgeChecks(named(), []).outcome).toBe('waiting');
  expect(judgeChecks({ names: [], minimum: 1 }, []).outcome).toBe('waiting');
});

test('the same name from another app does not stand for it, and a status tells no app', () => {
  const wanted = { names: [{ name: 'build', app: 15368 }], minimum: undefined };
  expect(judgeChecks(wanted, [check('build', 'good', { app: 9 })]).rows[0]).toMatchObject({
    state: 'absent',
    detail: 'not there from app 15368',
  });
  expect(judgeChecks(wanted, [check('build', 'good', { kind: 'status', app: undefined })]).outcome).toBe(
    'waiting',
  );
  expect(judgeChecks(wanted, [check('build', 'good')]).outcome).toBe('good');
});

test('with a number every check counts, and one that was skipped proves nothing', () => {
  const two = { names: [], minimum: 2 };
  const skipped = check('docs', 'good', { word: 'skipped' });
  expect(judgeChecks(two, [check('build', 'good'), skipped]).outcome).toBe('waiting');
  expect(judgeChecks(two, [check('build', 'good'), check('test', 'good'), skipped]).outcome).toBe('good');
  expect(
    judgeChecks(two, [check('build', 'good'), check('test', 'good'), check('lint', 'pending')]).outcome,
  ).toBe('waiting');
  expect(
    judgeChecks(two, [check('build', 'good'), check('test', 'good'), check('lint', 'bad')]).outcome,
  ).toBe('bad');
});

test('the checks of this very run are left out, with their whole suite, in every attempt', () => {
  const run = 'https://github.com/org/shop/actions/runs/4711';
  const checks = [
    check('prepare', 'pending', { suite: 7, url: `${run}/job/1` }),
    check('deploy', 'pending', { suite: 7, url: 'https://github.com/org/shop/runs/2' }),
    check('build', 'good', { suite: 8, url: `${run}0/job/1` }),
    check('legacy', 'good', { kind: 'status', suite: undefined }),
  ];
  for (const url of [run, `${run}/attempts/2`]) {
    const { others, own } = withoutOwn(checks, url);
    expect([others.map((one) => one.name), own.map((one) => one.name)]).toEqual([
      ['build', 'legacy'],
      ['prepare', 'deploy'],
    ]);
  }
  expect(withoutOwn(checks, '').others).toHaveLength(4);
});

test('a check that comes late and runs long is waited for, and the run itself is not', async () => {
  const { stub, clock, prepare, log } = await opened({
    checkRuns: [
      { sha: SHA, name: 'prepare', status: 'in_progress', suite: 9, run: 4711 },
      { sha: SHA, name: 'build', suite: 2, run: 12 },
    ],
  });
  const late = { sha: SHA, name: 'test', status: 'in_progress' as const, suite: 3, run: 13 };
  const looks: string[] = [];
  stub.intercept = (line) => {
    if (line.includes('check-runs')) looks.push(line);
    if (looks.length === 3) stub.repository.checkRuns = [...stub.repository.checkRuns.slice(0, 2), late];
    if (looks.length === 5)
      stub.repository.checkRuns = [
        ...stub.repository.checkRuns.slice(0, 2),
        { ...late, status: 'completed' },
      ];
    return undefined;
  };
  const { failure, outputs } = await prepare({ 'required-checks': 'build\ntest' });
  expect(failure).toBeUndefined();
  expect(JSON.parse(outputs.report!)).toMatchObject({ kind: 'prepare', ok: true });
  expect(looks).toHaveLength(5);
  expect(clock.sleeps.slice(0, 3)).toEqual([5000, 7500, 11_250]);
  expect(log.lines.join('\n')).toContain('Waiting for "test" (not there)');
  expect(log.lines.join('\n')).toContain('Waiting for "test" (in_progress)');
});

test('a red check ends the wait at once and names itself, with its page', async () => {
  const { prepare, clock, written } = await opened({
    checkRuns: [
      { sha: SHA, name: 'build', conclusion: 'timed_out', run: 12 },
      { sha: SHA, name: '<b>|x', status: 'in_progress', run: 13 },
    ],
  });
  const { failure, outputs } = await prepare({ 'required-checks': 'build\n<b>|x' });
  expect([failure?.kind, failure?.message]).toEqual([
    'unhealthy',
    'a check of cccccccccccc is not green: "build" (timed_out)',
  ]);
  expect(failure?.remedy).toContain('/org/shop/actions/runs/12/job/1');
  expect(clock.sleeps).toEqual([]);
  expect(outputs).toMatchObject({
    sha: SHA,
    version: expect.any(String),
    report: expect.stringContaining('"ok":false'),
  });
  expect(written.summary).toContain('| build | ❌ timed\\_out |');
  expect(written.summary).toContain('&lt;b&gt;\\|x');
});

test('what never comes ends when the time is over, and no check at all never passes', async () => {
  const { prepare, clock } = await opened({});
  const named = await prepare({ 'required-checks': 'biuld', 'checks-timeout': '1m' });
  expect(named.failure?.message).toBe('cccccccccccc has waited 1 m 00 s for "biuld" (not there)');
  const counted = await prepare({ 'min-checks': '1', 'checks-timeout': '0' });
  expect(counted.failure?.message).toContain('1 checks (0 ran)');
  expect(clock.sleeps.length).toBeGreaterThan(3);
});

test('a job of this very run cannot be waited for, and is told apart from a name that is wrong', async () => {
  const { prepare, clock } = await opened({ checkRuns: [{ sha: SHA, name: 'build', suite: 9, run: 4711 }] });
  const { failure } = await prepare({ 'required-checks': 'build' });
  expect([failure?.kind, failure?.remedy]).toEqual(['input', 'Let the job wait for it with `needs:`.']);
  expect(clock.sleeps).toEqual([]);
});

test.each([
  ['checks: read', { contents: 'read', statuses: 'read' }],
  ['statuses: read', { contents: 'read', checks: 'read' }],
])('without `%s` nothing passes, and the permission is named', async (permission, permissions) => {
  const { prepare } = await opened({ checkRuns: [{ sha: SHA, name: 'build', run: 12 }] }, permissions);
  const { failure } = await prepare({ 'required-checks': 'build' });
  expect(failure?.kind).toBe('refused');
  expect(failure?.remedy).toContain(`\`permissions: ${permission}\``);
});

const rule = (...contexts: string[]) => ({
  type: 'required_status_checks',
  parameters: {
    strict_required_status_checks_policy: false,
    required_status_checks: contexts.map((context) => ({ context })),
  },
});

test("* stands for what the branch's rules require", async () => {
  const { prepare, stub } = await opened({
    branches: [{ name: 'main', sha: SHA }],
    rules: { main: [rule('build')] },
    checkRuns: [
      { sha: SHA, name: 'build', run: 12 },
      { sha: SHA, name: 'nightly', conclusion: 'failure', run: 13 },
    ],
    statuses: [{ sha: SHA, context: 'ci/legacy', state: 'success' as const }],
  });
  expect((await prepare({ 'required-checks': '*\nci/legacy' })).failure).toBeUndefined();
  stub.repository.rules['main'] = [rule('build', 'nightly')];
  expect((await prepare({ 'required-checks': '*' })).failure?.message).toContain('"nightly" (failure)');
});

test('a branch that requires nothing is told, never passed', async () => {
  const { prepare } = await opened({ branches: [{ name: 'main', sha: SHA }] });
  const { failure } = await prepare({ 'required-checks': '*' });
  expect([failure?.kind, failure?.message]).toEqual([
    'refused',
    'no rule of the branch "main" requires a check, so `*` stands for none',
  ]);
});

test('a protection that may not be read is told, and is no reason to pass', async () => {
  const { prepare, stub, log } = await opened({
    branches: [{ name: 'main', sha: SHA, protected: true }],
    checkRuns: [{ sha: SHA, name: 'build', run: 12 }],
  });
  const { failure } = await prepare({ 'required-checks': '*' });
  expect(failure?.message).toContain(
    'what the protection of the branch "main" requires is not known: GitHub answers with status 403',
  );
  stub.repository.rules['main'] = [rule('build')];
  expect((await prepare({ 'required-checks': '*' })).failure).toBeUndefined();
  expect(log.lines.join('\n')).toContain(
    'warning: What the classic protection of "main" requires is not known',
  );
});

test("of a pull request the base branch's rules count, of a tag the default branch's", async () => {
  const repository = {
    branches: [{ name: 'trunk', sha: SHA }],
    rules: { trunk: [rule('build')] },
    checkRuns: [{ sha: SHA, name: 'build', run: 12 }],
  };
  const pull = {
    pull_request: {
      number: 7,
      head: { sha: SHA, ref: 'carts', repo: { full_name: 'org/shop' } },
      base: { ref: 'trunk' },
    },
  };
  for (const [env, event] of [
    [{ GITHUB_EVENT_NAME: 'pull_request' }, pull],
    [{ GITHUB_REF: 'refs/tags/v1.5.0' }, { repository: { default_branch: 'trunk' } }],
  ] as const) {
    const { prepare } = await opened(repository, both, env, event);
    expect((await prepare({ 'required-checks': '*' })).failure).toBeUndefined();
    await rig?.close();
  }
});
