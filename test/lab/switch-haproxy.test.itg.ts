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
  host = await openColors(lab, 'haproxy');
  before = (await served(host)).headers;
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '1s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

/** The worker's number: a reload replaces it. */
const worker = () => host.sh('pgrep -n haproxy');

const contained = { install: 'true', 'site-config': '/srv/edge/haproxy.cfg', routes: 'web: web:8080' };
const CONTAINED = SITES.haproxy.text
  .replace(/ *stats socket.*\n| *user .*\n| *group .*\n/g, '')
  .replace('127.0.0.1:18101', 'web-blue:8080');

/** HAProxy in a container as its official image has it: not root, on both colours' networks. */
async function runContained(mount = '', master = '-W'): Promise<void> {
  const flags = '/var/lib/deploy-actions/shop';
  await host.sh(
    `docker rm -f edge >/dev/null 2>&1; docker create --name edge --user 99:99 -p 8080:8080 --network zz_shop_blue -v /srv/edge:/etc/haproxy:ro -v ${flags}:${flags}:ro ${mount} --entrypoint haproxy haproxy:lab ${master} -db -f /etc/haproxy/haproxy.cfg >/dev/null && docker network connect zz_shop_green edge && docker start edge >/dev/null && sleep 1`,
  );
}

test('install keeps the old file and every header, and adds the colour', async () => {
  const { file, text } = SITES.haproxy;
  const prepare = { ...inputs, install: 'true', 'site-config': file, weight: '25,100' };
  const installed = await mustStep('blue-green-switch', prepare);
  const backup = /The file as it was: (\S+)/.exec(installed.shown)![1]!;
  expect(await host.sh(`cat ${backup}`)).toBe(text);
  const { headers, color } = await served(host);
  expect(color).toBe('blue');
  expect(headerNames(headers)).toEqual([...headerNames(before), 'x-deploy-color'].sort());
});

test('the runtime socket is for the login user alone, whatever groups there are', async () => {
  const [socket] = (await host.sh('ls -l /run/haproxy/'))
    .split('\n')
    .filter((line) => line.includes('deploy-shop'));
  expect(socket).toMatch(/^srw------- \d+ deploy /);
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
  expect(fits(await countGreen(host, 400), 400, 25)).toBe(true);
  const status = await mustStep('blue-green-switch', { ...inputs, status: true });
  expect(status.shown).toContain('traffic is on green-25 (haproxy on the host, since');
  await mustStep('blue-green-switch', inputs);
  expect(await countGreen(host, 50)).toBe(50);
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

test('uninstall refuses where the file would lead to the other colour, and else leaves all as it was', async () => {
  await colorUp(lab, host, 'blue', { version: 'v1' });
  const { file, text } = SITES.haproxy;
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

test('in a container without its socket mounted, install names the mount, and a switch by reload is told as one', async () => {
  await host.sh('kill -USR1 $(cat /run/haproxy.pid); rm -f /srv/deploy/shop/.deploy/proxy.json');
  await colorUp(lab, host, 'blue', { version: 'v3' });
  await host.sh('install -d -m 0755 /srv/edge');
  await host.write('/srv/edge/haproxy.cfg', CONTAINED, { mode: '0644', owner: 'root' });
  // A small image has no HAProxy: the server's own goes in, with what it is linked with.
  await host.sh(
    `image=${lab.registry.image('shop/web:v1')}; docker create --name haproxy-image $image >/dev/null && ` +
      "tar -chf - /usr/sbin/haproxy $(ldd /usr/sbin/haproxy | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p') 2>/dev/null | docker cp - haproxy-image:/ && " +
      'docker commit haproxy-image haproxy:lab >/dev/null && docker rm haproxy-image',
  );
  await runContained('', '');
  const alone = await step('blue-green-switch', { ...inputs, ...contained });
  expect(alone.shown).toContain('add -W to its command');
  expect(await host.sh('cat /srv/edge/haproxy.cfg')).toBe(CONTAINED);
  await runContained();
  const installed = await mustStep('blue-green-switch', { ...inputs, ...contained });
  expect(installed.shown).toContain('add the volume /var/lib/deploy-actions/shop.haproxy:/run/haproxy');
  expect((await served(host)).color).toBe('blue');
  const switched = await mustStep('blue-green-switch', inputs);
  expect(switched.outputs['report']).toContain('blue to green by reload');
  expect(switched.annotations.map((one) => one.message).join()).toContain('it is reloaded instead');
  expect(await served(host)).toMatchObject({ color: 'green', version: 'v2' });
});

test('with the mount that was named, a switch in a container needs no reload', async () => {
  await runContained('-v /var/lib/deploy-actions/shop.haproxy:/run/haproxy');
  const installed = await mustStep('blue-green-switch', { ...inputs, ...contained });
  expect(installed.shown).not.toContain('add the volume');
  expect((await served(host)).color).toBe('green');
  const process = await worker();
  const load = startLoad({ url: host.url(8080), rate: 40, clients: 8, webSockets: 3, timeoutMs: 60_000 });
  await load.seen('v2', 60_000);
  const switched = await mustStep('blue-green-switch', inputs);
  await load.seen('v3', 60_000);
  const { byFailure, webSockets } = await load.stop();
  expect(byFailure).toEqual({});
  expect(webSockets.filter((one) => one.cutAt !== undefined)).toEqual([]);
  expect(switched.outputs['report']).toContain('green to blue by map');
  expect(await served(host)).toMatchObject({ color: 'blue', version: 'v3' });
  expect(await worker()).toBe(process);
  await colorDown(host, 'green');
  await host.sh('docker restart -t 1 edge >/dev/null; sleep 1');
  expect((await served(host)).color).toBe('blue');
});

test('in a container uninstall leaves all as it was, too', async () => {
  await mustStep('blue-green-switch', { ...inputs, uninstall: true });
  expect(await host.sh('cat /srv/edge/haproxy.cfg')).toBe(CONTAINED);
  expect(await served(host)).toMatchObject({ color: null, version: 'v3' });
});
