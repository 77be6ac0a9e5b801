import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, startGitHub } from '@deploy-actions/github/testing';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { type WorkflowRun, testIf, whyNoAct } from '@deploy-actions/tooling';
import { type RunnersDocker, openRunnersDocker } from './runners-docker.ts';
import {
  EXAMPLES,
  type Messenger,
  failsSaying,
  openMessenger,
  othersActions,
  recordOf,
  repositoryOf,
  serverSecrets,
  succeeds,
} from './workflow-rig.ts';

/** Pipeline 2, run unchanged by a real workflow runner against a real server and a stub of GitHub's API. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const SERVICES = ['gateway', 'payments', 'scoring'];
const VERSION = /staging-\d{8}-[0-9a-f]{7}/;

let lab: Lab;
let github: GitHubStub;
let slack: Messenger;
let others: ReturnType<typeof othersActions>;
let docker: RunnersDocker;
/** The version of the sample application that a service is built as (undefined: nothing is pushed), and what the checks said. */
let built: (service: string) => string | undefined;
let check: 'success' | 'failure';
/** What the builds were asked for. */
const asked: { context: string; noCache: string }[] = [];

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab();
  slack = await openMessenger();
  docker = await openRunnersDocker(lab);
  others = othersActions(lab, (repository) => {
    const version = built(repository.split('/').at(-1)!);
    return version && `shop/api:${version}`;
  });
  await lab.host.sh('install -d -o deploy -g deploy /srv/deploy/staging /srv/deploy/staging/shared');
  await lab.host.write('/srv/deploy/staging/shared/.env', `REGISTRY=${lab.registry.address}\n`, {
    mode: '0600',
    owner: 'deploy',
  });
}, 600_000);

beforeEach(async () => {
  if (noAct !== undefined) return;
  github = await startGitHub();
  github.permissions = { contents: 'read', checks: 'read', statuses: 'read' };
  slack.news();
  others.uploads.splice(0);
  others.builds.splice(0);
  asked.splice(0);
  check = 'success';
});

afterEach(() => github?.close());

afterAll(async () => {
  await Promise.all([slack?.close(), docker?.close()]);
  await lab?.close();
});

/** A push to develop, or with inputs a run by hand. */
function run(inputs?: Record<string, string>): WorkflowRun {
  const { DEPLOY_SSH_KEY, DEPLOY_KNOWN_HOSTS } = serverSecrets(lab);
  const build = others.standIns['docker/build-push-action']!;
  return {
    workflow: join(EXAMPLES, 'staging-rolling.yml'),
    repository: repositoryOf('rolling'),
    ...(inputs ? { event: 'workflow_dispatch', inputs: { environment: 'staging', ...inputs } } : {}),
    payload: (head) => {
      github.repository.commits = [{ sha: head, message: 'feat: scores', author: 'eve' }];
      github.repository.checkRuns = ['lint', 'unit-tests'].map((name) => ({
        sha: head,
        name,
        run: 12,
        conclusion: name === 'lint' ? check : 'success',
      }));
      return { ref: 'refs/heads/develop', after: head };
    },
    standIns: {
      ...others.standIns,
      'docker/build-push-action': (call) => {
        asked.push({ context: call.inputs['context']!, noCache: call.inputs['no-cache']! });
        return build(call);
      },
    },
    programs: docker.programs,
    env: { GITHUB_API_URL: github.url },
    secrets: {
      STAGING_HOST: `${lab.host.address}:${lab.host.sshPort}`,
      STAGING_SSH_KEY: DEPLOY_SSH_KEY!,
      STAGING_KNOWN_HOSTS: DEPLOY_KNOWN_HOSTS!,
      SLACK_WEBHOOK: `${slack.url}/services/T0/B0/x`,
      GITHUB_TOKEN: github.token,
    },
    variables: {
      STAGING_USER: lab.host.user,
      STAGING_URL: lab.host.url(8080),
      REGISTRY: lab.registry.address,
    },
  };
}

const PATHS = ['', '/scoring', '/payments'];

/** The versions that the services answer with, through nginx. */
function served(): Promise<string[]> {
  return Promise.all(
    PATHS.map(async (path) => {
      const answer = await fetch(`${lab.host.url(8080)}${path}/version`);
      return ((await answer.json()) as { version: string }).version;
    }),
  );
}

/** Those who visit all three services while something is done. */
const visitors = () =>
  startLoad({
    url: lab.host.url(8080),
    rate: 60,
    clients: 16,
    requests: PATHS.map((path) => ({ method: 'GET', path: `${path}/version` })),
    timeoutMs: 60_000,
  });

const latest = () =>
  Promise.all(SERVICES.map((service) => lab.registry.digest(`org/shop/${service}:staging-latest`)));

/** The containers of the application, or of one service, by their ids, with the moment when each began. */
const containers = (service = '') => {
  const one = service && `--filter label=com.docker.compose.service=${service}`;
  return lab.host.sh(
    `docker inspect --format '{{.Id}} {{.State.StartedAt}}' $(docker ps -q --filter label=com.docker.compose.project=staging ${one}) | sort`,
  );
};

const leftOfTests = () =>
  lab.host.sh(
    `docker ps -aq --filter label=com.docker.compose.project=integration-tests; docker volume ls -q --filter label=com.docker.compose.project=integration-tests`,
  );

testWithAct(
  'staging-rolling.yml builds and tests three services, replaces them without a lost request, registers models and moves staging-latest',
  async () => {
    built = () => 'v1';
    await succeeds(run());
    expect(await served()).toEqual(['v1', 'v1', 'v1']);
    others.builds.splice(0);
    asked.splice(0);
    slack.news();
    others.uploads.splice(0);

    built = () => 'v2';
    const load = visitors();
    let log;
    try {
      await load.seen('v1', 60_000);
      log = await succeeds(run());
      await load.seen('v2', 60_000);
    } finally {
      const { byFailure, served: answered } = await load.stop();
      expect([byFailure, answered > 100]).toEqual([{}, true]);
    }
    expect(await served()).toEqual(['v2', 'v2', 'v2']);
    expect(log).toContain('39 integration tests passed');
    expect(await leftOfTests()).toBe('');
    const version = VERSION.exec(others.builds[0]!)![0];
    expect([...others.builds].sort()).toEqual(SERVICES.map((service) => `org/shop/${service}:${version}`));
    expect(asked.map(({ context }) => context).sort()).toEqual([
      '{{defaultContext}}',
      '{{defaultContext}}:payments-service',
      '{{defaultContext}}:scoring-service',
    ]);
    expect(log).toContain(`models registered as ${version}`);
    expect(await latest()).toEqual(await Promise.all(others.builds.sort().map(lab.registry.digest)));
    expect(slack.news().join()).toContain(version);
    const [upload] = others.uploads;
    expect(upload!.name).toBe(version);
    expect(recordOf(upload!)).toMatchObject({ status: 'success', version, environment: 'staging' });
    // What could be gone back to.
    expect(log).toMatch(new RegExp(`127.0.0.1: \\S+${version}\\S+ +${version} [^\\n]*serves now`));
    expect(github.violations).toEqual([]);
  },
  900_000,
);

testWithAct(
  'staging-rolling.yml ends before anything changes when a check or an integration test is red, or an image is missing',
  async () => {
    const before = [await containers(), ...(await latest())];
    check = 'failure';
    await failsSaying(run(), 'is not green');
    expect(others.builds).toEqual([]);
    check = 'success';
    built = (service) => (service === 'payments' ? 'some-errors' : 'v2');
    await failsSaying(run(), 'payments fails at attempt 10');
    expect(await leftOfTests()).toBe('');
    expect(slack.news()).toEqual([]);
    built = (service) => (service === 'payments' ? undefined : 'v2');
    await failsSaying(run({ 'skip-tests': 'true', 'force-rebuild': 'true' }), /org\/shop\/payments/);
    expect(asked.slice(-3).map(({ noCache }) => noCache)).toEqual(['true', 'true', 'true']);
    expect(slack.news().join()).toContain('payments');
    expect([await containers(), ...(await latest())]).toEqual(before);
  },
  900_000,
);

testWithAct(
  'staging-rolling.yml takes back what the smoke tests find, and never stops the old containers for a version that is not healthy',
  async () => {
    const before = await latest();
    const load = visitors();
    try {
      // The last in turn: the other two have been replaced by then, and go back as they came.
      const running = await containers('scoring');
      built = (service) => (service === 'scoring' ? 'never-healthy' : 'v4');
      await failsSaying(run({ 'skip-tests': 'true' }), /scoring.*(unhealthy|not become healthy)/);
      expect(await containers('scoring')).toBe(running);
      expect([await served(), slack.news().length]).toEqual([['v2', 'v2', 'v2'], 1]);

      built = (service) => (service === 'payments' ? 'some-errors' : 'v3');
      await failsSaying(run({ 'skip-tests': 'true' }), 'payments, question');
      expect([await served(), slack.news().join()]).toEqual([
        ['v2', 'v2', 'v2'],
        expect.stringMatching(/Rolled back/),
      ]);
    } finally {
      const { byFailure } = await load.stop();
      expect(byFailure).toEqual({});
    }
    expect(await latest()).toEqual(before);
    expect(others.uploads.map((one) => recordOf(one)['status'])).toEqual(['restored', 'rolled-back']);
  },
  900_000,
);
