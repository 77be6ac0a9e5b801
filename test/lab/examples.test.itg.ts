import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, findRoot, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';

/** The consumer workflows, each run unchanged by a real workflow runner against real servers. */
const examples = join(findRoot(), 'examples');

const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

let lab: Lab;

beforeAll(async () => {
  if (noAct === undefined) lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** What a user of the example puts into the settings of the repository. */
function settings(): Pick<WorkflowRun, 'secrets' | 'variables' | 'repository'> {
  const { host } = lab;
  return {
    repository: SAMPLE_APP,
    secrets: {
      DEPLOY_HOST: `${host.user}@${host.address}:${host.sshPort}`,
      DEPLOY_SSH_KEY: host.key.privateKey,
      DEPLOY_KNOWN_HOSTS: host.knownHosts(),
      SHOP_ENV: [`REGISTRY=${lab.registry.address}`, 'POSTGRES_PASSWORD=correct-horse-battery'].join('\n'),
    },
    variables: { SHOP_URL: host.url(8080) },
  };
}

test('the deploy job of the first example is at most 15 lines of steps', () => {
  const lines = readFileSync(join(examples, 'first-deploy.yml'), 'utf8').split('\n');
  const steps = lines.slice(lines.indexOf('    steps:') + 1).filter((line) => line.trim() !== '');
  expect(steps.length).toBeGreaterThan(3);
  expect(steps.length).toBeLessThanOrEqual(15);
});

test('every example has a test here', () => {
  const tested = readFileSync(join(findRoot(), 'test/lab/examples.test.itg.ts'), 'utf8');
  for (const file of readdirSync(examples).filter((name) => name.endsWith('.yml')))
    expect(tested).toContain(`'${file}'`);
});

testWithAct('first-deploy.yml deploys a tag, and the next one in its place', async () => {
  for (const tag of ['v1', 'v2']) {
    const { exitCode, log } = await runWorkflow({
      ...settings(),
      workflow: join(examples, 'first-deploy.yml'),
      payload: { ref: `refs/tags/${tag}` },
    });
    expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
    const answer = await fetch(`${lab.host.url(8080)}/version`);
    expect(await answer.json()).toMatchObject({ version: tag });
  }
});
