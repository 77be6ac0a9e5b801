import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { checkout, containers, deployInputs, deployed, refused, served, startDeploy } from './deploy-rig.ts';

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

test('of several deployments at once one runs and the others wait, saying for whom', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const all = await Promise.all(
    ['v2', 'v2', 'v2', 'v2'].map((tag) => startDeploy(deployInputs(lab, tag)).done),
  );
  expect(all.map((one) => one.exitCode)).toEqual([0, 0, 0, 0]);
  expect(
    all.filter((one) => one.shown.includes('waiting for the lock, held by octocat since')).length,
  ).toBeGreaterThanOrEqual(2);
  expect(await served(lab.host)).toBe('v2');
}, 900_000);

test('a wait for the lock that is too long ends as busy, with who holds it', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const slow = startDeploy(
    deployInputs(lab, 'v2', { env: `${String(deployInputs(lab, 'v2')['env'])}MIGRATE_SECONDS=20\n` }),
  );
  await lab.host.sh(
    'for i in $(seq 300); do docker ps --format "{{.Names}}" | grep -q migrate && exit 0; sleep 0.2; done; exit 1',
  );
  const result = await refused(deployInputs(lab, 'v3', { 'lock-timeout': '1s' }));
  expect(result.headline).toContain('is held by octocat since');
  expect((await slow.done).exitCode).toBe(0);
}, 900_000);

test('an older run never overtakes a newer one, unless it is told to', async () => {
  await deployed(deployInputs(lab, 'v2'), { runNumber: 8 });
  const result = await refused(deployInputs(lab, 'v1'), { runNumber: 7 });
  expect(result.headline).toContain('a later run has been here already');
  expect(await served(lab.host)).toBe('v2');
});

test('a runner that is killed leaves the server to finish, and the same step again reports the true outcome', async () => {
  await deployed(deployInputs(lab, 'v1'));
  const inputs = deployInputs(lab, 'v2');
  const run = { runId: '4711', workspace: checkout() };
  const killed = startDeploy(inputs, run);
  await lab.host.sh(
    'for i in $(seq 300); do docker ps --format "{{.Names}}" | grep -q migrate && exit 0; sleep 0.1; done; exit 1',
  );
  killed.kill('SIGKILL');
  await killed.done;
  const again = await deployed(inputs, run);
  expect(again.outputs['deployment-id']).toBe('4711-deploy');
  expect(await served(lab.host)).toBe('v2');
  // It was attached to, not begun anew.
  expect((await lab.host.sh('ls /srv/deploy/shop/.deploy/runs/4711-deploy')).trim()).toBe('deploy-1');
  expect(Object.keys(await containers(lab.host))).toHaveLength(6);
}, 900_000);
