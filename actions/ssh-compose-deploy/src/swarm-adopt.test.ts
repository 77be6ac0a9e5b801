import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { well } from './testing/deploy-rig.ts';
import { API, BAD, BETTER, DB, STACK, managersRigOn, swarmRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterAll);

/** A container that came of `docker stack deploy` by hand; by default as the compose file of these tests would have it. */
const container = (image: string, more: object = {}) => ({
  Image: image,
  Labels: { 'com.docker.stack.namespace': 'shop' },
  Healthcheck: { Test: ['CMD', 'check'] },
  Isolation: 'default',
  ...more,
});

const service = (
  name: string,
  ContainerSpec: ReturnType<typeof container>,
  { replicas = 1, ...more }: { replicas?: number; [key: string]: unknown } = {},
) => ({
  Name: `shop_${name}`,
  Labels: { 'com.docker.stack.image': ContainerSpec.Image, 'com.docker.stack.namespace': 'shop' },
  TaskTemplate: {
    ContainerSpec,
    Resources: {},
    RestartPolicy: { Condition: 'any', Delay: 5_000_000_000, MaxAttempts: 0 },
    Placement: { Platforms: [{ Architecture: 'amd64', OS: 'linux' }] },
    Networks: [{ Target: 'shop_default', Aliases: [name] }],
    ForceUpdate: 0,
    Runtime: 'container',
  },
  Mode: { Replicated: { Replicas: replicas } },
  EndpointSpec: { Mode: 'dnsrr' },
  ...more,
});

const OLD = `sha256:${'7'.repeat(64)}`;
const db = () => service('db', container(`registry.test/db:17@${DB}`));
const api = (digest = OLD) =>
  service('api', container(`registry.test/shop/api:v0@${digest}`, { Env: ['TOKEN=its "secret"  $5'] }), {
    replicas: 2,
  });

function byHand(rig: { m1: DockerServer }, ...specs: ReturnType<typeof service>[]) {
  rig.m1.docker.make(
    'network',
    'shop_default',
    { 'com.docker.stack.namespace': 'shop' },
    { Scope: 'swarm', Attachable: true },
  );
  rig.m1.docker.byHand(...specs);
  return rig.m1.docker.specs();
}

const changes = ({ docker }: DockerServer) =>
  docker
    .calls()
    .filter((call) =>
      /^(?:stack deploy .*--compose-file|service rm|system dial-stdio|network rm|(?:config|secret) rm (?!deploy-actions_))/.test(
        call,
      ),
    );

const foreignOf = (name: string) => ({
  kind: 'refused',
  code: name,
});

test('a stack that was deployed by hand is refused with the input that takes it over', async () => {
  const rig = swarmRigOn(hostWith);
  const before = byHand(rig, api(), db());
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ ...foreignOf('foreign-containers'), input: 'adopt' });
  expect(failure!.remedy).toContain('`adopt: true`');
  expect(rig.m1.docker.specs()).toEqual(before);
});

test('what does not differ runs on as it is, what differs is updated, and the same again changes nothing', async () => {
  const rig = swarmRigOn(hostWith);
  const before = byHand(rig, api(), db());
  const first = await rig.up('v1', API, { adopt: 'true' });
  well(first);
  expect(first.outputs).toMatchObject({ outcome: 'deployed', 'previous-release': 'adopted' });
  expect(first.log).toMatch(/gives the cluster api$/m);
  expect(rig.m1.docker.specs()['shop_db']).toEqual(before['shop_db']);
  const done = changes(rig.m1).length;
  const again = await rig.up('v1', API, { adopt: 'true' });
  expect(again.outputs.outcome).toBe('unchanged');
  const next = await rig.up('v2', BETTER);
  expect(next.outputs.outcome).toBe('deployed');
  expect(rig.m1.docker.specs()['shop_db']).toEqual(before['shop_db']);
  expect(changes(rig.m1)).toHaveLength(done + 1);
});

test('a stack in which nothing differs is taken over without a change of it', async () => {
  const rig = swarmRigOn(hostWith);
  const before = byHand(
    rig,
    service('api', container(`registry.test/shop/api@${API}`), { replicas: 2 }),
    db(),
  );
  const first = await rig.up('v1', API, { adopt: 'true' });
  well(first);
  expect(first.outputs['previous-release']).toBe('adopted');
  expect(changes(rig.m1)).toEqual([]);
  expect(rig.m1.docker.specs()).toEqual(before);
});

test('a first deployment that fails brings each service back to its own configuration, and removes nothing that was there', async () => {
  const rig = swarmRigOn(hostWith, `${STACK}  more:\n    image: registry.test/db@${DB}\n`);
  const extra = service('extra', container(`registry.test/db:17@${DB}`, { Args: ['idle'] }));
  const before = byHand(rig, api(), db(), extra);
  const { failure, outputs } = await rig.up('v1', BAD, { adopt: 'true' });
  expect(failure!.message).toContain('adopted was restored and is healthy');
  expect(outputs.outcome).toBe('restored');
  expect(rig.m1.docker.specs()).toEqual(before);
  expect(changes(rig.m1).filter((call) => call.startsWith('service rm'))).toEqual([
    'service rm shop_extra',
    'service rm shop_more',
  ]);
  expect(failure!.message + JSON.stringify(outputs)).not.toContain('secret');
});

test('what the compose file does not have and was taken away comes back where the deployment fails after that', async () => {
  const rig = swarmRigOn(hostWith);
  const extra = service('extra', container(`registry.test/db:17@${DB}`, { Args: ['idle'] }));
  const before = byHand(rig, api(), db(), extra);
  rig.m1.docker.script({ commands: { 'sh -c fails': { code: 3 } } });
  const { failure } = await rig.up('v1', API, {
    adopt: 'true',
    'after-up': 'db: fails',
  });
  expect(failure!.message).toContain('adopted was restored');
  expect(rig.m1.docker.specs()).toEqual(before);
});

test('the plan tells what is recorded, what differs by its keys, and what stays', async () => {
  const rig = swarmRigOn(hostWith);
  const before = byHand(rig, api(), db(), service('extra', container(`registry.test/db:17@${DB}`)));
  const { failure, log } = await rig.up('v1', API, { adopt: 'true', plan: 'true' });
  expect(failure).toBeUndefined();
  expect(log).toContain('the stack shop is recorded as it runs, as the release adopted: api, db, extra');
  expect(log).toContain('the compose file does not have extra, which the stack has: that is taken away');
  expect(log).toMatch(/api.*environment, image/);
  expect(rig.m1.docker.specs()).toEqual(before);
  expect(existsSync(path.join(rig.m1.host.path, 'releases'))).toBe(false);
});

test('after a failure the stack that was changed by hand meanwhile is recorded anew, and not over what a deployment has left', async () => {
  const rig = swarmRigOn(hostWith);
  byHand(rig, api(), db());
  expect((await rig.up('v1', BAD, { adopt: 'true' })).outputs.outcome).toBe('restored');
  const before = byHand(rig, api(`sha256:${'8'.repeat(64)}`));
  expect((await rig.up('v2', BAD)).failure).toMatchObject(foreignOf('foreign-containers'));
  expect((await rig.up('v2', BAD, { adopt: 'true' })).outputs.outcome).toBe('restored');
  expect(rig.m1.docker.specs()).toEqual(before);
  expect((await rig.up('v3', BAD, { adopt: 'true', 'on-failure': 'keep' })).failure!.message).toContain(
    'Nothing was restored',
  );
  byHand(rig, service('extra', container(`registry.test/db:17@${DB}`)));
  const half = await rig.up('v4', API, { adopt: 'true' });
  expect(half.failure).toMatchObject(foreignOf('foreign-containers'));
  expect(half.failure!.message).toContain('of a deployment of ours that was not finished');
});

test('a service that somebody adds to the stack afterwards is refused, and one that somebody deploys over ours is told', async () => {
  const rig = swarmRigOn(hostWith);
  well(await rig.up('v1', API));
  byHand(rig, api());
  const over = await rig.up('v2', BETTER);
  well(over);
  expect(over.log).toContain('api was deployed by other means since the last deployment');
  byHand(rig, service('extra', container(`registry.test/db:17@${DB}`)));
  const { failure } = await rig.up('v3', API, { adopt: 'true' });
  expect(failure).toMatchObject(foreignOf('foreign-containers'));
  expect(failure!.remedy).toContain('docker service rm shop_extra');
});

test.each([
  [
    'a job',
    { Mode: { ReplicatedJob: { MaxConcurrent: 1, TotalCompletions: 1 } } },
    {},
    'stack-not-restorable',
  ],
  [
    'an update that goes on',
    {},
    { UpdateStatus: { State: 'updating', StartedAt: '2026-01-01T00:00:00Z', Message: '' } },
    'update-under-way',
  ],
  [
    'an update that stands still',
    {},
    { UpdateStatus: { State: 'paused', StartedAt: '2026-01-01T00:00:00Z', Message: '' } },
    'update-under-way',
  ],
  ['a service of another mode', { Mode: { Global: { of: 'every node' } } }, {}, 'mode-differs'],
  [
    'an image by a tag that no node knows',
    { TaskTemplate: { ContainerSpec: { Image: 'registry.test/db:17' } } },
    {},
    'stack-not-restorable',
  ],
])('%s is refused by the name of the service before anything changes', async (_, spec, more, code) => {
  const rig = swarmRigOn(hostWith);
  byHand(rig, api(), { ...db(), ...spec } as ReturnType<typeof service>);
  rig.m1.docker.changeService('shop_db', more);
  const { failure, outputs } = await rig.up('v1', API, { adopt: 'true' });
  expect(failure).toMatchObject(foreignOf(code));
  expect(failure!.message).toContain('db');
  expect(outputs.outcome).toBe('nothing-changed');
  expect(changes(rig.m1)).toEqual([]);
});

test('a stack that somebody changes between the look and the adoption is not recorded as it was', async () => {
  const rig = swarmRigOn(hostWith);
  byHand(rig, api(), db());
  rig.m1.host.pauseAt('phase:preflight:before');
  const running = rig.start('v1', { engine: 'swarm', env: `API=${API}`, adopt: 'true' }, '207');
  await eventually(
    () => rig.m1.host.read('.deploy/runs/207-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  const before = byHand(rig, api(`sha256:${'8'.repeat(64)}`));
  rig.m1.host.pauseAt(undefined);
  expect((await running.done).failure).toMatchObject(foreignOf('stack-changed'));
  expect(rig.m1.docker.specs()).toEqual(before);
  expect(existsSync(path.join(rig.m1.host.path, 'releases/adopted'))).toBe(false);
});

test('every manager has the stack that was taken over, and a worker no variable of it', async () => {
  const rig = managersRigOn(hostWith);
  byHand(rig, api(), db());
  well(await rig.up('v1', API, { adopt: 'true' }));
  const kept = ({ host }: DockerServer) => readdirSync(path.join(host.path, 'releases/adopted')).sort();
  for (const server of [rig.m1, rig.m2])
    expect(readFileSync(path.join(server.host.path, 'releases/adopted/specs/api.json'), 'utf8')).toBe(
      JSON.stringify(api()),
    );
  expect(kept(rig.w1)).not.toContain('specs');
  expect(kept(rig.w1)).toEqual(expect.arrayContaining(['images', 'services', 'deployed', 'release.json']));
});

test.each([
  ['finishes the deployment', BETTER],
  ['brings back what ran by hand, where the release fails', BAD],
])('a manager goes down in the middle of an adoption: another one %s', async (_, digest) => {
  const rig = managersRigOn(hostWith);
  const before = byHand(rig, api(), db());
  rig.m1.host.pauseAt('up:begin:after');
  const running = rig.start('v2', { engine: 'swarm', env: `API=${digest}`, adopt: 'true' }, '207');
  await eventually(
    () => rig.m1.host.read('.deploy/runs/207-deploy/deploy-1/state') === 'paused\n',
    'the pause',
  );
  rig.die('207-deploy/deploy-1');
  const { failure, outputs } = await running.done;
  expect(outputs['previous-release']).toBe('adopted');
  if (digest === BAD) {
    expect(failure!.message).toContain('adopted was restored');
    expect(rig.m2.docker.specs()).toEqual(before);
  } else {
    expect([failure, outputs.outcome]).toEqual([undefined, 'deployed']);
    expect(rig.m2.docker.specs()['shop_db']).toEqual(before['shop_db']);
  }
});
