import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';
import { deployed, startDeploy } from './deploy-rig.ts';
import { PATH } from './fault-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

let lab: Lab;
const workspace = stackCheckout();
const file = join(workspace, 'compose.yaml');
writeFileSync(
  file,
  readFileSync(file, 'utf8')
    .replace(
      'depends_on: { store: { condition: service_healthy } }',
      'depends_on: { store: { condition: service_healthy }, seed: { condition: service_completed_successfully } }',
    )
    .replace(
      '  web:\n',
      `  seed:
    image: \${REGISTRY}/shop/redis@\${STORE}
    command: [redis-cli, -h, store, incr, seeded]
    depends_on: { store: { condition: service_healthy } }
  web:
`,
    ),
);

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 3 });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** What the store holds, on whatever node it is. */
async function held(hosts: readonly Host[], key: string): Promise<string> {
  const found = await Promise.all(
    hosts.map(({ sh }) =>
      sh(
        `id=$(docker ps --quiet --filter label=com.docker.swarm.service.name=shop_store); [ -z "$id" ] || docker exec "$id" redis-cli get ${key}`,
      ),
    ),
  );
  return found.join('').trim();
}

test('a service that runs once, and a command of after-up, reach the services from the manager, once, and leave nothing', async () => {
  const more = { 'after-up': 'store: redis-cli -h store incr warmed' };
  const deploy = async () =>
    await deployed(await stackInputs(lab, workspace, { version: 'v1', more }), { workspace });
  await deploy();
  expect([await held(lab.hosts, 'seeded'), await held(lab.hosts, 'warmed')]).toEqual(['1', '1']);
  expect((await deploy()).outputs['outcome']).toBe('unchanged');
  expect([await held(lab.hosts, 'seeded'), await held(lab.hosts, 'warmed')]).toEqual(['1', '1']);
  for (const host of lab.hosts)
    expect(await host.sh('docker ps --all --quiet --filter label=com.docker.compose.project=shop')).toBe('');
  expect(await lab.host.sh('docker config ls --quiet --filter label=deploy-actions.lead')).toBe('');
}, 900_000);

/** Begins to bring the release before back, by the first of the hosts. */
function startRollback(hosts: readonly Host[], runId: string) {
  return startBundle({
    action: 'rollback',
    workspace,
    tree: process.env['DEPLOY_ACTIONS_TREE'],
    inputs: {
      host: hosts.map(({ sshPort }) => `deploy@127.0.0.1:${sshPort}`).join('\n'),
      'ssh-key': lab.key.privateKey,
      'known-hosts': hosts.map((host) => host.knownHosts()).join('\n'),
      path: PATH,
      project: 'shop',
      to: 'previous',
      'wait-timeout': '90s',
    },
    env: { GITHUB_RUN_ID: runId, GITHUB_JOB: 'back', GITHUB_REPOSITORY: 'shop/shop' },
  });
}

/** Waits in a host's own shell, for two minutes at most, until a command there goes well. */
const until = async (host: Host, command: string) =>
  await host.sh(`for i in $(seq 240); do ${command} && exit 0; sleep 0.5; done; exit 1`, {
    timeoutMs: 180_000,
  });

test('a manager that hangs in the middle of a rollback changes nothing more when it wakes: another one has finished it', async () => {
  const [hung, ...others] = lab.hosts as [Host, Host, Host];
  await deployed(await stackInputs(lab, workspace, { version: 'v2' }), { workspace });
  const deployV3 = async (hosts: readonly Host[]) =>
    await deployed(await stackInputs(lab, workspace, { version: 'v3', hosts }), { workspace });
  const run = `${PATH}/.deploy/runs/71-back/rollback-1`;
  await hung.write(`${PATH}/.deploy/pause-at`, 'up:begin:after\n', { mode: '0600' });
  const runner = startRollback(lab.hosts, '71');
  await until(hung, `grep -qsx paused ${run}/state`);
  runner.kill('SIGKILL');
  await runner.done;
  // It may go on as soon as the host wakes: its time passes meanwhile.
  await hung.sh(`setsid sh -c 'sleep 5; rm -f ${PATH}/.deploy/pause-at' >/dev/null 2>&1 &`);
  await hung.pause();
  try {
    await until(others[0], "docker node ls --format '{{.Hostname}} {{.Status}}' | grep -qx 'h1 Down'");
    const back = await startRollback(others, '72').done;
    expect([back.exitCode, back.exitCode === 0 ? '' : back.shown]).toEqual([0, '']);
    expect(await answers(others)).toEqual(['v1', 'v1']);
    // What it would bring back is not what serves.
    await deployV3(others);
  } finally {
    await hung.unpause();
  }
  await until(hung, `[ -e ${run}/result ]`);
  expect(await hung.sh(`cat ${run}/result`)).toContain('lead-lost');
  expect(await answers(others)).toEqual(['v3', 'v3']);
  // It has what its tasks mount, and hears what serves, when it is given again.
  await deployV3([...others, hung]);
  expect(await answers(lab.hosts)).toEqual(['v3', 'v3', 'v3']);
}, 900_000);

test('the server of the manager dies in the middle: another manager finishes', async () => {
  const [first, ...left] = lab.hosts as [Host, ...Host[]];
  // Before the cluster has heard of it: where it has begun to replace the task of a server that dies, it waits for that server.
  await first.write(`${PATH}/.deploy/pause-at`, 'up:begin:after\n', { mode: '0600' });
  const running = startDeploy(await stackInputs(lab, workspace, { version: 'v4' }), { workspace });
  await until(first, `grep -qsx paused ${PATH}/.deploy/runs/*/deploy-*/state`);
  await first.remove();
  const result = await running.done;
  expect([result.exitCode, result.exitCode === 0 ? '' : result.shown]).toEqual([0, '']);
  expect(result.shown).toContain('another manager, goes on');
  expect(await answers(left)).toEqual(['v4', 'v4']);
  expect(await left[0]!.sh('docker config ls --quiet --filter label=deploy-actions.lead')).toBe('');
}, 900_000);
