import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { deployed, startDeploy } from './deploy-rig.ts';
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

test('the server of the manager dies in the middle: another manager finishes', async () => {
  const inputs = await stackInputs(lab, workspace, { version: 'v2' });
  const [first, ...left] = lab.hosts;
  let dead: Promise<void> | undefined;
  const result = await startDeploy(inputs, {
    workspace,
    onLine: (line) => {
      if (line.includes('gives the cluster')) dead ??= first!.remove();
    },
  }).done;
  await dead;
  expect([result.exitCode, result.exitCode === 0 ? '' : result.shown]).toEqual([0, '']);
  expect(result.shown).toContain('another manager, goes on');
  expect(await answers(left)).toEqual(['v2', 'v2']);
  expect(await left[0]!.sh('docker config ls --quiet --filter label=deploy-actions.lead')).toBe('');
}, 900_000);
