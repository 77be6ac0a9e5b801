import { expect, test } from '@jest/globals';
import type { Post } from './delivery.ts';
import { lastRunOutcome, secretsWithheld, unwanted } from './occasion.ts';
import { STATUSES } from './record.ts';

const never = () => Promise.reject(new Error('must not be asked'));

test('without only-on every status is sent, with it the named ones', async () => {
  for (const status of STATUSES) expect(await unwanted(status, [], never)).toBeUndefined();
  expect(await unwanted('failure', ['failure', 'rolled-back'], never)).toBeUndefined();
  expect(await unwanted('success', ['failure', 'rolled-back'], never)).toMatch(/status is success/);
});

test('change is an outcome that differs from the last, and an unknown last one is no reason for silence', async () => {
  const last = (outcome: 'good' | 'bad' | undefined) => () => Promise.resolve(outcome);
  expect(await unwanted('success', ['change'], last('good'))).toMatch(/as in the last run/);
  expect(await unwanted('success', ['change'], last('bad'))).toBeUndefined();
  expect(await unwanted('rolled-back', ['change'], last('bad'))).toMatch(/as in the last run/);
  expect(await unwanted('failure', ['change'], last('good'))).toBeUndefined();
  expect(await unwanted('failure', ['change'], last(undefined))).toBeUndefined();
  expect(await unwanted('progress', ['change'], never)).toMatch(/no outcome/);
  expect(await unwanted('failure', ['change', 'failure'], never)).toBeUndefined();
});

test('the last outcome is that of the last run before this one that ended well or badly, on this branch', async () => {
  const asked: string[] = [];
  const runs = [
    { run_number: 12, conclusion: 'success' },
    { run_number: 10, conclusion: 'cancelled' },
    { run_number: 8, conclusion: 'timed_out' },
    { run_number: 9, conclusion: 'skipped' },
    { run_number: 7, conclusion: 'success' },
  ];
  const post: Post = {
    request: ({ url, headers }) => {
      asked.push(url);
      expect(headers?.['authorization']).toBe('Bearer t');
      const body = url.includes('/workflows/')
        ? { workflow_runs: runs }
        : { workflow_id: 5, head_branch: 'a/b&c' };
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from(JSON.stringify(body)) });
    },
  };
  const workflow = { apiUrl: 'https://api.github.com', repository: 'org/shop', runId: '99', runNumber: 11 };
  expect(await lastRunOutcome(workflow, 't', post)).toBe('bad');
  expect(asked[1]).toBe(
    'https://api.github.com/repos/org/shop/actions/workflows/5/runs?status=completed&per_page=30&branch=a%2Fb%26c',
  );
});

test('forks and Dependabot get no secrets; everybody else does', () => {
  const of = (event: Record<string, unknown>, actor = 'grace') =>
    secretsWithheld({ actor, repository: 'org/shop', event: () => event });
  expect(of({})).toBeUndefined();
  expect(of({ pull_request: { head: { repo: { fork: false, full_name: 'org/shop' } } } })).toBeUndefined();
  expect(of({ pull_request: { head: { repo: { fork: true, full_name: 'eve/shop' } } } })).toMatch(/fork/);
  expect(of({ pull_request: { head: { repo: null } } })).toMatch(/fork/);
  expect(of({}, 'dependabot[bot]')).toMatch(/Dependabot/);
  expect(of({ pull_request: { user: { login: 'dependabot[bot]' } } })).toMatch(/Dependabot/);
});
