import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { type DockerServer, deployCluster, dockerServers } from '@deploy-actions/release/testing';
import { parseFields } from '@deploy-actions/kit';
import { fakePorts } from '@deploy-actions/runner/testing';
import { fields } from './fields.ts';
import { rollback } from './rollback.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const digestOf = (digit: string) => `sha256:${digit.repeat(64)}`;
const imageOf = (digit: string) => `registry.test/shop/api@${digestOf(digit)}`;

/** Any key: nothing here is logged in to. */
const KEY = ['-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nAAAA\n-----END OPENSSH ', 'PRIVATE KEY-----'].join('');

/** A swarm of a manager and a worker with v1, and then v2. */
async function swarmRig() {
  const { servers, connect } = dockerServers(['m1', 'w1'], hostWith, {});
  const registry = Object.fromEntries(
    ['1', '2'].map((digit) => [imageOf(digit), { id: digestOf(digit), digest: digestOf(digit) }]),
  );
  servers.m1.docker.script({ registry, swarm: { nodes: ['m1', 'w1'] } });
  servers.w1.docker.script({ registry, swarm: { nodes: ['w1'], manager: false } });
  for (const digit of ['1', '2']) {
    await deployCluster([servers.m1, servers.w1], {
      version: `v${digit}`,
      compose: `name: shop\nservices:\n  api:\n    image: ${imageOf(digit)}\n    healthcheck: { test: [CMD, check] }\n`,
    });
  }
  // The registry is down from now on.
  for (const server of Object.values(servers)) server.docker.script({ registry: {} });
  const run = async (more: Record<string, string> = {}) => {
    const given: Record<string, string> = {
      host: 'deploy@m1\ndeploy@w1',
      'ssh-key': KEY,
      path: '/srv/shop',
      project: 'shop',
      'wait-timeout': '20s',
      to: 'previous',
      ...more,
    };
    const inputs = parseFields(fields, { input: (name) => given[name] ?? '' });
    const ports = fakePorts({ runId: '101', runUrl: 'https://ci.test/101', temp: servers.m1.host.home });
    return await rollback(inputs, { ...ports, connect, patience: 0 });
  };
  return { ...servers, run };
}

const current = ({ host }: DockerServer) => path.basename(readlinkSync(path.join(host.path, 'current')));

test('the release before comes back whole with the registry down, by the manager alone, and every node hears of it', async () => {
  const { m1, w1, run } = await swarmRig();
  expect([current(m1), current(w1)]).toEqual(['v2', 'v2']);
  const outputs = await run();
  expect(outputs).toMatchObject({ from: 'v2', to: 'v1', mode: 'redeploy' });
  expect(m1.docker.services()).toEqual([`shop_api ${imageOf('1')}`]);
  expect([current(m1), current(w1)]).toEqual(['v1', 'v1']);
  expect(w1.docker.calls().filter((call) => /^(?:stack|service|compose up)/.test(call))).toEqual([]);
});

test('a node without an image keeps the cluster as it is', async () => {
  const { m1, w1, run } = await swarmRig();
  w1.docker.forgetImages();
  await expect(run()).rejects.toMatchObject({ code: 'image-gone' });
  expect(m1.docker.services()).toEqual([`shop_api ${imageOf('2')}`]);
  expect([current(m1), current(w1)]).toEqual(['v2', 'v2']);
});

test('a cluster without a leader is refused before anything changes', async () => {
  const { m1, run } = await swarmRig();
  m1.docker.script({ swarm: { nodes: ['m1', 'w1'], leaderless: true } });
  await expect(run()).rejects.toMatchObject({ kind: 'refused', code: 'no-quorum' });
  expect(current(m1)).toBe('v2');
});

test('a backup is not brought back in a swarm, and that is said by the input', async () => {
  const { run } = await swarmRig();
  await expect(run({ 'restore-backup': 'latest' })).rejects.toMatchObject({
    kind: 'input',
    input: 'restore-backup',
  });
});

test('another engine than the one that serves is refused before anything is changed', async () => {
  const { m1, run } = await swarmRig();
  await expect(run({ engine: 'compose' })).rejects.toMatchObject({ kind: 'refused', code: 'engine-differs' });
  expect(current(m1)).toBe('v2');
  expect(await run({ engine: 'swarm' })).toMatchObject({ from: 'v2', to: 'v1' });
});
