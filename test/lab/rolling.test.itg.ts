import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { containers, deployed, refused, served, startDeploy } from './deploy-rig.ts';
import {
  GATEWAYS,
  type GatewayKind,
  bringCaddy,
  cutEarly,
  rollingCheckout,
  rollingInputs,
} from './rolling-rig.ts';

/** Rolling deployments under load, behind proxies in containers that ask by Docker's DNS. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const loaded = (kind: GatewayKind = 'nginx', rate = 150) =>
  startLoad({
    url: lab.host.url(GATEWAYS[kind].port),
    rate,
    clients: 32,
    webSockets: 5,
    slowShare: 0.01,
    timeoutMs: 60_000,
  });

/** Kills the program on the server, some time after it has started a container of this name. */
const killRolling = async (name: string) =>
  await lab.host.sh(
    `for i in $(seq 600); do docker ps --format "{{.Names}}" | grep -qx ${name} && break; sleep 0.1; done; sleep 2.5; pkill -KILL -f "[p]rogram run" || true`,
  );

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
    nginx: { action: 'keep' },
  });
  const after = await containers(lab.host);
  expect(after['nginx-1']).toBe(before['nginx-1']);
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
  expect(cutEarly(load, 'v2')).toBe(0);

  const again = loaded();
  await again.seen('v5', 60_000);
  const killed = startDeploy(rollingInputs(lab, 'v6'), { workspace: two });
  await killRolling('shop-api-[789]');
  await killed.done;
  await deployed(rollingInputs(lab, 'v7'), { workspace: two });
  expect((await again.stop()).byFailure).toEqual({});
  expect(await served(lab.host)).toBe('v7');
  expect((await waysOn()).length).toBeLessThanOrEqual(2);
}, 900_000);

test('behind Caddy and HAProxy in containers no request is lost, WebSockets have their time, and a killed deployment is finished', async () => {
  await lab.host.reset();
  await bringCaddy(lab.host);
  const kinds: GatewayKind[] = ['caddy', 'haproxy'];
  const run = { workspace: rollingCheckout(1, kinds) };
  const inputs = (tag: string) => rollingInputs(lab, tag, {}, '', kinds);
  await deployed(inputs('v1'), run);
  const loads = kinds.map((kind) => loaded(kind, 100));
  const seen = async (tag: string) => await Promise.all(loads.map((load) => load.seen(tag, 60_000)));
  await seen('v1');
  await deployed(inputs('v2'), run);
  await seen('v2');
  const killed = startDeploy(inputs('v3'), run);
  await killRolling('shop-api-3');
  await killed.done;
  await deployed(inputs('v4'), run);
  await seen('v4');
  for (const load of loads) {
    expect((await load.stop()).byFailure).toEqual({});
    expect(cutEarly(load, 'v2')).toBe(0);
  }
}, 900_000);
