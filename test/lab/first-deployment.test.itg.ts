import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { testIf, whyNoAct } from '@deploy-actions/tooling';
import { PASSWORD, containers, psql, served, startByHand } from './deploy-rig.ts';
import { blocksOf, typeBlock, workflowOf } from './page-rig.ts';
import { EXAMPLES, serverSecrets, succeeds } from './workflow-rig.ts';

// The page about the first deployment, read by somebody whose stack runs already.

const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

let lab: Lab;
beforeAll(async () => {
  if (noAct === undefined) lab = await openLab();
}, 600_000);
afterAll(async () => {
  await lab?.close();
});

test('the tag of the page reaches the repository that the workflow runs in', () => {
  const [push] = blocksOf('first-deployment.md');
  expect(push!.who).toBe('yours');
  const folder = mkdtempSync(join(tmpdir(), 'first-deployment-'));
  try {
    const sh = (text: string) => execFileSync('bash', ['-ec', text], { cwd: folder, encoding: 'utf8' });
    sh(
      "git init -q --bare origin && git init -q shop && cd shop && git remote add origin ../origin && git -c user.name=x -c user.email=x@example.org commit -q --allow-empty -m 'first'",
    );
    execFileSync('bash', ['-ec', push!.text], { cwd: join(folder, 'shop'), stdio: 'ignore' });
    expect(sh('git -C origin tag')).toBe('v1\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

testWithAct(
  'a stack that runs is looked at, taken over as it is, and upgraded, by what the page says',
  async () => {
    const { host, registry } = lab;
    await host.reset();
    await startByHand(lab, '/srv/shop');
    await psql(host, 'create table kept (n int); insert into kept values (7)');
    const before = await containers(host);
    const [, look, afterwards] = blocksOf('first-deployment.md');
    expect(await typeBlock(host, look!)).toMatch(/^shop +running[\s\S]+shop-api-1[\s\S]+ v1 /m);

    const folder = mkdtempSync(join(tmpdir(), 'first-deployment-'));
    try {
      const workflow = join(folder, 'adopt.yml');
      writeFileSync(workflow, workflowOf('first-deployment.md'));
      const adopt = (really: boolean) =>
        succeeds({
          repository: SAMPLE_APP,
          secrets: serverSecrets(lab),
          workflow,
          event: 'workflow_dispatch',
          inputs: { running: 'v1', really: String(really) },
        });
      await adopt(false);
      expect(await containers(host)).toEqual(before);
      expect(await host.sh('ls /srv/deploy/shop/current 2>/dev/null || echo none')).toBe('none\n');
      await adopt(true);
      expect(await containers(host)).toEqual(before);
      expect(await typeBlock(host, afterwards!)).toBe('/srv/shop/data\n');

      await succeeds({
        repository: SAMPLE_APP,
        secrets: {
          ...serverSecrets(lab),
          SHOP_ENV: `REGISTRY=${registry.address}\nPOSTGRES_PASSWORD=${PASSWORD}\nHEALTH_START_PERIOD=120s`,
        },
        variables: { SHOP_URL: host.url(8080) },
        workflow: join(EXAMPLES, 'first-deploy.yml'),
        payload: { ref: 'refs/tags/v2' },
      });
      expect(await served(host)).toBe('v2');
      expect(await psql(host, 'select n from kept')).toBe('7');
      expect((await containers(host))['db-1']).toBe(before['db-1']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  900_000,
);
