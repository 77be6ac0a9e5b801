import { setTimeout as sleep } from 'node:timers/promises';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Report } from '@deploy-actions/kit';
import { type Host, type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import {
  type BundleResult,
  type BundleRun,
  type RunningBundle,
  runBundle,
  startBundle,
} from '@deploy-actions/tooling';
import { serverInputs } from './color-rig.ts';
import { type DeployInputs, deployed } from './deploy-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

jest.setTimeout(300_000);

// What health-wait, stability-watch and preflight see of a swarm of a manager and two workers, the last with a small disk.

let lab: Lab;
const workspace = stackCheckout();
// The store is on a worker, so that what happens to it only that node knows.
const file = join(workspace, 'compose.yaml');
const COMPOSE = readFileSync(file, 'utf8')
  .replace('  store:\n', "  store:\n    deploy: { placement: { constraints: ['node.hostname == h3'] } }\n")
  .replace('{ mode: global }', '{ mode: global, restart_policy: { delay: 1s } }');
const compose = (text: string) => writeFileSync(file, text);
compose(COMPOSE);

beforeAll(async () => {
  lab = await openLab({ hosts: [{}, {}, { disk: '600m' }] });
  await joinCluster(lab.hosts);
  await deployed(await release('v1'), { workspace });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const release = async (version: string, more: DeployInputs = {}) =>
  await stackInputs(lab, workspace, { version, more });

type Looker = 'health-wait' | 'preflight' | 'stability-watch';

/** A step with all nodes, and nothing that says which engine it is. */
const step = (action: Looker, inputs: DeployInputs): BundleRun => ({
  action,
  inputs: { ...serverInputs(lab, lab.hosts), ...inputs },
  workspace,
  tree: process.env['DEPLOY_ACTIONS_TREE'],
  env: { GITHUB_REPOSITORY: 'shop/shop' },
});

/** The deployment's own services are waited for. */
const wait = async () =>
  await runBundle(step('health-wait', { targets: 'compose://web\ncompose://store', timeout: '90s' }));

/** Checks of preflight with the inputs of a deployment, by the name of the node and their own. */
async function look(more: DeployInputs = {}): Promise<Record<string, Report['checks'][number]>> {
  const { env, files } = await release('v1');
  const result = await runBundle(step('preflight', { env, files, 'min-free-disk': '50MB', ...more }));
  const { checks } = JSON.parse(result.outputs['report'] ?? '{"checks":[]}') as Report;
  if (checks.length === 0) throw new Error(result.shown);
  const names = new Map(lab.hosts.map(({ name, sshPort }) => [`127.0.0.1:${sshPort}`, name]));
  return Object.fromEntries(
    checks.map((one) => [
      one.name.replace(/^(?:deploy@)?([^ ]+):(?= )/, (_, at: string) => `${names.get(at) ?? at}:`),
      one,
    ]),
  );
}

/** Names of those that are red for what was seen. */
const red = (checks: Awaited<ReturnType<typeof look>>) =>
  Object.entries(checks)
    .filter(([, { ok, severity }]) => !ok && severity !== 'warn')
    .map(([name]) => name)
    .sort();

/** A watch that has looked at the tasks once: what comes from then on is news to it. */
async function looking(inputs: DeployInputs): Promise<RunningBundle> {
  const asked = async () => (await lab.host.sshLog()).split('Starting session:').length;
  let begun: number | undefined;
  let has: Promise<void> | undefined;
  const running = startBundle({
    ...step('stability-watch', { interval: '2s', ...inputs }),
    onLine: (line) => {
      if (!line.includes('watching the containers of shop')) return;
      has ??= asked().then((count) => void (begun = count));
    },
  });
  // One look begins when the one before has ended.
  await until('a watch that has looked', async () => begun !== undefined && (await asked()) >= begun + 2);
  return running;
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

const succeeded = ({ exitCode, shown }: BundleResult) => [exitCode, exitCode === 0 ? '' : shown];
const SUCCESS = [0, ''];

/** The container of a service's task on a node. */
const taskOn = async (host: Host, service: string) =>
  (await host.sh(`docker ps --quiet --filter label=com.docker.swarm.service.name=shop_${service}`)).trim();

/** Its program dies, as by a fault of its own. */
async function crash(host: Host, service: string): Promise<void> {
  const task = await taskOn(host, service);
  await host.sh(`kill -KILL $(docker inspect --format '{{.State.Pid}}' ${task})`);
}

test('preflight finds three nodes ready, by what the last release used', async () => {
  const checks = await look();
  expect(red(checks)).toEqual([]);
  expect(checks['h1: swarm']!.detail).toMatch(/^h1 is a manager, Docker \d/);
  expect(checks['h3: swarm']!.detail).toMatch(/^h3 is a worker, Docker \d/);
  expect(checks['h1: nodes']!.detail).toBe('3 nodes, 1 of them managers, all ready');
  // A worker reaches the manager's port for managers, and every node that of the others.
  expect(checks['h2: node-ports']!.detail).toMatch(/^reaches (?=.*:2377)(?=.*:7946)/);
  expect(checks['h1: stack']!.detail).toBe('store and web can be deployed to the cluster');
});

test('preflight sees what one of the nodes lacks: a folder that is mounted, the way to the manager, room on its disk', async () => {
  const [h1, h2, h3] = lab.hosts as [Host, Host, Host];
  for (const host of [h1, h3]) await host.sh('mkdir -p /srv/media');
  compose(COMPOSE.replace('volumes: [', "volumes: ['/srv/media:/media:ro', "));
  // New connections alone: what the swarm itself has open goes on.
  const rule = 'OUTPUT -p tcp --syn --dport 2377 -j REJECT --reject-with tcp-reset';
  await h3.sh(`iptables -w -I ${rule}`);
  try {
    const checks = await look({ 'min-free-disk': '5GB' });
    expect(red(checks)).toEqual(['h1: stack', 'h3: disk', 'h3: node-ports']);
    const { detail } = checks['h1: stack']!;
    expect(detail).toContain('web mounts /srv/media, which is not on ');
    expect(detail).toContain(`:${h2.sshPort}: a cluster makes no folder for it`);
    expect(checks['h3: node-ports']!.detail).toMatch(/^does not reach [\d.]+:2377\. /);
  } finally {
    await h3.sh(`iptables -w -D ${rule}`);
    compose(COMPOSE);
  }
});

test('preflight says of a port on the mesh whether the kernels of the nodes can spread it', async () => {
  const can = (await lab.host.exec(['test', '-e', '/proc/net/ip_vs'])).code === 0;
  compose(COMPOSE.replace('mode: host', 'mode: ingress'));
  try {
    const { detail } = (await look())['h1: stack']!;
    if (can) expect(detail).toBe('store and web can be deployed to the cluster');
    else expect(detail).toMatch(/^web publishes 8080 on the mesh, and the kernel of \S+ has no IPVS/);
  } finally {
    compose(COMPOSE);
  }
});

test('our own deployment during a watch replaces tasks on every node, and the watch goes on', async () => {
  const running = await looking({ duration: '60s' });
  await deployed(await release('v2'), { workspace, timeout: 200_000 });
  expect(await answers(lab.hosts)).toEqual(['v2', 'v2', 'v2']);
  const result = await running.done;
  expect(succeeded(result)).toEqual(SUCCESS);
  for (const node of ['h1', 'h2', 'h3'])
    expect(result.outputs['report']).toMatch(
      new RegExp(`shop_web\\.0@${node} \\(service web\\) was stopped by deploy-1`),
    );
});

test('a task that crashes on a worker ends the watch', async () => {
  const running = await looking({ duration: '120s' });
  await crash(lab.hosts[1]!, 'web');
  const { exitCode, outputs } = await running.done;
  expect([exitCode, outputs['stable']]).toEqual([1, 'false']);
  expect(outputs['reason']).toMatch(/shop_web\.0@h2 \(service web\) exited with code 137$/);
});

test('a task that the kernel of a worker kills for lack of memory is told as that', async () => {
  const [, , h3] = lab.hosts;
  const running = await looking({ duration: '120s' });
  const task = await taskOn(h3!, 'store');
  await h3!.sh(
    `docker update --memory 24m --memory-swap 24m ${task} >/dev/null 2>&1; docker exec ${task} redis-cli setrange big 99999999 x || :`,
  );
  const { exitCode, outputs } = await running.done;
  expect([exitCode, outputs['stable']]).toEqual([1, 'false']);
  expect(outputs['reason']).toMatch(
    /shop_store\.1@h3 \(service store\) was killed for lack of memory \(OOM\)$/,
  );
});

test('health-wait waits for the tasks of all nodes, and ends with the words of the worker where one ends again and again', async () => {
  expect(succeeded(await wait())).toEqual(SUCCESS);
  const [, h2] = lab.hosts;
  const site = (
    await h2!.sh(
      `docker inspect --format '{{range .Mounts}}{{.Source}}{{println}}{{end}}' ${await taskOn(h2!, 'web')} | grep site.conf`,
    )
  ).trim();
  const text = await h2!.sh(`cat ${site}`);
  await h2!.sh(`echo 'nonsense;' >${site}`);
  let killed: Promise<void> | undefined;
  const { exitCode, shown, outputs, annotations } = await startBundle({
    ...step('health-wait', { targets: 'compose://web\ntcp://127.0.0.1:1', via: 'ssh', timeout: '2m' }),
    // Then the first look at the tasks is over.
    onLine: (line) => {
      if (line.includes('compose://web: ready')) killed ??= crash(h2!, 'web');
    },
  }).done;
  await killed;
  expect([exitCode, outputs['healthy']]).toEqual([1, 'false']);
  const headline = annotations.find(({ level }) => level === 'error')?.message;
  expect(headline).toContain('service web ends again and again on h2: task: non-zero exit (1), exit code 1');
  expect(shown).toMatch(/on h2: last log lines of shop_web[^\n]*\n[^\n]*unknown directive "nonsense"/);
  await h2!.sh(`cat >${site}`, { input: text });
  expect(succeeded(await wait())).toEqual(SUCCESS);
  expect(await answers(lab.hosts)).toEqual(['v2', 'v2', 'v2']);
});
