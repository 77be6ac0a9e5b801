import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab, startLoad } from '@deploy-actions/lab';
import { SITES, mustStep, openColors, served, serverInputs, step } from './color-rig.ts';
import type { Inputs } from './color-rig.ts';

let lab: Lab;
let host: Host;
let inputs: Inputs;
const SITE = SITES.nginx.file;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await openColors(lab, 'nginx');
  inputs = { ...serverInputs(lab, [host]), 'drain-timeout': '0', 'verify-timeout': '3s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

const install = (more: Inputs = {}) =>
  step('blue-green-switch', { ...inputs, install: 'true', 'site-config': SITE, ...more });
const site = () => host.sh(`cat ${SITE}`);

/** The commands that a refused step names for an administrator. */
function byHand(shown: string): string {
  const found = /An administrator can run, on the server: (.*)\. Then run this action again/.exec(shown);
  if (!found) throw new Error(`no commands are named:\n${shown}`);
  return found[1]!;
}

beforeEach(async () => {
  await host.write(SITE, SITES.nginx.text, { owner: 'root' });
  await host.sh('rm -f /etc/nginx/conf.d/*.conf; nginx -s reload; sleep 0.5');
});

test('bad syntax elsewhere in the configuration is named, and the site is as it was', async () => {
  await host.sh('echo "nonsense;" >/etc/nginx/conf.d/broken.conf');
  const refused = await install();
  expect(refused.shown).toMatch(/would not load the changed .*nonsense/);
  expect(await site()).toBe(SITES.nginx.text);
});

test('a file that the proxy does not include is named', async () => {
  await host.write('/etc/nginx/sites-available/other', SITES.nginx.text, { owner: 'root' });
  const refused = await install({ 'site-config': '/etc/nginx/sites-available/other' });
  expect(refused.shown).toContain('nginx does not include /etc/nginx/sites-available/other');
  expect(await host.sh('cat /etc/nginx/sites-available/other')).toBe(SITES.nginx.text);
});

test('a reload that the proxy did not carry out, because a port is taken, is found out by the answers', async () => {
  await host.sh(
    `setsid node -e "require('net').createServer().listen(8443)" >/dev/null 2>&1 </dev/null & echo $! >/run/taken.pid; sleep 0.5; printf 'server { listen 8443; }\\n' >/etc/nginx/conf.d/conflict.conf`,
  );
  const refused = await install();
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toMatch(/did not carry out|bind\(\)|would not load/);
  expect(await site()).toBe(SITES.nginx.text);
  expect((await served(host)).color).toBeNull();
  await host.sh('rm -f /etc/nginx/conf.d/conflict.conf; kill "$(cat /run/taken.pid)"');
});

test('an upstream that does not resolve is named, before any traffic moves', async () => {
  expect((await install()).exitCode).toBe(0);
  await host.sh(
    `printf 'server { listen 8081; location / { proxy_pass http://nowhere.invalid; } }\\n' >/etc/nginx/conf.d/late.conf`,
  );
  const refused = await step('blue-green-switch', { ...inputs, to: 'green' });
  expect(refused.shown).toMatch(
    /would not start with its configuration: .*host not found in upstream "nowhere.invalid"/,
  );
  expect((await served(host)).color).toBe('blue');
});

test('flags that the workers cannot see are found out by the answers, never taken for a switch', async () => {
  expect((await install()).exitCode).toBe(0);
  await host.sh('chmod 0700 /var/lib/deploy-actions/shop');
  const refused = await step('blue-green-switch', { ...inputs, to: 'green' });
  await host.sh('chmod 0755 /var/lib/deploy-actions/shop');
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toMatch(/cannot read the flags|does not answer steadily/);
  expect((await served(host)).version).toBe('v1');
});

test('somebody took the installed part out: the switch is refused with that sentence', async () => {
  expect((await install()).exitCode).toBe(0);
  await host.write(SITE, SITES.nginx.text, { owner: 'root' });
  await host.sh('nginx -s reload; sleep 1');
  const refused = await step('blue-green-switch', { ...inputs, to: 'green' });
  expect(refused.shown).toContain('no longer has the part that was installed');
  expect((await served(host)).version).toBe('v1');
});

test('without sudo the commands for an administrator are named; when they were run, no more is needed', async () => {
  await host.sh('rm -rf /var/lib/deploy-actions /var/log/deploy-actions /srv/deploy/shop/.deploy/proxy.json');
  await host.sh('mv /etc/sudoers.d /etc/sudoers.away');
  try {
    const refused = await install();
    expect(refused.exitCode).toBe(1);
    expect(refused.shown).toContain('needs root');
    expect(await site()).toBe(SITES.nginx.text);
    const commands = byHand(refused.shown);
    expect(commands).toContain('nginx -t');
    // What stands in front of the test and the reload, as somebody who is interrupted leaves it.
    await host.sh(commands.slice(0, commands.indexOf('; if nginx -t')));
    const early = await install({ 'verify-timeout': '2s' });
    expect(early.shown).toMatch(/deploy cannot reload nginx: .*An administrator can run/s);
    await host.write(SITE, SITES.nginx.text, { owner: 'root' });
    await host.sh(`${byHand((await install()).shown)}; sleep 0.5`);
    const [kept] = (await host.sh('ls -t /var/backups/deploy-actions/')).split('\n');
    expect(await host.sh(`cat /var/backups/deploy-actions/${kept}`)).toBe(SITES.nginx.text);
    expect((await install()).exitCode).toBe(0);
    expect(await site()).toContain('# deploy-actions shop begin');
    await mustStep('blue-green-switch', { ...inputs, to: 'green' });
    expect(await served(host)).toMatchObject({ color: 'green', version: 'v2' });
    await mustStep('blue-green-switch', { ...inputs, to: 'blue' });
    const removal = { ...inputs, uninstall: true };
    await host.sh(`${byHand((await step('blue-green-switch', removal)).shown)}; sleep 0.5`);
    const removed = await mustStep('blue-green-switch', removal);
    expect(removed.annotations.map((one) => one.message).join()).toContain(
      'for an administrator to remove: rm -rf /var/lib/deploy-actions/shop',
    );
    expect(await site()).toBe(SITES.nginx.text);
    expect((await served(host)).color).toBeNull();
  } finally {
    await host.sh('mv /etc/sudoers.away /etc/sudoers.d');
  }
});

test('a proxy in a container: prepared through its mounts, and switched by the same flag', async () => {
  await host.sh(
    'nginx -s stop; sleep 0.5; install -d -o deploy -g deploy -m 0755 /var/lib/deploy-actions/shop; mkdir -p /srv/edge',
  );
  await host.write(
    '/srv/edge/nginx.conf',
    'events {}\nhttp { access_log off; include /etc/nginx/conf.d/*.conf; }\n',
    { owner: 'root' },
  );
  await host.write(
    '/srv/edge/conf.d/shop.conf',
    SITES.nginx.text.replace('http://127.0.0.1:18101', 'http://web-blue:8080'),
    {
      owner: 'root',
    },
  );
  const image = lab.registry.image('shop/web:v1');
  await host.sh(`docker pull -q ${image}`);
  const run = (mount: string, log = '') =>
    host.sh(
      `docker rm -f edge >/dev/null 2>&1; docker create --name edge -p 8080:8080 --network zz_shop_blue --tmpfs /var/lib/nginx --entrypoint nginx -v ${mount}:ro -v /var/lib/deploy-actions/shop:/var/lib/deploy-actions/shop:ro ${log} ${image} -g 'daemon off;' >/dev/null && docker network connect zz_shop_green edge && docker start edge && sleep 1`,
    );
  await run('/srv/edge:/etc/nginx');
  const options = {
    'site-config': '/srv/edge/conf.d/shop.conf',
    routes: 'web: web:8080',
    weight: '50,100',
  };
  const contained = await install(options);
  if (contained.exitCode !== 0)
    throw new Error(contained.shown + (await host.sh('docker logs edge 2>&1 | tail -5')));
  expect((await served(host)).color).toBe('blue');
  // Without a log that the server can read a canary is probed, and the report says why.
  const canary = {
    ...inputs,
    to: 'green',
    weight: 50,
    'step-interval': '2s',
    'max-error-rate': '1%',
    'min-requests': 5,
  };
  const probed = await mustStep('blue-green-switch', canary);
  expect(probed.outputs['report']).toContain(
    'by probing (edge has no volume /var/log/deploy-actions:/var/log/deploy-actions)',
  );
  await mustStep('blue-green-switch', { ...inputs, to: 'blue' });
  await run('/srv/edge:/etc/nginx', '-v /var/log/deploy-actions:/var/log/deploy-actions');
  await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    ...options,
  });
  const load = startLoad({ url: host.url(8080), rate: 30, clients: 8, timeoutMs: 60_000 });
  const logged = await mustStep('blue-green-switch', canary);
  const { byFailure } = await load.stop();
  expect(byFailure).toEqual({});
  expect(logged.outputs['report']).toMatch(/green-50.*[1-9]\d* requests, 0 % failed.*by access log/);
  await mustStep('blue-green-switch', { ...inputs, to: 'green' });
  expect(await served(host)).toMatchObject({ color: 'green', version: 'v2' });
});

test('a managed proxy is started, prepared, switched, and survives a restart of its container', async () => {
  await host.sh(
    'docker rm -f edge >/dev/null 2>&1; rm -rf /srv/deploy/shop/.deploy/proxy.json /srv/deploy/shop/.deploy/traffic.json; rm -f /var/lib/deploy-actions/shop/*',
  );
  // An image with Caddy in it, as there is no way to a public registry here.
  await host.sh(
    `docker create --name caddy-image --entrypoint caddy ${lab.registry.image('shop/web:v1')} >/dev/null && docker cp /usr/bin/caddy caddy-image:/usr/bin/caddy && docker commit caddy-image caddy:lab >/dev/null && docker rm caddy-image`,
  );
  const managed = { ...inputs, proxy: 'managed', routes: 'web: web:8080' };
  await mustStep('blue-green-switch', {
    ...managed,
    install: 'true',
    managed: 'address: http://:8080\nports: 8080\nimage: caddy:lab',
    'verify-timeout': '20s',
  });
  expect((await served(host)).color).toBe('blue');
  await mustStep('blue-green-switch', { ...inputs, to: 'green', 'verify-timeout': '20s' });
  expect(await served(host)).toMatchObject({ color: 'green', version: 'v2' });
  await host.sh('docker restart shop-proxy >/dev/null; sleep 1');
  expect((await served(host)).color).toBe('green');
});
