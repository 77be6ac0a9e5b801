import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { type Lab, openLab } from '@deploy-actions/lab';
import { checkout, containers, deployInputs, deployed, psql, refused, served } from './deploy-rig.ts';

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

const schema = (place: string) =>
  JSON.parse(readFileSync(join(__dirname, `../../packages/${place}.schema.json`), 'utf8')) as Schema;

test('a first deploy serves, an upgrade replaces it, a release that never gets healthy is taken back', async () => {
  const first = await deployed(deployInputs(lab, 'v1'));
  expect(first.outputs).toMatchObject({ changed: 'true', version: 'v1', 'previous-release': '' });
  expect(await served(lab.host)).toBe('v1');

  const second = await deployed(deployInputs(lab, 'v2'));
  expect(second.outputs['previous-release']).toBe(first.outputs['release']);
  expect(await served(lab.host)).toBe('v2');
  const services = JSON.parse(second.outputs['services']!) as Record<
    string,
    { action: string; from: string; to: string }
  >;
  expect(services['db']!.action).toBe('keep');
  expect(services['api']!.to).toContain(await lab.registry.digest('shop/api:v2'));
  expect(services['api']!.from).toContain(await lab.registry.digest('shop/api:v1'));

  const broken = await refused(deployInputs(lab, 'never-healthy'));
  expect(broken.headline).toContain(`${second.outputs['release']} was restored and is healthy`);
  expect(broken.shown).toMatch(/health: unhealthy/);
  expect(broken.outputs['previous-release']).toBe(second.outputs['release']);
  expect(await served(lab.host)).toBe('v2');
  const record = JSON.parse(readFileSync(broken.outputs['record']!, 'utf8')) as {
    status: string;
    services_deployed: { service: string; image: string; action: string }[];
    health_checks: { service: string; healthy: boolean }[];
  };
  expect(record.status).toBe('restored');
  // What runs now, and which service it was.
  const apiNow = record.services_deployed.find(({ service }) => service === 'api');
  expect(apiNow).toMatchObject({ action: 'restored' });
  expect(apiNow!.image).toContain(await lab.registry.digest('shop/api:v2'));
  expect(record.health_checks.filter(({ healthy }) => !healthy)).toEqual([
    { service: 'api', healthy: false },
  ]);
  expect(broken.outputs['outcome']).toBe('restored');
  const report = JSON.parse(broken.outputs['report']!) as { ok: boolean; summary: string };
  expect(report.ok).toBe(false);
  expect(report.summary).toMatch(
    /^never-healthy did not become healthy: api is unhealthy.*\. v2 serves on 127\.0\.0\.1/,
  );
  expect(broken.summary).toMatch(/^### ❌ never-healthy did not become healthy: api is unhealthy/);
  expect(broken.summary).toContain('<details><summary>State and last lines of what failed');
  expect(readFileSync(broken.outputs['log']!, 'utf8')).toContain('== Restore the release before');
  expect(readFileSync(broken.outputs['migration-log']!, 'utf8')).toContain('== Migrate');
  expect(await validateSchema(schema('ledger/schema/deployment-record'), record)).toEqual([]);
  const release = JSON.parse(await lab.host.sh('cat /srv/deploy/shop/current/release.json')) as unknown;
  expect(await validateSchema(schema('ledger/schema/release'), release)).toEqual([]);

  const history = (await lab.host.sh('cat /srv/deploy/shop/.deploy/history.jsonl'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { outcome: string; bad: boolean });
  for (const line of history) expect(await validateSchema(schema('ledger/schema/history'), line)).toEqual([]);
  expect(history.map((one) => [one.outcome, one.bad])).toEqual([
    ['succeeded', false],
    ['succeeded', false],
    ['restored', true],
  ]);
});

test('the same again recreates nothing and says so', async () => {
  const first = await deployed(deployInputs(lab, 'v1'));
  const before = await containers(lab.host);
  const again = await deployed(deployInputs(lab, 'v1'));
  expect(again.outputs).toMatchObject({
    changed: 'false',
    outcome: 'unchanged',
    release: first.outputs['release'],
  });
  expect(again.summary).toMatch(/^### ✅ Nothing changed: v1 runs already on/);
  expect(await containers(lab.host)).toEqual(before);
});

test('data in mounts, volumes and the database are the same after three deploys and a restore', async () => {
  await deployed(deployInputs(lab, 'v1'));
  await psql(lab.host, 'create table kept (n int); insert into kept values (42)');
  await lab.host.sh(
    'echo mine >/srv/deploy/shop/shared/data/note; docker exec shop-api-1 sh -c "echo upload >/media/picture"',
  );
  await deployed(deployInputs(lab, 'v2'));
  await refused(deployInputs(lab, 'crash-at-start'));
  await deployed(deployInputs(lab, 'v3'));
  expect(await served(lab.host)).toBe('v3');
  expect(await psql(lab.host, 'select n from kept')).toBe('42');
  expect(await lab.host.sh('docker exec shop-api-1 cat /data/note /media/picture')).toBe('mine\nupload\n');
});

test('a changed file that is mounted is the new one in the container, and only its service is recreated', async () => {
  const workspace = checkout();
  await deployed(deployInputs(lab, 'v1'), { workspace });
  const before = await containers(lab.host);
  appendFileSync(join(workspace, 'nginx.conf'), '# changed\n');
  await deployed(deployInputs(lab, 'v1'), { workspace });
  expect(await lab.host.sh('docker exec shop-web-1 tail -n 1 /etc/nginx/conf.d/shop.conf')).toBe(
    '# changed\n',
  );
  const after = await containers(lab.host);
  expect(Object.keys(after).filter((name) => after[name] !== before[name])).toEqual(['web-1']);
});

test('a migration that fails leaves the old version serving', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const before = await containers(lab.host);
  const result = await refused(deployInputs(lab, 'migration-fails'));
  expect(result.headline).toContain('goes on serving');
  expect(result.outputs['outcome']).toBe('nothing-changed');
  expect(await containers(lab.host)).toEqual(before);
  expect(await served(lab.host)).toBe('v1');
});

test('old code is not put back on a schema that was migrated', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const result = await refused(deployInputs(lab, 'never-healthy'));
  expect(result.headline).toContain('was not restored: the migrations changed the schema');
});

test('old code that runs on the new schema is put back', async () => {
  await deployed(deployInputs(lab, 'v1'));
  await refused(deployInputs(lab, 'never-healthy', { 'migration-reversible': true }));
  expect(await served(lab.host)).toBe('v1');
});

test('a one-shot is run once, and again only when it changes', async () => {
  const workspace = checkout();
  const withOneShot = (text: string) => {
    const compose = readFileSync(join(checkout(), 'compose.yaml'), 'utf8')
      .replace(
        'volumes:\n  media:',
        `  seed:\n    image: \${REGISTRY}/shop/api:\${TAG}\n    command: [sh, -c, "echo ${text} >>/data/seeds"]\n    volumes:\n      - ./data:/data\n\nvolumes:\n  media:`,
      )
      .replace('services:\n  web:', 'services:\n  web:\n    x-note: seeded')
      .replace(
        '      api:\n        condition: service_healthy',
        '      api:\n        condition: service_healthy\n      seed:\n        condition: service_completed_successfully',
      );
    writeFileSync(join(workspace, 'compose.yaml'), compose);
  };
  const seeds = () => lab.host.sh('cat /srv/deploy/shop/shared/data/seeds');
  withOneShot('one');
  await deployed(deployInputs(lab, 'v1'), { workspace });
  appendFileSync(join(workspace, 'nginx.conf'), '# changed\n');
  await deployed(deployInputs(lab, 'v1'), { workspace });
  expect(await seeds()).toBe('one\n');
  withOneShot('two');
  await deployed(deployInputs(lab, 'v1'), { workspace });
  expect(await seeds()).toBe('one\ntwo\n');
});

test('a tag that moved in the registry is told as recreated, as it was', async () => {
  const api = lab.registry.image('shop/api');
  const move = (tag: string) =>
    lab.host.sh(
      `docker pull -q ${api}:${tag} && docker tag ${api}:${tag} ${api}:moving && docker push -q ${api}:moving && docker image rm ${api}:moving`,
    );
  await move('v1');
  const inputs = deployInputs(lab, 'v1', {
    env: `${deployInputs(lab, 'v1')['env'] as string}API_TAG=moving\n`,
  });
  const workspace = checkout();
  const file = join(workspace, 'compose.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('shop/api:${TAG}', 'shop/api:${API_TAG}'));
  await deployed(inputs, { workspace });
  const before = await lab.registry.digest('shop/api:moving');
  await move('v2');
  const moved = await deployed(inputs, { workspace });
  expect(moved.outputs).toMatchObject({ changed: 'true', outcome: 'deployed' });
  const services = JSON.parse(moved.outputs['services']!) as Record<string, { action: string; to: string }>;
  expect(services['api']).toMatchObject({ action: 'recreate' });
  // Not the digest of v2: an engine that pushes may write another manifest for the same image.
  const after = await lab.registry.digest('shop/api:moving');
  expect(after).not.toBe(before);
  expect(services['api']!.to).toContain(after);
});

test('a plain prune takes no image of a kept release', async () => {
  const digest = async (tag: string) =>
    JSON.stringify({
      api: `${lab.registry.image('shop/api')}@${await lab.registry.digest(`shop/api:${tag}`)}`,
    });
  await deployed(deployInputs(lab, 'v1', { images: await digest('v1') }));
  await deployed(deployInputs(lab, 'v2', { images: await digest('v2') }));
  await lab.host.sh('docker image prune --force');
  const tags = (await lab.host.sh(`docker image ls --format '{{.Tag}}' deploy-actions/shop`))
    .trim()
    .split('\n');
  expect(tags.filter((tag) => tag.endsWith('-api'))).toHaveLength(2);
});
