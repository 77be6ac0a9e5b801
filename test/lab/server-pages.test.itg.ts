import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { parseDocument } from '@deploy-actions/document';
import { runBundle } from '@deploy-actions/tooling';
import { checkout, containers, deployInputs, deployed, served } from './deploy-rig.ts';
import { blocksOf, typeBlock, workflowOf } from './page-rig.ts';

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
  await host.sh('crontab -r -u deploy 2>/dev/null; userdel -r deploy; rm -rf /srv/deploy');
  // The name of the page leads to the server itself: its own sshd, with its own keys.
  await host.sh('echo "127.0.0.1 web1.example.org" >>/etc/hosts');
  const page = blocksOf('server.md');
  expect(page.map(({ who }) => who)).toEqual(['root', 'root', 'yours', 'root', 'root', 'yours', 'root']);
  const said: string[] = [];
  for (const block of page) {
    let { text } = block;
    if (text.includes('AAAA…')) {
      const publicKey = await host.sh('cut -d " " -f 2 /root/yours/deploy_shop.pub');
      text = text.replace('AAAA…', publicKey.trim());
    }
    const output = await typeBlock(host, { ...block, text });
    if (text.includes('ssh_host_')) await host.write('/root/yours/known_hosts', output, { owner: 'root' });
    said.push(output);
  }
  expect(said[0]).toMatch(/^\d+\.\d+/);

  const server = {
    'ssh-key': await host.sh('cat /root/yours/deploy_shop'),
    'known-hosts': said[4]!.replaceAll('web1.example.org', `[127.0.0.1]:${host.sshPort}`),
  };
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
