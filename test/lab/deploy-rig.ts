import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, SAMPLE_APP } from '@deploy-actions/lab';
import { type BundleResult, type BundleRun, type RunningBundle, startBundle } from '@deploy-actions/tooling';

/** Under `with:` of ssh-compose-deploy. */
export type DeployInputs = Record<string, string | number | boolean | undefined>;

/** The database's password in every deployment of a test: what must show up nowhere. */
export const PASSWORD = 'correct-horse\'"$battery`staple\\';

/** A fresh checkout of the sample application. */
export function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  for (const name of ['compose.yaml', 'nginx.conf']) cpSync(join(SAMPLE_APP, name), join(folder, name));
  return folder;
}

/** The inputs of a deployment of the sample application to a lab host. */
export function deployInputs(lab: Lab, tag: string, more: DeployInputs = {}, hosts: readonly Host[] = [lab.host]): DeployInputs {
  return {
    host: hosts.map((host) => `deploy@127.0.0.1:${host.sshPort}`).join('\n'),
    'ssh-key': lab.key.privateKey,
    'known-hosts': hosts.map((host) => host.knownHosts()).join('\n'),
    path: '/srv/deploy/shop',
    env: [`REGISTRY=${lab.registry.address}`, `TAG=${tag}`, `POSTGRES_PASSWORD=${PASSWORD_URL}`, ''].join('\n'),
    files: 'nginx.conf',
    version: tag,
    migrate: 'api: /app/shop migrate',
    'migration-state': 'api: /app/shop migration-state',
    'min-free-disk': '50MB',
    'wait-timeout': '60s',
    ...more,
  };
}

/** The same as it may stand in a URL: the sample puts it into one. */
export const PASSWORD_URL = 'correct-horse-battery-staple';

/** Runs the bundle as the runner would, as a job of a run of its own unless told otherwise. */
export function startDeploy(
  inputs: DeployInputs,
  run: Partial<BundleRun> & { runId?: string; runNumber?: number } = {},
): RunningBundle {
  const { runId = String(Math.floor(Math.random() * 1e9)), runNumber, env, ...rest } = run;
  return startBundle({
    action: 'ssh-compose-deploy',
    inputs,
    workspace: run.workspace ?? checkout(),
    env: {
      GITHUB_RUN_ID: runId,
      GITHUB_RUN_NUMBER: runNumber === undefined ? undefined : String(runNumber),
      GITHUB_JOB: 'deploy',
      GITHUB_ACTOR: 'octocat',
      GITHUB_REPOSITORY: 'shop/shop',
      GITHUB_WORKFLOW: 'deploy',
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      GITHUB_REF: 'refs/heads/main',
      ...env,
    },
    ...rest,
  });
}

export async function deploy(
  inputs: DeployInputs,
  run: Partial<BundleRun> & { runId?: string; runNumber?: number } = {},
): Promise<BundleResult> {
  return await startDeploy(inputs, run).done;
}

/** What the site answers: version and status of `/version`; `undefined` when it does not answer. */
export async function served(host: Host): Promise<string | undefined> {
  try {
    const answer = await fetch(`${host.url(8080)}/version`, { signal: AbortSignal.timeout(5000) });
    const body = (await answer.json()) as { version?: string };
    return answer.ok ? body.version : undefined;
  } catch {
    return undefined;
  }
}
