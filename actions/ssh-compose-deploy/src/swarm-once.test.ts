import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import type { DockerServer } from '@deploy-actions/release/testing';
import { well } from './testing/deploy-rig.ts';
import { API, BAD, BETTER, STACK, swarmRigOn } from './testing/swarm-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const swarmRig = (compose?: string) => swarmRigOn(hostWith, compose);

/** The shop with a service that fills the database, which the api waits for. */
const SEEDED = `${STACK.replace(
  'required: true } }',
  'required: true }, seed: { condition: service_completed_successfully, required: true } }',
)}  seed:
    image: registry.test/shop/api@\${API}
    command: [seed]
    depends_on: { db: { condition: service_healthy, required: true } }
`;

const containers = ({ docker }: DockerServer) => docker.containers().map(({ Name }) => Name);
const order = ({ docker }: DockerServer) =>
  docker.calls().flatMap((call) => {
    const [, deployed] = /^stack deploy .*\/([a-z]+)\.json/.exec(call) ?? [];
    const [, ran] = / run .* --name shop-(one-shot-[a-z]+|after-up-\d+)-/.exec(call) ?? [];
    return deployed ?? ran ?? [];
  });

// Services that run once, and commands of the user's, in a cluster.

test('a service that others wait for to end runs once on the manager, in its place in the order, and leaves nothing', async () => {
  const rig = swarmRig(SEEDED);
  rig.m1.docker.script({ commands: { seed: { output: 'three rows\n' } } });
  const first = await rig.up('v1', API);
  well(first);
  expect(order(rig.m1)).toEqual(['db', 'one-shot-seed', 'api']);
  expect(rig.m1.docker.commands()).toEqual(['seed']);
  expect(rig.w1.docker.commands()).toEqual([]);
  expect(first.log).toContain('three rows');
  expect(containers(rig.m1)).toEqual([]);
  const again = await rig.up('v1', API);
  expect(again.outputs.outcome).toBe('unchanged');
  expect(rig.m1.docker.commands()).toEqual(['seed']);
  const plan = await rig.up('v2', BETTER, { plan: 'true' });
  expect(plan.outputs.services).toMatchObject({ seed: { action: 'run' }, db: { action: 'keep' } });
  well(await rig.up('v2', BETTER));
  expect(rig.m1.docker.commands()).toEqual(['seed', 'seed']);
});

test('one that fails fails the deployment with its exit code and its last words; what served goes on, and it runs again', async () => {
  const rig = swarmRig(SEEDED);
  well(await rig.up('v1', API));
  rig.m1.docker.script({ commands: { seed: { code: 3, output: 'no such table\n' } } });
  const { failure, outputs } = await rig.up('v2', BETTER);
  expect(failure).toMatchObject({ kind: 'unhealthy', code: 'release-unhealthy' });
  expect(failure!.message).toContain('seed, which runs once, failed with exit code 3');
  expect(failure!.message).toContain('goes on serving: none of its containers was stopped');
  expect(failure!.details).toContain('no such table');
  expect(outputs.outcome).toBe('restored');
  expect(containers(rig.m1)).toEqual([]);
  rig.m1.docker.script({ commands: {} });
  well(await rig.up('v2', BETTER));
  expect(rig.m1.docker.commands()).toEqual(['seed', 'seed', 'seed']);
});

test('what ran for the release that serves is not run again where a later release is taken back', async () => {
  const rig = swarmRig(SEEDED);
  well(await rig.up('v1', API));
  const { outputs } = await rig.up('v2', BAD);
  expect(outputs.outcome).toBe('restored');
  expect(rig.m1.docker.commands()).toEqual(['seed', 'seed']);
});

/** A deployment whose manager is killed while the one-shot runs. */
async function cutOff(rig: ReturnType<typeof swarmRig>, more: Record<string, string>) {
  rig.m1.docker.script({ commands: { seed: { hangs: true } } });
  const running = rig.start('v1', { engine: 'swarm', env: `API=${API}`, ...more }, '7');
  await eventually(() => containers(rig.m1).some((name) => name.includes('one-shot-seed')), 'the one-shot');
  process.kill(pidOf(rig.m1.host, '7-deploy/deploy-1'), 'SIGKILL');
  await running.done;
}

test('a manager that is cut off while one runs waits for the same container afterwards, and it does not run twice', async () => {
  const rig = swarmRig(SEEDED);
  const alone = { host: 'deploy@m1' };
  await cutOff(rig, alone);
  const next = rig.start('v1', { engine: 'swarm', env: `API=${API}`, ...alone }, '7');
  const logOf = (run: string) => rig.m1.host.read(`.deploy/runs/7-deploy/${run}/log`);
  await eventually(() => logOf('deploy-2').includes('which is there already'), 'the wait');
  const name = containers(rig.m1).find((one) => one.includes('one-shot-seed'))!;
  rig.m1.docker.stop(name.slice(1), 0);
  await next.done;
  expect(rig.m1.docker.commands()).toEqual(['seed']);
  expect(rig.m1.docker.services()).toHaveLength(2);
  expect(containers(rig.m1)).toEqual([]);
});

test('one that was cut off with its manager, and is to stop, is ended and taken away before it runs again', async () => {
  const rig = swarmRig(SEEDED);
  // The other server failed by that, so all were asked to stop.
  await cutOff(rig, {});
  rig.m1.docker.script({ commands: {} });
  const next = await rig.up('v1', API);
  well(next);
  expect(next.log).toContain('ends the container shop-one-shot-seed');
  expect(rig.m1.docker.commands()).toEqual(['seed', 'seed']);
  expect(containers(rig.m1)).toEqual([]);
});

test('a command of after-up runs once all is well, in a plain container on the manager', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API, { 'after-up': 'api: warm it' }));
  expect(rig.m1.docker.commands()).toEqual(['sh -c warm it']);
  expect(rig.w1.docker.commands()).toEqual([]);
  expect(order(rig.m1)).toEqual(['db', 'api', 'after-up-01']);
  expect(containers(rig.m1)).toEqual([]);
});

test('one that fails takes the release back', async () => {
  const rig = swarmRig();
  well(await rig.up('v1', API));
  rig.m1.docker.script({ commands: { 'sh -c warm it': { code: 2, output: 'cold\n' } } });
  const { failure, outputs } = await rig.up('v2', BETTER, { 'after-up': 'api: warm it' });
  expect(failure!.message).toContain('the command of api failed with exit code 2: warm it');
  expect(outputs.outcome).toBe('restored');
});

test('a network that takes no plain container is refused by its name before anything changes', async () => {
  const rig = swarmRig(SEEDED);
  rig.m1.docker.make('network', 'shop_default', {}, { Scope: 'swarm', Attachable: false });
  const { failure } = await rig.up('v1', API);
  expect(failure).toMatchObject({ kind: 'refused', code: 'network-not-attachable' });
  expect(failure!.message).toContain('seed runs as a plain container on the network shop_default');
  expect(order(rig.m1)).toEqual([]);
});

test('a command in a service whose volume is on another node is refused before anything changes', async () => {
  const rig = swarmRig(
    `${STACK}    volumes: [{ type: volume, source: data, target: /data }]\n    deploy: { placement: { constraints: ['node.hostname == w1'] } }\nvolumes: { data: { name: shop_data } }\n`,
  );
  const { failure } = await rig.up('v1', API, { migrate: 'db: vacuum' });
  expect(failure).toMatchObject({ kind: 'refused', code: 'volume-elsewhere', input: 'migrate' });
  expect(failure!.message).toContain('the volume data is on another node (node.hostname == w1)');
  well(await rig.up('v1', API, { migrate: 'api: migrate' }));
});

test('the health check that an image brings along decides how its tasks are replaced', async () => {
  const rig = swarmRig(
    STACK.replace('    healthcheck: { test: [CMD, check] }\n    depends_on', '    depends_on'),
  );
  const orderOf = () => {
    const file = path.join(rig.m1.host.path, 'current', 'stack', 'api.json');
    const { services } = JSON.parse(readFileSync(file, 'utf8')) as {
      services: { api: { deploy: { update_config: { order: string } } } };
    };
    return services.api.deploy.update_config.order;
  };
  well(await rig.up('v1', API));
  expect(orderOf()).toBe('stop-first');
  rig.m1.docker.script({
    images: { [`registry.test/shop/api@${BETTER}`]: { healthcheck: ['CMD', 'check'] } },
  });
  const { log } = await rig.up('v2', BETTER);
  expect(log).toContain('the image of api has a health check');
  expect(orderOf()).toBe('start-first');
});
