import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { hostsForEach } from '@deploy-actions/host/testing';
import { lines, trafficRecord } from '@deploy-actions/ledger/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { well } from './testing/deploy-rig.ts';
import { API, BAD, BETTER, DB, STACK, swarmRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterAll);
const COLORED = { color: 'auto', 'color-services': 'api' };

const slot = ({ host }: DockerServer, color: string) => {
  try {
    return readFileSync(path.join(host.path, `.deploy/color-${color}`), 'utf8').trim();
  } catch {
    return undefined;
  }
};
/** As a switch leaves it. */
const moved = (servers: readonly DockerServer[], share: string) => {
  for (const { host } of servers)
    writeFileSync(path.join(host.path, '.deploy/traffic.json'), lines([trafficRecord(share)]));
};
const stackOf = ({ host }: DockerServer, color: string, service: string) =>
  JSON.parse(
    readFileSync(
      path.join(host.path, 'releases', slot({ host } as DockerServer, color)!, `stack/${service}.json`),
      'utf8',
    ),
  ) as { services: Record<string, { networks: object }> };

test('a colour comes up as a stack of its own beside what is shared, on every node’s record and none of the traffic’s', async () => {
  const rig = swarmRigOn(hostWith);
  const first = await rig.up('v1', API, COLORED);
  well(first);
  expect(first.outputs).toMatchObject({ outcome: 'deployed', color: 'blue' });
  expect(rig.m1.docker.services()).toEqual([
    `shop-blue_api-blue registry.test/shop/api@${API}`,
    `shop_db registry.test/db@${DB}`,
  ]);
  for (const server of [rig.m1, rig.w1]) {
    expect(slot(server, 'blue')).toBe(first.outputs.release);
    expect(existsSync(path.join(server.host.path, 'current'))).toBe(false);
    expect(server.docker.calls()).toContain(`pull --quiet registry.test/db@${DB}`);
  }
  expect(stackOf(rig.m1, 'blue', 'api-blue').services['api-blue']!.networks).toEqual({
    default: null,
    'shop-blue_default': { aliases: ['api'] },
  });
  const again = await rig.up('v1', API, COLORED);
  well(again);
  expect(again.outputs).toMatchObject({ outcome: 'unchanged', color: 'blue', changed: false });

  moved([rig.m1, rig.w1], 'blue');
  const deploys = () => rig.m1.docker.calls().filter((call) => /^stack deploy .*--compose-file/.test(call));
  const before = deploys().length;
  const second = await rig.up('v2', BETTER, COLORED);
  well(second);
  expect(second.outputs.color).toBe('green');
  // What is shared is as it was.
  expect(
    deploys()
      .slice(before)
      .map((call) => call.replace(/^.*\/stack\//, '')),
  ).toEqual(['api-green.json --detach=true shop-green']);
  expect(rig.m1.docker.services()[0]).toBe(`shop-blue_api-blue registry.test/shop/api@${API}`);

  const live = await rig.up('v3', API, { ...COLORED, color: 'blue' });
  expect(live.failure).toMatchObject({ kind: 'refused', code: 'color-is-live' });
});

test('a colour that does not become healthy is taken down again, and what has the traffic is not touched', async () => {
  const rig = swarmRigOn(hostWith);
  well(await rig.up('v1', API, COLORED));
  moved([rig.m1, rig.w1], 'blue');
  const { failure, outputs } = await rig.up('v2', BAD, COLORED);
  expect(failure).toMatchObject({ kind: 'unhealthy', code: 'release-unhealthy' });
  expect(failure!.message).toContain('green was taken down again; traffic was not touched');
  expect(outputs.outcome).not.toBe('deployed');
  expect(rig.m1.docker.services()).toEqual([
    `shop-blue_api-blue registry.test/shop/api@${API}`,
    `shop_db registry.test/db@${DB}`,
  ]);
  expect([slot(rig.m1, 'green'), slot(rig.w1, 'green')]).toEqual([undefined, undefined]);
});

test('a colour that had a release gets that back where the new one does not become healthy', async () => {
  const rig = swarmRigOn(hostWith);
  well(await rig.up('v1', API, COLORED));
  moved([rig.m1, rig.w1], 'blue');
  const good = await rig.up('v2', BETTER, COLORED);
  well(good);
  const { outputs } = await rig.up('v3', BAD, COLORED);
  expect(outputs.outcome).toBe('restored');
  expect(rig.m1.docker.services()[1]).toBe(`shop-green_api-green registry.test/shop/api@${BETTER}`);
  expect([slot(rig.m1, 'green'), slot(rig.w1, 'green')]).toEqual([
    good.outputs.release,
    good.outputs.release,
  ]);
});

test('a migration of a colour runs once, in a container of its service, on a manager', async () => {
  const rig = swarmRigOn(hostWith);
  well(await rig.up('v1', API, { ...COLORED, migrate: 'api: migrate it' }));
  expect(rig.m1.docker.commands()).toEqual(['sh -c migrate it']);
  const wrong = await rig.up('v2', API, { ...COLORED, migrate: 'web: migrate it' });
  expect(wrong.failure!.message).toContain('web is not a service of the compose file');
});

test('a stack in place counts as blue if the proxies can find it as that, and goes when blue comes', async () => {
  const rig = swarmRigOn(hostWith);
  well(await rig.up('v1', API));
  const { failure } = await rig.up('v2', BETTER, COLORED);
  expect(failure).toMatchObject({ kind: 'refused', code: 'plain-unreachable' });
  expect(failure!.remedy).toContain('aliases: [api-blue]');
  rig.compose(
    STACK.replace('    deploy: {', '    networks: { default: { aliases: [api-blue] } }\n    deploy: {'),
  );
  well(await rig.up('v1', API));
  const green = await rig.up('v2', BETTER, COLORED);
  well(green);
  expect(green.outputs.color).toBe('green');
  const plain = path.basename(readlinkSync(path.join(rig.m1.host.path, 'current')));
  expect(plain).toContain('v1');
  expect(rig.m1.docker.services().map((line) => line.split(' ')[0])).toEqual([
    'shop-green_api-green',
    'shop_api',
    'shop_db',
  ]);
  moved([rig.m1, rig.w1], 'green');
  well(await rig.up('v3', API, COLORED));
  expect(rig.m1.docker.services().map((line) => line.split(' ')[0])).toEqual([
    'shop-blue_api-blue',
    'shop-green_api-green',
    'shop_db',
  ]);
});
