import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, joinCluster, openLab } from '@deploy-actions/lab';
import { deployed, refused } from './deploy-rig.ts';
import { answers, stackCheckout, stackInputs } from './swarm-rig.ts';

let lab: Lab;
const workspace = stackCheckout();

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts);
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
  expect(result.summary).toMatch(/health: unhealthy, 3 failures in a row/);
}, 900_000);
