import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, joinCluster, openLab, startLoad } from '@deploy-actions/lab';
import { type Inputs, mustStep, serverInputs, startStep, step } from './color-rig.ts';
import { SMALL, deployInputs, deployed } from './deploy-rig.ts';
import { bringCaddy } from './rolling-rig.ts';
import { SMALL_APP } from './small-app.ts';

let lab: Lab;
let inputs: Inputs;
const workspace = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));

/** An api of two tasks in colours, and a cache that both colours share. */
const COMPOSE = `name: shop
services:
  api:
    image: \${REGISTRY}/shop/api@\${API}
    entrypoint: [node, /app.mjs]
    init: true
    environment: { APP_VERSION: '\${TAG}', APP_FAULT: '\${FAULT:-}', PORT: '8000' }
    volumes: ['./app.mjs:/app.mjs:ro']
    deploy: { replicas: 2 }
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/health']
      interval: 1s
      retries: 3
      start_period: 10s
      start_interval: 300ms
  store:
    image: \${REGISTRY}/shop/redis@\${STORE}
    healthcheck: { test: [CMD, redis-cli, ping], interval: 2s, retries: 10, start_period: 30s, start_interval: 300ms }
`;

const NGINX = `events {}
http { access_log off; include /etc/nginx/conf.d/*.conf; }
`;

const SITE = `server {
  listen 80;
  location / {
    resolver 127.0.0.11 valid=1s;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_set_header Host $http_host;
    proxy_pass http://api-blue:8000;
  }
}
`;

const CADDYFILE = `:80 {
	reverse_proxy api-blue:8000
}
`;

const HAPROXY = `defaults
    mode http
    timeout connect 5s
    timeout client 75s
    timeout server 75s
    timeout tunnel 1h
resolvers docker
    nameserver dns 127.0.0.11:53
frontend web
    bind :80
    default_backend api
backend api
    server api api-blue:8000 resolvers docker init-addr none
`;

/** The folder of the flags, or of the map, as every proxy in a container has it. */
const FLAGS = '/var/lib/deploy-actions/shop:/var/lib/deploy-actions/shop:ro';

/** The other proxies, each with the server's own program in a container. */
const OTHERS = {
  Caddy: {
    runId: '10',
    file: 'Caddyfile',
    text: CADDYFILE,
    mechanism: 'flag',
    run: '--volume /srv/edge:/etc/caddy:ro --volume /usr/local/bin/caddy:/usr/bin/caddy:ro --env HOME=/tmp --entrypoint caddy',
    words: 'run --config /etc/caddy/Caddyfile',
  },
  HAProxy: {
    runId: '11',
    file: 'haproxy.cfg',
    text: HAPROXY,
    mechanism: 'map',
    run: '--volume /srv/edge:/etc/haproxy:ro --volume /usr:/usr:ro --volume /var/lib/deploy-actions/shop.haproxy:/run/haproxy --entrypoint /usr/sbin/haproxy',
    words: '-W -db -f /etc/haproxy/haproxy.cfg',
  },
};

beforeAll(async () => {
  lab = await openLab({ hosts: 3 });
  await joinCluster(lab.hosts, { managers: 2 });
  writeFileSync(join(workspace, 'compose.yaml'), COMPOSE);
  writeFileSync(join(workspace, 'app.mjs'), SMALL_APP);
  inputs = { ...serverInputs(lab, lab.hosts), 'drain-timeout': '2s' };
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

async function up(version: string, color: string, fault = ''): Promise<void> {
  const [api, store] = await Promise.all([
    lab.registry.digest('shop/api:v1'),
    lab.registry.digest('shop/redis:8'),
  ]);
  const more = {
    ...SMALL,
    engine: 'swarm',
    color,
    'color-services': 'api',
    files: 'app.mjs',
    env: [
      `REGISTRY=${lab.registry.address}`,
      `API=${api}`,
      `STORE=${store}`,
      `TAG=${version}`,
      `FAULT=${fault}`,
      '',
    ].join('\n'),
    'wait-timeout': '90s',
  };
  await deployed(deployInputs(lab, version, more, lab.hosts), { workspace });
}

/** What a visitor of each node gets: version and colour. */
const visited = async () =>
  await Promise.all(
    lab.hosts.map(async (host) => {
      const { headers } = await fetch(`${host.url(8080)}/`, { signal: AbortSignal.timeout(10_000) });
      return `${headers.get('x-app-version')} ${headers.get('x-deploy-color')}`;
    }),
  );

const loadOnAll = () =>
  lab.hosts.map((host) =>
    startLoad({ url: host.url(8080), rate: 40, clients: 8, webSockets: 2, timeoutMs: 60_000 }),
  );

/** Failed requests and cut WebSockets of all nodes. */
async function lost(loads: ReturnType<typeof loadOnAll>): Promise<unknown> {
  const reports = await Promise.all(loads.map((load) => load.stop()));
  return reports.map(({ byFailure, webSockets }) => ({
    ...byFailure,
    cut: webSockets.filter(({ cutAt }) => cutAt !== undefined).length,
  }));
}

const NONE = [{ cut: 0 }, { cut: 0 }, { cut: 0 }];

test('a colour of two tasks comes up beside what both share, and nginx in a container of each node learns both', async () => {
  await up('v1', 'blue');
  expect(await lab.host.sh("docker service ls --format '{{.Name}}' | sort")).toBe(
    'shop-blue_api-blue\nshop_store\n',
  );
  for (const host of lab.hosts) {
    await host.sh(
      'install -d -o deploy /srv/edge /srv/edge/conf.d; install -d -m 0755 -o deploy -g deploy /var/lib/deploy-actions/shop; install -d -m 0755 /var/log/deploy-actions; install -m 0664 -g deploy /dev/null /var/log/deploy-actions/shop.log',
    );
    await host.write('/srv/edge/nginx.conf', NGINX);
    await host.write('/srv/edge/conf.d/shop.conf', SITE, { owner: 'deploy' });
    await host.sh(
      `docker run --detach --name edge --restart unless-stopped --network shop_default --publish 8080:80 --tmpfs /var/lib/nginx --volume /srv/edge:/etc/nginx:ro --volume /var/lib/deploy-actions/shop:/var/lib/deploy-actions/shop:ro --volume /var/log/deploy-actions:/var/log/deploy-actions --entrypoint nginx ${lab.registry.image('shop/web:v1')} -g 'daemon off;'`,
    );
  }
  // A node hears of an overlay's names a moment after its first container there.
  await until(async () => (await visited().catch(() => [''])).every((one) => one.startsWith('v1')));
  await mustStep('blue-green-switch', {
    ...inputs,
    install: 'true',
    'site-config': '/srv/edge/conf.d/shop.conf',
    routes: 'site: api:8000',
    weight: '25,100',
  });
  await up('v2', 'green');
  expect(await visited()).toEqual(['v1 blue', 'v1 blue', 'v1 blue']);
}, 900_000);

test('a switch moves the proxies of all nodes under load without a lost request; rollback flips them back', async () => {
  const loads = loadOnAll();
  await Promise.all(loads.map((load) => load.seen('v1', 60_000)));
  await mustStep('blue-green-switch', { ...inputs, 'expect-version': 'v2' }, { runId: '1' });
  expect(await visited()).toEqual(['v2 green', 'v2 green', 'v2 green']);
  await mustStep('rollback', { ...serverInputs(lab, lab.hosts) }, { runId: '1' });
  expect(await visited()).toEqual(['v1 blue', 'v1 blue', 'v1 blue']);
  expect(await lost(loads)).toEqual(NONE);
}, 900_000);

test('a canary goes back on all nodes where its errors are too many', async () => {
  await up('v3', 'green', 'errors');
  const loads = loadOnAll();
  const { exitCode, shown } = await step('blue-green-switch', {
    ...inputs,
    weight: '25,100',
    'step-interval': '3s',
    'max-error-rate': '1%',
    'min-requests': '5',
    'verify-url': 'http://shop.test/health',
  });
  await Promise.all(loads.map((load) => load.stop()));
  expect([exitCode, shown.includes('more than max-error-rate allows') ? '' : shown]).toEqual([1, '']);
  expect(await visited()).toEqual(['v1 blue', 'v1 blue', 'v1 blue']);
}, 900_000);

test('a runner that is killed in the middle leaves no node on another colour than the others', async () => {
  await up('v4', 'green');
  const runner = startStep(
    'blue-green-switch',
    { ...inputs, to: 'green' },
    {
      runId: '4',
      onLine: (line) => {
        if (/phase|check|every answer/.test(line)) runner.kill('SIGKILL');
      },
    },
  );
  await runner.done;
  const deadline = Date.now() + 180_000;
  let colors = new Set<string>();
  for (let same = 0; same < 3 && Date.now() < deadline;) {
    colors = new Set(await visited());
    same = colors.size === 1 ? same + 1 : 0;
    await new Promise((wake) => setTimeout(wake, 2000));
  }
  expect([...colors]).toHaveLength(1);
  await mustStep('blue-green-switch', { ...inputs, to: 'green' }, { runId: '5' });
  expect(await visited()).toEqual(['v4 green', 'v4 green', 'v4 green']);
}, 900_000);

test('an unconfirmed switch goes back on all nodes by itself, and the old colour goes after its time', async () => {
  await mustStep('blue-green-switch', { ...inputs, to: 'blue', 'confirm-within': '5s' }, { runId: '6' });
  await until(async () => (await visited()).every((one) => one === 'v4 green'));
  await mustStep('blue-green-switch', { ...inputs, to: 'blue' }, { runId: '7' });
  await mustStep('blue-green-switch', { ...inputs, to: 'green', 'stop-old': '2s' }, { runId: '8' });
  await until(
    async () => !(await lab.host.sh("docker service ls --format '{{.Name}}'")).includes('shop-blue'),
  );
  expect(await visited()).toEqual(['v4 green', 'v4 green', 'v4 green']);
}, 900_000);

test('uninstall takes our parts out of every node’s file', async () => {
  await up('v1', 'blue');
  await mustStep('blue-green-switch', { ...inputs, to: 'blue' }, { runId: '9' });
  await mustStep('blue-green-switch', { ...inputs, uninstall: 'true' });
  for (const host of lab.hosts) expect(await host.sh('cat /srv/edge/conf.d/shop.conf')).toBe(SITE);
}, 900_000);

for (const [title, { runId, file, text, mechanism, run, words }] of Object.entries(OTHERS))
  test(`${title} in a container of each node: a switch moves all under load without a lost request, rollback flips them back, and uninstall leaves every file as it was`, async () => {
    for (const host of lab.hosts) {
      if (title === 'Caddy') await bringCaddy(host);
      await host.write(`/srv/edge/${file}`, text, { owner: 'deploy' });
      await host.sh(
        `docker rm --force edge; install -d -m 2770 -o root -g deploy /var/lib/deploy-actions/shop.haproxy; docker run --detach --name edge --network shop_default --publish 8080:80 --volume ${FLAGS} ${run} ${lab.registry.image('shop/web:v1')} ${words}`,
      );
    }
    await until(async () => (await visited().catch(() => [''])).every((one) => one === 'v1 null'));
    await mustStep('blue-green-switch', {
      ...inputs,
      install: 'true',
      proxy: title.toLowerCase(),
      'site-config': `/srv/edge/${file}`,
      routes: 'site: api:8000',
    });
    expect(await visited()).toEqual(['v1 blue', 'v1 blue', 'v1 blue']);
    const loads = loadOnAll();
    await Promise.all(loads.map((load) => load.seen('v1', 60_000)));
    const switched = await mustStep('blue-green-switch', { ...inputs, to: 'green' }, { runId });
    expect(switched.outputs['report']).toContain(`blue to green by ${mechanism}`);
    expect(await visited()).toEqual(['v4 green', 'v4 green', 'v4 green']);
    await mustStep('rollback', { ...serverInputs(lab, lab.hosts) }, { runId });
    expect(await visited()).toEqual(['v1 blue', 'v1 blue', 'v1 blue']);
    expect(await lost(loads)).toEqual(NONE);
    await mustStep('blue-green-switch', { ...inputs, uninstall: 'true' });
    for (const host of lab.hosts) expect(await host.sh(`cat /srv/edge/${file}`)).toBe(text);
  }, 900_000);

/** Asks again and again, for two minutes at most. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('it did not come to that within two minutes');
    await new Promise((wake) => setTimeout(wake, 500));
  }
}
