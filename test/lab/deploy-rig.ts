import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, SAMPLE_APP } from '@deploy-actions/lab';
import { type BundleResult, type BundleRun, type RunningBundle, startBundle } from '@deploy-actions/tooling';

/** Under `with:` of ssh-compose-deploy. */
export type DeployInputs = Record<string, string | number | boolean | undefined>;

/** A fresh checkout of the sample application. */
export function checkout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  for (const name of ['compose.yaml', 'nginx.conf']) cpSync(join(SAMPLE_APP, name), join(folder, name));
  return folder;
}

/** A checkout of a web server and a cache alone: up in no time, where a test needs many or several. */
export function smallCheckout(): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  cpSync(join(SAMPLE_APP, 'nginx.conf'), join(folder, 'nginx.conf'));
  writeFileSync(
    join(folder, 'compose.yaml'),
    `name: shop
services:
  store:
    image: \${REGISTRY}/shop/redis:8
    healthcheck: { test: [CMD, redis-cli, ping], interval: 15s, retries: 3, start_period: 60s, start_interval: 300ms }
  web:
    image: \${REGISTRY}/shop/web:\${TAG}
    ports: ['8080:80']
    volumes: ['./nginx.conf:/etc/nginx/conf.d/shop.conf:ro']
    depends_on: { store: { condition: service_healthy } }
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1/web-health']
      interval: 5s
      retries: 3
      start_period: 30s
      start_interval: 300ms
`,
  );
  return folder;
}

/** For `with:` beside a small checkout: it has nothing to migrate. */
export const SMALL = { migrate: '', 'migration-state': '' };

/** The image of the web server that runs, by its tag; `undefined` when none runs. */
export async function smallServed(host: Host): Promise<string | undefined> {
  const { code, stdout } = await host.exec([
    'docker',
    'inspect',
    '--format',
    '{{.State.Running}} {{.Config.Image}}',
    'shop-web-1',
  ]);
  return code === 0 && stdout.startsWith('true') ? stdout.trim().split(':').at(-1) : undefined;
}

/** The inputs of a deployment of the sample application to a lab host. */
export function deployInputs(
  lab: Lab,
  tag: string,
  more: DeployInputs = {},
  hosts: readonly Host[] = [lab.host],
): DeployInputs {
  return {
    host: hosts.map((host) => `deploy@127.0.0.1:${host.sshPort}`).join('\n'),
    'ssh-key': lab.key.privateKey,
    'known-hosts': hosts.map((host) => host.knownHosts()).join('\n'),
    path: '/srv/deploy/shop',
    env: [
      `REGISTRY=${lab.registry.address}`,
      `TAG=${tag}`,
      `POSTGRES_PASSWORD=${PASSWORD}`,
      // What never gets healthy is not waited for; a busy machine starts slowly.
      `HEALTH_START_PERIOD=${tag === 'never-healthy' ? 3 : 20}s`,
      '',
    ].join('\n'),
    files: 'nginx.conf',
    version: tag,
    migrate: 'api: /app/shop migrate',
    'migration-state': 'api: /app/shop migration-state',
    'min-free-disk': '50MB',
    'wait-timeout': '3m',
    ...more,
  };
}

/** The database's password in every deployment of a test: what must show up nowhere. */
export const PASSWORD = 'correct-horse-battery-staple';

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
    // A developer may point this at a tree whose actions run from their sources.
    tree: process.env['DEPLOY_ACTIONS_TREE'],
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

/** A deployment that must succeed; otherwise its log is the error. */
export async function deployed(...given: Parameters<typeof deploy>): Promise<BundleResult> {
  const result = await deploy(...given);
  if (result.exitCode !== 0)
    throw new Error(`the deployment ended with ${result.exitCode}:\n${tail(result)}`);
  return result;
}

/** A deployment that must fail; answers it with the headline. */
export async function refused(
  ...given: Parameters<typeof deploy>
): Promise<BundleResult & { headline: string }> {
  const result = await deploy(...given);
  if (result.exitCode !== 1)
    throw new Error(`the deployment ended with ${result.exitCode}:\n${tail(result)}`);
  const headline = result.annotations.filter((one) => one.level === 'error').at(-1)?.message ?? '';
  return { ...result, headline };
}

function tail(result: BundleResult): string {
  const lines = result.shown.split('\n').filter((line) => !line.includes('::add-mask::'));
  return lines.slice(-60).join('\n');
}

/** Ids of the stack's containers by their names, to see which were recreated. */
export async function containers(host: Host, project = 'shop'): Promise<Record<string, string>> {
  const lines = await host.sh(
    `docker ps --all --no-trunc --filter label=com.docker.compose.project=${project} --format '{{.Label "com.docker.compose.service"}}-{{.Label "com.docker.compose.container-number"}} {{.ID}}'`,
  );
  return Object.fromEntries(
    lines
      .trim()
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** Runs a statement in the stack's database. */
export async function psql(host: Host, statement: string): Promise<string> {
  const argv = [
    'docker',
    'exec',
    '-e',
    `PGPASSWORD=${PASSWORD}`,
    'shop-db-1',
    'psql',
    '-U',
    'shop',
    '-h',
    '127.0.0.1',
    '-tAc',
    statement,
  ];
  const { code, stdout, stderr } = await host.exec(argv);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** Starts the stack as a person does: a folder, an .env file and `docker compose up`. */
export async function startByHand(lab: Lab, folder: string, tag = 'v1'): Promise<void> {
  const { host, registry } = lab;
  await host.sh(`mkdir -p ${folder}`);
  const workspace = checkout();
  for (const name of ['compose.yaml', 'nginx.conf']) {
    await host.write(`${folder}/${name}`, readFileSync(join(workspace, name)));
  }
  await host.write(
    `${folder}/.env`,
    `REGISTRY=${registry.address}\nTAG=${tag}\nPOSTGRES_PASSWORD=${PASSWORD}\n`,
  );
  await host.sh(
    `chown -R deploy ${folder} && cd ${folder} && su deploy -c 'docker compose up --detach --wait --quiet-pull db redis && docker compose run --rm -T api /app/shop migrate && docker compose up --detach --wait --quiet-pull'`,
  );
}
