import { afterEach, describe, expect, test } from '@jest/globals';
import { type RecordRig, rigRecord } from './testing/rig.ts';
import { GOOD, RUN, SHA, run } from './testing/run.ts';

// What the step reads and writes at GitHub: the deployment of the job, a comment, release notes, approvals.
let rig: RecordRig;
afterEach(async () => {
  expect(rig.stub.violations).toEqual([]);
  await rig.close();
});

const log = () => rig.log.lines.join('\n');

describe("GitHub's deployment", () => {
  const deployment = (payload: unknown, state: string, sha = SHA) => ({
    id: 5,
    sha,
    environment: 'production',
    payload,
    description: null,
    statuses: [{ state, log_url: `${RUN}/job/1` }],
  });
  const TELL = { ...GOOD, 'deployment-status': 'true', 'environment-url': 'https://shop.example.org' };

  test('of the job is a failure after a rollback, and none is made', async () => {
    // Under workflow_run it is filed under another commit.
    rig = await rigRecord(
      run(),
      { deployments: [deployment({}, 'success', 'd'.repeat(40))] },
      { deployments: 'write' },
    );
    const outputs = await rig.record({ ...TELL, 'rollback-mode': 'flip' });
    expect(outputs.deployment).toBe('5');
    expect(rig.stub.repository.deployments).toHaveLength(1);
    expect(rig.stub.repository.deployments[0]!.statuses.at(-1)).toMatchObject({
      state: 'failure',
      environment_url: 'https://shop.example.org',
      description: expect.stringContaining('was rolled back'),
    });
  });

  test('of a job that is not over is told, with a word on what GitHub will write over it', async () => {
    rig = await rigRecord(run(), { deployments: [deployment({}, 'in_progress')] }, { deployments: 'write' });
    await rig.record({ ...TELL, 'rollback-mode': 'flip' });
    expect(log()).toContain('run this step in a later job without `environment:`');
  });

  test('of a job that went well is left as the job makes it', async () => {
    rig = await rigRecord(run(), { deployments: [deployment({}, 'in_progress')] }, { deployments: 'write' });
    await rig.record(TELL);
    expect(rig.stub.repository.deployments[0]!.statuses).toHaveLength(1);
  });

  test.each([
    ['success', {}, 'success'],
    ['rolled back', { 'rollback-mode': 'flip' }, 'failure'],
    ['cancelled', { 'job-status': 'cancelled' }, 'error'],
  ])('that was made for the run is ended: %s', async (_name, more, state) => {
    rig = await rigRecord(
      run(),
      { deployments: [deployment({ deployment_id: '7-deploy' }, 'in_progress')] },
      { deployments: 'write' },
    );
    await rig.record({ ...TELL, ...more });
    expect(rig.stub.repository.deployments[0]!.statuses.at(-1)).toMatchObject({ state });
  });

  test('of another run, or none, is not touched, and the permission that lacks is named', async () => {
    const other = {
      ...deployment({}, 'success'),
      statuses: [{ state: 'success', log_url: `${RUN}1/job/1` }],
    };
    rig = await rigRecord(run(), { deployments: [other] }, { deployments: 'write' });
    await rig.record({ ...TELL, 'rollback-mode': 'flip' });
    expect(rig.stub.repository.deployments[0]!.statuses).toHaveLength(1);
    expect(log()).toContain('GitHub has no deployment of this run in "production", and none is made');
    rig.stub.permissions = { contents: 'read' };
    const outputs = await rig.record(TELL);
    expect(outputs).toMatchObject({ status: 'success', deployment: '' });
    expect(log()).toContain(
      'The deployment part is left out: the token may not do it, which needs `deployments: write`.',
    );
    expect(rig.files['deployment.html']).toContain('needs `deployments: write`');
  });
});

describe('the comment on the pull request', () => {
  const PULLS = { pulls: [{ number: 12, title: 't', author: 'ada', commits: [SHA] }] };
  const WRITE = { contents: 'read', 'pull-requests': 'write' } as const;

  test('is written once for each environment, and renewed; of others none is touched', async () => {
    rig = await rigRecord(run(), PULLS, WRITE);
    await rig.record({ ...GOOD, comment: 'true' });
    const [first] = rig.stub.repository.comments;
    // Somebody who copied the mark, and a comment that only quotes it.
    rig.stub.repository.comments.unshift(
      { pull: 12, author: 'eve', body: first!.body },
      { pull: 12, author: 'github-actions[bot]', body: `> ${first!.body}` },
    );
    const outputs = await rig.record({ ...GOOD, comment: 'true', 'rollback-mode': 'flip' });
    await rig.record({ ...GOOD, comment: 'true', environment: 'staging --> <x' });
    const { comments } = rig.stub.repository;
    expect(comments.map(({ author }) => author)).toEqual(['eve', ...Array(3).fill('github-actions[bot]')]);
    expect(comments[0]!.body).toContain('was deployed');
    expect(comments[2]!.body).toContain('was rolled back');
    expect(comments[3]!.body.split('\n')[0]).toBe(
      '<!-- deploy-actions: deployment staging%20%2D%2D%3E%20%3Cx -->',
    );
    expect(outputs['comment-url']).toContain('/pull/12#issuecomment-3');
  });

  test('holds what others wrote as text', async () => {
    rig = await rigRecord(
      run('pull_request', { pull_request: { number: 9, head: { sha: SHA } } }),
      {},
      WRITE,
    );
    await rig.record({
      ...GOOD,
      comment: 'true',
      reason: '@team <img src=x> [x](javascript:1) -->',
      version: 'a`b',
    });
    const { pull, body } = rig.stub.repository.comments[0]!;
    expect(pull).toBe(9);
    expect(body).not.toMatch(/<img|@team|\]\(javascript/);
  });

  test('is left out where the token may not write it, and nothing else is', async () => {
    rig = await rigRecord(run(), PULLS, { contents: 'read', 'pull-requests': 'read' });
    expect(await rig.record({ ...GOOD, comment: 'true' })).toMatchObject({
      status: 'success',
      'comment-url': '',
    });
    expect(log()).toContain(
      'The comment part is left out: the token may not do it, which needs `pull-requests: write`.',
    );
  });
});

describe("the release's notes", () => {
  const NOTES = { ...GOOD, 'notes-file': 'notes.md' };
  const release = { release: { tag_name: 'v1.4.0' } };

  test('stand between two marks, are renewed there, and nothing else of the release changes', async () => {
    rig = await rigRecord(
      run('release', release),
      { releases: [{ tag: 'v1.4.0', body: 'By a person.', assets: [] }] },
      { contents: 'write' },
    );
    rig.given['notes.md'] = '- one';
    await rig.record(NOTES);
    const [written] = rig.stub.repository.releases;
    expect(written!.body).toBe(
      'By a person.\n\n<!-- deploy-actions: notes -->\n- one\n<!-- /deploy-actions: notes -->',
    );
    written!.body += '\nBelow.';
    rig.given['notes.md'] = '- two <!-- /deploy-actions: notes -->';
    await rig.record(NOTES);
    await rig.record(NOTES);
    expect(written!.body).toBe(
      'By a person.\n\n<!-- deploy-actions: notes -->\n- two\n<!-- /deploy-actions: notes -->\nBelow.',
    );
    expect(rig.stub.requests.filter((one) => one.startsWith('PATCH'))).toHaveLength(2);
    expect(rig.stub.repository.tags).toEqual([]);
  });

  test('are left out where there is no such release, no tag, or no permission', async () => {
    rig = await rigRecord(run(), { releases: [{ tag: 'v1', assets: [] }] });
    rig.given['notes.md'] = '- one';
    await rig.record(NOTES);
    expect(log()).toContain('the run is about no tag');
    await rig.record({ ...NOTES, 'release-tag': 'v9' });
    expect(log()).toContain('there is no published release "v9" that could take the notes');
    await rig.record({ ...NOTES, 'release-tag': 'v1' });
    expect(log()).toContain(
      'The release notes part is left out: the token may not do it, which needs `contents: write`.',
    );
  });
});

test('who approved the run is in the record, of this environment alone', async () => {
  const approvals = [
    { user: 'ada', state: 'approved' as const, comment: 'Go', environment: 'production' },
    { user: 'eve', state: 'approved' as const, comment: '', environment: 'staging' },
  ];
  rig = await rigRecord(run(), { approvals }, { actions: 'read' });
  const outputs = await rig.record({ ...GOOD, approvals: 'true' });
  expect(JSON.parse(String(outputs.record))).toMatchObject({
    approvals: [{ user: 'ada', state: 'approved', comment: 'Go' }],
  });
  rig.stub.permissions = {};
  await rig.record({ ...GOOD, approvals: 'true' });
  expect(log()).toContain(
    'The approvals part is left out: the token may not do it, which needs `actions: read`.',
  );
});

test('asks nobody for what was not asked of it', async () => {
  rig = await rigRecord(run());
  await rig.record(GOOD);
  expect(rig.stub.requests).toEqual([]);
});
