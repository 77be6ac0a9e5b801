import { expect, test } from '@jest/globals';
import type { Post } from './delivery.ts';
import { askLastOutcome, unwanted } from './occasion.ts';
import { STATUSES } from './record.ts';
import { fakePorts } from './testing/index.ts';

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

test('GitHub is asked with the token, and an answer that is none is a line in the log', async () => {
  const ports = fakePorts();
  const asked: string[] = [];
  let status = 200;
  const post: Post = {
    request: ({ url, headers }) => {
      asked.push(`${headers?.['authorization']} ${url}`);
      const body = url.includes('/workflows/')
        ? { workflow_runs: [{ run_number: 41, conclusion: 'failure' }] }
        : { workflow_id: 5, head_branch: 'main' };
      const json = { 'content-type': 'application/json' };
      return Promise.resolve({ status, headers: json, body: Buffer.from(JSON.stringify(body)) });
    },
  };
  expect(await askLastOutcome(ports, 't', post)).toBe('bad');
  expect(asked).toEqual([
    'token t https://api.github.com/repos/org/shop/actions/runs/4711',
    'token t https://api.github.com/repos/org/shop/actions/workflows/5/runs?status=completed&per_page=30&branch=main',
  ]);
  status = 403;
  expect(await askLastOutcome(ports, 't', post)).toBeUndefined();
  expect(ports.log.lines.join('\n')).toContain('the job needs `actions: read`');
  expect(await askLastOutcome(ports, undefined, post)).toBeUndefined();
  expect(asked).toHaveLength(3);
});
