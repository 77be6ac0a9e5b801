import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { deployed } from './deploy-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

let lab: Lab;
const workspace = stackCheckout();

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 2 });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

test('what every node of a swarm has pulled ahead is deployed there with the registry gone', async () => {
  const inputs = await stackInputs(lab, workspace, { version: 'v1' });
  const run = { workspace, runId: '77' };
  const pulled = await deployed({ ...inputs, 'pull-only': true }, run);
  expect(pulled.outputs).toMatchObject({ outcome: 'pulled', changed: 'false' });
  expect(await lab.host.sh('docker service ls --quiet; ls /srv/deploy/shop')).toBe('');
  for (const host of lab.hosts) await host.sh('docker image prune --force');
  await lab.registry.remove();
  const result = await deployed(inputs, run);
  expect(result.outputs['outcome']).toBe('deployed');
  expect(await answers(lab.hosts)).toEqual(['v1', 'v1', 'v1']);
  for (const host of lab.hosts)
    expect(await host.sh("docker image ls --format '{{.Tag}}' deploy-actions/shop")).not.toMatch(/^_/m);
}, 900_000);
