import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { checkout, containers, deploy, deployInputs, deployed, refused, startDeploy } from './deploy-rig.ts';

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

/** What is on the server below the application's folder. */
const tree = () => lab.host.sh('find /srv/deploy/shop 2>/dev/null | sort || true');

test('a compose file that is wrong is annotated with its file and line, and nothing is changed', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const before = [await containers(lab.host), await tree()];
  const workspace = checkout();
  const text = readFileSync(join(workspace, 'compose.yaml'), 'utf8').replace(
    'ports:\n      - ${WEB_PORT:-8080}:80',
    'ports: yes please',
  );
  writeFileSync(join(workspace, 'compose.yaml'), text);
  const result = await refused(deployInputs(lab, 'v2'), { workspace });
  expect(result.headline).toContain('services.web.ports');
  const annotation = result.annotations.find((one) => one.level === 'error')!;
  expect(annotation).toMatchObject({
    file: 'compose.yaml',
    line: text.split('\n').findIndex((line) => line.includes('yes please')) + 1,
  });
  expect([await containers(lab.host), await tree()]).toEqual(before);
});

test('a broken env file on the server is refused by its line, and its text is not shown', async () => {
  await lab.host.sh(
    'mkdir -p /srv/deploy/shop/shared && printf "A=1\\nsupersecret broken line\\n" >/srv/deploy/shop/shared/.env && chown -R deploy /srv/deploy/shop',
  );
  const result = await refused(deployInputs(lab, 'v1'));
  expect(result.headline).toContain('line 2 of .env on the server is not KEY=value');
  expect(result.log).not.toContain('supersecret');
});

test('a second application of the same name in another folder is refused with both folders, and takes nothing', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const before = await containers(lab.host);
  for (const more of [{}, { adopt: true }, { plan: true }]) {
    const result = await refused(deployInputs(lab, 'v2', { path: '/srv/deploy/other/shop', ...more }));
    expect(result.headline).toContain(
      'the project shop belongs to the application in /srv/deploy/shop, and this is /srv/deploy/other/shop',
    );
  }
  expect(await containers(lab.host)).toEqual(before);
  const own = deployInputs(lab, 'v1', { path: '/srv/deploy/other/shop', project: 'shop-2', plan: true });
  expect((await deployed(own)).shown).toMatch(/db +create/);
});

test('what a release leaves out and mounts is refused with the line to add, before anything changes', async () => {
  const workspace = checkout();
  const file = join(workspace, 'compose.yaml');
  const text = readFileSync(file, 'utf8').replace(
    './nginx.conf:/etc/nginx/conf.d/shop.conf:ro',
    './web:/etc/nginx/conf.d:ro',
  );
  expect(text).toContain('./web:');
  writeFileSync(file, text);
  mkdirSync(join(workspace, 'web'));
  writeFileSync(join(workspace, 'web/shop.conf'), 'server { listen 80; }\n');
  const result = await refused(deployInputs(lab, 'v1', { files: '' }), { workspace });
  expect(result.headline).toContain('mounts ./web, which is in the repository but not among `files`');
  expect(result.headline).toContain('Add web to `files`.');
  expect(await containers(lab.host)).toEqual({});
});

test('an image that the registry does not have ends the pull with the old version untouched', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const before = await containers(lab.host);
  const result = await refused(deployInputs(lab, 'no-such-version'));
  expect(result.headline).toContain('the registry has no');
  expect(await containers(lab.host)).toEqual(before);
});

test('a registry that hangs holds a deployment for as long as pull-timeout, or until the workflow is cancelled', async () => {
  const before = await containers(lab.host);
  await lab.registry.pause();
  try {
    const late = await refused(deployInputs(lab, 'v1', { 'pull-timeout': '3s' }));
    expect(late.headline).toMatch(/not pulled within 3 s: .*shop\/api:v1/);
    expect(late.headline).toContain('Nothing was changed');
    const pulls = async () => (await lab.host.exec(['pgrep', '-fx', 'docker pull .*'])).code === 0;
    const running = startDeploy(deployInputs(lab, 'v1'));
    await waitFor(pulls);
    running.cancel();
    expect((await running.done).exitCode).toBe(1);
    await waitFor(async () => !(await pulls()));
    await waitFor(async () =>
      (await deploy(deployInputs(lab, 'v1', { status: true }))).shown.includes('nobody holds the lock'),
    );
  } finally {
    await lab.registry.unpause();
  }
  expect(await containers(lab.host)).toEqual(before);
});

test('a plan changes nothing and says what would happen, without values', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const before = [await containers(lab.host), await tree()];
  const result = await deployed(deployInputs(lab, 'v2', { plan: true }));
  expect([await containers(lab.host), await tree()]).toEqual(before);
  expect(result.shown).toMatch(/api +recreate .*v1.* -> .*v2/);
  expect(result.shown).toMatch(/db +keep/);
  expect(result.shown).toContain('would run migrate: api: /app/shop migrate');
  expect(result.summary).toContain('Plan: nothing was changed');
  expect(result.outputs['changed']).toBe('true');
});

test('a status changes nothing and says what runs, what is kept and who holds the lock', async () => {
  const first = await deployed(deployInputs(lab, 'v1'));
  const before = [await containers(lab.host), await tree()];
  const result = await deploy(deployInputs(lab, 'v2', { status: true }));
  expect(result.exitCode).toBe(0);
  expect([await containers(lab.host), await tree()]).toEqual(before);
  expect(result.shown).toContain(`release ${first.outputs['release']}`);
  expect(result.shown).toMatch(/shop-api-1 +running, healthy/);
  expect(result.shown).toContain('nobody holds the lock');
  expect(result.outputs['release']).toBe(first.outputs['release']);
});

/** Looks until it holds; rejects after a minute. */
async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > until) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
