import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import {
  SITES,
  colorDown,
  colorUp,
  countGreen,
  fits,
  headerNames,
  leftovers,
  mustStep,
  openColors,
  served,
  serverInputs,
  step,
} from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

let lab: Lab;
let host: Host;
let inputs: Inputs;
let before: Headers;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await openColors(lab, 'caddy');
  before = (await served(host)).headers;
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '1s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

test('without sudo install names the commands; when an administrator has run them, it needs nobody', async () => {
  const { file, text } = SITES.caddy;
  await host.sh('mv /etc/sudoers.d /etc/sudoers.away');
  const options = { ...inputs, install: 'true', 'site-config': file };
  const refused = await step('blue-green-switch', options);
  const commands = /An administrator can run, on the server: (.*)\. Then run this action again/.exec(
    refused.shown,
  )![1]!;
  await host.sh(commands);
  // Caddy is reloaded by whoever asks, so the action does that itself.
  const installed = await step('blue-green-switch', options);
  await host.sh('mv /etc/sudoers.away /etc/sudoers.d');
  expect(installed.exitCode).toBe(0);
  expect((await served(host)).color).toBe('blue');
  await host.sh('rm -rf /var/lib/deploy-actions /srv/deploy/shop/.deploy/proxy.json');
  await host.write(file, text, { mode: '0644', owner: 'root' });
  await host.sh(`caddy reload --config ${file}`);
});

test('install keeps the old file and every header, and adds the colour', async () => {
  const { file, text } = SITES.caddy;
  const prepare = { ...inputs, install: 'true', 'site-config': file, weight: '25,100' };
  const installed = await mustStep('blue-green-switch', prepare);
  const backup = /The file as it was: (\S+)/.exec(installed.shown)![1]!;
  expect(await host.sh(`cat ${backup}`)).toBe(text);
  const { headers, color } = await served(host);
  expect(color).toBe('blue');
  expect(headerNames(headers)).toEqual([...headerNames(before), 'x-deploy-color'].sort());
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
  const switched = await mustStep('blue-green-switch', { ...inputs, 'expect-version': 'v2' }, { runId: '1' });
  await load.seen('v2', 60_000);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  // Caddy closes every WebSocket when it is reloaded.
  expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: '100', 'overlap-ms': '0' });
  expect(switched.outputs['report']).toContain('blue to green by flag');
});

test('a rollback of that run flips the traffic back', async () => {
  const back = await mustStep('rollback', serverInputs(lab, [host]), { runId: '1' });
  expect(back.outputs).toMatchObject({ mode: 'flip' });
  expect((await served(host)).color).toBe('blue');
});

test('a canary has its share, which the status tells; without an access log its gates go by probing, and say so', async () => {
  const canary = await mustStep('blue-green-switch', {
    ...inputs,
    weight: 25,
    'step-interval': '2s',
    'max-error-rate': '1%',
    'min-requests': 3,
  });
  expect(canary.outputs['report']).toContain('by probing (caddy has no log of its own for a colour)');
  expect(fits(await countGreen(host, 400), 400, 25)).toBe(true);
  const status = await mustStep('blue-green-switch', { ...inputs, status: true });
  expect(status.shown).toContain('traffic is on green-25 (caddy on the host, since');
  const few = await step('blue-green-switch', {
    ...inputs,
    weight: '50,100',
    'step-interval': '1s',
    'max-p95': '5s',
    'min-requests': 5000,
  });
  expect(few.shown).toMatch(/green had \d+ requests at green-50 by probing .*too few to judge/);
  expect(await countGreen(host, 50)).toBe(0);
});

test('Caddy starts anew while the idle colour is absent, with the same colour', async () => {
  await mustStep('blue-green-switch', inputs);
  await colorDown(host, 'blue');
  await host.sh('kill "$(pgrep -x caddy)"; while pgrep -x caddy >/dev/null; do sleep 0.1; done');
  await host.sh(SITES.caddy.start);
  expect((await served(host)).color).toBe('green');
  const refused = await step('blue-green-switch', { ...inputs, to: 'blue' });
  expect(refused.shown).toContain('blue cannot take the traffic: it has no running container');
});

test('uninstall refuses where the file would lead to the other colour, and else leaves all as it was', async () => {
  await colorUp(lab, host, 'blue', { version: 'v1' });
  const { file, text } = SITES.caddy;
  const refused = await step('blue-green-switch', { ...inputs, uninstall: true });
  expect(refused.shown).toContain('traffic is on green, to which');
  expect((await served(host)).color).toBe('green');
  await mustStep('blue-green-switch', { ...inputs, to: 'blue', 'drain-timeout': '0' });
  const removed = await mustStep('blue-green-switch', { ...inputs, uninstall: true });
  expect(removed.shown).toContain('answers as before');
  expect(await host.sh(`cat ${file}`)).toBe(text);
  const { color, headers } = await served(host);
  expect(color).toBeNull();
  expect(headerNames(headers)).toEqual(headerNames(before));
  expect(await leftovers(host)).toBe('');
  expect((await step('blue-green-switch', { ...inputs, to: 'green' })).shown).toContain(
    'no proxy was prepared',
  );
});
