import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, SAMPLE_APP, openLab, startLoad } from '@deploy-actions/lab';
import { type WorkflowRun, findRoot, runWorkflow, testIf, whyNoAct } from '@deploy-actions/tooling';
import { SITES, startProxy, stopProxy } from './color-rig.ts';
import { PASSWORD, deployInputs, deployed } from './deploy-rig.ts';
import {
  EXAMPLES as examples,
  fails,
  openMessenger,
  othersActions,
  repositoryOf,
  serverSecrets,
  succeeds,
} from './workflow-rig.ts';

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
      ...serverSecrets(lab),
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

test('every example has a test that runs it', () => {
  const folder = join(findRoot(), 'test/lab');
  const tested = readdirSync(folder)
    .filter((name) => name.endsWith('.test.itg.ts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n');
  for (const file of readdirSync(examples).filter((name) => name.endsWith('.yml'))) {
    expect(tested).toMatch(new RegExp(`testWithAct\\(\\s+'[^']*\\b${file.replace('.', String.raw`\.`)}`));
  }
});

testWithAct(
  'first-deploy.yml deploys a tag, the next one in its place, and brings it back when the one after does not answer where its users are',
  async () => {
    await lab.host.reset();
    const given = settings();
    const tag = (name: string, url: string) =>
      runWorkflow({
        ...given,
        variables: { ...given.variables, SHOP_URL: url },
        workflow: join(examples, 'first-deploy.yml'),
        payload: { ref: `refs/tags/${name}` },
      });
    for (const name of ['v1', 'v2']) {
      const { exitCode, log } = await tag(name, lab.host.url(8080));
      expect([exitCode, exitCode === 0 ? '' : log]).toEqual([0, '']);
      expect(await servedVersion()).toBe(name);
    }
    // Healthy on the server, with v2's schema, and not to be reached from outside.
    const bad = await tag('some-errors', 'http://127.0.0.1:1');
    expect(bad.exitCode).not.toBe(0);
    expect([await servedVersion(), bad.log.includes('health-wait')]).toEqual(['v2', true]);
  },
  900_000,
);

testWithAct(
  'prove-and-tell.yml takes back a version that is not what its tag says, and tells of both',
  async () => {
    await lab.host.reset();
    const telegram = await openMessenger();
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
      expect(telegram.told).toHaveLength(2);
      expect(telegram.told[1]).toContain('it is the version that was tagged');
    } finally {
      await telegram.close();
    }
  },
  900_000,
);

testWithAct(
  'prepare-proxy.yml prepares the proxy, and blue-green.yml moves the traffic and takes back what the outside does not see',
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
    const given = settings();
    const prepare = (action: 'check' | 'install') =>
      succeeds({
        ...given,
        workflow: join(examples, 'prepare-proxy.yml'),
        event: 'workflow_dispatch',
        inputs: { action, 'site-config': SITES.nginx.file },
      });
    await host.sh("echo 'deploy ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/deploy");
    await prepare('check');
    expect(await host.sh(`grep -c deploy-actions ${SITES.nginx.file} || true`)).toBe('0\n');
    await prepare('install');
    await host.sh('rm /etc/sudoers.d/deploy');
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

testWithAct(
  'push-to-server.yml builds, deploys and tells Slack, takes back what is not healthy, and rollback.yml goes back by hand',
  async () => {
    await lab.host.reset();
    const slack = await openMessenger();
    try {
      let version = 'v1';
      const { standIns, builds } = othersActions(lab, () => `shop/api:${version}`);
      const given = {
        repository: repositoryOf('app'),
        secrets: {
          ...serverSecrets(lab),
          APP_ENV: 'GREETING=hello',
          SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/x`,
          GITHUB_TOKEN: 'ghs_a-token-for-tests',
        },
        variables: { SITE_URL: lab.host.url(8080), REGISTRY: lab.registry.address },
      };
      const push = (next: string) => {
        version = next;
        return { ...given, standIns, workflow: join(examples, 'push-to-server.yml') };
      };
      await succeeds(push('v1'));
      await succeeds(push('v2'));
      expect(builds).toEqual([
        expect.stringMatching(/^org\/shop:[0-9a-f]{40}$/),
        expect.stringMatching(/^org\/shop:[0-9a-f]{40}$/),
      ]);
      expect(await servedVersion()).toBe('v2');
      expect(slack.news().map((text) => /succe|Deployed/i.test(text))).toEqual([true, true]);
      await fails(push('never-healthy'));
      expect(await servedVersion()).toBe('v2');
      const [restored] = slack.news();
      expect(restored).toMatch(/[Rr]olled back/);
      expect(restored).toContain('did not become healthy');

      const back = (inputs: Record<string, string>) => ({
        ...given,
        workflow: join(examples, 'rollback.yml'),
        event: 'workflow_dispatch' as const,
        inputs: { version: 'previous', 'only-show': 'false', reason: 'prices are <wrong>', ...inputs },
      });
      const shown = await succeeds(back({ 'only-show': 'true' }));
      expect([await servedVersion(), slack.news()]).toEqual(['v2', []]);
      expect(shown).toMatch(/app \S+@sha256:\S+\s+serves now/);
      await succeeds(back({}));
      expect(await servedVersion()).toBe('v1');
      expect(slack.news().join()).toMatch(/prices are (<|&lt;)wrong/);
      await fails(back({ version: 'v0.0.0-unknown' }));
      expect(await servedVersion()).toBe('v1');
    } finally {
      await slack.close();
    }
  },
  900_000,
);
