import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { runBundle, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { type DeployInputs, deployed, refused, startDeploy } from './deploy-rig.ts';
import { answers, stackCheckout, stackInputs, writeSite } from './swarm-rig.ts';
import { EXAMPLES } from './workflow-rig.ts';

const testWithAct = testIf(test, whyNoAct());

let lab: Lab;
const workspace = stackCheckout();

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 2 });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const deploy = async (version: string, more: Omit<Parameters<typeof stackInputs>[2], 'version'> = {}) =>
  await deployed(await stackInputs(lab, workspace, { version, ...more }), { workspace });

/** Index of the version that the cluster has of a service, which counts up with each change. */
const specVersions = async () =>
  await lab.host.sh("docker service inspect --format '{{.Version.Index}}' shop_web shop_store");

test('a release comes up on all nodes, and the same again changes nothing', async () => {
  const result = await deploy('v1');
  expect(result.outputs['outcome']).toBe('deployed');
  expect(await answers(lab.hosts)).toEqual(['v1', 'v1', 'v1']);
  const before = await specVersions();
  const again = await deploy('v1');
  expect(again.outputs['outcome']).toBe('unchanged');
  expect(await specVersions()).toBe(before);
}, 900_000);

test('a release that never becomes healthy: what served before serves on every node, and the evidence is of the node', async () => {
  const inputs = await stackInputs(lab, workspace, { version: 'v2', probe: 'never' });
  const result = await refused(inputs, { workspace });
  expect(result.headline).toContain('web');
  expect(result.outputs['outcome']).toBe('restored');
  expect(await answers(lab.hosts)).toEqual(['v1', 'v1', 'v1']);
  // A server that ends in order when it is told to is `complete`, though its health check has failed.
  expect(result.shown).toMatch(/task 0 on h[123]: (?:failed|complete)/);
  expect(result.summary).toMatch(/health: unhealthy, \d+ failures in a row/);
}, 900_000);

test('a worker as the first host is refused by its name', async () => {
  const hosts = [lab.hosts[2]!, lab.hosts[0]!, lab.hosts[1]!];
  const worker = await refused(await stackInputs(lab, workspace, { version: 'v2', hosts }), { workspace });
  expect(worker.headline).toContain('h3 is a worker of its swarm');
}, 900_000);

testWithAct(
  'swarm-three-nodes.yml deploys to every node, and takes back a version that a node does not answer with',
  async () => {
    const repository = stackCheckout(':${TAG}');
    const store = await lab.registry.digest('shop/redis:8');
    await lab.registry.publish({ from: 'shop/web:v1', to: 'shop/web:v2' });
    const push = async (tag: string, says: string) => {
      writeSite(repository, says);
      return await runWorkflow({
        repository,
        workflow: join(EXAMPLES, 'swarm-three-nodes.yml'),
        payload: { ref: `refs/tags/${tag}` },
        secrets: {
          DEPLOY_HOSTS: lab.hosts.map((host) => `${host.user}@${host.address}:${host.sshPort}`).join('\n'),
          DEPLOY_SSH_KEY: lab.key.privateKey,
          DEPLOY_KNOWN_HOSTS: lab.hosts.map((host) => host.knownHosts()).join('\n'),
          SHOP_ENV: `REGISTRY=${lab.registry.address}\nSTORE=${store}\nPROBE=up\nTOKEN=secret`,
        },
        variables: {
          REGISTRY: lab.registry.address,
          SHOP_NODES: lab.hosts.map((host, index) => `node${index + 1} = ${host.url(8080)}/up`).join('\n'),
        },
      });
    };
    const good = await push('v1', 'v1');
    expect([good.exitCode, good.exitCode === 0 ? '' : good.log]).toEqual([0, '']);
    const bad = await push('v2', 'another');
    expect(bad.exitCode).not.toBe(0);
    expect([
      await answers(lab.hosts),
      bad.log.includes('Success - Main Take it back') ? '' : bad.log,
    ]).toEqual([['v1', 'v1', 'v1'], '']);
  },
  900_000,
);

/** Of v3, for when there is no registry any more that could be asked for digests. */
let inputs: DeployInputs;

/** The tasks of a service that should run. */
const tasksOf = async (service: string) =>
  await lab.host.sh(`docker service ps --no-trunc --quiet --filter desired-state=running ${service} | sort`);

test('a secret and a file that have changed make those services anew that use them, and no others', async () => {
  const before = await Promise.all(['shop_store', 'shop_web'].map(tasksOf));
  inputs = await stackInputs(lab, workspace, { version: 'v3' });
  await deployed(inputs, { workspace });
  const [store, web] = await Promise.all(['shop_store', 'shop_web'].map(tasksOf));
  expect(await answers(lab.hosts)).toEqual(['v3', 'v3', 'v3']);
  expect([store, web === before[1]]).toEqual([before[0], false]);
}, 900_000);

test('with the registry gone on every node the same again changes nothing, and is no failure', async () => {
  await lab.registry.remove();
  const before = await specVersions();
  const again = await deployed(inputs, { workspace });
  expect(again.outputs['outcome']).toBe('unchanged');
  expect(await specVersions()).toBe(before);
}, 900_000);

test('the release before comes back on every node with the registry gone', async () => {
  const result = await runBundle({
    action: 'rollback',
    workspace,
    tree: process.env['DEPLOY_ACTIONS_TREE'],
    inputs: {
      host: inputs['host'],
      'ssh-key': inputs['ssh-key'],
      'known-hosts': inputs['known-hosts'],
      path: inputs['path'],
      project: 'shop',
      to: 'previous',
      'wait-timeout': '90s',
    },
    env: { GITHUB_RUN_ID: String(Date.now()), GITHUB_JOB: 'back', GITHUB_REPOSITORY: 'shop/shop' },
  });
  expect([result.exitCode, result.exitCode === 0 ? '' : result.shown]).toEqual([0, '']);
  expect(await answers(lab.hosts)).toEqual(['v1', 'v1', 'v1']);
}, 900_000);

test('a runner that is killed in the middle: the manager finishes by itself', async () => {
  const runner = startDeploy(inputs, {
    workspace,
    onLine: (line) => {
      if (line.includes('gives the cluster')) runner.kill('SIGKILL');
    },
  });
  await runner.done;
  const history = '/srv/deploy/shop/.deploy/history.jsonl';
  await until(async () =>
    /"outcome":"succeeded"/.test(await lab.host.sh(`tail -n 1 ${history} | grep '"version":"v3"' || :`)),
  );
  expect(await answers(lab.hosts)).toEqual(['v3', 'v3', 'v3']);
}, 900_000);

test('without a leader nothing is deployed, and what runs goes on', async () => {
  await lab.hosts[1]!.pause();
  await until(async () =>
    (await lab.host.exec(['docker', 'node', 'ls'])).stderr.includes('does not have a leader'),
  );
  const hosts = [lab.hosts[0]!, lab.hosts[2]!];
  const host = hosts.map(({ sshPort }) => `deploy@127.0.0.1:${sshPort}`).join('\n');
  const result = await refused({ ...inputs, host }, { workspace });
  expect(result.headline).toContain('the swarm does not have a leader');
  expect(await answers(hosts)).toEqual(['v3', 'v3']);
  await lab.hosts[1]!.unpause();
}, 900_000);

/** Asks again and again, for two minutes at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to that within two minutes');
    await new Promise((wake) => setTimeout(wake, 500));
  }
}
