import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import {
  SITES,
  colorDown,
  colorUp,
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
  host = await openColors(lab, 'nginx', { worker: true });
  before = (await served(host)).headers;
  inputs = serverInputs(lab, [host]);
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** Which colours' workers run. */
const workers = async () =>
  (await host.sh("docker ps --format '{{.Names}}' | grep worker | sort || true"))
    .split('\n')
    .filter((line) => line !== '');

test('install shows the change first, keeps the old file, and is proven by a request that sees a flag', async () => {
  const site = SITES.nginx.file;
  const checked = await mustStep('blue-green-switch', { ...inputs, install: 'check', 'site-config': site });
  expect(checked.shown).toContain('+     proxy_pass http://deploy_shop_web');
  expect(await host.sh(`cat ${site}`)).toBe(SITES.nginx.text);
  const installed = await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    weight: '50,100',
    'site-config': site,
  });
  const backup = /The file as it was: (\S+)/.exec(installed.shown)![1]!;
  expect(await host.sh(`cat ${backup}`)).toBe(SITES.nginx.text);
  expect((await served(host)).color).toBe('blue');
});

test('the headers of an answer after the installation are those before and the colour', async () => {
  const { headers } = await served(host);
  const names = (all: Headers) => [...all.keys()].filter((name) => name !== 'date').sort();
  expect(names(headers)).toEqual([...names(before), 'x-deploy-color'].sort());
  expect(headers.get('strict-transport-security')).toBe(before.get('strict-transport-security'));
});

test('nothing that root loads can be written by the deploy user, and nothing by everybody', async () => {
  const found = await host.sh(
    `find /etc/nginx /var/log/deploy-actions \\( -user deploy -o -perm -o+w \\) ! -type l; find /var/lib/deploy-actions -perm -o+w`,
  );
  expect(found).toBe('');
});

test('a switch under load fails no request, cuts no WebSocket, and the worker moves along', async () => {
  const load = startLoad({
    url: host.url(8080),
    rate: 60,
    clients: 16,
    webSockets: 5,
    slowShare: 0.01,
    timeoutMs: 60_000,
  });
  await load.seen('v1', 60_000);
  const switched = await mustStep('blue-green-switch', {
    ...inputs,
    'expect-version': 'v2',
    'drain-timeout': '1s',
  });
  await load.seen('v2', 60_000);
  const report = await load.stop();
  expect(report.byFailure).toEqual({});
  expect(report.webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
  expect(switched.outputs).toMatchObject({ from: 'blue', to: 'green', weight: '100', 'overlap-ms': '0' });
  expect(await workers()).toEqual(['shop-green-worker-1']);
});

test('switching to where the traffic is changes nothing and says so', async () => {
  const again = await mustStep('blue-green-switch', { ...inputs, to: 'green' });
  expect(again.shown).toContain('Traffic is on green already: nothing was changed');
});

test('a target with another version than the expected one gets nothing', async () => {
  const refused = await step('blue-green-switch', { ...inputs, to: 'blue', 'expect-version': 'v9' });
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('version v1, not v9; nothing was changed');
  expect((await served(host)).color).toBe('green');
});

test('a switch that nobody confirms is taken back by the server', async () => {
  await mustStep('blue-green-switch', {
    ...inputs,
    to: 'blue',
    'confirm-within': '2s',
    'drain-timeout': '0',
  });
  await waitFor(async () => (await served(host)).color === 'green');
  await waitFor(async () => (await workers()).join() === 'shop-green-worker-1');
  // Written when all has been given back.
  await waitFor(async () =>
    (await host.sh('tail -n 1 /srv/deploy/shop/.deploy/history.jsonl')).includes('not confirmed in time'),
  );
  const late = await step('blue-green-switch', { ...inputs, to: 'confirm' });
  expect(late.shown).toContain('no switch waits to be confirmed');
});

test('a confirmed switch stays', async () => {
  await mustStep('blue-green-switch', {
    ...inputs,
    to: 'blue',
    'confirm-within': '20s',
    'drain-timeout': '0',
  });
  const plan = await step('blue-green-switch', { ...inputs, to: 'confirm', plan: true });
  expect(plan.shown).toContain('has nothing to show for a confirmation');
  await mustStep('blue-green-switch', { ...inputs, to: 'confirm', 'stop-old': '1s' });
  expect(await host.sh('test -e /srv/deploy/shop/.deploy/confirm || echo gone')).toContain('gone');
  expect((await served(host)).color).toBe('blue');
  // What was left is stopped when its time is over, counted from the confirmation.
  await waitFor(async () => (await host.sh('docker ps -q --filter name=shop-green-web')) === '');
});

test('a canary that fails gives all traffic back, and the step fails with the figures', async () => {
  await colorDown(host, 'green');
  await colorUp(lab, host, 'green', { version: 'v3', fault: 'errors', worker: false });
  const load = startLoad({ url: host.url(8080), rate: 40, clients: 8, timeoutMs: 60_000 });
  const failed = await step('blue-green-switch', {
    ...inputs,
    to: 'green',
    weight: '50,100',
    'step-interval': '3s',
    'max-error-rate': '1%',
    'min-requests': 3,
    'verify-url': `http://127.0.0.1:8080/health`,
  });
  await load.stop();
  expect(failed.exitCode).toBe(1);
  expect(failed.shown).toMatch(/requests to green failed at green-50.*all traffic is back on blue/);
  expect(failed.outputs).toMatchObject({ weight: '0' });
  expect(failed.outputs['report']).toMatch(/green-50.*by access log/);
  expect((await served(host)).color).toBe('blue');
});

test('the log of a canary is emptied before each step, and grows only while one is watched', async () => {
  const log = '/var/log/deploy-actions/shop.log';
  const size = async () => Number(await host.sh(`stat -c %s ${log}`));
  await colorDown(host, 'green');
  await colorUp(lab, host, 'green', { version: 'v4', worker: false });
  await host.sh(`head -c 5000000 /dev/zero | tr '\\0' x >>${log}`);
  const load = startLoad({ url: host.url(8080), rate: 40, clients: 8, timeoutMs: 60_000 });
  // A canary that stays on when the step has ended.
  const canary = await mustStep('blue-green-switch', {
    ...inputs,
    to: 'green',
    weight: 25,
    'step-interval': '3s',
    'max-p95': '5s',
    'min-requests': 3,
  });
  expect(canary.outputs['report']).toMatch(/[1-9]\d* requests, 0 % failed.*by access log/);
  const after = await size();
  expect(after).toBeGreaterThan(0);
  expect(after).toBeLessThan(100_000);
  const { served: answered } = await load.stop();
  expect(answered).toBeGreaterThan(0);
  await Promise.all(Array.from({ length: 50 }, () => served(host)));
  expect(await size()).toBe(after);
  await mustStep('blue-green-switch', { ...inputs, to: 'blue', 'drain-timeout': '0' });
});

test('the proxy starts anew while the idle colour is absent, with the same colour', async () => {
  await colorDown(host, 'green');
  await host.sh('nginx -s stop; sleep 0.5; nginx');
  expect((await served(host)).color).toBe('blue');
  const refused = await step('blue-green-switch', { ...inputs, to: 'green' });
  expect(refused.shown).toContain('green cannot take the traffic: it has no running container');
});

test('uninstall refuses where the file would lead to the other colour, and else leaves all as it was', async () => {
  await colorUp(lab, host, 'green', { version: 'v4', worker: false });
  await mustStep('blue-green-switch', { ...inputs, to: 'green', 'drain-timeout': '0' });
  const { file, text } = SITES.nginx;
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

test('a site that does not answer without our parts has them again', async () => {
  const site = SITES.nginx.file;
  await mustStep('blue-green-switch', { ...inputs, install: 'true', 'site-config': site });
  const text = await host.sh(`cat ${site}`);
  // What stood there before is remembered in the file: somebody wrote another port into it since.
  await host.write(
    site,
    text.replace(/begin "proxy_pass [^"]*"/, 'begin "proxy_pass http://127.0.0.1:18101/nowhere/;"'),
    { owner: 'root' },
  );
  await host.sh('nginx -s reload; sleep 0.5');
  const changed = await host.sh(`cat ${site}`);
  await colorDown(host, 'blue');
  const failed = await step('blue-green-switch', { ...inputs, uninstall: true, 'verify-timeout': '3s' });
  expect(failed.exitCode).toBe(1);
  expect(failed.shown).toContain('answers 502 already');
  expect(await host.sh(`cat ${site}`)).toBe(changed);
});

/** Looks until it holds; rejects after a minute. */
async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  const until = Date.now() + 60_000;
  while (!(await holds().catch(() => false))) {
    if (Date.now() > until) throw new Error('it did not come about');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
