import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, SAMPLE_APP, openLab, startLoad } from '@deploy-actions/lab';
import { type WorkflowRun, findRoot, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { serveHttp } from '../support/server.ts';
import { SITES, mustStep, serverInputs, startProxy, stopProxy } from './color-rig.ts';
import { PASSWORD, deployInputs, deployed } from './deploy-rig.ts';

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

/** What a user of the examples puts into the settings of the repository. */
function settings(): Pick<WorkflowRun, 'secrets' | 'variables' | 'repository'> {
  const { host, registry } = lab;
  return {
    repository: SAMPLE_APP,
    secrets: {
      DEPLOY_HOST: `${host.user}@${host.address}:${host.sshPort}`,
      DEPLOY_SSH_KEY: host.key.privateKey,
      DEPLOY_KNOWN_HOSTS: host.knownHosts(),
      // A busy machine starts slowly.
      SHOP_ENV: `REGISTRY=${registry.address}\nPOSTGRES_PASSWORD=${PASSWORD}\nHEALTH_START_PERIOD=120s`,
      TELEGRAM_BOT_TOKEN: `123456789:${'A'.repeat(35)}`,
    },
    variables: { SHOP_URL: host.url(8080), REGISTRY: registry.address, TELEGRAM_CHAT: '-1001234567890' },
  };
}

async function servedVersion(port = 8080): Promise<string> {
  const answer = await fetch(`${lab.host.url(port)}/version`);
  return ((await answer.json()) as { version: string }).version;
}

test('the deploy job of the first example is at most 15 lines of steps', () => {
  const lines = readFileSync(join(examples, 'first-deploy.yml'), 'utf8').split('\n');
  const steps = lines.slice(lines.indexOf('    steps:') + 1).filter((line) => line.trim() !== '');
  expect(steps.length).toBeGreaterThan(3);
  expect(steps.length).toBeLessThanOrEqual(15);
});

test('every example has a test here', () => {
  const tested = readFileSync(join(findRoot(), 'test/lab/examples.test.itg.ts'), 'utf8');
  for (const file of readdirSync(examples).filter((name) => name.endsWith('.yml'))) {
    expect(tested).toContain(`'${file} `);
  }
});

testWithAct(
  'first-deploy.yml deploys a tag, and the next one in its place',
  async () => {
    await lab.host.reset();
    for (const tag of ['v1', 'v2']) {
      const { exitCode, log } = await runWorkflow({
        ...settings(),
        workflow: join(examples, 'first-deploy.yml'),
        payload: { ref: `refs/tags/${tag}` },
      });
      expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
      expect(await servedVersion()).toBe(tag);
    }
  },
  900_000,
);

testWithAct(
  'prove-and-tell.yml takes back a version that is not what its tag says, and tells of both',
  async () => {
    await lab.host.reset();
    const told: string[] = [];
    const telegram = await serveHttp((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        if (request.url?.endsWith('/sendMessage')) told.push(body);
        const message = {
          message_id: told.length,
          date: 0,
          chat: { id: -1001234567890, type: 'supergroup' },
        };
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ ok: true, result: message }));
      });
    });
    try {
      // Healthy, but not the version that it claims to be.
      for (const part of ['api', 'web'])
        await lab.registry.publish({ from: `shop/${part}:v2`, to: `shop/${part}:v3` });
      const given = settings();
      const tag = (name: string) =>
        runWorkflow({
          ...given,
          variables: { ...given.variables, TELEGRAM_API_URL: telegram.url },
          workflow: join(examples, 'prove-and-tell.yml'),
          payload: { ref: `refs/tags/${name}` },
        });
      const good = await tag('v1');
      expect([good.exitCode, good.exitCode === 0 ? '' : good.log]).toEqual([0, '']);
      expect(await servedVersion()).toBe('v1');
      const bad = await tag('v3');
      expect(bad.exitCode).not.toBe(0);
      expect(bad.log).toContain('it is the version that was tagged');
      expect([await servedVersion(), bad.log.includes('Success - Main Take it back') ? '' : bad.log]).toEqual(
        ['v1', ''],
      );
      expect(told).toHaveLength(2);
      expect(told[1]).toContain('it is the version that was tagged');
    } finally {
      await telegram.close();
    }
  },
  900_000,
);

testWithAct(
  'blue-green.yml moves the traffic to the new colour, and takes back what the outside does not see',
  async () => {
    const { host } = lab;
    await host.reset();
    // Once, by hand: both colours are deployed, and the proxy in front is prepared.
    await deployed(deployInputs(lab, 'v1'));
    const colors = { color: 'green', 'color-services': 'web\napi\nworker\nscheduler' };
    await deployed(deployInputs(lab, 'v1', { ...colors, 'live-only-services': 'worker\nscheduler' }));
    await startProxy(host, 'nginx', (text) =>
      text.replace('listen 8080', 'listen 8081').replace('127.0.0.1:18101', '127.0.0.1:8080'),
    );
    await host.sh("echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy");
    await mustStep('blue-green-switch', {
      ...serverInputs(lab),
      install: 'true',
      'site-config': SITES.nginx.file,
    });
    await host.sh('rm /etc/sudoers.d/deploy');
    const given = settings();
    const tag = (name: string, url: string) =>
      runWorkflow({
        ...given,
        variables: { ...given.variables, SHOP_URL: url },
        workflow: join(examples, 'blue-green.yml'),
        payload: { ref: `refs/tags/${name}` },
      });
    const load = startLoad({ url: host.url(8081), rate: 20, clients: 8, timeoutMs: 60_000 });
    try {
      const good = await tag('v2', host.url(8081));
      expect([good.exitCode, good.exitCode === 0 ? '' : good.log]).toEqual([0, '']);
      expect(await servedVersion(8081)).toBe('v2');
      // The server is well, and the way to it is not.
      const bad = await tag('v3', 'http://127.0.0.1:1');
      expect(bad.exitCode).not.toBe(0);
      expect([
        await servedVersion(8081),
        bad.log.includes('Success - Main Take it back') ? '' : bad.log,
      ]).toEqual(['v2', '']);
      const { byFailure, byVersion } = await load.stop();
      expect(byFailure).toEqual({});
      // v3 is there for a moment, in which nobody may have come.
      expect(
        Object.keys(byVersion)
          .filter((version) => version !== 'v3')
          .sort(),
      ).toEqual(['v1', 'v2']);
    } finally {
      await load.stop();
      await stopProxy(host, 'nginx');
    }
  },
  900_000,
);
