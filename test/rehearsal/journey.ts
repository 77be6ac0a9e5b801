import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, type Lab, type Load, SAMPLE_APP, startLoad } from '@deploy-actions/lab';
import { type BundleResult } from '@deploy-actions/tooling';
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
  const deploy = (version: string): Step['inputs'] => ({
    ...serverInputs(host),
    path: PATH,
    'compose-file': 'compose.yaml',
    files: 'nginx.conf',
    version,
    images: imageLines(lab, version),
    env: [
      `REGISTRY=${lab.registry.address}`,
      `TAG=${version}`,
      `POSTGRES_PASSWORD=${'rehearsed-'.padEnd(24, 'x')}`,
      `WEB_PORT=${SITE_PORT}`,
    ].join('\n'),
    registry: lab.registry.address,
    'registry-username': lab.registry.admin.username,
    'registry-password': lab.registry.admin.password,
    migrate: 'api: /app/shop migrate',
    'migration-state': 'api: /app/shop migration-state',
    'migration-reversible': 'true',
    'deployment-id': `rehearsal-${version}`,
    'wait-timeout': '60s',
  });
  const wait = (): Step['inputs'] => ({
    targets: `${host.url(SITE_PORT)}/api/readiness/\n${host.url(SITE_PORT)}/version`,
    timeout: '60s',
    successes: '2',
  });
  const steps: Step[] = [
    { name: 'deploy v1', action: 'ssh-compose-deploy', inputs: deploy('v1'), outcome: deployed },
    { name: 'wait for v1', action: 'health-wait', inputs: wait(), outcome: healthy },
    { name: 'deploy v2', action: 'ssh-compose-deploy', inputs: deploy('v2'), outcome: deployed },
    { name: 'wait for v2', action: 'health-wait', inputs: wait(), outcome: healthy },
    {
      name: 'deploy a broken v3',
      action: 'ssh-compose-deploy',
      inputs: { ...deploy('never-healthy'), 'wait-timeout': '20s' },
      expect: 'failure',
      outcome: () => 'found unhealthy; v2 restored by the action',
    },
    { name: 'wait for v2 again', action: 'health-wait', inputs: wait(), outcome: healthy },
  ];

  let client: Load | undefined;
  const began = Date.now();
  const marks: Mark[] = [];
  const bounds: { from: number; to: number }[] = [];
  const first = progress.phases.length;
  try {
    for (const step of steps) {
      const from = Date.now();
      if (client) marks.push({ at: from - began, label: step.name });
      await playStep(step, job, progress);
      bounds.push({ from, to: Date.now() });
      client ??= startLoad({ url: host.url(SITE_PORT), rate: RATE });
    }
    const served = await client!.seen();
    if (served.version !== 'v2') throw new Error(`${served.version} answers at the end, not v2`);
  } finally {
    await client?.stop();
  }
  return summarize(client!, { began, first, bounds, marks });
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

function imageLines(lab: Lab, version: string): string {
  return ['api', 'worker', 'scheduler']
    .map((service) => `${service}=${lab.registry.image(`shop/api:${version}`)}`)
    .join('\n');
}

function deployed(result: BundleResult): string {
  const { version, changed } = result.outputs;
  return `${version} runs (changed=${changed})`;
}

function healthy(result: BundleResult): string {
  return `ready after ${result.outputs['elapsed-ms']} ms`;
}
