import { afterEach, describe, expect, test } from '@jest/globals';
import { commitsBetween, commitsUpTo, pullRequestsOf } from './commits.ts';
import { ensureDeployment } from './deployments.ts';
import { type GitHubRig, rigGitHub, shaOf } from './testing/index.ts';
import { commitOfTag, parseVersion, previousVersion, tagNamed, versionTags } from './versions.ts';

let rig: GitHubRig | undefined;

afterEach(async () => {
  await rig?.close();
  expect(rig?.stub.violations ?? []).toEqual([]);
  rig = undefined;
});

test('a version is one of SemVer 2.0.0, with or without a v', () => {
  for (const text of [
    '1.2.3',
    'v1.2.3',
    '0.0.0',
    '1.0.0-rc.1',
    '1.0.0-alpha+001',
    '1.0.0+20130313144700',
    '1.0.0--',
  ])
    expect(parseVersion(text)?.text).toBe(text);
  for (const text of [
    '',
    'v',
    '1',
    '1.2',
    '01.2.3',
    '1.2.3-01',
    '1.2.3-',
    '1.2.3+',
    '1.2.3.4',
    'V1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    'v1.2.3\n',
    'vv1.2.3',
    'release-1.2.3',
    `1.2.${'9'.repeat(300)}`,
  ])
    expect([text, parseVersion(text)]).toEqual([text, undefined]);
});

const tags = (...names: string[]) => names.map((name) => ({ name, sha: shaOf('a') }));

describe('the previous version', () => {
  const of = async (current: string | undefined, ...names: string[]) => {
    rig = await rigGitHub({ commits: [{ sha: shaOf('a'), message: 'm' }], tags: tags(...names) });
    const found = await versionTags(rig.api);
    return previousVersion(found, current === undefined ? undefined : parseVersion(current))?.name;
  };

  test("is the next lower by SemVer's precedence, not by the order of the API", async () => {
    expect(await of('v1.10.0', 'v1.9.0', 'latest', 'v1.10.0', 'v1.2.0', 'v1.9.1')).toBe('v1.9.1');
  });

  test('of a release is the last release, of a pre-release whatever is next lower', async () => {
    expect(await of('v2.0.0', 'v2.0.0-rc.1', 'v1.4.0', 'v2.0.0')).toBe('v1.4.0');
    await rig?.close();
    expect(await of('v2.0.0-rc.2', 'v2.0.0-rc.10', 'v2.0.0-rc.1', 'v1.4.0')).toBe('v2.0.0-rc.1');
  });

  test('of a correction to an old line is of that line', async () => {
    expect(await of('v1.4.3', 'v2.0.0', 'v1.4.2', 'v1.4.10')).toBe('v1.4.2');
  });

  test('of what is no version is the highest release, and of the first there is none', async () => {
    expect(await of(undefined, 'v1.0.0', 'v1.10.0-rc.1', 'v1.2.0')).toBe('v1.2.0');
    await rig?.close();
    expect(await of('v1.0.0', 'v1.0.0', 'v1.0.0+build')).toBeUndefined();
  });
});

test('an annotated tag is followed to its commit', async () => {
  rig = await rigGitHub({
    commits: [{ sha: shaOf('b'), message: 'm' }],
    tags: [{ name: 'v1.0.0', sha: shaOf('b'), annotated: true }],
  });
  const [tag] = await versionTags(rig.api);
  expect(tag?.object.type).toBe('tag');
  expect(await commitOfTag(rig.api, tag!)).toBe(shaOf('b'));
  expect((await tagNamed(rig.api, 'v1.0.0'))?.object).toEqual(tag?.object);
  expect(await tagNamed(rig.api, 'develop')).toBeUndefined();
});

test('the commits between two are all of them, page by page, and who wrote them', async () => {
  const commits = Array.from({ length: 260 }, (_, index) => ({
    sha: index.toString(16).padStart(40, '0'),
    message: `commit ${index}`,
    author: index % 2 ? 'ada' : undefined,
  }));
  rig = await rigGitHub({ commits });
  const found = await commitsBetween(rig.api, commits[9]!.sha, commits[259]!.sha);
  expect([found.total, found.commits.length, found.commits[0]!.message]).toEqual([250, 250, 'commit 10']);
  expect(found.commits.slice(0, 2).map((one) => one.author)).toEqual(['Somebody', 'ada']);
  expect((await commitsBetween(rig.api, commits[0]!.sha, commits[259]!.sha, 120)).commits).toHaveLength(120);
  expect((await commitsBetween(rig.api, commits[5]!.sha, commits[5]!.sha)).commits).toEqual([]);
  expect((await commitsUpTo(rig.api, commits[2]!.sha)).map((one) => one.message)).toEqual([
    'commit 0',
    'commit 1',
    'commit 2',
  ]);
});

test('a commit knows the pull request that brought it, where the token may read those', async () => {
  const sha = shaOf('c');
  const pulls = [{ number: 7, title: 'Add carts', author: 'eve', commits: [sha] }];
  rig = await rigGitHub(
    { commits: [{ sha, message: 'm' }], pulls },
    { contents: 'read', 'pull-requests': 'read' },
  );
  expect(await pullRequestsOf(rig.api, sha)).toEqual([
    { number: 7, title: 'Add carts', author: 'eve', merged: true },
  ]);
  rig.stub.permissions = { contents: 'read' };
  await expect(pullRequestsOf(rig.api, sha)).rejects.toMatchObject({
    status: 403,
    needs: 'pull_requests=read',
  });
});

describe('a deployment', () => {
  const sha = shaOf('d');
  const runUrl = 'https://github.com/org/shop/actions/runs/4711/attempts/2';
  const wanted = {
    sha,
    environment: 'staging',
    description: 'A reason',
    payload: { deployment_id: 'd-1' },
    runUrl,
  };

  test('is made once, merges nothing and waits for no check', async () => {
    rig = await rigGitHub({ commits: [{ sha, message: 'm' }] }, { deployments: 'write' });
    expect(await ensureDeployment(rig.api, wanted)).toEqual({ id: 100, made: true });
    expect(rig.stub.repository.deployments[0]).toMatchObject({
      sha,
      environment: 'staging',
      statuses: [{ state: 'in_progress', log_url: runUrl }],
    });
    expect(await ensureDeployment(rig.api, wanted)).toEqual({ id: 100, made: false });
  });

  test("that GitHub made for the job's environment is taken, not doubled", async () => {
    const log = 'https://github.com/org/shop/actions/runs/4711/job/9';
    const of = (id: number, url: string) => ({
      id,
      sha,
      environment: 'staging',
      payload: {},
      description: null,
      statuses: [{ state: 'in_progress', log_url: url }],
    });
    rig = await rigGitHub(
      { commits: [{ sha, message: 'm' }], deployments: [of(3, log), of(4, log.replace('4711', '47110'))] },
      { deployments: 'write' },
    );
    expect(await ensureDeployment(rig.api, wanted)).toEqual({ id: 3, made: false });
  });
});
