import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { Failure, redactor, reportJson } from '@deploy-actions/kit';
import { type DeploymentRecord, parseDeploymentRecord } from '@deploy-actions/ledger';
import { backupRecord, deployed, rolledBackInPlace } from '@deploy-actions/ledger/testing';
import { readWorkflow } from '../../../packages/runner/src/workflow.ts';
import { type RecordRig, eventFile, rigRecord } from './testing/rig.ts';
import { checkOf, reportOf, stepRecord } from './testing/samples.ts';

const SHA = 'c'.repeat(40);
const RUN = 'https://github.com/org/shop/actions/runs/7';

function run(name = 'push', event: object = {}, env: Record<string, string> = {}) {
  return readWorkflow({
    GITHUB_REPOSITORY: 'org/shop',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_SHA: SHA,
    GITHUB_REF: 'refs/heads/main',
    GITHUB_ACTOR: 'octo',
    GITHUB_EVENT_NAME: name,
    GITHUB_EVENT_PATH: eventFile(event),
    GITHUB_RUN_ID: '7',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_JOB: 'deploy',
    ...env,
  });
}

let rig: RecordRig;
afterEach(async () => {
  expect(rig.stub.violations).toEqual([]);
  await rig.close();
});

const json = (value: object) => JSON.stringify(value);
const GOOD = { record: json(stepRecord()), outcome: 'deployed', 'job-status': 'success' };
const log = () => rig.log.lines.join('\n');

describe('the record of a run', () => {
  test('has what every report says, by the schema that the step that deployed keeps too', async () => {
    rig = await rigRecord(run());
    const reports = [
      reportOf('verify'),
      reportOf('deploy'),
      reportOf('health'),
      reportOf('smoke'),
      reportOf('switch'),
    ];
    const outputs = await rig.record({
      ...GOOD,
      reports: reports.map((one) => reportJson(one, redactor())).join('\n\n'),
      reason: 'A release',
      backup: 'b-17',
    });
    const record = JSON.parse(rig.files['deployment-record-7-deploy.json']!) as Record<string, unknown>;
    const schema = JSON.parse(
      readFileSync(join(__dirname, '../../../packages/ledger/schema/deployment-record.schema.json'), 'utf8'),
    ) as Schema;
    expect(await validateSchema(schema, record)).toEqual([]);
    expect(await validateSchema(schema, stepRecord())).toEqual([]);
    expect(parseDeploymentRecord(record)).toEqual(record);
    expect(JSON.parse(String(outputs.record))).toEqual(record);
    expect(record).toMatchObject({
      status: 'success',
      deployment_id: '7-deploy',
      environment: 'production',
      git_sha: SHA,
      git_ref: 'refs/heads/main',
      rollback_available: true,
      reason: 'A release',
      backup: 'b-17',
      duration_ms: 25_000,
      phases: reports.map(({ kind }) => ({ name: kind, ok: true, duration_ms: 5000 })),
    });
    expect(record['health_checks']).toEqual([
      { service: 'web', healthy: true },
      { service: 'db', healthy: true },
      { service: 'health check', healthy: true, source: 'health' },
      { service: 'smoke check', healthy: true, source: 'smoke' },
    ]);
  });

  test('fills what the inputs leave open from the files of the other steps, which the step that deployed goes before', async () => {
    rig = await rigRecord(run());
    const files = [
      {
        ...reportOf('prepare'),
        version: 'v2',
        environment: 'staging',
        'deployment-id': 'prod-v2',
        reason: 'prices\nare wrong',
      },
      { ...reportOf('backup'), backup: '2026-01-01' },
      reportOf('smoke', { ok: false }),
      { ...reportOf('rollback'), mode: 'flip' },
    ];
    const reports = files.map(json).join('\n');
    const early = await rig.record({ 'job-status': 'failure', reports });
    expect(JSON.parse(String(early.record))).toMatchObject({
      version: 'v2',
      environment: 'staging',
      deployment_id: 'prod-v2',
      reason: 'prices are wrong',
      backup: '2026-01-01',
      rollback: 'flip',
    });
    const deployed = await rig.record({ ...GOOD, 'job-status': 'failure', reports, reason: 'asked for' });
    expect(JSON.parse(String(deployed.record))).toMatchObject({
      version: '1.4.0',
      environment: 'production',
      deployment_id: '7-deploy',
      reason: 'asked for',
    });
    const odd = [{ ...reportOf('prepare'), version: 7, 'deployment-id': '../x' }, reportOf('rollback')];
    const outputs = await rig.record({ reports: odd.map(json).join('\n') });
    expect(JSON.parse(String(outputs.record))).toMatchObject({
      deployment_id: expect.not.stringContaining('..'),
    });
  });

  test('tells a backup by its id, by the report of the action backup, which is a phase then, and by its manifest', async () => {
    rig = await rigRecord(run());
    const report = json(reportOf('backup', { summary: '12 MB of shop are saved as b-17', elapsedMs: 7000 }));
    rig.given['/tmp/backup.json'] = json({ ...reportOf('backup', { elapsedMs: 7000 }), backup: 'b-18' });
    rig.given['/srv/manifest.json'] = json(backupRecord('b-17'));
    rig.given['/tmp/odd.json'] = '{"a": 1}';
    const told = async (backup: string, reports = '') => {
      const outputs = await rig.record({ ...GOOD, backup, reports });
      const { backup: words, phases } = JSON.parse(String(outputs.record)) as DeploymentRecord;
      return [words, phases.filter(({ name }) => name === 'backup').length];
    };
    expect(await told('b-17')).toEqual(['b-17', 0]);
    expect(await told(report)).toEqual(['12 MB of shop are saved as b-17', 1]);
    expect(await told('/tmp/backup.json')).toEqual(['b-18', 1]);
    expect(await told(report, report)).toEqual(['12 MB of shop are saved as b-17', 1]);
    expect((await told('/srv/manifest.json'))[0]).toMatch(/^b-17 of \S+Z, .* verified: read$/);
    for (const odd of ['/tmp/odd.json', '/tmp/absent.json', '{"a"']) {
      expect(await told(odd)).toEqual(['', 0]);
      expect(log()).toContain('warning: `backup` is neither an id,');
    }
  });

  test.each([
    ['its file says the outcome', { ...reportOf('deploy', { ok: false }), outcome: 'restored' }, 'restored'],
    [
      'one of its servers was changed',
      reportOf('deploy', {
        checks: [checkOf('web1', { detail: 'unchanged' }), checkOf('web2', { detail: 'deployed' })],
      }),
      'success',
    ],
    [
      'none of them was',
      reportOf('deploy', { checks: [checkOf('web1', { detail: 'unchanged' })] }),
      'unchanged',
    ],
    ['it failed, and says no more', reportOf('deploy', { ok: false }), 'failure'],
    ['its file says what no deployment comes to', { ...reportOf('deploy'), outcome: 'fine' }, 'success'],
  ])(
    'that was handed no record that can be read goes by the report of the deployment: where %s',
    async (_, report, status) => {
      rig = await rigRecord(run());
      const outputs = await rig.record({
        record: '/of/another/job.json',
        'job-status': 'success',
        reports: json(report),
      });
      expect(outputs.status).toBe(status);
    },
  );

  test('by the status of the job alone says that nobody told what was deployed', async () => {
    rig = await rigRecord(run());
    expect(await rig.record({ 'job-status': 'success' })).toMatchObject({ status: 'unchanged' });
    expect(log()).toContain(
      'Nothing says what was deployed: `record`, `reports` and `outcome` are all empty or cannot be read',
    );
    expect(rig.files['deployment.html']).toContain('Nothing says what was deployed');
    expect(await rig.record({ 'job-status': 'failure' })).toMatchObject({ status: 'failure' });
    expect(await rig.record({ 'job-status': 'cancelled' })).toMatchObject({ status: 'cancelled' });
  });

  test('is no success after a rollback later in the run', async () => {
    rig = await rigRecord(run());
    const outputs = await rig.record({
      ...GOOD,
      'job-status': 'failure',
      'rollback-mode': 'flip',
      reports: [reportOf('smoke', { ok: false, summary: '2 of 9 checks failed' }), reportOf('rollback')]
        .map(json)
        .join('\n'),
    });
    expect(outputs).toMatchObject({
      status: 'rolled-back',
      summary: expect.stringContaining('was rolled back in production'),
    });
    expect(JSON.parse(String(outputs.record))).toMatchObject({
      status: 'rolled-back',
      rollback: 'flip',
      rollback_available: false,
    });
    expect(JSON.parse(String(outputs.report))).toMatchObject({ kind: 'record', ok: false });
    expect(rig.files['deployment.html']).toContain('2 of 9 checks failed');
  });

  test('is written where nothing at all was deployed, and of files that cannot be read', async () => {
    rig = await rigRecord(run());
    const outputs = await rig.record({
      'job-status': 'failure',
      record: 'gone.json',
      reports: '\nlost.json\n{"half',
      version: '1.5.0',
    });
    expect(outputs).toMatchObject({
      status: 'failure',
      'deployment-id': '7-deploy',
      summary: 'Deploying shop 1.5.0 failed.',
    });
    expect(log()).toContain(
      '`record` is neither JSON nor a file that can be read; the record is made without it.',
    );
    expect(log()).toContain('`reports`, line 2');
    await rig.record({ record: json({ ...stepRecord(), status: 'odd' }), 'job-status': 'failure' });
    expect(log()).toContain('`record` is no deployment record: it "status" is not one of success');
  });

  test('a step that gives its report and its file is one', async () => {
    rig = await rigRecord(run());
    const report = reportOf('smoke', { checks: [checkOf('a'), checkOf('b')] });
    rig.given['smoke/report.json'] = json(report);
    const outputs = await rig.record({
      ...GOOD,
      reports: `${json({ ...report, checks: [] })}\nsmoke/report.json`,
    });
    expect(JSON.parse(String(outputs.record))).toMatchObject({
      duration_ms: 5000,
      phases: [{ name: 'smoke' }],
    });
    expect(String(outputs.files).split('\n')).toEqual([
      '/tmp/deployment-record-7-deploy.json',
      '/tmp/deployment.html',
      '/tmp/report.json',
      'smoke/report.json',
    ]);
  });

  test('shows no secret, in no file, and logs only where something failed', async () => {
    rig = await rigRecord(run());
    rig.secrets = ['s3cr&t<value>'];
    rig.given['deploy.log'] = `${'x\n'.repeat(200)}password s3cr&t<value>\n\u001b[31mthe end\u001b[0m\n`;
    const inputs = {
      ...GOOD,
      logs: 'deploy.log\nnone.log',
      reason: 'with s3cr&t<value>',
      'job-status': 'failure',
    };
    const outputs = await rig.record({
      ...inputs,
      reports: json(reportOf('smoke', { ok: false, summary: 'got s3cr&t<value>' })),
    });
    const all = [...Object.values(rig.files), rig.summary, log(), json(outputs)].join('\n');
    expect(all).not.toMatch(/s3cr/);
    expect(rig.files['deployment.html']).toContain('password ***\nthe end</pre>');
    expect(String(outputs.files)).toContain('deploy.log');
    expect(String(outputs.files)).not.toContain('none.log');
    await rig.record({ ...GOOD, logs: 'deploy.log' });
    expect(rig.files['deployment.html']).not.toContain('the end');
  });
});

describe('limits', () => {
  test('warn when they are passed, and say when nothing could be held against them', async () => {
    rig = await rigRecord(run());
    const verify = {
      ...reportOf('verify'),
      images: [{ names: ['web'], platforms: [{ compressedBytes: 2e9 }, { compressedBytes: 1 }] }],
    };
    const limits = {
      'max-duration': '9s',
      'max-image-size': '1GB',
      'max-smoke-time': '4s',
      'max-rollback-rate': '10%',
    };
    await rig.record({ ...GOOD, ...limits, reports: [verify, reportOf('smoke')].map(json).join('\n') });
    expect(log()).toContain('warning: The deployment took 10.0 s, more than the 9.0 s of `max-duration`.');
    expect(log()).toMatch(/warning: The image web has .* compressed, more than the .* of `max-image-size`\./);
    expect(log()).toContain('warning: The smoke checks took 5.0 s, more than the 4.0 s of `max-smoke-time`.');
    expect(log()).toContain('notice: `max-rollback-rate` is held against nothing: the history is not known.');
    rig.log.lines.length = 0;
    await rig.record({ ...GOOD, 'max-image-size': '1GB', 'max-smoke-time': '1m' });
    expect(log()).toContain('notice: `max-image-size` is held against nothing');
    expect(log()).toContain('notice: `max-smoke-time` is held against nothing');
  });

  test('more rollbacks than allowed are told by the history', async () => {
    rig = await rigRecord(run());
    const ten = [...Array(10)].map((_, index) => deployed(`r${index}`));
    rig.history = [
      ...ten,
      ...rolledBackInPlace('r9', 'r8'),
      deployed('r10'),
      ...rolledBackInPlace('r10', 'r8'),
    ];
    const outputs = await rig.record({ ...GOOD, history: 'server', 'max-rollback-rate': '10%' });
    expect(log()).toContain(
      'warning: 2 of the last 11 deployments were rolled back (18 %), more than the 10 % of `max-rollback-rate`.',
    );
    expect(outputs.metrics).toMatchObject({ deployments: 11, rolledBack: { count: 2 } });
    rig.history = ten.slice(2);
    await rig.record({ ...GOOD, history: 'server', 'max-rollback-rate': '10%' });
    expect(log()).toContain('`max-rollback-rate` needs 10 deployments, and there are 8');
    expect(rig.files['deployment.html']).toContain('Of 8 deployments: counts');
  });

  test('a server that does not answer costs the history alone', async () => {
    rig = await rigRecord(run());
    rig.history = new Failure('lost', 'web1 did not answer');
    const outputs = await rig.record({ ...GOOD, history: 'server' });
    expect(outputs).toMatchObject({ status: 'success', metrics: undefined });
    expect(log()).toContain('warning: The history part is left out: web1 did not answer.');
  });

  test('of several servers a deployment is one, as bad as it went on any, and one that does not answer costs its own part', async () => {
    rig = await rigRecord(run());
    const ten = [...Array(10)].map((_, index) => deployed(`r${index}`));
    rig.history = ten;
    rig.others = { web2: [...ten, ...rolledBackInPlace('r9', 'r8')] };
    const outputs = await rig.record({ ...GOOD, history: 'server' });
    expect(outputs.metrics).toMatchObject({ deployments: 10, rolledBack: { count: 1 } });
    rig.others['web3'] = new Failure('lost', 'web3 did not answer');
    const without = await rig.record({ ...GOOD, history: 'server' });
    expect(without.metrics).toMatchObject({ deployments: 10, rolledBack: { count: 1 } });
    expect(log()).toContain('warning: The history of web3 part is left out: web3 did not answer.');
  });
});

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
