import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { SMALL, deployInputs, deployed, refused, smallCheckout, smallServed } from './deploy-rig.ts';

/** Deployments of a part of the stack, and of what stands beside it on the server. */
let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  await lab.host.reset();
});

test('a part that is deployed takes nothing else away, also when the next deployment is taken back', async () => {
  const { host } = lab;
  const whole = await deployed(deployInputs(lab, 'v1', SMALL), { workspace: smallCheckout() });
  const workspace = smallCheckout();
  const compose = join(workspace, 'compose.yaml');
  writeFileSync(
    compose,
    readFileSync(compose, 'utf8').replace('shop/redis:8\n', 'shop/redis:8\n    labels: { part: two }\n'),
  );
  const part = await deployed(deployInputs(lab, 'v2', { ...SMALL, services: 'store' }), { workspace });
  expect(part.outputs['previous-release']).toBe(whole.outputs['release']);
  expect(await host.sh(`docker inspect --format '{{.Config.Labels.part}}' shop-store-1`)).toBe('two\n');
  expect(await smallServed(host)).toBe('v1');

  appendFileSync(join(workspace, 'nginx.conf'), 'this is no configuration\n');
  const broken = await refused(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(broken.headline).toContain(`${part.outputs['release']} was restored and is healthy`);
  expect(await smallServed(host)).toBe('v1');
});

test('what runs of a profile that was not asked for goes on running', async () => {
  const { host } = lab;
  const workspace = smallCheckout();
  appendFileSync(
    join(workspace, 'compose.yaml'),
    `  debug:\n    image: \${REGISTRY}/shop/redis:8\n    profiles: [debug]\n`,
  );
  await deployed(deployInputs(lab, 'v1', { ...SMALL, profiles: 'debug' }), { workspace });
  const debug = await host.sh(`docker inspect --format '{{.Id}}' shop-debug-1`);
  await deployed(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(await smallServed(host)).toBe('v2');
  expect(await host.sh(`docker inspect --format '{{.Id}}' shop-debug-1`)).toBe(debug);
  const again = await deployed(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(again.outputs['changed']).toBe('false');
  // Without the service in the file it is an orphan.
  await deployed(deployInputs(lab, 'v2', SMALL), { workspace: smallCheckout() });
  expect((await host.exec(['docker', 'inspect', 'shop-debug-1'])).code).not.toBe(0);
});

test('what is in the network of a service is made anew with it, also where a deployment was cut off in between', async () => {
  const { host } = lab;
  const workspace = smallCheckout();
  appendFileSync(
    join(workspace, 'compose.yaml'),
    `  beside:\n    image: \${REGISTRY}/shop/redis:8\n    network_mode: service:web\n  above:\n    image: \${REGISTRY}/shop/redis:8\n    command: [redis-server, --port, '6380']\n    network_mode: service:beside\n`,
  );
  const asked = async (service: string) =>
    await host.sh(`docker exec shop-${service}-1 wget -q -O - http://127.0.0.1/web-health`);
  await deployed(deployInputs(lab, 'v1', SMALL), { workspace });
  const healthy = await asked('beside');
  const plan = await deployed(deployInputs(lab, 'v2', { ...SMALL, plan: true }), { workspace });
  expect(plan.shown).toMatch(/beside.*joins web/);
  await deployed(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(await smallServed(host)).toBe('v2');
  expect([await asked('beside'), await asked('above')]).toEqual([healthy, healthy]);
  const again = await deployed(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(again.outputs['changed']).toBe('false');
  // As a run leaves it that was cut off after the first of the three.
  await host.sh(
    'cd /srv/deploy/shop && docker compose --project-directory . -p shop --env-file /dev/null -f current/compose.json up -d --no-deps --force-recreate web 2>&1',
  );
  const mended = await deployed(deployInputs(lab, 'v2', SMALL), { workspace });
  expect(mended.outputs['changed']).toBe('true');
  expect([await asked('beside'), await asked('above')]).toEqual([healthy, healthy]);
});

test('a job that is run again after another version came does not call that a success', async () => {
  const first = { runId: '100', workspace: smallCheckout() };
  await deployed(deployInputs(lab, 'v1', SMALL), first);
  await deployed(deployInputs(lab, 'v2', SMALL), { runId: '101', workspace: smallCheckout() });
  const again = await refused(deployInputs(lab, 'v1', SMALL), {
    ...first,
    env: { GITHUB_RUN_ATTEMPT: '2' },
  });
  expect(again.headline).toMatch(
    /this deployment has succeeded before, as the release .*v1.*, but by now .*v2.* runs there/,
  );
  expect(await smallServed(lab.host)).toBe('v2');
});

test("the server's env file stays as it is, in whatever folder", async () => {
  const { host } = lab;
  await host.sh(
    `su deploy -c 'mkdir -p /srv/deploy/shop/shared/config && echo REGISTRY=${lab.registry.address} >/srv/deploy/shop/shared/config/prod.env'`,
  );
  const inputs = { ...SMALL, 'env-file': 'config/prod.env', env: 'TAG=v1' };
  await deployed(deployInputs(lab, 'v1', inputs), { workspace: smallCheckout() });
  expect(await smallServed(host)).toBe('v1');
  expect(await host.sh('cat /srv/deploy/shop/shared/config/prod.env')).toBe(
    `REGISTRY=${lab.registry.address}\n`,
  );
});
