import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { startGitHub } from '@deploy-actions/github/testing';
import type { Lab } from '@deploy-actions/lab';
import { startTelegramStub } from '@deploy-actions/notice/testing';
import type { Contexts } from '@deploy-actions/tooling/job';
import { SITES, startProxy } from '../lab/color-rig.ts';
import { putShared, repositoryOf, teamEnv } from '../lab/workflow-rig.ts';
import type { Runner } from './step.ts';

/** Where the proxy answers for the site. */
export const SITE_PORT = 8081;
/** What the compose file publishes, which is where the first colour answers. */
const PUBLISHED_PORT = 8080;
/** The example watches for five minutes, unless this variable of the repository says otherwise. */
export const WATCH_SECONDS = 15;
/** What serves before the first release of the rehearsal. */
export const FIRST_VERSION = 'v1.0.0';

const SERVER_PATH = '/srv/deploy/shop';
const CHATS = { '-1001111111111': 'the public chat', '-1002222222222': 'the log chat' } as const;

/** What a team has before it releases: a server, a registry, GitHub, and two chats. */
export interface Production {
  site: string;
  /** CI pushes a version's images; `from` is the version of the sample application that they are of. */
  publish(version: string, from: string): Promise<void>;
  /** The inputs of the very first deployments, one for each colour. */
  firstDeployment(version: string, color: string): Record<string, string>;
  /** Starts nginx in front of the port that the compose file publishes. */
  startSite(): Promise<void>;
  /** What a workflow that is started by hand knows, and the machine that it runs on. */
  byHand(inputs: Record<string, string>): Run;
  /** The same for the workflow that a published release starts. */
  release(version: string, subject: string): Run;
  /** What came to the chats since this was asked the last time. */
  news(): { chat: string; text: string }[];
  /** What GitHub or Telegram would not have taken. */
  violations(): string[];
  close(): Promise<void>;
}

/** One run of a workflow. */
export interface Run {
  contexts: Contexts;
  runner: Runner;
}

/** @param artifacts the folder that takes what the workflows upload */
export async function openProduction(lab: Lab, artifacts: string, signal: AbortSignal): Promise<Production> {
  const { host, registry } = lab;
  const [github, telegram] = [await startGitHub(), await startTelegramStub()];
  github.permissions = { contents: 'write', checks: 'read', statuses: 'read' };
  github.repository.commits = [{ sha: '1'.repeat(40), message: 'chore: begin', author: 'eve' }];
  github.repository.tags = [{ name: FIRST_VERSION, sha: '1'.repeat(40) }];
  await putShared(lab, '.env', teamEnv(lab));
  const repository = repositoryOf('production');
  const secrets = {
    PRODUCTION_HOST: `${host.address}:${host.sshPort}`,
    PRODUCTION_SSH_KEY: host.key.privateKey,
    PRODUCTION_KNOWN_HOSTS: host.knownHosts(),
    TELEGRAM_BOT_TOKEN: telegram.token,
    DEPLOY_HOST: `${host.user}@${host.address}:${host.sshPort}`,
    DEPLOY_SSH_KEY: host.key.privateKey,
    DEPLOY_KNOWN_HOSTS: host.knownHosts(),
  };
  const [publicChat, logChat] = Object.keys(CHATS);
  const vars = {
    PRODUCTION_USER: host.user,
    PRODUCTION_PATH: SERVER_PATH,
    PRODUCTION_URL: host.url(SITE_PORT),
    TELEGRAM_PUBLIC_CHAT_ID: publicChat,
    TELEGRAM_LOG_CHAT_ID: logChat,
    TELEGRAM_API_URL: telegram.url,
    WATCH_DURATION: `${WATCH_SECONDS}s`,
    REGISTRY: registry.address,
  };
  let runs = 0;
  let told = 0;

  const begin = (event: { name: string; payload: object; ref: string; sha: string }, inputs: object): Run => {
    runs += 1;
    const folder = join(lab.folder, `run-${runs}`);
    const workspace = join(folder, 'workspace');
    mkdirSync(workspace, { recursive: true });
    const eventFile = join(folder, 'event.json');
    writeFileSync(eventFile, JSON.stringify(event.payload));
    const run = {
      repository: 'org/shop',
      workflow: 'CD Pipeline Production',
      actor: 'eve',
      triggering_actor: 'eve',
      event_name: event.name,
      ref: event.ref,
      ref_name: event.ref.replace(/^refs\/(heads|tags)\//, ''),
      ref_type: event.ref.startsWith('refs/tags/') ? 'tag' : 'branch',
      sha: event.sha,
      run_id: String(1000 + runs),
      run_number: String(runs),
      run_attempt: '1',
      job: 'production',
    };
    return {
      contexts: {
        github: { ...run, token: github.token, event: event.payload },
        secrets,
        vars,
        inputs,
      },
      runner: {
        workspace,
        signal,
        env: {
          ...Object.fromEntries(
            Object.entries(run).map(([name, value]) => [`GITHUB_${name.toUpperCase()}`, value]),
          ),
          GITHUB_API_URL: github.url,
          GITHUB_EVENT_PATH: eventFile,
          GITHUB_TOKEN: github.token,
        },
        standIns: {
          'actions/checkout': () => cpSync(repository, workspace, { recursive: true }),
          'actions/upload-artifact': ({ name = '', path = '' }) => {
            const into = join(artifacts, basename(name));
            mkdirSync(into, { recursive: true });
            for (const file of path.split('\n').filter((line) => line.trim() !== ''))
              cpSync(file, join(into, basename(file)));
          },
        },
      },
    };
  };

  return {
    site: host.url(SITE_PORT),
    publish: async (version, from) => {
      await registry.publish({
        from: `shop/api:${from}`,
        to: `org/shop/backend:${version}`,
        env: { APP_VERSION: version },
      });
      await registry.publish({ from: `shop/web:${from}`, to: `org/shop/frontend:${version}` });
    },
    firstDeployment: (version, color) => ({
      host: secrets.DEPLOY_HOST,
      'ssh-key': secrets.DEPLOY_SSH_KEY,
      'known-hosts': secrets.DEPLOY_KNOWN_HOSTS,
      path: SERVER_PATH,
      project: 'shop',
      color,
      images: ['backend', 'frontend']
        .map((name) => `${name}=${registry.address}/org/shop/${name}:${version}`)
        .join('\n'),
      'require-digest': 'false',
      version,
      files: 'deploy',
      migrate: 'backend: python manage.py migrate --noinput',
      'before-up': 'backend: python manage.py collectstatic --noinput',
    }),
    startSite: async () => {
      await startProxy(host, 'nginx', (text) =>
        text
          .replace('listen 8080', `listen ${SITE_PORT}`)
          .replace('127.0.0.1:18101', `127.0.0.1:${PUBLISHED_PORT}`),
      );
    },
    byHand: (inputs) =>
      begin(
        { name: 'workflow_dispatch', payload: { inputs }, ref: 'refs/heads/main', sha: '0'.repeat(40) },
        inputs,
      ),
    release: (version, subject) => {
      const sha = String(github.repository.commits.length + 1).repeat(40);
      const stub = github.repository;
      stub.commits.push({ sha, message: subject, author: 'eve' });
      stub.tags.push({ name: version, sha });
      stub.releases.push({ tag: version, body: '', assets: [] });
      for (const name of ['build', 'critical-tests'])
        stub.checkRuns.push({ sha, name, run: 12, conclusion: 'success' });
      const payload = { action: 'published', release: { tag_name: version } };
      return begin({ name: 'release', payload, ref: `refs/tags/${version}`, sha }, {});
    },
    news: () => {
      const fresh = telegram.messages().slice(told);
      told += fresh.length;
      return fresh.map(({ chat, text }) => ({ chat: CHATS[chat as keyof typeof CHATS] ?? chat, text }));
    },
    violations: () => [...github.violations, ...telegram.violations],
    close: async () => {
      await Promise.all([github.close(), telegram.close()]);
    },
  };
}

/** The site's configuration on the server, for the workflow that prepares the proxy. */
export const SITE_CONFIG = SITES.nginx.file;
