import { expect, test } from '@jest/globals';
import { type Answer, classify, errorsOf, parseGoDuration, retryDelay } from './answer.ts';

const UNICORN = '<!DOCTYPE html><html><body><h1>This page is taking too long to load.</h1></body></html>';

test('a body that is HTML, empty, cut off or odd has no errors', () => {
  for (const body of [UNICORN, '', '{"errors":[{"co', '[]', 'null', '{"errors":"x"}'])
    expect(errorsOf(Buffer.from(body))).toEqual([]);
  expect(errorsOf(Buffer.from('{"errors":[null,{"code":5}]}'))).toEqual([
    { code: '', message: '' },
    { code: '5', message: '' },
  ]);
});

test("Go's durations are read, rounded up", () => {
  expect(['1.16676ms', '1m30s', '2h0m0s', '500µs', '1.5s', '10ns'].map(parseGoDuration)).toEqual([
    2, 90_000, 7_200_000, 1, 1500, 1,
  ]);
  for (const text of ['', '5', 's', '1x', '1s!']) expect(parseGoDuration(text)).toBeUndefined();
});

test("the header's delay comes before the message's", () => {
  const body = Buffer.from('retry-after: 3s, allowed: 1/minute');
  const now = new Date();
  expect(retryDelay({ status: 429, headers: { 'retry-after': '9' }, body }, now)).toBe(9000);
  expect(retryDelay({ status: 429, headers: {}, body }, now)).toBe(3000);
  expect(retryDelay({ status: 429, headers: {}, body: Buffer.from('busy') }, now)).toBeUndefined();
});

test('every status gives a Problem that names the image and what to do', () => {
  for (const status of [100, 301, 304, 400, 401, 402, 403, 404, 405, 410, 418, 429, 500, 503]) {
    for (const credentials of ['none', 'job-token', 'given'] as const) {
      for (const stage of ['token', 'manifest', 'blob', 'tags', 'referrers'] as const) {
        const answer: Answer = { status, headers: {}, body: Buffer.from(UNICORN) };
        const problem = classify(answer, {
          stage,
          image: 'r.example/a:1',
          registry: 'r.example',
          path: 'a',
          credentials,
          now: new Date(),
        });
        expect(problem.message).toContain('r.example');
        expect(problem.remedy).toMatch(/\.$/);
        expect(problem.message).not.toContain('<');
      }
    }
  }
});

test('a token that may do something else is told by the scope that it lacks', () => {
  const body = JSON.stringify({
    errors: [
      { code: 'DENIED', message: 'permission_denied: The token provided does not match expected scopes.' },
    ],
  });
  const problem = classify(
    { status: 403, headers: {}, body: Buffer.from(body) },
    {
      stage: 'token',
      image: 'ghcr.io/acme/shop:1',
      registry: 'ghcr.io',
      path: 'acme/shop',
      credentials: 'given',
      now: new Date(),
    },
  );
  expect(problem).toMatchObject({ kind: 'refused', code: 'token-scope' });
  expect(problem.remedy).toContain('read:packages');
});
