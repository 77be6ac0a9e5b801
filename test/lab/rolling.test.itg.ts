import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { containers, deployed, refused, served, startDeploy } from './deploy-rig.ts';
import { rollingCheckout, rollingInputs } from './rolling-rig.ts';

/** Rolling deployments under load, behind nginx in a container that asks by Docker's DNS. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const loaded = () =>
  startLoad({
    url: lab.host.url(8080),
    rate: 150,
    clients: 32,
    webSockets: 5,
    slowShare: 0.01,
    timeoutMs: 60_000,
  });

const waysOn = async () =>
  (await lab.host.sh("docker network ls --format '{{.Name}}' | grep ^zz_ || true"))
    .split('\n')
    .filter(Boolean);

test('behind nginx in a container no request is lost, a failed release leaves the old containers running, and a killed one is finished', async () => {
  await lab.host.reset();
  const workspace = rollingCheckout();
  await deployed(rollingInputs(lab, 'v1'), { workspace });
  const before = await containers(lab.host);
  const load = loaded();
  await load.seen('v1', 60_000);
  const second = await deployed(rollingInputs(lab, 'v2'), { workspace });
  await load.seen('v2', 60_000);
  expect(second.outputs['outcome']).toBe('deployed');
  expect(JSON.parse(second.outputs['services']!)).toMatchObject({
    api: { action: 'roll' },
    gateway: { action: 'keep' },
  });
  const after = await containers(lab.host);
  expect(after['gateway-1']).toBe(before['gateway-1']);
  expect(Object.keys(after)).toEqual(expect.arrayContaining(['api-2']));
  expect(after['api-1']).toBeUndefined();

  const sick = await refused(rollingInputs(lab, 'v3', {}, 'sick'), { workspace });
  expect(sick.headline).toContain('goes on serving: none of its containers was stopped');
  expect(await containers(lab.host)).toEqual(after);

  const two = rollingCheckout(2);
  await deployed(rollingInputs(lab, 'v4'), { workspace: two });
  expect(Object.keys(await containers(lab.host)).filter((name) => name.startsWith('api-'))).toHaveLength(2);
  await deployed(rollingInputs(lab, 'v5'), { workspace: two });
  const report = await load.stop();
  expect(await served(lab.host)).toBe('v5');
  expect(report.byFailure).toEqual({});
  expect(Object.keys(report.byVersion).sort()).toEqual(['v1', 'v2', 'v4', 'v5']);
  // They live as long as drain-timeout says.
  expect(
    report.webSockets.filter((one) => one.cutAt !== undefined && one.cutAt - one.openedAt < 9000),
  ).toEqual([]);

  const again = loaded();
  await again.seen('v5', 60_000);
  const killed = startDeploy(rollingInputs(lab, 'v6'), { workspace: two });
  await lab.host.sh(
    'for i in $(seq 600); do docker ps --format "{{.Names}}" | grep -qx shop-api-[789] && break; sleep 0.1; done; sleep 2.5; pkill -KILL -f "[p]rogram run" || true',
  );
  await killed.done;
  await deployed(rollingInputs(lab, 'v7'), { workspace: two });
  expect((await again.stop()).byFailure).toEqual({});
  expect(await served(lab.host)).toBe('v7');
  expect((await waysOn()).length).toBeLessThanOrEqual(2);
}, 900_000);
