import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { parseDocument } from '@deploy-actions/document';
import { runBundle } from '@deploy-actions/tooling';
import { checkout, containers, deployInputs, deployed, served } from './deploy-rig.ts';
import { blocksOf, typeBlock, typeServerPage, workflowOf } from './page-rig.ts';

// The pages about a server, read by a new user who types what they say.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab();
  ({ host } = lab);
}, 600_000);
afterAll(async () => {
  await lab?.close();
});

/** What stands under `with:` of the last step of a page's workflow, with the secrets in their places. */
async function lastStep(page: string, secrets: Record<string, string>): Promise<Record<string, string>> {
  const { jobs } = (await parseDocument(workflowOf(page))).value as {
    jobs: Record<string, { steps: { with: Record<string, string> }[] }>;
  };
  const step = Object.values(jobs)[0]!.steps.at(-1)!;
  return Object.fromEntries(
    Object.entries(step.with).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ secrets\.(\w+) \}\}/g, (_, secret: string) => secrets[secret]!),
    ]),
  );
}

test('a bare server is ready for its first deployment after the commands of its page', async () => {
  expect(
    blocksOf('server.md')
      .map(({ who }) => who)
      .join(' '),
  ).toBe('root root yours root root yours root');
  const typed = await typeServerPage(host);
  expect(typed.said[0]).toMatch(/^\d+\.\d+/);
  const server = { 'ssh-key': typed.privateKey, 'known-hosts': typed.knownHosts };
  const inputs = deployInputs(lab, 'v1');
  const ready = await runBundle({
    action: 'preflight',
    workspace: checkout(),
    inputs: await lastStep('server.md', {
      DEPLOY_HOST: String(inputs['host']),
      DEPLOY_SSH_KEY: server['ssh-key'],
      DEPLOY_KNOWN_HOSTS: server['known-hosts'],
      // The sample's own default for it is one that everybody tries first, which preflight does not let pass.
      SHOP_ENV: `${inputs['env']}\nDEMO_PASSWORD=quiet-otters-swim-north`,
    }),
  });
  expect([ready.exitCode, ready.exitCode === 0 ? '' : ready.shown]).toEqual([0, '']);
  expect(ready.outputs['ready']).toBe('true');

  const first = await deployed({
    ...inputs,
    ...server,
  });
  expect(first.outputs['outcome']).toBe('deployed');
  expect(await served(host)).toBe('v1');
}, 300_000);

test('what the page about lending a hand says works after a deployment, and the next one does not mind', async () => {
  const inputs = {
    ...deployInputs(lab, 'v1'),
    'ssh-key': await host.sh('cat /root/yours/deploy_shop'),
  };
  for (const block of blocksOf('by-hand.md')) {
    expect(block.who).toBe('deploy');
    await typeBlock(host, block);
  }
  const before = await containers(host);
  const again = await deployed(inputs);
  expect(again.outputs['outcome']).toBe('unchanged');
  expect(await containers(host)).toEqual(before);
  const upgraded = await deployed({ ...inputs, ...deployInputs(lab, 'v2'), 'ssh-key': inputs['ssh-key'] });
  expect(upgraded.outputs['outcome']).toBe('deployed');
  expect(await served(host)).toBe('v2');
}, 300_000);

test('who leaves keeps every container as it runs, and nothing of ours is left', async () => {
  const before = await containers(host);
  for (const block of blocksOf('leaving.md')) {
    expect(block.who).toBe('deploy');
    await typeBlock(host, block);
  }
  expect(await containers(host)).toEqual(before);
  expect(await served(host)).toBe('v2');
  expect(await host.sh('ls -A /srv/deploy/shop')).toBe('compose.json\nfiles\nshared\n');
  expect(
    await host.sh('docker image ls -q deploy-actions/shop; docker volume ls -q --filter name=deploy-actions'),
  ).toBe('');
  // It is an application like any other: it comes back after an end and a start.
  await host.sh(
    'cd /srv/deploy/shop && docker compose -p shop -f compose.json down && docker compose -p shop -f compose.json up -d --wait',
  );
  expect(await served(host)).toBe('v2');
}, 300_000);
