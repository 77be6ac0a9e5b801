import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, clientKey, openLab } from '@deploy-actions/lab';
import type { BundleResult } from '@deploy-actions/tooling';
import type { DeployInputs } from './deploy-rig.ts';
import { healthySite, newDeploy, siteOf, startSmall } from './fault-rig.ts';

/** What stops a deployment before it has changed anything. */
let lab: Lab;
let host: Host;

beforeAll(async () => {
  // A small disk of its own, so that it can be full.
  lab = await openLab({ hosts: [{ disk: '500m' }] });
  host = lab.host;
  const { exitCode, shown } = await startSmall(lab, newDeploy('v1')).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** Deploys, fails, and has changed nothing; answers the error. */
async function refused(
  tag: string,
  inputs: DeployInputs = {},
  port?: number,
): Promise<{ message: string; result: BundleResult }> {
  const before = await host.sh(
    'docker ps --no-trunc --quiet; find /srv/deploy/shop/releases /srv/deploy/shop/current',
  );
  const result = await startSmall(lab, newDeploy(tag), inputs, port === undefined ? {} : { port }).done;
  expect([result.exitCode, result.exitCode === 1 ? '' : result.shown]).toEqual([1, '']);
  expect(
    await host.sh('docker ps --no-trunc --quiet; find /srv/deploy/shop/releases /srv/deploy/shop/current'),
  ).toBe(before);
  expect(await siteOf(host)).toEqual(healthySite(lab, 'v1'));
  const errors = result.annotations.filter(({ level }) => level === 'error');
  expect(errors).toHaveLength(1);
  return { message: errors[0]!.message, result };
}

/** How many logins sshd has accepted. */
async function logins(): Promise<number> {
  return (await host.sshLog()).split('Accepted publickey').length - 1;
}

test('a host key that is not the pinned one stops before anything is sent, with the fingerprint that was presented', async () => {
  const before = await logins();
  const others = (await lab.addHost()).knownHosts({ port: host.sshPort });
  const { message } = await refused('v2', { 'known-hosts': others });
  expect(Object.values(host.fingerprints).some((fingerprint) => message.includes(fingerprint))).toBe(true);
  expect(await logins()).toBe(before);
});

test('without known-hosts nothing is deployed, and the error has the line to add', async () => {
  const before = await logins();
  const { message, result } = await refused('v2', { 'known-hosts': '' });
  expect(message + result.shown).toContain(host.fingerprints['ssh-ed25519']);
  expect(message + result.shown).toContain(host.knownHosts({ type: 'ssh-ed25519' }).trim());
  expect(await logins()).toBe(before);
});

test('a key that the server does not know is refused by name', async () => {
  const stranger = await clientKey();
  const { message } = await refused('v2', { 'ssh-key': stranger.privateKey });
  expect(message).toMatch(/127\.0\.0\.1 does not let deploy in with the key SHA256:/);
  expect(message).toContain('authorized_keys');
});

test('a server that refuses connections, and one that says nothing, are told apart within connect-timeout', async () => {
  const link = await host.link();
  link.refuse();
  const reset = await refused('v2', { 'connect-timeout': '5s' }, link.port);
  link.mend();
  link.freeze();
  const silent = await refused('v2', { 'connect-timeout': '3s' }, link.port);
  await link.close();
  const closed = await refused('v2', { 'connect-timeout': '5s' }, link.port);
  expect(silent.message).toMatch(/within 3\.0 s/);
  expect(closed.message).toMatch(/refuses connections on port/);
  expect(new Set([reset.message, silent.message, closed.message]).size).toBe(3);
});

test.each([
  ['says nothing', 'exec sleep 1000', /its shell began no program of ours within 1 m 00 s/],
  [
    'says garbage without end',
    'while :; do echo garbage; done',
    /printed more than 1 MiB and ran no program of ours/,
  ],
] as const)('a server that %s after the look is given up, and nothing was changed', async (_, then, said) => {
  const shell = (await host.sh('getent passwd deploy | cut -d : -f 7')).trim();
  // The login user's shell: one command is run, the others are not. The shell of the next one is started while the look is
  // at work, so that two may come at once: only one of them can make the folder.
  await host.write(
    '/usr/local/bin/odd-shell',
    `#!/bin/sh
if mkdir /tmp/odd-shell 2>/dev/null; then exec ${shell} "$@"; fi
: >/tmp/odd-shell/met
${then}
`,
    { mode: '0755', owner: 'root' },
  );
  await host.sh('rm -rf /tmp/odd-shell; usermod --shell /usr/local/bin/odd-shell deploy');
  try {
    const begun = Date.now();
    const { message } = await refused('v2');
    expect(message).toMatch(said);
    expect(Date.now() - begun).toBeLessThan(180_000);
    expect(await host.sh('ls /tmp/odd-shell')).toBe('met\n');
  } finally {
    await host.sh(
      `usermod --shell ${shell} deploy; pkill -u deploy -x sleep; pkill -u deploy -x odd-shell; :`,
    );
  }
});

test('a disk without room for the images fails before the pull, and one that fills up meanwhile leaves the site as it is', async () => {
  const big = await lab.registry.publish({ from: 'shop/api:v2', to: 'shop/api:v6', ballast: 60_000_000 });
  const pulls = async () => (await lab.registry.log()).split(big.digest).length;
  const free = await host.fillDisk(30_000_000);
  const before = await pulls();
  const early = await refused('v6', { 'min-free-disk': '100MB' });
  expect(early.message).toMatch(/MB/);
  expect(await pulls()).toBe(before);
  // As if it had become full between the look and the pull.
  const late = await refused('v6', { 'min-free-disk': '0MB' });
  expect(late.message).toMatch(/full|free/);
  await free();
  const { exitCode, shown } = await startSmall(lab, newDeploy('v2')).done;
  expect([exitCode, exitCode === 0 ? '' : shown]).toEqual([0, '']);
});
