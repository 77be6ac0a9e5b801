import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, type Lab, type Registry, SAMPLE_APP } from '@deploy-actions/lab';
import type { SlackStub, TelegramStub } from '@deploy-actions/notice/testing';
import type { Job, Step } from './step.ts';

/** Where the proxy answers for the site, and where the plain stack publishes it. */
export const SITE_PORT = 8080;
const STACK_PORT = 8081;
const SITE_CONFIG = '/etc/nginx/sites-available/shop';

export interface Messengers {
  slack: SlackStub;
  telegram: TelegramStub;
}

/** The steps of a workflow that deploys the sample application, by what they do. */
export interface Shop {
  verify(version: string): Step;
  /** `images` is what `verify` answered. */
  deploy(version: string, images: string, more?: Step['inputs']): Step;
  /** Waits for `version` at `url`, asked from the server itself through SSH. */
  waitThere(version: string, url: string): Step;
  /** Waits for `version` at the public site. */
  waitHere(version: string): Step;
  smoke(name: string, inputs: Step['inputs']): Step;
  installProxy(): Step;
  switchTo(version: string, more?: Step['inputs']): Step;
  rollBack(): Step;
  tell(status: string, title: string, reports?: string): Step[];
}

/** What the deployments have in common: one server, one registry, the same secrets. */
export function describeShop(lab: Lab, messengers: Messengers): Shop {
  const { host, registry } = lab;
  const server = {
    host: `${host.address}:${host.sshPort}`,
    user: host.user,
    'ssh-key': host.key.privateKey,
    'known-hosts': host.knownHosts(),
  };
  const stack = { ...server, path: '/srv/deploy/shop', project: 'shop' };
  const login = {
    'registry-username': registry.admin.username,
    'registry-password': registry.admin.password,
  };
  const password = randomUUID();
  const handles: Record<string, string> = {};
  return {
    verify: (version) => ({
      name: `verify the images of ${version}`,
      action: 'ghcr-verify-image',
      inputs: {
        images: [
          `api,worker,scheduler=${registry.image(`shop/api:${version}`)}`,
          `web=${registry.image(`shop/web:${version}`)}`,
          `db=${registry.image('shop/postgres:17')}`,
          `redis=${registry.image('shop/redis:8')}`,
        ].join('\n'),
        platforms: 'linux/amd64',
        ...login,
      },
      outcome: ({ outputs }) =>
        `${Object.keys(JSON.parse(outputs['images'] ?? '{}') as object).length} services, by digest`,
    }),
    deploy: (version, images, more = {}) => ({
      name: `deploy ${version}`,
      action: 'ssh-compose-deploy',
      inputs: {
        ...stack,
        files: 'nginx.conf',
        version,
        images,
        env: [
          `REGISTRY=${registry.address}`,
          `TAG=${version}`,
          `POSTGRES_PASSWORD=${password}`,
          `WEB_PORT=127.0.0.1:${STACK_PORT}`,
        ].join('\n'),
        registry: registry.address,
        ...login,
        migrate: 'api: /app/shop migrate',
        'migration-state': 'api: /app/shop migration-state',
        'migration-reversible': 'true',
        'deployment-id': `rehearsal-${version}`,
        ...more,
      },
      outcome: ({ outputs }) =>
        `${outputs['version']} runs${outputs['color'] ? ` as ${outputs['color']}` : ''}`,
    }),
    waitThere: (version, url) => ({
      name: `wait for ${version}, through SSH`,
      action: 'health-wait',
      inputs: {
        targets: `${url}/version`,
        'expect-version': version,
        successes: '2',
        timeout: '60s',
        via: 'ssh',
        ...server,
      },
      outcome: ready,
    }),
    waitHere: (version) => ({
      name: `wait for ${version} at the site`,
      action: 'health-wait',
      inputs: {
        targets: `${host.url(SITE_PORT)}/version`,
        'expect-version': version,
        successes: '3',
        timeout: '60s',
      },
      outcome: ready,
    }),
    smoke: (name, inputs) => ({
      name,
      action: 'smoke-run',
      inputs: { ...server, ...inputs },
      outcome: ({ outputs }) =>
        `${outputs['passed']} passed, ${outputs['failed']} failed, p95 ${outputs['p95-ms']} ms`,
    }),
    installProxy: () => ({
      name: 'prepare nginx, once',
      action: 'blue-green-switch',
      inputs: {
        ...stack,
        proxy: 'nginx',
        'site-config': SITE_CONFIG,
        routes: 'web: web:80',
        install: 'true',
      },
      outcome: () => 'both colours known to nginx',
    }),
    switchTo: (version, more = {}) => ({
      name: `switch the traffic to ${version}`,
      action: 'blue-green-switch',
      inputs: {
        ...stack,
        // As the proxy sees it: the server asks beside itself.
        'verify-url': `http://127.0.0.1:${SITE_PORT}/version`,
        'expect-version': version,
        'drain-timeout': '5s',
        ...more,
      },
      outcome: ({ outputs }) => `${outputs['from']} to ${outputs['to']}, overlap ${outputs['overlap-ms']} ms`,
    }),
    rollBack: () => ({
      name: 'roll back',
      action: 'rollback',
      inputs: stack,
      outcome: ({ outputs }) =>
        `${outputs['mode']} from ${outputs['from']} to ${outputs['to']} in ${outputs['elapsed-ms']} ms`,
    }),
    tell(status, title, reports) {
      const { slack, telegram } = messengers;
      const message = (action: string, inputs: Step['inputs']): Step => ({
        name: `tell ${action === 'slack-notify' ? 'Slack' : 'Telegram'}: ${status}`,
        action,
        inputs: { ...inputs, status, title, reports, environment: 'rehearsal', update: handles[action] },
        outcome(result) {
          handles[action] = result.outputs['message'] ?? '';
          return `${result.outputs['delivered']}, attempts: ${result.outputs['attempts']}`;
        },
      });
      return [
        message('slack-notify', { 'bot-token': slack.token, channel: '#deploys', 'api-url': slack.url }),
        message('telegram-notify', {
          'bot-token': telegram.token,
          'chat-id': '-1001',
          'api-url': telegram.url,
        }),
      ];
    },
  };
}

const ready: Step['outcome'] = ({ outputs }) => `ready after ${outputs['elapsed-ms']} ms`;

/** What an administrator has on the server before anything of ours: nginx in front of the stack's port. */
export async function startSite(host: Host): Promise<void> {
  await host.write(
    SITE_CONFIG,
    `server {
  listen ${SITE_PORT};
  location / {
    proxy_http_version 1.1;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_pass http://127.0.0.1:${STACK_PORT};
  }
}
`,
    { mode: '0644', owner: 'root' },
  );
  await host.sh(
    `rm -f /etc/nginx/sites-enabled/*; ln -sf ${SITE_CONFIG} /etc/nginx/sites-enabled/shop; nginx`,
  );
}

/**
 * Publishes as `version` an API that is healthy and proves ready, but answers one request in ten with an error. The name
 * is the same everywhere: tag, label, answers, release.
 */
export async function publishBadVersion(registry: Registry, version: string): Promise<void> {
  await registry.publish({
    from: 'shop/api:some-errors',
    to: `shop/api:${version}`,
    env: { APP_VERSION: version },
    labels: { 'org.opencontainers.image.version': version },
  });
}

/** The job's folder with the application as a checkout has it, and the values of a run. */
export function openJob(lab: Lab, run: number, signal: AbortSignal): Job {
  const workspace = join(lab.folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  for (const name of ['compose.yaml', 'nginx.conf']) cpSync(join(SAMPLE_APP, name), join(workspace, name));
  return {
    workspace,
    signal,
    env: {
      GITHUB_REPOSITORY: 'example/shop',
      GITHUB_WORKFLOW: 'Deploy',
      GITHUB_ACTOR: 'rehearsal',
      GITHUB_RUN_ID: String(1000 + run),
      GITHUB_RUN_NUMBER: String(run),
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_JOB: 'deploy',
    },
  };
}
