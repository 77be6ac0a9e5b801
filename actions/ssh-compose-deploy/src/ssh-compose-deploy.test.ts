import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { type DeploymentRecord, marksOf, parseDeploymentRecord, readHistory } from '@deploy-actions/ledger';
import type { DockerServer } from '@deploy-actions/release/testing';
import { type Deployed, deployRig, well } from './testing/deploy-rig.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigOf = <N extends string>(...names: N[]) => deployRig(names, hostWith);

const V1 = ['api registry.test/shop/api:v1', 'db registry.test/db:1'];
const V2 = ['api registry.test/shop/api:v2', 'db registry.test/db:1'];

const outcomesOf = ({ host }: DockerServer) =>
  host
    .read('.deploy/history.jsonl')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { outcome: string }).outcome);

test('a first deployment brings every service up, and a second one recreates only what differs', async () => {
  const { servers, deploy } = rigOf('web1');
  const first = await deploy('v1');
  well(first);
  expect(recordOf(first)).toMatchObject({
    status: 'success',
    health_checks: [{ healthy: true }, { healthy: true }],
  });
  expect(first.outputs).toMatchObject({ version: 'v1', changed: true, 'previous-release': '' });
  expect(servers.web1.docker.running('shop')).toEqual(V1);
  const database = servers.web1.docker.containers().find(({ Name }) => Name === '/shop-db-1')!.ID;
  const second = await deploy('v2');
  well(second);
  expect(second.outputs).toMatchObject({ changed: true, 'previous-release': first.outputs.release });
  expect(servers.web1.docker.running('shop')).toEqual(V2);
  expect(servers.web1.docker.containers().find(({ Name }) => Name === '/shop-db-1')!.ID).toBe(database);
  expect(servers.web1.host.read('current/release.json')).toContain('"version":"v2"');
  expect(second.ports.state.get('ended')).toBe('true');
});

/** The record that a deployment wrote, as those read it who read records. */
function recordOf({ outputs }: Deployed): DeploymentRecord {
  const written: unknown = JSON.parse(readFileSync(String(outputs.record), 'utf8'));
  const record = parseDeploymentRecord(written);
  if (typeof record === 'string') throw new Error(record);
  expect(record).toMatchObject(written as object);
  return record;
}

test('a version that does not become healthy is taken back, and the one before serves', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v1'));
  servers.web1.docker.script({ images: { 'registry.test/shop/api:v2': { health: 'unhealthy' } } });
  const second = await deploy('v2');
  const { failure, outputs, ports } = second;
  const record = recordOf(second);
  expect(record).toMatchObject({ status: 'restored', version: 'v2', rollback_available: true });
  expect(record.phases.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['wait']);
  expect(failure).toMatchObject({ kind: 'unhealthy', message: expect.stringContaining('api is unhealthy') });
  expect(failure!.message).toContain('was restored and is healthy');
  expect(servers.web1.docker.running('shop')).toEqual(V1);
  expect(outcomesOf(servers.web1)).toEqual(['succeeded', 'restored']);
  expect(outputs.version).toBe('v2');
  expect(outputs.outcome).toBe('restored');
  expect(ports.summaries.join('')).toMatch(
    /^### ❌ v2 did not become healthy: api is unhealthy.* v1 serves on web1/,
  );
});

test('where the version before does not become healthy again either, the site may be down, and that is said', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v1'));
  const unhealthy = { health: 'unhealthy' } as const;
  const images = { 'registry.test/shop/api:v1': unhealthy, 'registry.test/shop/api:v2': unhealthy };
  servers.web1.docker.script({ images });
  const { failure, outputs } = await deploy('v2');
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'restore-failed',
    message: expect.stringMatching(/^api is unhealthy.*\. Restoring \S+ failed as well: api is unhealthy/),
    remedy: expect.stringContaining('The site may be down'),
  });
  expect(outputs.outcome).toBe('left');
});

test('a first version that does not become healthy has nothing to go back to, and says so', async () => {
  const { servers, deploy } = rigOf('web1');
  servers.web1.docker.script({ images: { 'registry.test/shop/api:v1': { exits: 3 } } });
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/api exited with 3\. There is no earlier release/),
  });
  expect(existsSync(path.join(servers.web1.host.path, 'current'))).toBe(false);
});

test('an engine that the login user may not use refuses before anything is changed', async () => {
  const { servers, deploy } = rigOf('web1');
  servers.web1.docker.script({
    refused: 'permission denied while trying to connect to the Docker daemon socket',
  });
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('may not use Docker'),
    remedy: expect.stringContaining('usermod -aG docker'),
  });
  expect(existsSync(path.join(servers.web1.host.path, 'releases'))).toBe(false);
});

test('a folder that is a link is refused by name', async () => {
  const { servers, deploy } = rigOf('web1');
  const { host } = servers.web1;
  mkdirSync(path.join(host.home, 'elsewhere'));
  symlinkSync(path.join(host.home, 'elsewhere'), host.path);
  expect((await deploy('v1')).failure).toMatchObject({
    kind: 'refused',
    message: `${host.path} is a symbolic link`,
  });
  expect(servers.web1.docker.calls()).toEqual([]);
});

test('an image that the registry does not have changes nothing', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v1'));
  const { failure } = await deploy('v9');
  expect(failure).toMatchObject({
    kind: 'input',
    message: 'the registry has no registry.test/shop/api:v9; nothing was changed',
  });
  expect(servers.web1.docker.running('shop')).toEqual(V1);
});

test('migrations run once, and a failed one leaves the old version serving', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v1', { migrate: 'api: ./migrate up' }));
  servers.web1.docker.script({ commands: { 'sh -c ./migrate up': { code: 4, output: 'no such column' } } });
  const { failure } = await deploy('v2', { migrate: 'api: ./migrate up' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringContaining('the command of api failed with exit code 4: ./migrate up'),
    details: expect.stringContaining('no such column'),
  });
  expect(servers.web1.docker.commands()).toEqual(['sh -c ./migrate up', 'sh -c ./migrate up']);
  expect(servers.web1.docker.running('shop')).toEqual(V1);
});

test('a colour is brought up beside the live stack, on the networks that both share', async () => {
  const { servers, deploy } = rigOf('web1');
  well(await deploy('v1'));
  const colored = await deploy('v2', { color: 'auto', 'color-services': 'api' });
  well(colored);
  expect(colored.outputs.color).toBe('green');
  expect(servers.web1.docker.running('shop')).toEqual(V1);
  expect(servers.web1.docker.running('shop-green')).toEqual(['api registry.test/shop/api:v2']);
  const database = servers.web1.docker.containers().find(({ Name }) => Name === '/shop-db-1')!;
  expect(Object.keys(database.NetworkSettings.Networks)).toEqual(
    expect.arrayContaining(['zz_shop_blue', 'zz_shop_green']),
  );
});

test('a service that is no longer in the compose file goes, and a restart that was asked for is done', async () => {
  const { servers, deploy, compose } = rigOf('web1');
  compose(`name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
  old:
    image: registry.test/db:1
    healthcheck: { test: [CMD, check] }
`);
  well(await deploy('v1'));
  expect(servers.web1.docker.running('shop')).toEqual([
    'api registry.test/shop/api:v1',
    'old registry.test/db:1',
  ]);
  compose(`name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
  web:
    image: registry.test/db:1
    healthcheck: { test: [CMD, check] }
    depends_on: { api: { condition: service_started, restart: true, required: true } }
`);
  well(await deploy('v1'));
  well(await deploy('v2'));
  expect(servers.web1.docker.running('shop')).toEqual([
    'api registry.test/shop/api:v2',
    'web registry.test/db:1',
  ]);
  expect(servers.web1.docker.calls().filter((call) => / restart --no-deps web$/.test(call))).toHaveLength(1);
});

test("files that were placed while a pull failed are nobody's, and go with the next deployment", async () => {
  const { servers, deploy, compose, workspace } = rigOf('web1');
  const { host, docker } = servers.web1;
  compose(`
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    volumes: ['./one.conf:/etc/one.conf']
`);
  const placed = () => {
    const folder = path.join(host.path, 'files');
    return readdirSync(folder).map((sum) => readFileSync(path.join(folder, sum, 'one.conf'), 'utf8'));
  };
  writeFileSync(path.join(workspace, 'one.conf'), 'one');
  well(await deploy('v1', { files: 'one.conf' }));

  writeFileSync(path.join(workspace, 'one.conf'), 'two');
  expect((await deploy('v9', { files: 'one.conf' })).failure?.kind).toBe('input');
  expect(placed().sort()).toEqual(['one', 'two']);
  expect(docker.running('shop')).toEqual(['api registry.test/shop/api:v1']);
  // As a crash leaves it.
  mkdirSync(path.join(host.path, 'files', `.${'a'.repeat(64)}`));

  writeFileSync(path.join(workspace, 'one.conf'), 'three');
  well(await deploy('v2', { files: 'one.conf' }));
  expect(placed().sort()).toEqual(['one', 'three']);
});

test('the engine is asked once for each thing: each call takes its programs a while to start', async () => {
  const { servers, deploy, compose } = rigOf('web1');
  compose(`
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    ports: ['127.0.0.1:8080:80']
    healthcheck: { test: [CMD, check] }
`);
  const { docker } = servers.web1;
  const asked = async (version: string) => {
    const before = docker.calls().length;
    well(await deploy(version));
    const words = docker.calls().slice(before);
    return words
      .map((call) => /^compose .*?(config|up)\b|^(?:(?:image|volume|network) )?\w+/.exec(call)!)
      .map(([all, compose]) => compose ?? all)
      .sort();
  };
  await asked('v1');
  const look = ['config', 'image ls', 'info', 'inspect', 'network ls', 'ps', 'volume ls'];
  const identified = ['image inspect', 'inspect', 'ps', 'pull'];
  // No tags are set for a moment either.
  expect(await asked('v1')).toEqual([...look, ...identified].sort());
  // Of what is being made anew nobody is in the way but itself.
  expect(await asked('v2')).toEqual([...look, ...identified, 'inspect', 'ps', 'tag', 'up'].sort());
});

test('a mounted folder of many files is placed as it was sent, with what no other may read left out', async () => {
  const { servers, deploy, compose, workspace } = rigOf('web1');
  const { host } = servers.web1;
  compose(`
name: shop
services:
  api:
    image: registry.test/shop/api:\${TAG}
    healthcheck: { test: [CMD, check] }
    volumes: ['./conf:/etc/shop:ro', './one.conf:/etc/one.conf']
`);
  const write = (file: string, text: string, mode = 0o600) => {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text, { mode });
  };
  const file = (index: number) => `conf/${index % 9}/-a file ${index}`;
  for (let index = 0; index < 80; index += 1)
    write(path.join(workspace, file(index)), `${index}\n`, index % 10 === 0 ? 0o755 : 0o600);
  write(path.join(workspace, 'one.conf'), 'one\n');
  // The user's own on the server, which Compose reads beside what was sent.
  write(path.join(host.path, 'shared/.env'), 'SECRET=hush-hush-hush\n');
  const inputs = { files: 'conf\none.conf' };
  const names = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort();
  const trees = () =>
    readdirSync(path.join(host.path, 'files')).map((sum) => path.join(host.path, 'files', sum));
  const mode = (tree: string, name: string) => (statSync(path.join(tree, name)).mode & 0o777).toString(8);

  well(await deploy('v1', inputs));
  expect(trees()).toHaveLength(2);
  const [conf, one] = ['conf', 'one.conf'].map((name) =>
    trees().find((tree) => existsSync(path.join(tree, name)))!,
  );
  expect(names(one!)).toEqual(['one.conf']);
  expect(mode(one!, 'one.conf')).toBe('644');
  expect(names(conf!).filter((name) => name.startsWith('conf/0/'))).toEqual(
    [0, 18, 27, 36, 45, 54, 63, 72, 9].map((index) => `conf/0/-a file ${index}`),
  );
  expect(names(conf!)).toHaveLength(1 + 9 + 80);
  expect([mode(conf!, file(0)), mode(conf!, file(9)), mode(conf!, 'conf/0')]).toEqual(['755', '644', '755']);
  // What is kept for the next time is what was sent, and no secret of the server.
  const sent = path.join(host.path, '.deploy/sent/project/app');
  expect(names(sent)).toEqual(['compose.yaml', 'one.conf', ...names(conf!)].sort());
  expect(statSync(path.join(host.path, '.deploy/sent')).mode & 0o777).toBe(0o700);

  // A container may have written into what it mounts: what was sent is not that.
  write(path.join(conf!, file(1)), 'written by a container\n');
  write(path.join(workspace, file(2)), 'new\n');
  well(await deploy('v2', inputs));
  const next = trees().find((tree) => tree !== conf && existsSync(path.join(tree, 'conf')))!;
  expect(readFileSync(path.join(next, file(1)), 'utf8')).toBe('1\n');
  expect(readFileSync(path.join(next, file(2)), 'utf8')).toBe('new\n');
  expect(readFileSync(path.join(conf!, file(2)), 'utf8')).toBe('2\n');
});

test('a plan changes nothing', async () => {
  const { servers, deploy } = rigOf('web1');
  const { outputs, log, failure } = await deploy('v1', { plan: 'true' });
  expect(failure).toBeUndefined();
  expect(outputs.changed).toBe(true);
  expect(log).toContain('what a deployment would do (nothing is changed)');
  expect(servers.web1.docker.containers()).toEqual([]);
});

test('every session is closed, also after a failure', async () => {
  const { servers, deploy } = rigOf('web1', 'web2');
  await deploy('v9');
  await eventually(
    () => Object.values(servers).every(({ sessions }) => sessions.every(({ gone }) => gone.aborted)),
    'the end of every session',
  );
});

test('a deployment that would change nothing is red where what runs is not well, and no mark is left on it', async () => {
  const { servers, deploy } = rigOf('web1');
  const { docker } = servers.web1;
  well(await deploy('v1'));
  const api = () => docker.containers().find(({ Name }) => Name === '/shop-api-1')!;
  const health = (Status: string) =>
    docker.put({ ...api(), State: { ...api().State, Health: { Status, FailingStreak: 3, Log: [] } } });
  const { ID } = api();
  health('unhealthy');
  const { failure, outputs } = await deploy('v1', { 'wait-timeout': '3s' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringContaining(
      'api is unhealthy, as it was before this deployment. No container was touched',
    ),
  });
  expect(outputs.outcome).toBe('nothing-changed');
  expect(api().ID).toBe(ID);
  const { records } = readHistory(servers.web1.host.read('.deploy/history.jsonl'));
  expect([...marksOf(records).releases]).toEqual([]);
  health('healthy');
  const again = await deploy('v1');
  well(again);
  expect(again.outputs.outcome).toBe('unchanged');
  expect(outcomesOf(servers.web1)).toEqual(['succeeded', 'failed', 'unchanged']);
});
