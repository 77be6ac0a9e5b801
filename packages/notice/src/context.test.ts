import { expect, test } from '@jest/globals';
import { parseFields } from '@deploy-actions/kit';
import { type NoticeWorkflow, nextPhases, noticeOf } from './context.ts';
import { noticeFields } from './fields.ts';
import { hostileTexts } from './testing/hostile.ts';

const SHA = '8f2c1d7e9b0a4c5d6e7f8091a2b3c4d5e6f70819';
function workflow(over: Partial<NoticeWorkflow> = {}): NoticeWorkflow {
  return {
    repository: 'org/shop',
    sha: SHA,
    refName: 'main',
    branch: 'main',
    tag: '',
    message: 'Fix the cart\n\nLong story',
    author: 'ada',
    actor: 'grace',
    runNumber: 42,
    runUrl: 'https://github.com/org/shop/actions/runs/4711',
    workflow: 'Deploy',
    job: 'deploy',
    event: () => ({}),
    ...over,
  };
}

const inputs = (given: Record<string, string>) =>
  parseFields(noticeFields, { input: (name) => given[name] ?? '' });
const live = { reports: [], earlier: undefined, phases: [], now: 0 };

test('a notice is filled from the run where the inputs leave it open', () => {
  const notice = noticeOf(inputs({ status: 'success', environment: 'production' }), workflow(), live);
  expect(notice).toMatchObject({
    title: 'Deployed shop to production',
    environment: 'production',
    version: '',
    ref: 'main',
    commit: { sha: SHA, subject: 'Fix the cart', author: 'ada' },
    actor: 'grace',
    run: { name: 'Deploy #42', url: 'https://github.com/org/shop/actions/runs/4711' },
    elapsedMs: undefined,
  });
});

test('a tag is the version, and the deployment event names the environment', () => {
  const event = () => ({ deployment: { environment: 'staging' } });
  const notice = noticeOf(
    inputs({ status: 'failure' }),
    workflow({ refName: 'v1.4.2', branch: '', tag: 'v1.4.2', event }),
    live,
  );
  expect(notice).toMatchObject({
    title: 'Deploying shop v1.4.2 to staging failed',
    version: 'v1.4.2',
    ref: '',
  });
});

test('every part can be given instead', () => {
  const given = {
    status: 'rolled-back',
    title: 'T',
    message: 'M',
    environment: 'E',
    version: 'V',
    'deployment-id': 'D',
    fields: 'a=b',
    links: 'Site=https://x.example/\nGone=',
    details: ' d',
  };
  expect(noticeOf(inputs(given), workflow(), live)).toMatchObject({
    title: 'T',
    message: 'M',
    environment: 'E',
    version: 'V',
    deploymentId: 'D',
    fields: [['a', 'b']],
    links: [{ name: 'Site', url: 'https://x.example/' }],
    details: ' d',
  });
});

test('a run about no commit has none, and one without a message has no subject', () => {
  const of = (over: Partial<NoticeWorkflow>) =>
    noticeOf(inputs({ status: 'success' }), workflow(over), live).commit;
  expect(of({ message: '', author: '' })).toEqual({ sha: SHA, subject: '', author: '' });
  expect(of({ sha: '', message: '', author: '' })).toBeUndefined();
});

test('placeholders are filled once: what comes from a commit is not read again, and unknown ones stay', () => {
  const message =
    '{status} {environment} {commit} {commit-message} by {author}/{actor} {nothing} {constructor} {{job}} #{run-number}';
  const notice = noticeOf(
    inputs({ status: 'success', environment: 'prod', message }),
    workflow({ message: 'x {run-url} {title}' }),
    live,
  );
  expect(notice.message).toBe(
    'success prod 8f2c1d7 x {run-url} {title} by ada/grace {nothing} {constructor} {deploy} #42',
  );
});

test('no hostile event breaks a notice', () => {
  for (const text of hostileTexts) {
    const hostile = workflow({ message: text, author: text, refName: text });
    expect(noticeOf(inputs({ status: 'success' }), hostile, live).title).toBe('Deployed shop');
  }
});

test('phases are ticked off as the next begins, and the last by how it ended', () => {
  const started = nextPhases([], 'Build', 'started', 1000);
  const second = nextPhases(started, 'Deploy', 'progress', 4000);
  expect(second).toEqual([
    { name: 'Build', startedAt: 1000, endedAt: 4000 },
    { name: 'Deploy', startedAt: 4000 },
  ]);
  expect(nextPhases(second, 'Deploy', 'progress', 5000)).toEqual(second);
  const states = (status: string) =>
    noticeOf(inputs({ status }), workflow(), {
      reports: [],
      earlier: { startedAt: 1000, phases: second, messages: {} },
      phases: nextPhases(second, undefined, status as 'success', 9000),
      now: 9000,
    });
  expect(states('progress').phases.map((phase) => [phase.name, phase.state, phase.elapsedMs])).toEqual([
    ['Build', 'done', 3000],
    ['Deploy', 'running', 5000],
  ]);
  expect(states('failure').phases.at(-1)?.state).toBe('failed');
  expect(states('cancelled').phases.at(-1)?.state).toBe('cancelled');
  expect(states('success').phases.at(-1)?.state).toBe('done');
  expect(states('success').elapsedMs).toBe(8000);
});

test('a wrong status, link or occasion is told of before anything is sent', () => {
  expect(() => inputs({ status: 'great' })).toThrow(
    'input `status`: "great" is not one of started, progress',
  );
  expect(() => inputs({ status: 'success', links: 'a=https://x.example\nb=ftp://x' })).toThrow(
    /links.*"b" is not an http/,
  );
  expect(() => inputs({ status: 'success', 'only-on': 'failure,sometimes' })).toThrow(/"sometimes"/);
  expect(inputs({ status: 'success', 'only-on': 'failure, change' })['only-on']).toEqual([
    'failure',
    'change',
  ]);
});
