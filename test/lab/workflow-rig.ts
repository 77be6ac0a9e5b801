import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Lab } from '@deploy-actions/lab';
import { type WorkflowRun, findRoot, runWorkflow } from '@deploy-actions/tooling';
import { serveHttp } from '../support/server.ts';
import { PASSWORD } from './deploy-rig.ts';

/** The consumer workflows, which tests run as they stand. */
export const EXAMPLES = join(findRoot(), 'examples');

/** The repository of a team that has copied an example. */
export function repositoryOf(
  team: 'app' | 'caddy' | 'django' | 'microservices' | 'production' | 'rolling',
): string {
  return join(findRoot(), 'test/lab/repositories', team);
}

/** The secrets by which every example reaches its server. */
export function serverSecrets({ host }: Pick<Lab, 'host'>): Record<string, string> {
  return {
    DEPLOY_HOST: `${host.user}@${host.address}:${host.sshPort}`,
    DEPLOY_SSH_KEY: host.key.privateKey,
    DEPLOY_KNOWN_HOSTS: host.knownHosts(),
  };
}

export const SECRET_KEY = 'k9-'.repeat(20);

/** What a team keeps on its server for the sample application, with other lines besides. */
export function teamEnv({ registry }: Pick<Lab, 'registry'>, more: readonly string[] = []): string {
  return [
    `REGISTRY=${registry.address}`,
    ...more,
    'DEBUG=False',
    `SECRET_KEY=${SECRET_KEY}`,
    `POSTGRES_PASSWORD=${PASSWORD}`,
    `DATABASE_URL=postgres://shop:${PASSWORD}@db:5432/shop`,
    'REDIS_URL=redis://redis:6379',
    '',
  ].join('\n');
}

/** Puts a text there, as the user who deploys would. */
export async function putShared({ host }: Pick<Lab, 'host'>, name: string, text: string): Promise<void> {
  await host.sh('install -d -o deploy -g deploy -m 0755 /srv/deploy/shop /srv/deploy/shop/shared');
  await host.write(`/srv/deploy/shop/shared/${name}`, text, { mode: '0600', owner: 'deploy' });
}

/** A messenger that takes every message: Telegram's API, and an incoming webhook of Slack. */
export interface Messenger {
  url: string;
  /** What came, newest last, as JSON. */
  told: string[];
  /** What came since this was asked the last time. */
  news(): string[];
  close(): Promise<void>;
}

export async function openMessenger(): Promise<Messenger> {
  const told: string[] = [];
  let seen = 0;
  const server = await serveHttp((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      if (!request.url?.includes('/bot')) {
        told.push(body);
        response.end('ok');
        return;
      }
      if (request.url.endsWith('/sendMessage')) told.push(body);
      const result = { message_id: told.length, date: 0, chat: { id: -1001234567890, type: 'supergroup' } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ ok: true, result }));
    });
  });
  return {
    url: server.url,
    told,
    news: () => {
      const fresh = told.slice(seen);
      seen = told.length;
      return fresh;
    },
    close: server.close,
  };
}

/** One upload to GitHub's artifacts. */
export interface Upload {
  name: string;
  days: number;
  /** The files in their order, by their names. */
  files: { name: string; text: string }[];
}

/** The record of a run, out of what it uploaded. */
export function recordOf({ files }: Upload): Record<string, unknown> {
  const file = files.find(({ name }) => name.startsWith('deployment-record-'));
  if (file === undefined) throw new Error(`no record among ${files.map(({ name }) => name).join(', ')}`);
  return JSON.parse(file.text) as Record<string, unknown>;
}

/**
 * What stands in for the actions of others: nothing to set up, a build that makes its tags out of an image of the sample
 * application (`built` says which, by the tag's repository; undefined: it
 * pushes none, and is green), and a list of what was uploaded.
 */
export function othersActions(
  lab: Pick<Lab, 'registry'>,
  built: (repository: string) => string | undefined,
): { standIns: NonNullable<WorkflowRun['standIns']>; builds: string[]; uploads: Upload[] } {
  const builds: string[] = [];
  const uploads: Upload[] = [];
  return {
    builds,
    uploads,
    standIns: {
      'docker/setup-buildx-action': () => Promise.resolve(undefined),
      'docker/login-action': () => Promise.resolve(undefined),
      'docker/build-push-action': async ({ inputs }) => {
        const names = inputs['tags']!.trim()
          .split('\n')
          .map((tag) => {
            if (!tag.startsWith(`${lab.registry.address}/`))
              throw new Error(`${tag} is not of the lab's registry`);
            return tag.slice(lab.registry.address.length + 1);
          });
        if (new Set(names.map((name) => name.slice(0, name.lastIndexOf(':')))).size > 1)
          throw new Error(`a build of several repositories is not known here: ${names.join(', ')}`);
        builds.push(...names);
        const from = built(names[0]!.split(':')[0]!);
        if (from === undefined) return undefined;
        const [to, ...others] = names as [string, ...string[]];
        const tags = others.map((name) => name.slice(to.lastIndexOf(':') + 1));
        return { digest: (await lab.registry.publish({ from, to, tags })).digest };
      },
      'actions/upload-artifact': ({ inputs }) => {
        const paths = (inputs['path'] ?? '').split('\n').filter((path) => path.trim() !== '');
        const files = paths.map((path) => ({ name: basename(path), text: readFileSync(path, 'utf8') }));
        uploads.push({ name: inputs['name'] ?? '', days: Number(inputs['retention-days']), files });
        return Promise.resolve(undefined);
      },
    },
  };
}

/** What the runner marks as wrong in a log: failed steps, and the errors that actions told. */
const COMPLAINT = /[❌❗]|::error/u;

/** A log as an error shows it: what went wrong first, since a report has room for the first lines only. */
function told(log: string): string {
  const complaints = log.split('\n').filter((line) => COMPLAINT.test(line));
  return `${complaints.slice(-6).join('\n')}\n\nthe whole log:\n${log}`;
}

/** A run of an example that must succeed; its log is the error where it does not. */
export async function succeeds(run: WorkflowRun): Promise<string> {
  const { exitCode, log } = await runWorkflow(run);
  if (exitCode !== 0) throw new Error(`the run ended with ${exitCode}:\n${told(log)}`);
  return log;
}

/** A run of an example that must fail. */
export async function fails(run: WorkflowRun): Promise<string> {
  const { exitCode, log } = await runWorkflow(run);
  if (exitCode === 0) throw new Error(`the run succeeded:\n${log}`);
  return log;
}

/** A run of an example that must fail, and must say why. */
export async function failsSaying(run: WorkflowRun, reason: string | RegExp): Promise<string> {
  const log = await fails(run);
  if (typeof reason === 'string' ? log.includes(reason) : reason.test(log)) return log;
  throw new Error(`the run failed without a word of ${reason}:\n${told(log)}`);
}
