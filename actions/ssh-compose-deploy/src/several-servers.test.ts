import { afterEach, expect, jest, test } from '@jest/globals';
import { cancelRun, startRun } from '@deploy-actions/host';
import { eventually, hostsForEach } from '@deploy-actions/host/testing';
import { systemClock } from '@deploy-actions/kit';
import type { DockerServer } from '@deploy-actions/release/testing';
import { deployRig, well } from './testing/deploy-rig.ts';

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

test('where one of three servers fails, all three serve the old version again', async () => {
  const { servers, deploy } = rigOf('web1', 'web2', 'web3');
  well(await deploy('v1'));
  servers.web2.docker.script({ images: { 'registry.test/shop/api:v2': { exits: 1 } } });
  const { failure, ports } = await deploy('v2');
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: expect.stringMatching(/^web2: api exited with 1/),
  });
  for (const { docker } of Object.values(servers)) expect(docker.running('shop')).toEqual(V1);
  expect(outcomesOf(servers.web1)).toEqual(['succeeded', 'restored']);
  expect(ports.summaries.join('')).toContain('web3');
});

test('where one of three servers is not fit, nothing is changed on any', async () => {
  const { servers, deploy } = rigOf('web1', 'web2', 'web3');
  servers.web3.docker.script({ refused: 'Cannot connect to the Docker daemon' });
  const { failure } = await deploy('v1');
  expect(failure).toMatchObject({
    kind: 'refused',
    message: 'web3: the Docker engine does not answer. Nothing was changed on any server',
  });
  for (const { docker } of Object.values(servers)) expect(docker.running('shop')).toEqual([]);
});

test('where another run holds the lock of one of several servers, it is waited for, and the others are not kept', async () => {
  const { servers, deploy, start } = rigOf('web1', 'web2', 'web3');
  well(await deploy('v1'));
  const { host } = servers.web2;
  const other = host.operation({ deploymentId: 'other', body: 'operate() { await_go 60; }' });
  const holder = await startRun(host.session(), other, { clock: systemClock });
  await eventually(() => host.read('.deploy/lock.holder').includes('other'), 'the holder');
  const waiting = start('v2');
  await eventually(
    () => waiting.ports.log.lines.join('\n').includes('another run holds the lock of web2'),
    'the second try',
  );
  // Nothing that comes after web2 is held meanwhile.
  await eventually(
    () => waiting.ports.log.lines.some((line) => /web2.*waiting for the lock/.test(line)),
    'the wait',
  );
  expect(servers.web3.host.read('.deploy/lock.holder')).not.toContain('102-deploy/deploy-2');
  await cancelRun(host.session(), holder.reference);
  const { failure, outputs } = await waiting.done;
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ version: 'v2', changed: true });
  for (const { docker } of Object.values(servers)) expect(docker.running('shop')).toEqual(V2);
  // The first try stopped with nothing changed.
  expect(outcomesOf(servers.web1)).toEqual(['succeeded', 'failed', 'succeeded']);
  expect(servers.web1.host.read('.deploy/runs/102-deploy/deploy-1/result')).toMatch(/^stopped-with-others$/m);
  await holder.result;
});

test('one server migrates for all, before another is changed', async () => {
  const { servers, deploy } = rigOf('web2', 'web1');
  well(await deploy('v1', { migrate: 'api: ./migrate up' }));
  expect(servers.web2.docker.commands()).toEqual(['sh -c ./migrate up']);
  expect(servers.web1.docker.commands()).toEqual([]);
  expect(servers.web1.docker.running('shop')).toEqual(V1);
});
