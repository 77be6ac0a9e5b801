import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { containers, deployInputs, deployed, psql, refused, served, startByHand } from './deploy-rig.ts';

let lab: Lab;

beforeAll(async () => {
  lab = await openLab();
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  await lab.host.reset();
});

/** What is left to the env file on the server. */
const fromServer = (tag: string) => ({ env: `TAG=${tag}` });

test('a stack that was started by hand is not touched unasked', async () => {
  await startByHand(lab, '/srv/deploy/shop');
  const before = await containers(lab.host);
  const result = await refused(deployInputs(lab, 'v2'));
  expect(result.headline).toContain('has containers that this action did not start');
  expect(result.headline).toContain('adopt: true');
  expect(await containers(lab.host)).toEqual(before);
});

test('a stack that was started by hand is taken over as it is: nothing is recreated', async () => {
  await startByHand(lab, '/srv/deploy/shop');
  const before = await containers(lab.host);
  const result = await deployed(deployInputs(lab, 'v1', { adopt: true, ...fromServer('v1') }));
  expect(await containers(lab.host)).toEqual(before);
  expect(result.outputs).toMatchObject({ changed: 'false', 'previous-release': 'adopted' });
  expect(await served(lab.host)).toBe('v1');
});

test('an adopted stack is upgraded with its data, and its database goes on running', async () => {
  await startByHand(lab, '/srv/deploy/old/shop');
  await psql(lab.host, 'create table kept (n int); insert into kept values (7)');
  await lab.host.sh('echo mine >/srv/deploy/old/shop/data/note');
  const before = await containers(lab.host);
  await deployed(deployInputs(lab, 'v2', { adopt: true, ...fromServer('v2') }));
  expect(await served(lab.host)).toBe('v2');
  const after = await containers(lab.host);
  expect(after['db-1']).toBe(before['db-1']);
  expect(after['api-1']).not.toBe(before['api-1']);
  expect(await psql(lab.host, 'select n from kept')).toBe('7');
  expect(await lab.host.sh('docker exec shop-api-1 cat /data/note')).toBe('mine\n');
  await deployed(deployInputs(lab, 'v3', fromServer('v3')));
  expect((await containers(lab.host))['db-1']).toBe(before['db-1']);
});

test('a first deployment that fails brings the adopted stack back', async () => {
  await startByHand(lab, '/srv/deploy/shop');
  const result = await refused(
    deployInputs(lab, 'crash-at-start', {
      adopt: true,
      'migration-reversible': true,
      ...fromServer('crash-at-start'),
    }),
  );
  expect(result.headline).toContain('adopted was restored and is healthy');
  expect(await served(lab.host)).toBe('v1');
});
