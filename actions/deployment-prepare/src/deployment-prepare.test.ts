import { afterEach, describe, expect, test } from '@jest/globals';
import { shaOf } from '@deploy-actions/github/testing';
import { readWorkflow } from '../../../packages/runner/src/workflow.ts';
import { type PrepareRig, eventFile, rigPrepare } from './testing/rig.ts';

let rig: PrepareRig;

afterEach(async () => {
  await rig.close();
  expect(rig.stub.violations).toEqual([]);
});

const SHA = shaOf('c');

/** A run as GitHub tells of it. */
function run(name: string, event: object = {}, env: Record<string, string> = {}) {
  return readWorkflow({
    GITHUB_REPOSITORY: 'org/Shop',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: SHA,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'ada',
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: eventFile(event),
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_NUMBER: '12',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'prepare',
    ...env,
  });
}

const TAG = { GITHUB_REF: 'refs/tags/v1.5.0' };
const STARTED = {
  event: 'push',
  conclusion: 'success',
  head_sha: SHA,
  head_branch: 'develop',
  head_commit: { id: SHA, message: 'm', author: { name: 'Ada' } },
  head_repository: { full_name: 'org/Shop' },
};

describe('what is deployed', () => {
  test('is said without a question to anybody when nothing is asked of GitHub', async () => {
    rig = await rigPrepare(run('push'));
    const { outputs, failure } = await rig.prepare({ environment: 'staging', reason: 'Friday\n::error::x' });
    expect(failure).toBeUndefined();
    expect(outputs).toMatchObject({
      version: '20260101-000000-ccccccc',
      sha: SHA,
      ref: 'refs/heads/main',
      branch: 'main',
      environment: 'staging',
      'deployment-id': '4711-prepare',
      timestamp: '2026-01-01T00:00:00Z',
      reason: 'Friday ::error::x',
      'pull-request': '',
      images: '',
      notes: '',
    });
    expect(rig.stub.requests).toEqual([]);
  });

  test('version, id and images are those of the patterns', async () => {
    rig = await rigPrepare(run('push'));
    const { outputs } = await rig.prepare({
      'version-pattern': 'staging-{date}-{short-sha}',
      'deployment-id': '{timestamp}-{sha}',
      images:
        'api,web=ghcr.io/{repository}/{name}:{version}\ndb,cache=docker.io/org/db:{branch}-{sha}\nghcr.io/{repository}:1',
    });
    expect(outputs).toMatchObject({
      version: 'staging-20260101-ccccccc',
      'deployment-id': `1767225600-${SHA}`,
      images: [
        'api=ghcr.io/org/shop/api:staging-20260101-ccccccc',
        'web=ghcr.io/org/shop/web:staging-20260101-ccccccc',
        `db,cache=docker.io/org/db:main-${SHA}`,
        'ghcr.io/org/shop:1',
      ].join('\n'),
    });
  });

  test('an id that a pattern gives is one that every action takes', async () => {
    rig = await rigPrepare(run('push', {}, TAG));
    const { outputs } = await rig.prepare({ 'deployment-id': 'prod-{version}-{datetime}', version: 'x' });
    expect(outputs['deployment-id']).toBe('prod-v1.5.0-20260101_000000');
    const odd = await rig.prepare({
      version: 'V2.0.0-RC1+a/b',
      'version-from': 'input',
      'deployment-id': 'Prod {version}',
    });
    expect(odd.outputs['deployment-id']).toBe('prod-v2.0.0-rc1-a-b');
  });

  test('a branch goes into a tag as the registry takes it', async () => {
    rig = await rigPrepare(run('push', {}, { GITHUB_REF: 'refs/heads/feature/#12-carts' }));
    const { outputs } = await rig.prepare({ images: 'api=ghcr.io/o/a:{branch}-{short-sha}' });
    expect(outputs.images).toBe('api=ghcr.io/o/a:feature-12-carts-ccccccc');
  });

  test('a release says its version, a tag too, and a dispatch by its input', async () => {
    rig = await rigPrepare(run('release', { release: { tag_name: 'v1.5.0' } }, TAG));
    expect((await rig.prepare({ version: '9.9.9' })).outputs).toMatchObject({
      version: 'v1.5.0',
      branch: '',
      ref: 'refs/tags/v1.5.0',
    });
    expect((await rig.prepare({ version: '9.9.9', 'version-from': 'input, tag' })).outputs.version).toBe(
      '9.9.9',
    );
    await rig.close();
    rig = await rigPrepare(run('workflow_dispatch'));
    expect((await rig.prepare({ version: '1.4.0' })).outputs.version).toBe('1.4.0');
    const { failure } = await rig.prepare({ 'version-from': 'release tag' });
    expect(failure?.message).toContain('there is no version');
  });

  test('what is no version by SemVer is passed over, refused, or taken as it is', async () => {
    rig = await rigPrepare(run('push', {}, { GITHUB_REF: 'refs/tags/release-7' }));
    expect((await rig.prepare({ semver: 'prefer', version: '1.2' })).outputs.version).toBe(
      '20260101-000000-ccccccc',
    );
    expect(rig.log.lines.join('\n')).toContain(
      '"release-7" (the tag) is no version by SemVer 2.0.0; "20260101-000000-ccccccc" is taken instead',
    );
    expect((await rig.prepare({ semver: 'prefer', version: '1.2.0' })).outputs.version).toBe('1.2.0');
    expect((await rig.prepare({})).outputs.version).toBe('release-7');
    const { failure } = await rig.prepare({ semver: 'require' });
    expect([failure?.kind, failure?.message]).toEqual([
      'input',
      '"release-7" (the tag) is no version by SemVer 2.0.0',
    ]);
  });

  test.each(['v1$(id)', 'v1`id`', "v1'x", 'v1;id', 'v1|id', 'v1&id', '-v1', 'v1<x>', 'x'.repeat(129)])(
    'a tag that a shell would obey is no version: %s',
    async (tag) => {
      rig = await rigPrepare(run('push', {}, { GITHUB_REF: `refs/tags/${tag}` }));
      const { failure, outputs } = await rig.prepare({});
      expect(failure?.kind).toMatch(/input|refused/);
      expect(outputs.version).toBeUndefined();
    },
  );

  test('a branch that a shell would obey is refused, and one with a number sign is not', async () => {
    for (const branch of ['x$(id)', 'x`id`', 'a;b', "a'b", 'a"b', 'a|b', '-x', 'a&b', 'a<b', 'a(b)']) {
      rig = await rigPrepare(run('push', {}, { GITHUB_REF: `refs/heads/${branch}` }));
      expect([branch, (await rig.prepare({ version: '1' })).failure?.kind]).toEqual([branch, 'refused']);
      await rig.close();
    }
    rig = await rigPrepare(run('push', {}, { GITHUB_REF: 'refs/heads/fix/#7-größe' }));
    expect((await rig.prepare({})).failure).toBeUndefined();
  });

  test('a placeholder that stands for nothing names its input and what to do', async () => {
    rig = await rigPrepare(run('push', {}, TAG));
    const { failure } = await rig.prepare({ images: 'db=o/db:1\napi=ghcr.io/o/a:{branch}' });
    expect(failure?.message).toBe('input `images`, line 2: {branch} stands for nothing in this run');
    expect(failure?.remedy).toContain('about a tag');
    const id = await rig.prepare({ 'deployment-id': '{environment}-x' });
    expect(id.failure?.message).toBe('input `deployment-id`: {environment} stands for nothing in this run');
  });
});

describe('a run that another one started', () => {
  test('is about the commit and branch of that run', async () => {
    rig = await rigPrepare(run('workflow_run', { workflow_run: { ...STARTED, head_sha: shaOf('d') } }));
    expect((await rig.prepare({})).outputs).toMatchObject({
      sha: shaOf('d'),
      branch: 'develop',
      ref: 'refs/heads/develop',
    });
  });

  test.each([
    ['failed', { ...STARTED, conclusion: 'failure' }, 'ended with "failure", not with success'],
    ['was cancelled', { ...STARTED, conclusion: 'cancelled' }, 'ended with "cancelled"'],
    ['has not ended', { ...STARTED, conclusion: null }, 'not with success'],
    [
      'is of a fork',
      { ...STARTED, head_repository: { full_name: 'eve/shop' } },
      'the commit comes from "eve/shop"',
    ],
    ['is of a fork that is gone', { ...STARTED, head_repository: null }, 'a fork that is gone'],
    ['was itself started by another', { ...STARTED, event: 'workflow_run' }, 'does not tell which commit'],
  ])('is refused when that %s', async (_name, started, sentence) => {
    rig = await rigPrepare(run('workflow_run', { workflow_run: started }));
    const { failure, outputs } = await rig.prepare({});
    expect(failure?.kind).toBe('refused');
    expect(failure?.message).toContain(sentence);
    expect(outputs).toMatchObject({ report: expect.stringContaining('"ok":false') });
    expect(outputs.version).toBeUndefined();
  });

  test('by a tag is about that tag, where the tag names this commit', async () => {
    const event = { workflow_run: { ...STARTED, head_branch: 'v1.5.0' } };
    rig = await rigPrepare(run('workflow_run', event), {
      name: 'org/Shop',
      commits: [{ sha: SHA, message: 'm' }],
      tags: [{ name: 'v1.5.0', sha: SHA, annotated: true }],
    });
    expect((await rig.prepare({})).outputs).toMatchObject({
      version: 'v1.5.0',
      ref: 'refs/tags/v1.5.0',
      branch: '',
    });
    rig.stub.repository.tags = [{ name: 'v1.5.0', sha: shaOf('e') }];
    expect((await rig.prepare({})).outputs).toMatchObject({ ref: 'refs/heads/v1.5.0' });
  });

  test("of a fork's pull request_target is refused, and of a pull request without secrets is not", async () => {
    const pull = {
      pull_request: { number: 7, head: { sha: SHA, ref: 'x', repo: { full_name: 'eve/shop' } } },
    };
    rig = await rigPrepare(run('pull_request_target', pull));
    expect((await rig.prepare({})).failure?.kind).toBe('refused');
    await rig.close();
    rig = await rigPrepare(run('pull_request', pull));
    expect((await rig.prepare({})).outputs).toMatchObject({ 'pull-request': '7', sha: SHA });
  });
});

describe('values that are required', () => {
  test('are all named at once when they are empty, with where to set them', async () => {
    rig = await rigPrepare(run('push'));
    const { failure } = await rig.prepare({ required: 'A=\nB=value-of-b\n  C =  \nD=x' });
    expect(failure?.message).toBe('`A`, `C` are empty');
    expect(failure?.remedy).toContain('https://github.com/org/Shop/settings/secrets/actions');
    expect(rig.secrets).toEqual(['value-of-b', 'x']);
  });

  test('may have several lines, a key among them', async () => {
    rig = await rigPrepare(run('push'));
    const key = '-----BEGIN OPENSSH PRIVATE KEY-----\nABC=\nDEF==\n-----END OPENSSH PRIVATE KEY-----';
    expect((await rig.prepare({ required: `KEY=${key}\nHOST=web1` })).failure).toBeUndefined();
    expect(rig.secrets[0]).toBe(key);
    expect((await rig.prepare({ required: 'HOST=\n\nKEY=k' })).failure?.message).toBe('`HOST` is empty');
  });

  test('are never shown, and a fork is told that it gets none', async () => {
    rig = await rigPrepare(
      run('pull_request', {
        pull_request: { number: 7, head: { sha: SHA, ref: 'x', repo: { full_name: 'eve/shop' } } },
      }),
    );
    const { failure } = await rig.prepare({ required: 'A=' });
    expect(failure?.remedy).toContain('GitHub gives no secrets to a pull request from a fork');
    await expect(rig.prepare({ required: 'the-secret-itself' })).rejects.toThrow(
      'input `required`, line 1: is not NAME=value',
    );
  });
});

test('a release must have its files, and what it has is said when one is missing', async () => {
  const repository = {
    name: 'org/Shop',
    releases: [
      { tag: 'v1.5.0', assets: [{ name: 'shop-v1.5.0.tgz' }, { name: 'sums', state: 'open' as const }] },
    ],
  };
  rig = await rigPrepare(run('push', {}, TAG), repository);
  expect((await rig.prepare({ 'release-assets': 'shop-{version}.*' })).failure).toBeUndefined();
  const { failure } = await rig.prepare({ 'release-assets': 'shop-*.tgz\nsums' });
  expect([failure?.message, failure?.remedy]).toEqual([
    'the release "v1.5.0" lacks "sums"',
    'It has "shop-v1.5.0.tgz"; an upload that was not finished does not count.',
  ]);
  rig.stub.repository.releases = [];
  expect((await rig.prepare({ 'release-assets': '*' })).failure?.message).toContain('no published release');
});

describe("GitHub's deployment", () => {
  test('is made when it is asked for, once', async () => {
    rig = await rigPrepare(
      run('push'),
      { name: 'org/Shop', commits: [{ sha: SHA, message: 'm' }] },
      { deployments: 'write' },
    );
    const inputs = { 'create-deployment': 'true', environment: 'staging', reason: 'Because' };
    expect((await rig.prepare(inputs)).outputs.deployment).toBe('100');
    expect((await rig.prepare(inputs)).outputs.deployment).toBe('100');
    expect(rig.stub.repository.deployments).toHaveLength(1);
    expect(rig.stub.repository.deployments[0]).toMatchObject({
      description: 'Because',
      payload: { deployment_id: '4711-prepare' },
    });
  });

  test('is left out when the permission is missing, and nothing else is', async () => {
    rig = await rigPrepare(run('push'), { name: 'org/Shop' });
    const { outputs, failure } = await rig.prepare({ 'create-deployment': 'true', environment: 'staging' });
    expect([failure, outputs.deployment, outputs.sha]).toEqual([undefined, '', SHA]);
    expect(rig.log.lines.join('\n')).toContain(
      'warning: The deployment part is left out: the token may not ask for it, which needs `deployments: write`.',
    );
    expect((await rig.prepare({ 'create-deployment': 'true' })).failure?.message).toContain(
      'needs `environment`',
    );
  });
});
