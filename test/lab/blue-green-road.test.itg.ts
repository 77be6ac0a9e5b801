import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { type WorkflowRun, testIf, whyNoAct } from '@deploy-actions/tooling';
import { stopProxy } from './color-rig.ts';
import { PASSWORD, checkout, containers, psql } from './deploy-rig.ts';
import { blocksOf, secretsOf, typeBlock, typeServerPage, workflowOf } from './page-rig.ts';
import { EXAMPLES, failsSaying, openMessenger, succeeds } from './workflow-rig.ts';

// A small team goes from a bare server to blue-green with migrations, by what the pages say and nothing else.

const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const PAGE = 'blue-green.md';
const SITE_FILE = '/etc/nginx/sites-available/shop';

let lab: Lab;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'blue-green-road-'));
  if (noAct === undefined) lab = await openLab();
}, 600_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await lab?.close();
});

/** A workflow file as its reader has made it: of an example or a page, with what the page says is to be put in its place. */
function workflowFile(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, text);
  return file;
}

function example(name: string): string {
  return readFileSync(join(EXAMPLES, name), 'utf8');
}

testWithAct(
  'from a bare server to blue-green by the pages alone: a version with a migration loses no request, a bad one nothing, and the way back is one run',
  async () => {
    const { host, registry } = lab;
    const slack = await openMessenger();
    const site = host.url(80);
    const visitors = async () =>
      ((await (await fetch(`${site}/version`)).json()) as { version: string }).version;
    const secrets = secretsOf(host, await typeServerPage(host));
    const team: Omit<WorkflowRun, 'workflow'> = {
      repository: checkout(),
      secrets: {
        ...secrets,
        SHOP_ENV: `REGISTRY=${registry.address}\nPOSTGRES_PASSWORD=${PASSWORD}\nHEALTH_START_PERIOD=120s`,
        SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/x`,
      },
      variables: { SHOP_URL: host.url(8080), SITE_URL: site, REGISTRY: registry.address },
    };
    try {
      await succeeds({
        ...team,
        workflow: join(EXAMPLES, 'first-deploy.yml'),
        payload: { ref: 'refs/tags/v1' },
      });

      // Debian's package starts it; the lab's starts nothing.
      await host.sh('nginx');
      const [proxy, sudo, noSudo, push] = blocksOf(PAGE);
      expect([proxy, sudo, noSudo, push].map((block) => block!.who).join(' ')).toBe('root root root yours');
      await typeBlock(host, proxy!);
      expect(await visitors()).toBe('v1');
      const served = { ...team, variables: { ...team.variables, SHOP_URL: site } };

      const plain = await containers(host);
      await succeeds({
        ...served,
        workflow: workflowFile('second-color.yml', workflowOf(PAGE)),
        event: 'workflow_dispatch',
        inputs: { running: 'v1' },
      });
      // What must not run twice waits for the traffic.
      expect(Object.keys(await containers(host, 'shop-green')).sort()).toEqual(['api-1', 'web-1']);
      expect([await containers(host), await visitors()]).toEqual([plain, 'v1']);

      const prepare = (action: 'check' | 'install') => ({
        ...served,
        workflow: join(EXAMPLES, 'prepare-proxy.yml'),
        event: 'workflow_dispatch' as const,
        inputs: { action, 'site-config': SITE_FILE },
      });
      const before = await host.sh(`cat ${SITE_FILE}`);
      await succeeds(prepare('check'));
      // Whoever leaves the step for root out is told what to type, and nothing is changed.
      await failsSaying(prepare('install'), 'sudo');
      expect(await host.sh(`cat ${SITE_FILE}`)).toBe(before);
      await typeBlock(host, sudo!);
      await succeeds(prepare('install'));
      await typeBlock(host, noSudo!);
      expect(await host.sh('su deploy -c "sudo -n true" 2>/dev/null && echo root || echo deploy')).toBe(
        'deploy\n',
      );

      const blueGreen = (tag: string) => ({
        ...served,
        workflow: join(EXAMPLES, 'blue-green.yml'),
        payload: { ref: `refs/tags/${tag}` },
      });
      const load = startLoad({ url: site, rate: 20, clients: 8, timeoutMs: 60_000 });
      try {
        await succeeds(blueGreen('v2'));
        expect(await visitors()).toBe('v2');
        expect(await psql(host, 'select max(number) from schema_migrations')).toBe('2');
        // A version whose migration fails: it never gets a visitor.
        for (const part of ['api', 'web'])
          await registry.publish({ from: `shop/${part}:migration-fails`, to: `shop/${part}:v2.1` });
        await failsSaying(blueGreen('v2.1'), 'migration 3 failed');
        expect(await visitors()).toBe('v2');
        expect(slack.told.at(-1)).toContain('v2 serves');
        // The stack that served first stands by as it was.
        expect(await containers(host)).toEqual(plain);
        await succeeds(blueGreen('v3'));
        expect(await visitors()).toBe('v3');
        expect(await psql(host, 'select max(number) from schema_migrations')).toBe('3');
        // A version that only people find wrong: the page's workflow for the way back, by hand.
        await succeeds({
          ...served,
          workflow: workflowFile(
            'rollback.yml',
            example('rollback.yml')
              .replace('/srv/deploy/app', '/srv/deploy/shop')
              .replace('DEPLOY_PROJECT: app', 'DEPLOY_PROJECT: shop'),
          ),
          event: 'workflow_dispatch',
          inputs: { version: 'previous', reason: 'prices are wrong', 'only-show': 'false' },
        });
        expect(await visitors()).toBe('v2');
        const { byFailure, byVersion } = await load.stop();
        expect(byFailure).toEqual({});
        expect(Object.keys(byVersion).sort()).toEqual(['v1', 'v2', 'v3']);
      } finally {
        await load.stop();
      }
    } finally {
      await slack.close();
      await stopProxy(host, 'nginx');
    }
  },
  1_500_000,
);
