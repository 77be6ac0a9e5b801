import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import {
  SMALL,
  containers,
  deployInputs,
  deployed,
  psql,
  refused,
  served,
  smallCheckout,
} from './deploy-rig.ts';

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

const colored = {
  color: 'auto',
  'color-services': 'web\napi\nworker\nscheduler',
  'live-only-services': 'worker\nscheduler',
};

const versionAt = async (url: string) =>
  (JSON.parse(await lab.host.sh(`curl -fsS ${url}/version`)) as { version: string }).version;

test('a colour comes up beside the plain stack, on its own network, with the data of the stack, and nobody notices', async () => {
  await deployed(deployInputs(lab, 'v1'));
  await lab.host.sh('docker exec shop-api-1 sh -c "echo upload >/media/picture"');
  const plain = await containers(lab.host);
  const load = startLoad({ url: lab.host.url(8080), rate: 50 });
  const result = await deployed(deployInputs(lab, 'v2', colored));
  const { failed, byVersion } = await load.stop();
  expect(failed).toBe(0);
  expect(Object.keys(byVersion)).toEqual(['v1']);
  expect(result.outputs['color']).toBe('green');
  const urls = JSON.parse(result.outputs['color-urls']!) as Record<string, string>;
  expect(await versionAt(urls['web']!)).toBe('v2');
  expect(await served(lab.host)).toBe('v1');
  expect(await containers(lab.host)).toEqual(plain);
  const green = await containers(lab.host, 'shop-green');
  expect(Object.keys(green).sort()).toEqual(['api-1', 'web-1']);
  expect(await lab.host.sh('docker exec shop-green-api-1 cat /media/picture')).toBe('upload\n');
  // The name of a service means this colour's own.
  expect(await lab.host.sh(`docker exec shop-green-web-1 wget -qO- http://api:8000/version`)).toContain(
    '"v2"',
  );
  expect(await psql(lab.host, 'select 1')).toBe('1');
});

test('a colour that never gets healthy is taken down again, and the live one is not touched', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const plain = await containers(lab.host);
  const result = await refused(
    deployInputs(lab, 'never-healthy', { ...colored, 'migration-reversible': true }),
  );
  expect(result.headline).toContain('green was taken down again; traffic was not touched');
  expect(await containers(lab.host)).toEqual(plain);
  expect(await containers(lab.host, 'shop-green')).toEqual({});
  expect(await served(lab.host)).toBe('v1');
});

test('the live colour is refused, and the ports of a colour stay the same', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const first = await deployed(deployInputs(lab, 'v2', colored));
  const result = await refused(deployInputs(lab, 'v2', { ...colored, color: 'blue' }));
  expect(result.headline).toContain('blue is live');
  const second = await deployed(deployInputs(lab, 'v3', colored));
  expect(second.outputs['color']).toBe('green');
  expect(second.outputs['color-urls']).toBe(first.outputs['color-urls']);
});

test('shared services stay as they are unless a deploy may update them; then the colours find them again', async () => {
  const small = { ...SMALL, color: 'green', 'color-services': 'web' };
  await deployed(deployInputs(lab, 'v1', SMALL), { workspace: smallCheckout() });
  const changed = smallCheckout();
  const file = join(changed, 'compose.yaml');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('/shop/redis:8', '/shop/redis:8\n    environment: { MORE: yes }'),
  );
  const before = await containers(lab.host);
  const kept = await deployed(deployInputs(lab, 'v2', small), { workspace: changed });
  expect(kept.outputs['color']).toBe('green');
  expect(await containers(lab.host)).toEqual(before);
  await deployed(deployInputs(lab, 'v3', { ...small, 'shared-services': 'update' }), { workspace: changed });
  const after = await containers(lab.host);
  expect(after['store-1']).not.toBe(before['store-1']);
  expect(after['web-1']).toBe(before['web-1']);
  expect(await lab.host.sh('docker exec shop-green-web-1 redis-cli -h store ping')).toBe('PONG\n');
});

test('blue takes the place of the plain stack, with its port and its data, once green has the traffic', async () => {
  const small = { ...SMALL, color: 'auto', 'color-services': 'web' };
  const workspace = smallCheckout();
  await deployed(deployInputs(lab, 'v1', SMALL), { workspace });
  const green = await deployed(deployInputs(lab, 'v2', small), { workspace });
  expect(green.outputs['color']).toBe('green');
  // As blue-green-switch leaves it.
  await lab.host.sh(
    `printf '{"project":"shop","proxy":"nginx","container":"","share":"green","fence":1,"routes":[]}\\n' >/srv/deploy/shop/.deploy/traffic.json; chown deploy: /srv/deploy/shop/.deploy/traffic.json`,
  );
  const plain = await containers(lab.host);
  const blue = await deployed(deployInputs(lab, 'v3', small), { workspace });
  expect(blue.outputs['color']).toBe('blue');
  expect(JSON.parse(blue.outputs['color-urls']!)).toEqual({ web: 'http://127.0.0.1:8080' });
  expect(await lab.host.sh('curl -fsS http://127.0.0.1:8080/web-health')).toBe('ok\n');
  expect(await containers(lab.host)).toEqual({ 'store-1': plain['store-1'] });
  expect(Object.keys(await containers(lab.host, 'shop-blue'))).toEqual(['web-1']);
  const again = await refused(deployInputs(lab, 'v2', { ...small, color: 'green' }), { workspace });
  expect(again.headline).toContain('green is live');
});
