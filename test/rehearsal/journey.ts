import { randomUUID } from 'node:crypto';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, type Lab, type Load, SAMPLE_APP, startLoad } from '@deploy-actions/lab';
import { type Mark, type Sample } from './picture.ts';
import { type Progress } from './progress.ts';
import { type Job, type Step, playStep } from './step.ts';

/** What the client saw, for the table and the picture. */
export interface Rehearsal {
  /** Requests served and failed in each phase, by the phase's index in `progress.phases`. */
  traffic: ({ served: number; failed: number } | undefined)[];
  total: { served: number; failed: number };
  /** Which versions answered how many requests, as one phrase. */
  versions: string;
  samples: Sample[];
  marks: Mark[];
  end: number;
}

/** Requests a second of the client that asks all the while. */
const RATE = 100;
const SITE_PORT = 8080;
const PATH = '/srv/deploy/shop';

/**
 * Plays the deployment: v1 first, v2 over it, then a broken release that the action itself takes back.
 * @throws when a step does not end as it should, or what answers at the end is not v2.
 */
export async function playJourney(lab: Lab, progress: Progress, signal: AbortSignal): Promise<Rehearsal> {
  const { host } = lab;
  const job = openJob(lab, signal);
  const password = randomUUID();
  const verify = (version: string): Step => ({
    name: `verify ${version}`,
    action: 'ghcr-verify-image',
    inputs: {
      images: [
        `api,worker,scheduler=${lab.registry.image(`shop/api:${version}`)}`,
        `web=${lab.registry.image(`shop/web:${version}`)}`,
        `db=${lab.registry.image('shop/postgres:17')}`,
        `redis=${lab.registry.image('shop/redis:8')}`,
      ].join('\n'),
      platforms: 'linux/amd64',
      ...registryLogin(lab),
    },
    outcome: (result) =>
      `${Object.keys(JSON.parse(result.outputs['images'] ?? '{}') as object).length} services, by digest`,
  });
  const deploy = (version: string, images: string): Step => ({
    name: `deploy ${version}`,
    action: 'ssh-compose-deploy',
    inputs: {
      ...serverInputs(host),
      path: PATH,
      'compose-file': 'compose.yaml',
      files: 'nginx.conf',
      version,
      images,
      env: [
        `REGISTRY=${lab.registry.address}`,
        `TAG=${version}`,
        `POSTGRES_PASSWORD=${password}`,
        `WEB_PORT=${SITE_PORT}`,
      ].join('\n'),
      registry: lab.registry.address,
      ...registryLogin(lab),
      migrate: 'api: /app/shop migrate',
      'migration-state': 'api: /app/shop migration-state',
      'migration-reversible': 'true',
      'deployment-id': `rehearsal-${version}`,
    },
    outcome: ({ outputs }) => `${outputs['version']} runs (changed=${outputs['changed']})`,
  });
  const wait = (version: string): Step => ({
    name: `wait for ${version}`,
    action: 'health-wait',
    inputs: {
      targets: `${host.url(SITE_PORT)}/version`,
      'expect-version': version,
      timeout: '60s',
      successes: '2',
    },
    outcome: ({ outputs }) => `ready after ${outputs['elapsed-ms']} ms`,
  });

  let client: Load | undefined;
  const began = Date.now();
  const marks: Mark[] = [];
  const bounds: { from: number; to: number }[] = [];
  const first = progress.phases.length;
  const play = async (step: Step) => {
    const from = Date.now();
    if (step.action === 'ssh-compose-deploy') marks.push({ at: from - began, label: step.name });
    const result = await playStep(step, job, progress);
    bounds.push({ from, to: Date.now() });
    return result.outputs;
  };
  try {
    const v1 = await play(verify('v1'));
    await play(deploy('v1', v1['images'] ?? ''));
    await play(wait('v1'));
    client = startLoad({ url: host.url(SITE_PORT), rate: RATE });
    const v2 = await play(verify('v2'));
    await play(deploy('v2', v2['images'] ?? ''));
    await play(wait('v2'));
    const broken = await play(verify('never-healthy'));
    const bad = deploy('never-healthy', broken['images'] ?? '');
    await play({
      ...bad,
      name: 'deploy a broken v3',
      inputs: { ...bad.inputs, 'wait-timeout': '15s' },
      expect: 'failure',
      outcome: () => 'unhealthy, as it should be found; v2 restored',
    });
    await play({ ...wait('v2'), name: 'wait for v2 again' });
    const served = await client.seen();
    if (served.version !== 'v2') throw new Error(`${served.version} answers at the end, not v2`);
  } finally {
    await client?.stop();
  }
  return summarize(client, { began, first, bounds, marks });
}

function summarize(
  client: Load,
  {
    began,
    first,
    bounds,
    marks,
  }: { began: number; first: number; bounds: { from: number; to: number }[]; marks: Mark[] },
): Rehearsal {
  const records = client.records();
  const report = client.report();
  const start = records[0]?.at ?? began;
  const traffic: Rehearsal['traffic'] = [];
  for (const [index, { from, to }] of bounds.entries()) {
    const within = records.filter((record) => record.at >= from && record.at < to);
    const failed = within.filter((record) => record.failure !== undefined).length;
    if (within.length > 0) traffic[first + index] = { served: within.length - failed, failed };
  }
  return {
    traffic,
    total: { served: report.served, failed: report.failed },
    versions: Object.entries(report.byVersion)
      .map(([version, count]) => `${version}: ${count}`)
      .join(', '),
    samples: records.map((record) => ({
      at: record.at - start,
      ...(record.failure === undefined ? { version: record.version ?? 'unknown' } : {}),
    })),
    marks: marks.map((mark) => ({ ...mark, at: mark.at + began - start })),
    end: Math.max(...records.map((record) => record.at - start), 1000),
  };
}

/** The job's folder with the application as a checkout has it, and the values of a run. */
function openJob(lab: Lab, signal: AbortSignal): Job {
  const workspace = join(lab.folder, 'workspace');
  mkdirSync(workspace, { recursive: true });
  for (const name of ['compose.yaml', 'nginx.conf']) cpSync(join(SAMPLE_APP, name), join(workspace, name));
  return {
    workspace,
    signal,
    env: {
      GITHUB_REPOSITORY: 'example/shop',
      GITHUB_ACTOR: 'rehearsal',
      GITHUB_RUN_ID: String(process.pid),
      GITHUB_RUN_NUMBER: '1',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_JOB: 'deploy',
    },
  };
}

function serverInputs(host: Host): Record<string, string> {
  return {
    host: `${host.address}:${host.sshPort}`,
    user: host.user,
    'ssh-key': host.key.privateKey,
    'known-hosts': host.knownHosts(),
  };
}

function registryLogin(lab: Lab): Record<string, string> {
  return {
    'registry-username': lab.registry.admin.username,
    'registry-password': lab.registry.admin.password,
  };
}
