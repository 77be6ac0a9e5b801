import { describe, expect, test } from '@jest/globals';
import { subjectOf } from './subject.ts';

/** Payloads as "Webhook events and payloads" shows them, cut to what a subject is read from. */
const ENVIRONMENT = {
  GITHUB_REPOSITORY: 'org/shop',
  GITHUB_SHA: '9'.repeat(40),
  GITHUB_REF: 'refs/heads/main',
  GITHUB_REF_NAME: 'main',
  GITHUB_ACTOR: 'ada',
  GITHUB_TRIGGERING_ACTOR: 'grace',
};

const of = (name: string, event: object = {}, env: Record<string, string> = {}) =>
  subjectOf({ ...ENVIRONMENT, GITHUB_EVENT_NAME: name, ...env }, () => event as Record<string, unknown>);

const RUN = {
  event: 'push',
  head_branch: 'develop',
  head_sha: '1'.repeat(40),
  head_commit: {
    id: '1'.repeat(40),
    message: 'feat: carts\n\nmore',
    author: { name: 'Lin', email: 'l@example.org' },
  },
  head_repository: { full_name: 'org/shop', fork: false },
  pull_requests: [],
  conclusion: 'success',
};

const PULL = {
  number: 7,
  title: 'Add carts',
  merged: false,
  merge_commit_sha: '5'.repeat(40),
  user: { login: 'eve' },
  head: { ref: 'carts', sha: '2'.repeat(40), repo: { full_name: 'eve/shop', fork: true } },
  base: { ref: 'main', sha: '3'.repeat(40) },
};

describe('a run that another workflow started', () => {
  test("is about that run's commit and branch, not about the default branch's", () => {
    expect(of('workflow_run', { workflow_run: RUN })).toEqual({
      sha: '1'.repeat(40),
      ref: 'refs/heads/develop',
      refName: 'develop',
      branch: 'develop',
      tag: '',
      actor: 'grace',
      message: 'feat: carts\n\nmore',
      author: 'Lin',
      pullRequest: undefined,
      headRepository: 'org/shop',
    });
  });

  test('of a release is about its tag', () => {
    const subject = of('workflow_run', { workflow_run: { ...RUN, event: 'release', head_branch: 'v1.4.2' } });
    expect(subject).toMatchObject({ ref: 'refs/tags/v1.4.2', tag: 'v1.4.2', branch: '' });
  });

  test('of a fork names the fork, and no ref of this repository', () => {
    const run = {
      ...RUN,
      event: 'pull_request',
      head_branch: 'main',
      head_repository: { full_name: 'eve/shop' },
    };
    expect(of('workflow_run', { workflow_run: run })).toMatchObject({
      sha: RUN.head_sha,
      ref: '',
      branch: 'main',
      headRepository: 'eve/shop',
    });
  });

  test('of a pull request knows its number', () => {
    const run = { ...RUN, event: 'pull_request', pull_requests: [{ number: 7 }] };
    expect(of('workflow_run', { workflow_run: run })).toMatchObject({
      pullRequest: 7,
      ref: 'refs/heads/develop',
    });
  });

  test('whose payload does not tell the commit is about none, never about the wrong one', () => {
    for (const event of [{}, { workflow_run: null }, { workflow_run: { ...RUN, head_sha: 'develop' } }])
      expect(of('workflow_run', event)).toMatchObject({ sha: '', message: '' });
  });

  test("does not take another commit's message", () => {
    const run = { ...RUN, head_commit: { ...RUN.head_commit, id: '4'.repeat(40) } };
    expect(of('workflow_run', { workflow_run: run })).toMatchObject({ sha: RUN.head_sha, message: '' });
  });
});

describe('a pull request', () => {
  test('is about its own head, not about the trial merge or the base', () => {
    const env = { GITHUB_REF: 'refs/pull/7/merge', GITHUB_REF_NAME: '7/merge', GITHUB_HEAD_REF: 'carts' };
    for (const name of [
      'pull_request',
      'pull_request_target',
      'pull_request_review',
      'pull_request_review_comment',
    ])
      expect(of(name, { pull_request: PULL }, env)).toEqual({
        sha: '2'.repeat(40),
        ref: 'refs/pull/7/head',
        refName: 'carts',
        branch: 'carts',
        tag: '',
        actor: 'grace',
        message: 'Add carts',
        author: 'eve',
        pullRequest: 7,
        headRepository: 'eve/shop',
      });
  });

  test('that was merged is about the merge commit on the base branch', () => {
    expect(of('pull_request', { action: 'closed', pull_request: { ...PULL, merged: true } })).toMatchObject({
      sha: '5'.repeat(40),
      ref: 'refs/heads/main',
      branch: 'main',
      headRepository: 'org/shop',
      pullRequest: 7,
    });
  });

  test('of a fork that was deleted comes from nowhere that is known', () => {
    const pull = { ...PULL, head: { ...PULL.head, repo: null } };
    expect(of('pull_request_target', { pull_request: pull })).toMatchObject({ headRepository: '' });
  });
});

test('a check suite, a check run and a status are about their own commit', () => {
  const suite = {
    head_branch: 'develop',
    head_sha: '1'.repeat(40),
    head_commit: RUN.head_commit,
    pull_requests: [],
  };
  for (const [name, event] of [
    ['check_suite', { check_suite: suite }],
    ['check_run', { check_run: { head_sha: suite.head_sha, check_suite: suite } }],
    [
      'status',
      {
        sha: '1'.repeat(40),
        branches: [
          { name: 'other', commit: { sha: '8'.repeat(40) } },
          { name: 'develop', commit: { sha: '1'.repeat(40) } },
        ],
      },
    ],
  ] as const)
    expect(of(name, event)).toMatchObject({
      sha: '1'.repeat(40),
      ref: 'refs/heads/develop',
      branch: 'develop',
    });
});

test('where the event is about a ref of this repository the runner says which', () => {
  const here = { sha: '9'.repeat(40), ref: 'refs/heads/main', branch: 'main', tag: '', actor: 'grace' };
  for (const name of ['schedule', 'workflow_dispatch', 'repository_dispatch', 'merge_group', ''])
    expect(of(name)).toMatchObject(here);
  // A deployment's payload holds the run that made it, which this run is not about.
  expect(of('deployment', { deployment: {}, workflow_run: RUN })).toMatchObject(here);
  const tag = { GITHUB_REF: 'refs/tags/v1.4.2', GITHUB_REF_NAME: 'v1.4.2' };
  expect(of('release', { release: { tag_name: 'v1.4.2', target_commitish: 'main' } }, tag)).toMatchObject({
    ...here,
    ref: 'refs/tags/v1.4.2',
    refName: 'v1.4.2',
    branch: '',
    tag: 'v1.4.2',
  });
});

test('a push says what was pushed, with the message and author of that commit alone', () => {
  const head = {
    id: ENVIRONMENT.GITHUB_SHA,
    message: 'Fix the cart',
    author: { name: 'Ada L', username: 'ada' },
  };
  expect(of('push', { ref: 'refs/heads/main', head_commit: head })).toMatchObject({
    message: 'Fix the cart',
    author: 'ada',
  });
  expect(of('push', { head_commit: { ...head, id: '4'.repeat(40) } })).toMatchObject({
    sha: ENVIRONMENT.GITHUB_SHA,
    message: '',
    author: '',
  });
  expect(of('push', { deleted: true, head_commit: null })).toMatchObject({ message: '' });
});

test('outside a run nothing is known', () => {
  expect(subjectOf({}, () => ({}))).toMatchObject({ sha: '', ref: '', branch: '', tag: '', actor: '' });
});
