import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, startGitHub } from '@deploy-actions/github/testing';
import { type Lab, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { PASSWORD, served } from './deploy-rig.ts';
import {
  EXAMPLES,
  type Messenger,
  SECRET_KEY,
  fails,
  openMessenger,
  othersActions,
  putShared,
  recordOf,
  repositoryOf,
  serverSecrets,
  succeeds,
  teamEnv,
} from './workflow-rig.ts';

/** Pipeline 0, run unchanged by a real workflow runner against a real server and a stub of GitHub's API. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

let lab: Lab;
let github: GitHubStub;
let telegram: Messenger;
let others: ReturnType<typeof othersActions>;

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab();
  telegram = await openMessenger();
  others = othersActions(lab, () => 'none');
  await putShared(lab, '.env.staging', teamEnv(lab, ['ENVIRONMENT=staging']));
}, 600_000);

beforeEach(() => {
  telegram?.news();
  others?.uploads.splice(0);
});

afterAll(async () => {
  await Promise.all([github?.close(), telegram?.close()]);
  await lab?.close();
});

interface Case {
  /** The version of the sample application that this commit's images are of; without it CI has pushed none. */
  images?: string;
  event?: 'workflow_run' | 'push' | 'workflow_dispatch';
  check?: 'success' | 'failure';
  /** More environment of the backend's image. */
  env?: Record<string, string>;
  secrets?: Record<string, string>;
  /** What is different in the run of CI. */
  run?: object;
}

/** A run of the pipeline for the commit of its repository. */
async function given({ images, event, check, env, secrets, run }: Case): Promise<WorkflowRun> {
  await github?.close();
  github = await startGitHub();
  github.permissions = {
    contents: 'read',
    checks: 'read',
    statuses: 'read',
    'pull-requests': 'write',
    actions: 'read',
  };
  github.repository.approvals = [
    { user: 'ada', state: 'approved', comment: 'Prices are agreed', environment: 'staging' },
    { user: 'mallory', state: 'approved', comment: '', environment: 'production' },
  ];
  const started = (head: string) => {
    github.repository.commits = [
      { sha: '1'.repeat(40), message: 'chore: begin' },
      { sha: head, message: 'feat: prices', author: 'eve' },
    ];
    github.repository.pulls = [{ number: 7, title: 'Prices', author: 'eve', commits: [head] }];
    github.repository.checkRuns = [{ sha: head, name: 'build', run: 12, conclusion: check ?? 'success' }];
    return {
      event: 'push',
      conclusion: 'success',
      head_sha: head,
      head_branch: 'develop',
      head_commit: { id: head, message: 'feat: prices', author: { name: 'Eve' } },
      head_repository: { full_name: 'org/shop' },
      ...run,
    };
  };
  return {
    workflow: join(EXAMPLES, 'staging-django.yml'),
    repository: repositoryOf('django'),
    event: event ?? 'workflow_run',
    payload: async (head) => {
      if (images) {
        await lab.registry.publish({
          from: `shop/api:${images}`,
          to: `org/shop/backend:${head}`,
          ...(env ? { env } : {}),
        });
        await lab.registry.publish({ from: `shop/web:${images}`, to: `org/shop/frontend:${head}` });
      }
      const workflow_run = started(head);
      return event === undefined || event === 'workflow_run'
        ? { action: 'completed', workflow_run, workflow: { name: 'CI Pipeline Build' } }
        : { ref: 'refs/heads/develop', after: head };
    },
    secrets: {
      ...staging(),
      TELEGRAM_BOT_TOKEN: `123456789:${'A'.repeat(35)}`,
      GITHUB_TOKEN: github.token,
      ...secrets,
    },
    variables: {
      STAGING_USER: lab.host.user,
      STAGING_PATH: '/srv/deploy/shop',
      STAGING_URL: lab.host.url(8080),
      TELEGRAM_LOG_CHAT_ID: '-1001234567890',
      TELEGRAM_API_URL: telegram.url,
      REGISTRY: lab.registry.address,
    },
    standIns: others.standIns,
    env: { GITHUB_API_URL: github.url },
  };
}

/** The names under which this team keeps its server. */
function staging(): Record<string, string> {
  const { DEPLOY_SSH_KEY, DEPLOY_KNOWN_HOSTS } = serverSecrets(lab);
  const { host } = lab;
  return {
    STAGING_HOST: `${host.address}:${host.sshPort}`,
    STAGING_SSH_KEY: DEPLOY_SSH_KEY!,
    STAGING_KNOWN_HOSTS: DEPLOY_KNOWN_HOSTS!,
  };
}

/** Of the smoke tests only one does not pass with it. */
const WRONG_PASSWORD = { DEMO_PASSWORD: 'another' };

testWithAct(
  'staging-django.yml deploys the commit that CI was green on, migrates, waits, proves, tells and keeps the record',
  async () => {
    const log = await succeeds(await given({ images: 'v1' }));
    expect(await served(lab.host)).toBe('v1');
    expect(log).toContain('migration 1: done');
    expect(log).toContain('1 static file copied');
    expect(log).toContain('6 of 6 checks passed');
    const message = telegram.news().join();
    expect(message).toMatch(/staging-\d{8}-[0-9a-f]{7}/);
    expect(message).toContain('Prepare: ');
    expect(message).toContain('all 3 targets are ready');
    for (const hidden of [PASSWORD, SECRET_KEY]) expect(log).not.toContain(hidden);
    // That CI's run was about; the default branch has gone on since.
    const sha = github.repository.commits[1]!.sha;
    const history = await lab.host.sh('tail -n 1 /srv/deploy/shop/.deploy/history.jsonl');
    expect(JSON.parse(history)).toMatchObject({ sha });
    expect(others.uploads).toHaveLength(1);
    const [upload] = others.uploads;
    expect(upload).toMatchObject({ name: expect.stringMatching(/^staging-\d+-/), days: 30 });
    expect(recordOf(upload!)).toMatchObject({
      status: 'success',
      environment: 'staging',
      git_sha: sha,
      git_ref: 'refs/heads/develop',
      approvals: [{ user: 'ada', state: 'approved', comment: 'Prices are agreed' }],
      services_deployed: expect.arrayContaining([expect.objectContaining({ service: 'backend' })]),
      health_checks: expect.arrayContaining([
        expect.objectContaining({ service: 'readiness', healthy: true }),
      ]),
    });
    const page = upload!.files.find(({ name }) => name === 'deployment.html')!;
    expect(page.text).toContain('login and profile');
    expect(page.text).toContain('Of 1 deployment: counts');
    expect(page.text).toContain('Prices are agreed');
    for (const { text } of upload!.files) expect(text).not.toContain(PASSWORD);
    expect(github.repository.comments).toEqual([
      expect.objectContaining({ pull: 7, body: expect.stringContaining('staging') }),
    ]);
    expect(github.violations).toEqual([]);
  },
  600_000,
);

testWithAct(
  'staging-django.yml ends before anything changes when the commit is of a fork, an image is missing, a check is red, a secret is empty or the server is not ready',
  async () => {
    // Not of this pipeline's concern: nobody is told.
    for (const run of [
      { head_repository: { full_name: 'eve/shop' } },
      { event: 'pull_request' },
      { conclusion: 'failure' },
    ])
      expect(await succeeds(await given({ images: 'v2', run }))).not.toContain('Run Main');
    expect(telegram.news()).toEqual([]);
    const absent = await fails(await given({}));
    expect(absent).toMatch(/org\/shop\/backend/);
    const red = await fails(await given({ images: 'v2', check: 'failure' }));
    expect(red).toContain('is not green');
    const unset = await fails(
      await given({ images: 'v2', secrets: { STAGING_HOST: '', STAGING_KNOWN_HOSTS: '' } }),
    );
    expect(unset).toContain('`STAGING_HOST`, `STAGING_KNOWN_HOSTS` are empty');
    await putShared(
      lab,
      '.env.staging',
      teamEnv(lab, ['ENVIRONMENT=staging'])
        .replace('DEBUG=False', 'DEBUG=True')
        .replace(SECRET_KEY, 'your-secret-key'),
    );
    const unready = await fails(await given({ images: 'v2' }));
    await putShared(lab, '.env.staging', teamEnv(lab, ['ENVIRONMENT=staging']));
    expect(unready).toMatch(/SECRET_KEY.*50/);
    expect(unready).toContain('DEBUG is not what line 1 of required-env says');
    expect(unready).toContain('still as in an example: SECRET_KEY');
    for (const log of [absent, red, unset, unready]) expect(log).not.toContain('::group::Pull the images');
    expect(await served(lab.host)).toBe('v1');
    expect(telegram.news()).toHaveLength(4);
  },
  600_000,
);

testWithAct(
  'staging-django.yml leaves the version before when a migration fails, when the new one is not healthy and when a smoke test fails',
  async () => {
    const migration = await fails(await given({ images: 'migration-fails' }));
    expect(migration).toContain('no_such_column');
    expect([await served(lab.host), telegram.news().join()]).toEqual([
      'v1',
      expect.stringContaining('failed'),
    ]);
    const unhealthy = await fails(await given({ images: 'never-healthy' }));
    expect(unhealthy).toContain('is unhealthy');
    expect([await served(lab.host), telegram.news().join()]).toEqual([
      'v1',
      expect.stringMatching(/Rolled back.*did not become healthy/s),
    ]);
    const smoke = await fails(await given({ images: 'v2', env: WRONG_PASSWORD }));
    expect(smoke).toContain('login and profile');
    expect([await served(lab.host), telegram.news().join()]).toEqual([
      'v1',
      expect.stringMatching(/Rolled back.*login and profile/s),
    ]);
    expect(others.uploads.map((upload) => recordOf(upload)['status'])).toEqual([
      'failure',
      'restored',
      'rolled-back',
    ]);
  },
  600_000,
);

testWithAct(
  'staging-django.yml by hand, cancelled in the middle, leaves a version that serves and tells so',
  async () => {
    const { exitCode, log } = await runWorkflow({
      ...(await given({ images: 'v2', event: 'workflow_dispatch' })),
      inputs: { environment: 'staging-test' },
      cancelAt: (line) => line.includes('::group::Bring up what changed'),
    });
    expect([exitCode === 0, exitCode === 0 ? log : '']).toEqual([false, '']);
    expect(telegram.news().join()).toContain('staging-test');
    expect(others.uploads.map((upload) => recordOf(upload)['environment'])).toEqual(['staging-test']);
    // Its own rollback step waited for what was under way on the server.
    expect(await served(lab.host)).toBe('v1');
  },
  600_000,
);
