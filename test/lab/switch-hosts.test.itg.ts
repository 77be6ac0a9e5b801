import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import {
  SITES,
  colorDown,
  colorUp,
  mustStep,
  prepareColors,
  served,
  serverInputs,
  startProxy,
  step,
} from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

let lab: Lab;
let hosts: Host[];
let inputs: Inputs;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  hosts = [await lab.addHost({ sudo: true }), await lab.addHost({ sudo: true })];
  await Promise.all(
    hosts.map(async (host) => {
      await prepareColors(host);
      await colorUp(lab, host, 'blue', { version: 'v1' });
      await colorUp(lab, host, 'green', { version: 'v2' });
      await startProxy(host, 'nginx');
    }),
  );
  inputs = { ...serverInputs(lab, hosts), 'drain-timeout': '0' };
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITES.nginx.file });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const colors = () => Promise.all(hosts.map(async (host) => (await served(host)).color));

test('two servers switch together', async () => {
  await mustStep('blue-green-switch', inputs, { runId: '1' });
  expect(await colors()).toEqual(['green', 'green']);
});

test('two servers are rolled back together', async () => {
  await mustStep('rollback', serverInputs(lab, hosts), { runId: '1' });
  expect(await colors()).toEqual(['blue', 'blue']);
});

test('when one server cannot switch, none does', async () => {
  await colorDown(hosts[1]!, 'green');
  const failed = await step('blue-green-switch', { ...inputs, to: 'green' }, { runId: '2' });
  expect(failed.exitCode).toBe(1);
  expect(failed.shown).toContain('green cannot take the traffic: it has no running container');
  expect(await colors()).toEqual(['blue', 'blue']);
});
