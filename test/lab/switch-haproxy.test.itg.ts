import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
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
let host: Host;
let inputs: Inputs;
let before: Headers;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
  await prepareColors(host);
  await Promise.all([
    colorUp(lab, host, 'blue', { version: 'v1' }),
    colorUp(lab, host, 'green', { version: 'v2' }),
  ]);
  await startProxy(host, 'haproxy');
  before = (await served(host)).headers;
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '1s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** The worker's number: a reload replaces it. */
const worker = () => host.sh('pgrep -n haproxy');

/** How many of COUNT answers come from green. */
async function greenOf(count: number): Promise<number> {
  let green = 0;
  for (let left = count; left > 0; left -= 50) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => served(host)));
    green += answers.filter((one) => one.color === 'green').length;
  }
  return green;
}

test('install keeps the old file and every header, and adds the colour', async () => {
  const { file, text } = SITES.haproxy;
  const installed = await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': file });
  const backup = /The file as it was: (\S+)/.exec(installed.shown)![1]!;
  expect(await host.sh(`cat ${backup}`)).toBe(text);
  const { headers, color } = await served(host);
  expect(color).toBe('blue');
  const names = (all: Headers) => [...all.keys()].filter((name) => name !== 'date').sort();
  expect(names(headers)).toEqual([...names(before), 'x-deploy-color'].sort());
});

test('the runtime socket belongs to the login group, and nothing is for everybody', async () => {
  const [socket] = (await host.sh('ls -l /run/haproxy/'))
    .split('\n')
    .filter((line) => line.includes('deploy-shop'));
  expect(socket).toMatch(/^srw-rw---- .* deploy /);
  expect(await host.sh('find /etc/haproxy /run/haproxy /var/lib/deploy-actions -perm -o+w ! -type l')).toBe(
    '',
  );
});

test('a switch under load needs no reload, fails no request and cuts no WebSocket', async () => {
  const load = startLoad({
    url: host.url(8080),
    rate: 60,
    clients: 16,
    webSockets: 5,
    slowShare: 0.01,
    timeoutMs: 60_000,
  });
  await load.seen('v1', 60_000);
  const process = await worker();
  const switched = await mustStep('blue-green-switch', { ...inputs, 'expect-version': 'v2' }, { runId: '1' });
  await load.seen('v2', 60_000);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: '100' });
  expect(switched.outputs['report']).toContain('blue to green by map');
  expect(await worker()).toBe(process);
});

test('a rollback of that run flips the traffic back, by the map as well', async () => {
  const process = await worker();
  const back = await mustStep('rollback', serverInputs(lab, [host]), { runId: '1' });
  expect(back.outputs).toMatchObject({ mode: 'flip' });
  expect((await served(host)).color).toBe('blue');
  expect(await worker()).toBe(process);
});

test('a canary has its share, which the status tells, and a canary that goes on keeps the visitors there', async () => {
  const canary = await mustStep('blue-green-switch', { ...inputs, weight: 25, 'step-interval': '1s' });
  expect(canary.outputs).toMatchObject({ to: 'green-25', weight: '25' });
  const green = await greenOf(400);
  expect(Math.abs(green - 100)).toBeLessThan(3.5 * Math.sqrt(400 * 0.25 * 0.75));
  const status = await mustStep('blue-green-switch', { ...inputs, status: true });
  expect(status.shown).toContain('traffic is on green-25 (haproxy on the host, since');
  await mustStep('blue-green-switch', inputs);
  expect(await greenOf(50)).toBe(50);
});

test('HAProxy starts anew while the idle colour is absent, with the same colour', async () => {
  await colorDown(host, 'blue');
  await host.sh(
    'kill -USR1 $(cat /run/haproxy.pid); sleep 0.5; haproxy -W -D -p /run/haproxy.pid -f /etc/haproxy/haproxy.cfg; sleep 0.5',
  );
  expect((await served(host)).color).toBe('green');
  const refused = await step('blue-green-switch', { ...inputs, to: 'blue' });
  expect(refused.shown).toContain('blue cannot take the traffic: it has no running container');
});
