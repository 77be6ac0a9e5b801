import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type GitHubStub, startGitHub } from '@deploy-actions/github/testing';
import { type Lab, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { serverInputs, startStep } from './color-rig.ts';
import { containers, deployed } from './deploy-rig.ts';
import {
  EXAMPLES,
  type Messenger,
  failsSaying,
  openMessenger,
  othersActions,
  putShared,
  repositoryOf,
  serverSecrets,
  succeeds,
} from './workflow-rig.ts';

/** Pipeline 3, run unchanged by a real workflow runner against a real server and a stub of GitHub's API. */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const CHECKS = ['backend-tests', 'frontend-tests', 'final-review'];

let lab: Lab;
let github: GitHubStub;
let slack: Messenger;
let others: ReturnType<typeof othersActions>;
/** The certificate of the authority that Caddy made for itself. */
let ca: string;
/** The commit of a run, its ref, and what an image is built as (undefined: nothing is pushed). */
let commit: string;
let ref: string;
let built: (service: string) => string | undefined;

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab({ hosts: [{ ports: [80, 443] }] });
  slack = await openMessenger();
  others = othersActions(lab, (repository) => {
    const version = built(repository.split('/').at(-1)!);
    return version && `shop/api:${version}`;
  });
  await lab.registry.publish({ from: 'shop/api:v4', to: 'shop/api:no-docs', env: { DOCS: 'off' } });
  await lab.registry.publish({ from: 'shop/api:v4', to: 'shop/api:no-clips', env: { CLIPS: 'broken' } });
  await lab.registry.publish({ from: 'shop/api:v1', to: 'shop/storage:1' });
  await publishCaddy();
  await putShared(lab, '.env.staging', teamEnv());
  // Once, by hand: the folders of Caddy's file and of the flags that the switch decides by.
  await lab.host.sh(
    'install -d -o deploy -g deploy /srv/deploy/shop/shared/caddy /var/lib/deploy-actions/shop',
  );
  const caddyfile = join(repositoryOf('caddy'), 'server/caddy/Caddyfile');
  await putShared(lab, 'caddy/Caddyfile', readFileSync(caddyfile, 'utf8'));
  // Both colours, as they are deployed once, before the proxy is prepared.
  for (const color of ['blue', 'green']) await firstDeploy(color);
  ca = await lab.host.sh('docker exec shop-caddy-1 cat /data/caddy/pki/authorities/local/root.crt');
  const { exitCode, log } = await startStep('blue-green-switch', {
    ...serverInputs(lab),
    'site-config': '/srv/deploy/shop/shared/caddy/Caddyfile',
    'verify-url': 'https://localhost/health',
    install: 'true',
  }).done;
  expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
}, 900_000);

beforeEach(async () => {
  if (noAct !== undefined) return;
  github = await startGitHub();
  github.permissions = { contents: 'read', checks: 'read', statuses: 'read' };
  slack.news();
  others.builds.splice(0);
});

afterEach(() => github?.close());

afterAll(async () => {
  await slack?.close();
  await lab?.close();
});

function teamEnv(bucket = 'clips'): string {
  return [
    `REGISTRY=${lab.registry.address}`,
    `S3_BUCKET=${bucket}`,
    'LOG_LEVEL=INFO',
    'STAGING_DOMAIN=localhost',
    'ACME_EMAIL=ops@example.org',
    '',
  ].join('\n');
}

/** An image as Caddy's own: there is no way to a public registry here, and the lab's servers have its program. */
async function publishCaddy(): Promise<void> {
  const { host, registry } = lab;
  await host.sh(
    `set -e; docker create --name caddy ${registry.image('shop/web:v1')} >/dev/null
     docker cp /usr/bin/caddy caddy:/usr/bin/caddy
     docker commit --change 'ENV XDG_DATA_HOME=/data XDG_CONFIG_HOME=/config' \\
       --change 'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]' \\
       caddy ${registry.image('shop/caddy:2')} >/dev/null
     docker push --quiet ${registry.image('shop/caddy:2')}
     docker rm caddy >/dev/null`,
  );
}

async function firstDeploy(color: string): Promise<void> {
  const image = lab.registry.image('shop/api:v1');
  await deployed(
    {
      ...serverInputs(lab),
      images: `backend=${image}\nworker=${image}`,
      'require-digest': 'false',
      version: 'by-hand',
      'env-file': '.env.staging',
      files: 'deploy',
      color,
      'live-only-services': 'worker',
    },
    { workspace: repositoryOf('caddy') },
  );
}

/** The tags that docker/metadata-action makes of such lines as the example has. */
function tagsOf(lines: string): string[] {
  const [, kind, name] = /^refs\/(heads|tags)\/(.*)$/.exec(ref)!;
  const branch = kind === 'heads' ? name!.replaceAll('/', '-') : '';
  const filled = (text = '') =>
    text.replace('{{branch}}', branch).replace('{{is_default_branch}}', String(branch === 'main'));
  return lines
    .trim()
    .split('\n')
    .flatMap((line) => {
      const { type, format, event, prefix, value, enable } = Object.fromEntries(
        line
          .trim()
          .split(',')
          .map((part) => part.split('=')),
      ) as Record<string, string>;
      if (filled(enable ?? 'true') !== 'true') return [];
      if (type === 'sha' && format === 'long') return [`${filled(prefix)}${commit}`];
      if (type === 'ref' && event === 'tag') return kind === 'tags' ? [name!] : [];
      if (type === 'raw' && value !== undefined) return [value];
      throw new Error(`what docker/metadata-action makes of ${line} is not known here`);
    });
}

/** A run of the pipeline for a commit whose images are of a version of the sample application. */
function push(
  version: string,
  change: Partial<WorkflowRun> & { ref?: string; red?: string } = {},
): WorkflowRun {
  const { ref: pushed = 'refs/heads/main', red, ...more } = change;
  const { DEPLOY_SSH_KEY, DEPLOY_KNOWN_HOSTS } = serverSecrets(lab);
  const { host, registry } = lab;
  ref = pushed;
  built = () => version;
  return {
    workflow: join(EXAMPLES, 'staging-caddy.yml'),
    repository: repositoryOf('caddy'),
    payload: (head) => {
      commit = head;
      github.repository.commits = [
        { sha: '1'.repeat(40), message: 'chore: begin' },
        { sha: head, message: 'feat: longer clips', author: 'eve' },
      ];
      github.repository.checkRuns = CHECKS.map((name) => ({
        sha: head,
        name,
        run: 12,
        conclusion: name === red ? 'failure' : 'success',
      }));
      return { ref, after: head, repository: { default_branch: 'main' } };
    },
    standIns: {
      ...others.standIns,
      'docker/metadata-action': ({ inputs }) =>
        Promise.resolve({
          tags: tagsOf(inputs['tags']!)
            .map((tag) => `${inputs['images']}:${tag}`)
            .join('\n'),
          labels: `org.opencontainers.image.revision=${commit}`,
        }),
    },
    env: { GITHUB_API_URL: github.url },
    secrets: {
      STAGING_HOST: `${host.address}:${host.sshPort}`,
      STAGING_SSH_KEY: DEPLOY_SSH_KEY!,
      STAGING_KNOWN_HOSTS: DEPLOY_KNOWN_HOSTS!,
      SLACK_WEBHOOK: `${slack.url}/services/T0/B0/x`,
      GITHUB_TOKEN: github.token,
    },
    variables: {
      STAGING_USER: host.user,
      STAGING_URL: `https://localhost:${host.webPort(443)}`,
      STAGING_CA: ca,
      WATCH_DURATION: '15s',
      REGISTRY: registry.address,
    },
    ...more,
  };
}

/** The version that everybody gets, by HTTPS. */
async function served(host = lab.host, authority = ca): Promise<string> {
  const body = await new Promise<string>((resolve, reject) => {
    const url = `https://localhost:${host.webPort(443)}/version`;
    get(url, { ca: authority, timeout: 5000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
  return (JSON.parse(body) as { version: string }).version;
}

/** When each container of a colour was started: one that was stopped in between tells another moment. */
async function startedAt(color: string): Promise<string> {
  return await lab.host.sh(
    `docker ps --quiet --no-trunc --filter label=com.docker.compose.project=shop-${color} --filter label=com.docker.compose.service=backend | xargs -r docker inspect --format '{{.Name}} {{.State.StartedAt}}'`,
  );
}

/** The colour whose worker runs, which is where the traffic is. */
async function working(): Promise<string[]> {
  const names = await lab.host.sh(
    `docker ps --filter label=com.docker.compose.service=worker --format '{{.Label "com.docker.compose.project"}}'`,
  );
  return names.split('\n').filter((name) => name !== '');
}

/** The last that the server's history says. */
const history = () => lab.host.sh('tail -n 2 /srv/deploy/shop/.deploy/history.jsonl');

/** The commit of the first good run, which a later one goes back to. */
let first: string;

testWithAct(
  'staging-caddy.yml builds both images with all their tags, deploys them beside, checks them, moves the traffic, checks and watches it by HTTPS, and tells Slack',
  async () => {
    const before = await startedAt('blue');
    const log = await succeeds(push('v2'));
    first = commit;
    expect([...others.builds].sort()).toEqual(
      ['backend', 'worker'].flatMap((name) =>
        [commit, 'latest', `main-${commit}`].sort().map((tag) => `org/shop/${name}:${tag}`),
      ),
    );
    expect([await served(), await working(), await startedAt('blue')]).toEqual([
      'v2',
      ['shop-green'],
      before,
    ]);
    expect(log).toContain('5 of 5 checks passed');
    expect(log).toContain('7 of 7 checks passed');
    expect(slack.news().join()).toMatch(/Deployed.*staging/s);
    expect(await history()).toContain(commit);
    expect(github.violations).toEqual([]);
  },
  600_000,
);

testWithAct(
  'staging-caddy.yml deploys a version by its tag',
  async () => {
    await succeeds(push('v3', { ref: 'refs/tags/v1.4.0' }));
    expect([...others.builds].sort()).toEqual(
      ['backend', 'worker'].flatMap((name) =>
        [commit, 'v1.4.0'].sort().map((tag) => `org/shop/${name}:${tag}`),
      ),
    );
    expect([await served(), await working()]).toEqual(['v3', ['shop-blue']]);
    expect(slack.news().join()).toMatch(/Deployed.*v1\.4\.0.*staging/s);
  },
  600_000,
);

testWithAct(
  'staging-caddy.yml ends before anything changes when a check is red, an image is missing, a secret is empty or the server is not ready',
  async () => {
    const before = await containers(lab.host, 'shop-blue');
    const red = await failsSaying(
      push('v4', { ref: 'refs/heads/release/1.4', red: 'final-review' }),
      'final-review',
    );
    expect(others.builds).toContain(`org/shop/worker:release-1.4-${commit}`);
    expect(others.builds.join()).not.toContain('latest');
    const incomplete = push('v4');
    built = (service) => (service === 'worker' ? undefined : 'v4');
    const absent = await failsSaying(incomplete, 'org/shop/worker');
    const { secrets, ...open } = push('v4');
    const unset = await failsSaying(
      { ...open, secrets: { ...secrets, STAGING_KNOWN_HOSTS: '' } },
      'known-hosts',
    );
    await putShared(lab, '.env.staging', teamEnv('changeme'));
    const unready = await failsSaying(push('v4'), 'S3_BUCKET');
    await putShared(lab, '.env.staging', teamEnv());
    for (const log of [red, absent, unset, unready]) expect(log).not.toContain('::group::Pull the images');
    expect([await served(), await containers(lab.host, 'shop-blue')]).toEqual(['v3', before]);
    const told = slack.news();
    expect(told).toHaveLength(4);
    for (const message of told) expect(message).toContain('staging');
  },
  900_000,
);

testWithAct(
  'staging-caddy.yml leaves everybody with the version before, which has never stopped, when the new one is not healthy or a check fails, before the traffic moved or after',
  async () => {
    const before = await startedAt('blue');
    await failsSaying(push('never-healthy'), 'is unhealthy');
    expect(slack.news()).toHaveLength(1);
    await failsSaying(push('no-docs'), 'documentation of the API');
    expect([await served(), await working()]).toEqual(['v3', ['shop-blue']]);
    slack.news();
    // Only its worker is of no use, which nothing tells before it takes orders.
    await failsSaying(push('no-clips'), 'a clip is made');
    expect([await served(), await working(), await startedAt('blue')]).toEqual(['v3', ['shop-blue'], before]);
    expect(slack.news().join()).toMatch(/Rolled back/);
  },
  900_000,
);

testWithAct(
  'staging-caddy.yml cancelled while the new version is watched gives the traffic back',
  async () => {
    const before = await startedAt('blue');
    const { exitCode } = await runWorkflow({
      ...push('v4'),
      cancelAt: (line) => line.includes('Run Main') && line.includes('stability-watch'),
    });
    expect(exitCode).not.toBe(0);
    expect([await served(), await working(), await startedAt('blue')]).toEqual(['v3', ['shop-blue'], before]);
  },
  600_000,
);

testWithAct(
  'staging-caddy.yml by hand lists what there is to go back to, and goes back to a commit without a build',
  async () => {
    const log = await succeeds(push('v4', { event: 'workflow_dispatch', inputs: { 'rollback-to': first } }));
    expect(others.builds).toEqual([]);
    expect(log).toContain(first.slice(0, 7));
    expect([await served(), await working()]).toEqual(['v2', ['shop-green']]);
    expect(slack.news().join()).toMatch(/Rolled back/);
    expect(await history()).toContain('"operation":"rollback"');
    await failsSaying(
      push('v4', { event: 'workflow_dispatch', inputs: { 'rollback-to': 'f'.repeat(40) } }),
      'f'.repeat(40),
    );
    expect(await served()).toBe('v2');
  },
  600_000,
);

testWithAct(
  'the stack of staging-caddy.yml comes up on a machine of one’s own by one command, with HTTPS and the file that is deployed',
  async () => {
    const host = await lab.addHost({ ports: [443] });
    try {
      await host.sh('mkdir /root/shop && tar -x -C /root/shop', {
        input: execFileSync('tar', ['-c', '-C', repositoryOf('caddy'), '.']),
      });
      // There is no way to what an image is built from here: these stand in for the build.
      const image = lab.registry.image('shop/api:v1');
      await host.sh(
        `docker pull --quiet ${image} && for name in backend worker; do docker tag ${image} laptop-$name; done`,
      );
      await host.sh(
        `cd /root/shop && REGISTRY=${lab.registry.address} docker compose --project-name laptop --env-file laptop.env up --detach --wait 2>&1`,
        { timeoutMs: 180_000 },
      );
      const authority = await host.sh(
        'docker exec laptop-caddy-1 cat /data/caddy/pki/authorities/local/root.crt',
      );
      expect(await served(host, authority)).toBe('v1');
      // What is a server's own was made nowhere else on it.
      expect(await host.sh('ls /root/shop/server; test ! -e /var/lib/deploy-actions && echo none')).toBe(
        'caddy\nflags\nnone\n',
      );
    } finally {
      await host.remove();
    }
  },
  300_000,
);
