import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, startGitHub } from '@deploy-actions/github/testing';
import { type Lab, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { PASSWORD } from './deploy-rig.ts';
import {
  EXAMPLES,
  type Messenger,
  fails,
  failsSaying,
  openMessenger,
  othersActions,
  recordOf,
  repositoryOf,
  serverSecrets,
  succeeds,
} from './workflow-rig.ts';

/** Pipeline 1, run unchanged by a real workflow runner against a real server and a stub of GitHub's API. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const SERVICES = ['api-gateway', 'auth-service', 'education-service', 'marketplace-service'];

let lab: Lab;
let github: GitHubStub;
let slack: Messenger;
let others: ReturnType<typeof othersActions>;
/** The version of the sample application that a service is built as (undefined: nothing is pushed), and what the checks said. */
let built: (service: string) => string | undefined;
let check: 'success' | 'failure';

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab();
  slack = await openMessenger();
  others = othersActions(lab, (repository) => {
    const service = repository.split('/').at(-1)!;
    const version = built(service);
    return version && `shop/${service === 'api-gateway' ? 'web' : 'api'}:${version}`;
  });
  await lab.host.sh('install -d -o deploy -g deploy /srv/deploy/staging /srv/deploy/staging/shared');
  await writeEnv(PASSWORD);
}, 600_000);

function writeEnv(password: string): Promise<void> {
  return lab.host.write(
    '/srv/deploy/staging/shared/.env',
    `REGISTRY=${lab.registry.address}\nPOSTGRES_PASSWORD=${password}\n`,
    { mode: '0600', owner: 'deploy' },
  );
}

beforeEach(async () => {
  if (noAct !== undefined) return;
  github = await startGitHub();
  github.permissions = { contents: 'read', checks: 'read', statuses: 'read' };
  slack.news();
  others.uploads.splice(0);
  built = () => 'v1';
  check = 'success';
});

afterEach(() => github?.close());

afterAll(async () => {
  await slack?.close();
  await lab?.close();
});

function push(change: Partial<WorkflowRun> = {}): WorkflowRun {
  const { DEPLOY_SSH_KEY, DEPLOY_KNOWN_HOSTS } = serverSecrets(lab);
  const { host, registry } = lab;
  return {
    workflow: join(EXAMPLES, 'staging-microservices.yml'),
    repository: repositoryOf('microservices'),
    payload: (head) => {
      github.repository.commits = [
        { sha: '1'.repeat(40), message: 'chore: begin' },
        { sha: head, message: 'feat: courses', author: 'eve' },
      ];
      github.repository.tags = [{ name: 'v1.0.0', sha: '1'.repeat(40) }];
      github.repository.checkRuns = ['lint', 'test', 'security-scan'].map((name) => ({
        sha: head,
        name,
        run: 12,
        conclusion: name === 'security-scan' ? check : 'success',
      }));
      return { ref: 'refs/heads/main', after: head };
    },
    standIns: others.standIns,
    env: { GITHUB_API_URL: github.url },
    ...change,
    secrets: {
      STAGING_HOST: `${host.address}:${host.sshPort}`,
      STAGING_KEY: Buffer.from(DEPLOY_SSH_KEY!).toString('base64'),
      STAGING_KNOWN_HOSTS: DEPLOY_KNOWN_HOSTS!,
      STAGING_DATABASE_URL: `postgres://shop:${PASSWORD}@db:5432/shop`,
      DOCKER_PASSWORD: 'dckr_pat_for-tests',
      SLACK_WEBHOOK: `${slack.url}/services/T0/B0/x`,
      GITHUB_TOKEN: github.token,
      ...change.secrets,
    },
    variables: {
      STAGING_USER: host.user,
      STAGING_URL: host.url(8080),
      REGISTRY: registry.address,
      DOCKER_USERNAME: 'azora',
    },
  };
}

/** The version that a service of the stack answers with. */
async function versionOf(service: 'education' | 'marketplace' | 'auth'): Promise<unknown> {
  const path = service === 'auth' ? '' : `/${service}`;
  const answer = await fetch(`${lab.host.url(8080)}${path}/version`);
  return ((await answer.json()) as { version: string }).version;
}

testWithAct(
  'staging-microservices.yml builds four services, migrates and deploys them, tells Slack and keeps the record',
  async () => {
    const log = await succeeds(push());
    expect(others.builds.map((name) => name.split(':')[0]).sort()).toEqual(
      SERVICES.map((name) => `azora/${name}`),
    );
    expect(log).toContain('migration 1: done');
    expect([await versionOf('education'), await versionOf('auth')]).toEqual(['v1', 'v1']);
    const [message] = slack.news();
    expect(message).toContain('all 3 targets are ready');
    expect(log).not.toContain(PASSWORD);
    const [upload] = others.uploads;
    const record = recordOf(upload!);
    expect(upload).toMatchObject({ name: `deployment-${String(record['deployment_id'])}`, days: 90 });
    expect(record).toMatchObject({
      status: 'success',
      deployment_id: expect.stringMatching(/-[0-9a-f]{40}$/),
      services_deployed: expect.arrayContaining(
        SERVICES.map((service) => expect.objectContaining({ service })),
      ),
      health_checks: expect.arrayContaining(
        ['api-gateway', 'database', 'courses'].map((service) =>
          expect.objectContaining({ service, healthy: true }),
        ),
      ),
      rollback_available: false,
    });
    expect(upload!.files.find(({ name }) => name === 'deployment.html')!.text).toContain(
      'Deployment frequency',
    );
    const migration = upload!.files.find(({ text }) => text.includes('migration 1: done'));
    expect(migration).toBeDefined();
    expect(github.violations).toEqual([]);
  },
  600_000,
);

testWithAct(
  'staging-microservices.yml ends before anything changes when a check is red, a build fails, an image is missing, a secret is empty or the server is not ready',
  async () => {
    built = () => 'v2';
    check = 'failure';
    await failsSaying(push(), 'is not green');
    check = 'success';
    built = (service) => (service === 'auth-service' ? 'no-such-version' : 'v2');
    expect(await fails(push())).not.toContain('migration 2: starting');
    built = (service) => (service === 'auth-service' ? undefined : 'v2');
    await failsSaying(push(), /azora\/auth-service/);
    built = () => 'v2';
    await failsSaying(push({ secrets: { STAGING_HOST: '' } }), '`STAGING_HOST` is empty');
    await writeEnv('changeme');
    const unready = await fails(push());
    await writeEnv(PASSWORD);
    expect(unready).toContain('still as in an example: POSTGRES_PASSWORD');
    expect(unready).not.toContain('migration 2: starting');
    expect(await versionOf('education')).toBe('v1');
    // Of the build that failed GitHub itself tells who pushed.
    const told = slack.news();
    expect(told).toHaveLength(4);
    expect(told.join()).toContain('staging');
  },
  600_000,
);

testWithAct(
  'staging-microservices.yml leaves the version before when a migration fails, when a service does not come up and when a smoke test fails',
  async () => {
    built = (service) => (service === 'auth-service' ? 'migration-fails' : 'v2');
    await failsSaying(push(), 'no_such_column');
    expect([await versionOf('education'), slack.news().length]).toEqual(['v1', 1]);
    built = (service) => (service === 'education-service' ? 'crash-at-start' : 'v2');
    await failsSaying(push(), 'payments.endpoint');
    expect([await versionOf('marketplace'), slack.news().join()]).toEqual([
      'v1',
      expect.stringMatching(/Rolled back/),
    ]);
    // Healthy, and made for a schema that is not there.
    built = (service) => (service === 'marketplace-service' ? 'v4' : 'v2');
    await failsSaying(push(), 'marketplace');
    expect([await versionOf('marketplace'), slack.news().join()]).toEqual([
      'v1',
      expect.stringMatching(/Rolled back/),
    ]);
    expect(others.uploads.map((one) => recordOf(one)['status'])).toEqual([
      'failure',
      'restored',
      'rolled-back',
    ]);
  },
  600_000,
);

testWithAct(
  'staging-microservices.yml cancelled in the middle goes back to the version before, and tells so',
  async () => {
    built = () => 'v2';
    const { exitCode, log } = await runWorkflow(
      push({ cancelAt: (line) => line.includes('::group::Bring up what changed') }),
    );
    expect(exitCode).not.toBe(0);
    expect(slack.news()).toHaveLength(1);
    // The step was killed, and the server went on: the rollback behind it knows whose deployment that is.
    expect(log).toContain('stops deploy of this workflow run, which is still under way');
    expect([await versionOf('education'), await versionOf('auth')]).toEqual(['v1', 'v1']);
  },
  600_000,
);
