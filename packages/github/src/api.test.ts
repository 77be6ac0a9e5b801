import { afterEach, expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { gitHubFailure, isAbsent, isDenied } from './error.ts';
import { lastRunOutcome } from './last-outcome.ts';
import { limitDelay } from './rate-limit.ts';
import { releaseAssets } from './releases.ts';
import { type GitHubRig, type Reply, rigGitHub } from './testing/index.ts';
import { openWire } from './wire.ts';

let rig: GitHubRig;

afterEach(async () => {
  await rig.close();
  expect(rig.stub.violations).toEqual([]);
});

const RELEASES = {
  releases: [{ tag: 'v1', assets: [{ name: 'a.zip' }, { name: 'b.zip', state: 'open' as const }] }],
};

/** The first answers are these, then the stub's own. */
function answerFirst(...replies: Reply[]): void {
  rig.stub.intercept = () => replies.shift();
}

test('the last outcome is that of the last run before this one that ended well or badly, on this branch', async () => {
  const of = (number: number, conclusion: string | null, branch = 'a/b&c') => ({
    id: number,
    workflow: 5,
    number,
    branch,
    conclusion,
  });
  const runs = [
    of(12, 'success'),
    of(11, null),
    of(9, 'skipped'),
    of(8, 'timed_out'),
    of(10, 'cancelled'),
    of(7, 'success'),
    { ...of(6, 'success', 'main'), number: 10 },
  ];
  rig = await rigGitHub({ runs }, { actions: 'read' });
  expect(await lastRunOutcome(rig.api, { runId: '11', runNumber: 11 })).toBe('bad');
  expect(rig.stub.requests[1]).toContain('branch=a%2Fb%26c');
  expect(await lastRunOutcome(rig.api, { runId: '7', runNumber: 7 })).toBeUndefined();
});

test('an upload that was not finished is no asset of a release', async () => {
  rig = await rigGitHub(RELEASES);
  expect(await releaseAssets(rig.api, 'v1')).toEqual(['a.zip']);
  const absent = await releaseAssets(rig.api, 'v2').catch((error: unknown) => error);
  expect([isAbsent(absent), isDenied(absent)]).toEqual([true, false]);
});

test('a permission that is missing is named, and the request is not repeated', async () => {
  rig = await rigGitHub({}, {});
  const error = await releaseAssets(rig.api, 'v1').catch((one: unknown) => one);
  expect(error).toMatchObject({ status: 403, needs: 'contents=read', trouble: 'answered' });
  expect(rig.stub.requests).toHaveLength(1);
  const failure = gitHubFailure(error, 'what the release holds', 'contents: read') as Failure;
  expect([failure.kind, failure.message, failure.remedy]).toEqual([
    'refused',
    'GitHub did not tell what the release holds: status 403, "Resource not accessible by integration"',
    'Give the job `permissions: contents: read`; what is not listed there is taken away as soon as one is.',
  ]);
});

test('a secondary limit is waited for as its headers say, whatever the method, and the call goes on', async () => {
  rig = await rigGitHub(RELEASES);
  const reset = String(Math.ceil(rig.clock.wall().getTime() / 1000) + 90);
  answerFirst(
    {
      status: 403,
      headers: { 'retry-after': '7' },
      body: { message: 'You have exceeded a secondary rate limit' },
    },
    { status: 429, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }, body: {} },
  );
  expect(await releaseAssets(rig.api, 'v1')).toEqual(['a.zip']);
  expect(rig.clock.sleeps).toEqual([7000, 84_000]);
  expect(rig.log.lines.join('\n')).toContain('GitHub: rate limit (status 403); again in 7.0 s');
});

test('a limit that lasts too long ends at once and says until when', async () => {
  rig = await rigGitHub(RELEASES);
  answerFirst({ status: 429, headers: { 'retry-after': '3600' }, body: {} });
  const error = await releaseAssets(rig.api, 'v1').catch((one: unknown) => one);
  expect(error).toMatchObject({
    trouble: 'limited',
    message: expect.stringContaining('until 2026-01-01T01:00:00Z'),
  });
  expect(rig.clock.sleeps).toEqual([]);
});

test('only an answer that says so is a limit', () => {
  const now = new Date(0);
  const of = (status: number, headers: Record<string, string> = {}, body = '') =>
    limitDelay({ status, headers, body: Buffer.from(body) }, now);
  expect(of(403, {}, '{"message":"Resource not accessible by integration"}')).toBeUndefined();
  expect(of(403, { 'x-ratelimit-remaining': '12', 'x-ratelimit-reset': '9' })).toBeUndefined();
  expect(of(403, {}, '{"message":"You have exceeded a secondary rate limit."}')).toBe(60_000);
  expect(of(429)).toBe(60_000);
  expect(of(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '30' })).toBe(31_000);
  expect(of(403, { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': 'soon' })).toBeUndefined();
  expect(of(200, { 'retry-after': '5' })).toBeUndefined();
  expect(of(500, { 'retry-after': '5' })).toBeUndefined();
});

test('a server that fails is asked again where that changes nothing, and not where it may', async () => {
  rig = await rigGitHub(RELEASES, { contents: 'read', deployments: 'write' });
  answerFirst({ status: 502, body: 'bad gateway' }, { status: 503, body: '' });
  expect(await releaseAssets(rig.api, 'v1')).toEqual(['a.zip']);
  rig.stub.requests.length = 0;
  answerFirst({ status: 502, body: 'bad gateway' });
  const error = await rig.api
    .ask('POST /repos/{owner}/{repo}/deployments', { ref: 'main' })
    .catch((one: unknown) => one);
  expect(error).toMatchObject({ status: 502 });
  expect(rig.stub.requests).toHaveLength(1);
  answerFirst(...Array.from({ length: 9 }, () => ({ status: 500, body: '' })));
  expect(await releaseAssets(rig.api, 'v1').catch((one: unknown) => one)).toMatchObject({
    trouble: 'unreachable',
    status: 500,
  });
});

test('what is not JSON, or not what GitHub documents, is no answer', async () => {
  rig = await rigGitHub(RELEASES);
  for (const body of [
    '<html>',
    '[]',
    '{"assets":{}}',
    '{"assets":[{"name":1,"state":"uploaded"}]}',
    '{"assets":[7]}',
    '',
  ]) {
    rig.stub.intercept = () => ({ status: 200, body });
    expect(await releaseAssets(rig.api, 'v1').catch((one: unknown) => one)).toMatchObject({
      trouble: 'malformed',
    });
  }
});

test('the token goes to its own origin and to no other, whatever a page or a redirect says', async () => {
  rig = await rigGitHub();
  const asked: string[] = [];
  const exchange = {
    request: async ({ url }: { url: string }) => {
      asked.push(url);
      const headers = { link: '<https://evil.example/next>; rel="next"', 'content-type': 'application/json' };
      return { status: 200, headers, body: Buffer.from('[]') };
    },
  };
  const other = await rigGitHub({}, {}, { exchange, apiUrl: 'https://ghe.example/api/v3' });
  const list = other.api.list('GET /repos/{owner}/{repo}/commits').catch((one: unknown) => one);
  expect(await list).toMatchObject({
    trouble: 'malformed',
    message: expect.stringContaining('at another place'),
  });
  expect(asked).toEqual(['https://ghe.example/api/v3/repos/org/shop/commits']);
  const wire = openWire({
    exchange,
    apiUrl: 'https://ghe.example/api/v3',
    clock: other.clock,
    log: other.log,
  });
  await expect(wire('https://evil.example/', {})).rejects.toMatchObject({ trouble: 'malformed' });
  expect(asked).toHaveLength(1);
  await other.close();
});

test('a list is read to its end, and one that is too long says so', async () => {
  const sha = 'a'.repeat(40);
  const checkRuns = Array.from({ length: 250 }, (_, index) => ({ sha, name: `check ${index}` }));
  rig = await rigGitHub({ commits: [{ sha, message: 'm' }], checkRuns }, { checks: 'read' });
  const list = (most?: number) =>
    rig.api.list(
      'GET /repos/{owner}/{repo}/commits/{ref}/check-runs',
      { ref: sha, per_page: 100 },
      { items: 'check_runs', most },
    );
  const all = await list();
  expect([all.items.length, all.complete, rig.stub.requests.length]).toEqual([250, true, 3]);
  const some = await list(150);
  expect([some.items.length, some.complete]).toEqual([150, false]);
});

test('a cancelled run stops asking', async () => {
  const cancelled = new AbortController();
  rig = await rigGitHub({}, {}, { signal: cancelled.signal });
  cancelled.abort(new Failure('lost', 'the run was cancelled (SIGINT)'));
  await expect(releaseAssets(rig.api, 'v1')).rejects.toThrow('the run was cancelled');
});
