import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { Failure, redactor, reportJson } from '@deploy-actions/kit';
import { type DeploymentRecord, parseDeploymentRecord } from '@deploy-actions/ledger';
import { backupRecord, deployed, rolledBackInPlace } from '@deploy-actions/ledger/testing';
import { type RecordRig, rigRecord } from './testing/rig.ts';
import { GOOD, SHA, run } from './testing/run.ts';
import { checkOf, reportOf, stepRecord } from './testing/samples.ts';

let rig: RecordRig;
afterEach(async () => {
  expect(rig.stub.violations).toEqual([]);
  await rig.close();
});

const json = (value: object) => JSON.stringify(value);
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
    // What was is told as what was.
    expect(rig.files['deployment.html']).toContain('web1: deployed, then rolled back');
    expect(rig.files['deployment.html']).not.toContain('Can be rolled back');
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
