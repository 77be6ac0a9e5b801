import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Report } from '@deploy-actions/kit';
import { type Host, type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { type BundleResult, runBundle } from '@deploy-actions/tooling';

// stability-watch's bundle against a real server with the sample application, quiet and faulty.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab({ hosts: 1 });
  ({ host } = lab);
  await host.sh(`mkdir -p /srv/deploy/shop && chown deploy /srv/deploy/shop`);
  for (const name of ['compose.yaml', 'nginx.conf']) {
    const text = Buffer.from(readFileSync(join(SAMPLE_APP, name), 'utf8')).toString('base64');
    await host.sh(`echo ${text} | base64 -d >/srv/deploy/shop/${name}`);
  }
  await compose('v2', 'up -d --wait db redis');
  await compose('v2', 'run --rm --no-deps api /app/shop migrate');
}, 900_000);
afterAll(async () => {
  await lab.close();
}, 120_000);

async function compose(tag: string, command: string): Promise<void> {
  const env = `REGISTRY=${lab.registry.address} TAG=${tag} POSTGRES_PASSWORD=pw`;
  await host.sh(`cd /srv/deploy/shop && ${env} docker compose ${command}`);
}

async function up(tag: string): Promise<void> {
  await compose(tag, 'up -d --no-deps --wait api worker scheduler');
  await compose(tag, 'up -d --no-deps --wait web');
}

async function watch(inputs: Record<string, string>): Promise<BundleResult & { report: Report }> {
  const result = await runBundle({
    action: 'stability-watch',
    inputs: {
      host: `deploy@127.0.0.1:${host.sshPort}`,
      'ssh-key': lab.key.privateKey,
      'known-hosts': host.knownHosts(),
      path: '/srv/deploy/shop',
      project: 'shop',
      via: 'ssh',
      interval: '2s',
      'requests-per-interval': '40',
      ...inputs,
    },
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
  return { ...result, report: JSON.parse(result.outputs['report'] ?? '{}') as Report };
}

const QUIET = {
  'log-patterns': '/panic|fatal/i',
  'max-memory': '99.9%',
  'max-disk': '99.9%',
  'max-cpu': '100%',
};
const PAGE = 'shop = http://127.0.0.1:8080/api/jobs';

test('a quiet version is stable, while a run of ours restarts a neighbour', async () => {
  await up('v2');
  const run = '/srv/deploy/shop/.deploy/runs/7-deploy/deploy-1';
  await host.sh(
    `mkdir -p ${run}; echo "project='shop'" >${run}/parameters; date -u +'%Y-%m-%dT%H:%M:%SZ phase:up' >${run}/journal; chown -R deploy /srv/deploy/shop/.deploy`,
  );
  const watching = watch({ targets: `${PAGE}\ncompose://api`, duration: '10s', 'max-p95': '3s', ...QUIET });
  await host.sh(`sleep 3; docker restart -t 1 shop-scheduler-1; sleep 1; true >${run}/result`);
  const { exitCode, outputs, log, report } = await watching;
  expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
  expect(outputs).toMatchObject({ stable: 'true', errors: '0' });
  expect(outputs['reason'] ?? '').toBe('');
  expect(Number(outputs['requests'])).toBeGreaterThan(190);
  expect(report.summary).toContain('the error rate is below');
  expect(JSON.stringify(report.checks)).toContain(
    'shop-scheduler-1 (service scheduler) was stopped by deploy-1',
  );
}, 120_000);

test('a neighbour that a person restarts ends it: no run of ours did', async () => {
  const watching = watch({ targets: PAGE, duration: '60s' });
  await host.sh('sleep 5; docker restart -t 1 shop-scheduler-1');
  const { exitCode, outputs } = await watching;
  expect([exitCode, outputs['reason']]).toEqual([
    1,
    expect.stringContaining('shop-scheduler-1 (service scheduler) was stopped by somebody: no run in'),
  ]);
}, 120_000);

test('a version that fails some requests is found long before the watch is over', async () => {
  await up('some-errors');
  const { exitCode, outputs } = await watch({ targets: PAGE, duration: '60s' });
  expect(exitCode).toBe(1);
  expect(outputs).toMatchObject({ stable: 'false', errors: '4' });
  expect(outputs['reason']).toMatch(/shop: 4 of \d+ requests failed .*status 500/);
  expect(Number(outputs['elapsed-ms'])).toBeLessThan(30_000);
}, 120_000);

test('an OOM kill is told as what it is, though the engine starts the container again', async () => {
  await up('v2');
  const watching = watch({ duration: '60s' });
  // Half a gigabyte is more than the container may have from now on.
  await host.sh(
    'sleep 3; docker update --memory 24m --memory-swap 24m shop-worker-1 >/dev/null 2>&1; docker exec shop-worker-1 node -e "Buffer.alloc(5e8, 1)" || true',
  );
  const { exitCode, outputs, log } = await watching;
  expect([exitCode, log]).toEqual([1, expect.stringContaining('lack of memory (OOM)')]);
  expect(outputs['reason']).toContain('shop-worker-1 (service worker) was killed for lack of memory (OOM)');
}, 120_000);

test('a version that crashes after 20 seconds is found when it does, with its last words', async () => {
  await compose('crash-late', 'up -d --no-deps --wait api');
  const { exitCode, outputs, log } = await watch({ duration: '60s' });
  expect(exitCode).toBe(1);
  expect(outputs['reason']).toMatch(/shop-api-1 \(service api\) exited with code 1/);
  expect(log).toContain('fatal: out of file handles');
  expect(Number(outputs['elapsed-ms'])).toBeLessThan(40_000);
}, 120_000);
