import { afterEach, expect, jest, test } from '@jest/globals';
import { eventually, hostsForEach, pidOf } from '@deploy-actions/host/testing';
import { Failure } from '@deploy-actions/kit';
import { type DeployRig, type Deploying, deployRig, well } from './testing/deploy-rig.ts';
import { afterDeploy } from './post.ts';

// Real processes on a busy machine.
jest.setTimeout(120_000);

const hostWith = hostsForEach(afterEach);
const rigOf = () => deployRig(['web1'] as const, hostWith);
type Rig = DeployRig<'web1'>;

const V1 = ['api registry.test/shop/api:v1', 'db registry.test/db:1'];
const V2 = ['api registry.test/shop/api:v2', 'db registry.test/db:1'];
/** A command that only somebody's hand ends. */
const HANGS = { 'sh -c ./hang': { hangs: true, output: 'it has begun\n' } };

async function rigAt(version: string, more: Record<string, string> = {}): Promise<Rig> {
  const rig = rigOf();
  well(await rig.deploy(version, more));
  rig.servers.web1.docker.script({ commands: HANGS });
  return rig;
}

const oneOffs = ({ servers }: Rig) =>
  servers.web1.docker
    .containers()
    .filter(({ Config: { Labels } }) => Labels['com.docker.compose.oneoff'] === 'True')
    .map(({ Name }) => Name);

const log = ({ ports }: Deploying) => ports.log.lines.join('\n');
const result = ({ servers }: Rig, run: string) =>
  servers.web1.host.read(`.deploy/runs/${run}-deploy/deploy-1/result`);

test.each([
  ['migrate', 'migrate-timeout', 'schema-moved'],
  ['before-up', 'hook-timeout', 'hook-failed'],
])(
  '%s that does not end is ended when its time is over, and the old version serves',
  async (hook, limit, code) => {
    const rig = await rigAt('v1', { [hook]: 'api: ./fine' });
    const { docker } = rig.servers.web1;
    docker.script({ images: { 'registry.test/shop/api:v2': { entrypoint: ['sleep', 'infinity'] } } });
    const { failure, ports } = await rig.deploy('v2', { [hook]: 'api: ./hang', [limit]: '1s' });
    expect(failure).toMatchObject({
      kind: 'unhealthy',
      code,
      message: expect.stringContaining(`the command of api did not end within 1 s (${limit}) and was ended`),
      remedy: expect.stringContaining(`raise ${limit}`),
      details: expect.stringContaining('it has begun'),
    });
    expect(failure!.message).toContain('given to the entrypoint of api (sleep infinity)');
    expect(ports.log.lines.join('\n')).toContain('entrypoint: []');
    expect(oneOffs(rig)).toEqual([]);
    expect(docker.running('shop')).toEqual(V1);
    // The lock is free.
    docker.script({ images: {} });
    well(await rig.deploy('v2', { 'lock-timeout': '1s' }));
  },
);

test('a migration-state that does not end is ended, and the state counts as unknown', async () => {
  const rig = await rigAt('v1');
  const { failure } = await rig.deploy('v2', {
    migrate: 'api: ./up',
    'migration-state': 'api: ./hang',
    'hook-timeout': '1s',
  });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    code: 'hook-failed',
    message: expect.stringContaining('migration-state: the command of api did not end within 1 s'),
  });
  expect(oneOffs(rig)).toEqual([]);
  expect(rig.servers.web1.docker.commands()).not.toContain('sh -c ./up');
});

test('after-up that does not end is ended in its container, and the version before is restored', async () => {
  const rig = await rigAt('v1');
  const { failure } = await rig.deploy('v2', { 'after-up': 'api: ./hang', 'hook-timeout': '1s' });
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(
      /the command of api did not end within 1 s .* was restored and is healthy/,
    ),
  });
  expect(rig.servers.web1.docker.running('shop')).toEqual(V1);
});

test('an image whose entrypoint runs what it is given is not warned of', async () => {
  const rig = await rigAt('v1');
  rig.servers.web1.docker.script({
    images: { 'registry.test/shop/api:v2': { entrypoint: ['/usr/bin/tini', '--', 'docker-entrypoint.sh'] } },
  });
  const deployed = await rig.deploy('v2', { migrate: 'api: ./up' });
  well(deployed);
  expect(deployed.log).not.toContain('entrypoint');
});

test('cancelled during before-up, the command is ended and nothing is recreated', async () => {
  const rig = await rigAt('v1');
  const running = rig.start('v2', { 'before-up': 'api: ./hang' }, '200');
  await eventually(() => oneOffs(rig).length === 1, 'the command');
  running.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  await running.done;
  await eventually(() => result(rig, '200') !== '', 'the end of the run');
  expect(result(rig, '200')).toContain('the run was cancelled, and the command of api was ended');
  expect(result(rig, '200')).toContain('\ncancelled\n');
  expect(oneOffs(rig)).toEqual([]);
  expect(rig.servers.web1.docker.running('shop')).toEqual(V1);
});

test('cancelled during after-up, the command is ended and the version before is restored', async () => {
  const rig = await rigAt('v1');
  const running = rig.start('v2', { 'after-up': 'api: ./hang' }, '200');
  await eventually(() => log(running).includes('runs in the running api'), 'the command');
  running.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  await running.done;
  await eventually(() => result(rig, '200') !== '', 'the end of the run');
  expect(rig.servers.web1.docker.running('shop')).toEqual(V1);
});

test('cancelled during a migration, it goes on to its end, and so does the deployment', async () => {
  const rig = await rigAt('v1');
  const running = rig.start('v2', { migrate: 'api: ./hang' }, '200');
  await eventually(() => oneOffs(rig).length === 1, 'the migration');
  await eventually(() => log(running).includes('runs in api: ./hang'), 'the word of it');
  running.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  expect((await running.done).failure!.message).toContain('it goes on by itself on web1 (in migrate)');
  const after = rig.world();
  await afterDeploy(rig.inputs('v2'), after, (name) => running.ports.state.get(name) ?? '');
  expect(after.log.lines.join('\n')).toContain('goes on by itself');
  expect(oneOffs(rig)).toHaveLength(1);
});

test('cancelled during a migration that may be ended, it is ended and the old version serves', async () => {
  const rig = await rigAt('v1');
  const running = rig.start('v2', { migrate: 'api: ./hang', 'migrate-on-cancel': 'end' }, '200');
  await eventually(() => oneOffs(rig).length === 1, 'the migration');
  running.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  await running.done;
  await eventually(() => result(rig, '200') !== '', 'the end of the run');
  expect(result(rig, '200')).toContain('the migrations may have changed the schema under it');
  expect(result(rig, '200')).toMatch(/^schema-moved$/m);
  expect(oneOffs(rig)).toEqual([]);
  expect(rig.servers.web1.docker.running('shop')).toEqual(V1);
});

test('who waits for the lock hears of the phase, the container and its age, and what ends it', async () => {
  const rig = await rigAt('v1');
  const { docker } = rig.servers.web1;
  const holder = rig.start('v2', { migrate: 'api: ./hang' }, '200');
  await eventually(
    () => rig.servers.web1.host.read('.deploy/runs/200-deploy/deploy-1/under-way') !== '',
    'it',
  );
  const [container] = oneOffs(rig) as [string];
  const { failure } = await rig.deploy('v2', { 'lock-timeout': '1s' });
  expect(failure).toMatchObject({ kind: 'busy' });
  expect(failure!.message).toMatch(
    /held by octocat since .*, run 200-deploy\/deploy-1, in the phase migrate for \d+ s, waiting for the container shop-migrate-\S+ for \d+ s$/,
  );
  expect(failure!.remedy).toMatch(
    /It is ended by itself in (59|60) min at the latest\. .*: docker rm -f shop-migrate-\S+$/,
  );
  const status = await rig.deploy('v2', { status: 'true' });
  well(status);
  expect(status.log).toMatch(
    /in the phase migrate for .*; waiting for the container shop-migrate-\S+ for .*; ended by itself in .* at the latest; to end that now, on the server: docker rm -f shop-migrate-/,
  );
  // What the remedy says, helps.
  const session = rig.servers.web1.host.session();
  await session.run({ script: failure!.remedy!.replace(/^.*: (docker rm)/, '$1') });
  await holder.done;
  expect(result(rig, '200')).toContain('was taken away by somebody else');
  expect(docker.containers().map(({ Name }) => Name)).not.toContain(container);
});

test('what a run that died left in a migration is waited for no longer than its time, and cancelling ends that too', async () => {
  const rig = await rigAt('v1');
  const { host, docker } = rig.servers.web1;
  const dead = rig.start('v2', { migrate: 'api: ./hang', 'migrate-on-cancel': 'end' }, '200');
  // What it leaves at work is what follows the container.
  await eventually(() => docker.calls().some((line) => line.startsWith('logs --follow')), 'the migration');
  process.kill(pidOf(host, '200-deploy/deploy-1'), 'SIGKILL');
  await dead.done;
  const next = rig.start('v2', {}, '201');
  for (const word of ['waiting for what a dead run left', 'was interrupted', 'waits for shop-migrate-']) {
    await eventually(() => log(next).includes(word), word);
  }
  const { failure } = await rig.deploy('v2', { 'lock-timeout': '1s' });
  expect(failure!.message).toMatch(
    /run 201-deploy\/deploy-1, in the phase migrate for .* the container shop-migrate-/,
  );
  expect(failure!.remedy).toContain('docker rm -f shop-migrate-');
  next.ports.cancel(new Failure('lost', 'the run was cancelled (SIGINT)'));
  await next.done;
  await eventually(() => oneOffs(rig).length === 0, 'the end of the migration');
  await eventually(() => result(rig, '201') !== '', 'the end of the run');
  expect(docker.running('shop')).toEqual(V1);
});

test('the time of a migration goes on where its run has died', async () => {
  const rig = await rigAt('v1');
  const { host } = rig.servers.web1;
  const dead = rig.start('v2', { migrate: 'api: ./hang', 'migrate-timeout': '4s' }, '200');
  await eventually(() => host.read('.deploy/runs/200-deploy/deploy-1/under-way') !== '', 'the migration');
  process.kill(pidOf(host, '200-deploy/deploy-1'), 'SIGKILL');
  await dead.done;
  well(await rig.deploy('v2', {}, '201'));
  expect(oneOffs(rig)).toEqual([]);
  expect(rig.servers.web1.docker.running('shop')).toEqual(V2);
});
