import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, startGitHub } from '@deploy-actions/github/testing';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { type WorkflowRun, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { SITES, serverInputs, startProxy, startStep } from './color-rig.ts';
import { PASSWORD, deployed } from './deploy-rig.ts';
import {
  EXAMPLES,
  type Messenger,
  SECRET_KEY,
  fails,
  failsSaying,
  openMessenger,
  othersActions,
  putShared,
  recordOf,
  repositoryOf,
  serverSecrets,
  succeeds,
  teamEnv,
} from './workflow-rig.ts';

/** Pipeline 4, run unchanged by a real workflow runner against a real server and a stub of GitHub's API. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const PUBLIC = '-1001111111111';
const LOG = '-1002222222222';
/** Where visitors come: the proxy in front of both colours. The plain stack has 8080. */
const SITE = 8081;

let lab: Lab;
let github: GitHubStub;
let telegram: Messenger;
let others: ReturnType<typeof othersActions>;

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab();
  telegram = await openMessenger();
  others = othersActions(lab, () => 'none');
  const { host } = lab;
  await putShared(lab, '.env', teamEnv(lab));
  // Once, by hand: both colours are deployed, and the proxy in front is prepared.
  await publish('v1.0.0', 'v1');
  await firstDeploy({});
  await firstDeploy({ color: 'green' });
  await startProxy(host, 'nginx', (text) =>
    text.replace('listen 8080', `listen ${SITE}`).replace('127.0.0.1:18101', '127.0.0.1:8080'),
  );
}, 900_000);

beforeEach(() => {
  telegram?.news();
  others?.uploads.splice(0);
});

afterAll(async () => {
  await Promise.all([github?.close(), telegram?.close()]);
  await lab?.close();
});

/** CI pushes a version's images; `from` is the version of the sample application that they are of. */
async function publish(tag: string, from: string, env: Record<string, string> = {}): Promise<void> {
  await lab.registry.publish({
    from: `shop/api:${from}`,
    to: `org/shop/backend:${tag}`,
    env: { APP_VERSION: tag, ...env },
  });
  await lab.registry.publish({ from: `shop/web:${from}`, to: `org/shop/frontend:${tag}` });
}

async function firstDeploy(more: Record<string, string>): Promise<void> {
  const image = (name: string) => `${name}=${lab.registry.address}/org/shop/${name}:v1.0.0`;
  await deployed(
    {
      ...serverInputs(lab),
      images: `${image('backend')}\n${image('frontend')}`,
      'require-digest': 'false',
      version: 'v1.0.0',
      files: 'deploy',
      migrate: 'backend: python manage.py migrate --noinput',
      'before-up': 'backend: python manage.py collectstatic --noinput',
      ...more,
    },
    { workspace: repositoryOf('production') },
  );
}

async function installSwitch(): Promise<void> {
  const { host } = lab;
  await host.sh("echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy");
  const { exitCode, log } = await startStep('blue-green-switch', {
    ...serverInputs(lab),
    'site-config': SITES.nginx.file,
    install: 'true',
  }).done;
  await host.sh('rm /etc/sudoers.d/deploy');
  expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
}

interface Case {
  event?: 'release' | 'workflow_run' | 'workflow_dispatch';
  /** What became of the tests in CI. */
  tests?: 'success' | 'failure';
  secrets?: Record<string, string>;
  inputs?: Record<string, string>;
  /** What is different in the run of CI. */
  run?: object;
  /** Called with the commit, before the run. */
  images?: (head: string) => Promise<void>;
}

/** A run of the pipeline for a version. */
async function given(version: string, { event = 'release', ...more }: Case = {}): Promise<WorkflowRun> {
  await github?.close();
  github = await startGitHub();
  github.permissions = { contents: 'write', checks: 'read', statuses: 'read' };
  return {
    workflow: join(EXAMPLES, 'production-blue-green.yml'),
    repository: repositoryOf('production'),
    event,
    payload: async (head) => {
      await more.images?.(head);
      const { repository } = github;
      repository.commits = [
        { sha: '1'.repeat(40), message: 'chore: begin' },
        { sha: head, message: 'feat: prices', author: 'eve' },
      ];
      repository.tags = [
        { name: 'v1.0.0', sha: '1'.repeat(40) },
        { name: version, sha: head },
      ];
      repository.releases = [{ tag: version, body: 'By hand.', assets: [] }];
      repository.checkRuns = [
        { sha: head, name: 'build', run: 12, conclusion: 'success' },
        { sha: head, name: 'critical-tests', run: 12, conclusion: more.tests ?? 'success' },
      ];
      if (event === 'release') return { action: 'published', release: { tag_name: version } };
      if (event === 'workflow_dispatch') return { ref: 'refs/heads/main' };
      const workflow_run = {
        event: 'push',
        conclusion: 'success',
        head_sha: head,
        head_branch: 'main',
        head_commit: { id: head, message: 'feat: prices', author: { name: 'Eve' } },
        head_repository: { full_name: 'org/shop' },
        ...more.run,
      };
      return { action: 'completed', workflow_run, workflow: { name: 'CI' } };
    },
    ...(more.inputs ? { inputs: more.inputs } : {}),
    secrets: {
      PRODUCTION_HOST: `${lab.host.address}:${lab.host.sshPort}`,
      PRODUCTION_SSH_KEY: serverSecrets(lab)['DEPLOY_SSH_KEY']!,
      PRODUCTION_KNOWN_HOSTS: serverSecrets(lab)['DEPLOY_KNOWN_HOSTS']!,
      TELEGRAM_BOT_TOKEN: `123456789:${'A'.repeat(35)}`,
      GITHUB_TOKEN: github.token,
      ...more.secrets,
    },
    variables: {
      PRODUCTION_USER: lab.host.user,
      PRODUCTION_PATH: '/srv/deploy/shop',
      PRODUCTION_URL: lab.host.url(SITE),
      TELEGRAM_PUBLIC_CHAT_ID: PUBLIC,
      TELEGRAM_LOG_CHAT_ID: LOG,
      TELEGRAM_API_URL: telegram.url,
      WATCH_DURATION: '20s',
      REGISTRY: lab.registry.address,
    },
    standIns: others.standIns,
    env: { GITHUB_API_URL: github.url },
  };
}

/** What visitors get, and who the last message went to. */
async function served(): Promise<string> {
  const answer = await fetch(`${lab.host.url(SITE)}/version`, { signal: AbortSignal.timeout(5000) });
  return ((await answer.json()) as { version: string }).version;
}

testWithAct(
  'production-blue-green.yml changes nothing for visitors while the proxy is not prepared',
  async () => {
    await publish('v1.0.1-rc.1', 'v2');
    const log = await fails(await given('v1.0.1-rc.1'));
    await installSwitch();
    expect(log).toContain('no proxy was prepared');
    expect(await served()).toBe('v1.0.0');
    expect(telegram.news().join()).toContain(LOG);
  },
  600_000,
);

testWithAct(
  'production-blue-green.yml backs up, deploys a release beside, checks it, moves the traffic without a lost request, watches, tells the public and keeps the old colour warm',
  async () => {
    await publish('v1.0.1', 'v2');
    const load = startLoad({ url: lab.host.url(SITE), rate: 20, clients: 8, timeoutMs: 60_000 });
    let log;
    try {
      log = await succeeds(await given('v1.0.1'));
    } finally {
      const { byFailure } = await load.stop();
      expect(byFailure).toEqual({});
    }
    expect(await served()).toBe('v1.0.1');
    expect(log).toContain('1 static file copied');
    const message = telegram.news();
    expect(message).toHaveLength(1);
    for (const part of [PUBLIC, 'v1.0.1', 'prod-v1.0.1-', 'prices']) expect(message[0]).toContain(part);
    const [upload] = others.uploads;
    const record = recordOf(upload!);
    expect(upload!.name).toMatch(/^production-prod-v1\.0\.1-\d{8}/);
    expect(record).toMatchObject({
      status: 'success',
      environment: 'production',
      version: 'v1.0.1',
      backup: expect.stringMatching(/^\d{8}/),
      health_checks: expect.arrayContaining(
        ['backend', 'frontend', 'database', 'redis', 'nobody gets in with a wrong token', 'health'].map(
          (service) => expect.objectContaining({ service, healthy: true }),
        ),
      ),
    });
    expect(github.repository.releases[0]!.body).toMatch(/By hand\.[^]*prices/);
    const folder = `/srv/deploy/shop/backups/${String(record['backup'])}`;
    expect(await lab.host.sh(`ls ${folder}`)).toContain('manifest.json');
    // The release's own record names it too: so retention keeps it, and a way back of the data finds it.
    const { backup } = JSON.parse(
      await lab.host.sh(`cat /srv/deploy/shop/releases/${String(record['release'])}/release.json`),
    ) as { backup: string };
    expect(backup).toBe(record['backup']);
    // Both colours run, so that a way back takes no time.
    const projects = await lab.host.sh(
      `docker ps --filter label=com.docker.compose.service=backend --format '{{.Label "com.docker.compose.project"}}'`,
    );
    expect(projects.trim().split('\n').length).toBeGreaterThanOrEqual(2);
    for (const hidden of [PASSWORD, SECRET_KEY]) expect(log).not.toContain(hidden);
    expect(github.violations).toEqual([]);
  },
  600_000,
);

testWithAct(
  'production-blue-green.yml ends before anything changes when CI was not this repository’s own, a test is red, an image is missing, a secret is empty or the server is not ready',
  async () => {
    for (const run of [{ head_repository: { full_name: 'eve/shop' } }, { conclusion: 'failure' }])
      expect(await succeeds(await given('v1.0.2', { event: 'workflow_run', run }))).not.toContain('Run Main');
    expect(telegram.news()).toEqual([]);
    const red = await fails(await given('v1.0.2', { tests: 'failure' }));
    expect(red).toContain('critical-tests');
    const absent = await fails(await given('v1.0.2'));
    expect(absent).toMatch(/org\/shop\/backend/);
    await publish('v1.0.2', 'v2');
    const unset = await fails(await given('v1.0.2', { secrets: { PRODUCTION_KNOWN_HOSTS: '' } }));
    expect(unset).toContain('known-hosts');
    await putShared(
      lab,
      '.env',
      teamEnv(lab).replace('DEBUG=False', 'DEBUG=True').replace(SECRET_KEY, 'your-secret-key'),
    );
    const unready = await fails(await given('v1.0.2'));
    await putShared(lab, '.env', teamEnv(lab));
    expect(unready).toMatch(/SECRET_KEY.*50/);
    for (const log of [red, absent, unset, unready]) expect(log).not.toContain('::group::Pull the images');
    expect(await served()).toBe('v1.0.1');
    const told = telegram.news();
    expect(told).toHaveLength(4);
    for (const message of told) expect(message).toContain(LOG);
  },
  600_000,
);

testWithAct(
  'production-blue-green.yml leaves visitors with the version before when a migration, a healthcheck or a smoke test fails, and takes back what the watch finds',
  async () => {
    await publish('v1.0.3', 'migration-fails');
    await failsSaying(await given('v1.0.3'), 'no_such_column');
    await publish('v1.0.4', 'never-healthy');
    await failsSaying(await given('v1.0.4'), 'is unhealthy');
    await publish('v1.0.5', 'v2', { DEMO_PASSWORD: 'another' });
    await failsSaying(await given('v1.0.5'), 'login and profile');
    for (const message of telegram.news()) expect(message).toContain(LOG);
    expect(await served()).toBe('v1.0.1');
    // Every tenth answer is an error: too few for whoever looks once.
    await publish('v1.0.6', 'some-errors');
    await failsSaying(await given('v1.0.6'), /4 of \d+ requests failed/);
    expect(await served()).toBe('v1.0.1');
    expect(telegram.news().join()).toMatch(/Rolled back shop v1\.0\.6 in production/);
    expect(others.uploads.map((upload) => recordOf(upload)).at(-1)).toMatchObject({
      status: 'rolled-back',
      rollback: 'flip',
    });
  },
  900_000,
);

testWithAct(
  'production-blue-green.yml by hand without the tests goes on, and cancelled during the watch brings back what served',
  async () => {
    await publish('v1.0.7', 'v2');
    const inputs = { version: 'v1.0.7', reason: 'prices are wrong', 'skip-tests': 'true' };
    const run = await given('v1.0.7', { event: 'workflow_dispatch', inputs, tests: 'failure' });
    const { exitCode, log } = await runWorkflow({
      ...run,
      cancelAt: (line) => line.includes('Run Main') && line.includes('stability-watch'),
    });
    expect([exitCode === 0, exitCode === 0 ? log : '']).toEqual([false, '']);
    expect(await served()).toBe('v1.0.1');
    const told = telegram.news().join();
    expect(told).toContain(LOG);
    expect(told).toMatch(/Rolled back/);
    expect(recordOf(others.uploads.at(-1)!)).toMatchObject({
      status: 'rolled-back',
      reason: 'prices are wrong',
    });
  },
  600_000,
);

testWithAct(
  'production-blue-green.yml deploys what CI was green on, by its commit',
  async () => {
    const run = await given('v0.0.1', { event: 'workflow_run', images: (head) => publish(head, 'v2') });
    await succeeds(run);
    expect(await served()).toBe(github.repository.commits[1]!.sha);
    expect(telegram.news().join()).toContain(PUBLIC);
  },
  600_000,
);

testWithAct(
  'release-blue-green.yml deploys a tag beside in one step and moves the traffic, and takes back what the watch finds',
  async () => {
    const slack = await openMessenger();
    const tag = (name: string): WorkflowRun => ({
      workflow: join(EXAMPLES, 'release-blue-green.yml'),
      repository: repositoryOf('production'),
      payload: { ref: `refs/tags/${name}` },
      secrets: {
        ...serverSecrets(lab),
        SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/x`,
        GITHUB_TOKEN: 'ghs_a-token-for-tests',
      },
      variables: {
        PRODUCTION_URL: lab.host.url(SITE),
        REGISTRY: lab.registry.address,
        WATCH_DURATION: '15s',
      },
      standIns: others.standIns,
    });
    try {
      await publish('v1.0.8', 'v2');
      await succeeds(tag('v1.0.8'));
      expect(await served()).toBe('v1.0.8');
      expect(slack.news().join()).toMatch(/Deployed.*v1\.0\.8.*production/s);
      await publish('v1.0.9', 'some-errors');
      await failsSaying(tag('v1.0.9'), /4 of \d+ requests failed/);
      expect(await served()).toBe('v1.0.8');
      expect(slack.news().join()).toMatch(/Rolled back.*v1\.0\.9/s);
    } finally {
      await slack.close();
    }
  },
  900_000,
);
