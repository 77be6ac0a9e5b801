import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type RunningBundle, startBundle } from '@deploy-actions/tooling';

// What stability-watch counts in the logs of real proxies, with a script's traffic, while a real logrotate turns them over.

let lab: Lab;
let host: Host;

interface Proxy {
  port: number;
  /** `access-log`. */
  log: string;
  /** Inputs that its format needs. */
  more?: Record<string, string>;
  /** How logrotate turns it over, in a configuration of its own; undefined: it is not turned over. */
  rotation?: string;
}

const TIMED = '$remote_addr [$time_local] "$request" $status rt=$request_time';
const PROXIES = {
  nginx: {
    port: 8091,
    log: '/var/log/nginx/shop.log',
    more: { 'access-log-format': TIMED, 'max-p95': '5s' },
    rotation:
      '/var/log/nginx/shop.log {\nrotate 9\ncreate 0644 www-data adm\npostrotate\nkill -USR1 $(cat /run/nginx.pid)\nendscript\n}',
  },
  haproxy: {
    port: 8092,
    log: '/var/log/haproxy/requests.log',
    rotation: '/var/log/haproxy/requests.log {\nrotate 9\ncopytruncate\n}',
  },
  caddy: { port: 8093, log: '/var/log/caddy/access.log' },
  container: { port: 8094, log: 'container://edge' },
} satisfies Record<string, Proxy>;
type Name = keyof typeof PROXIES;
const NAMES = Object.keys(PROXIES) as Name[];
const TURNED = NAMES.filter((name) => 'rotation' in PROXIES[name]);

const FILES: Record<string, string> = {
  '/etc/nginx/conf.d/shop.conf': `log_format timed '${TIMED}';
server {
  listen 8091;
  access_log /var/log/nginx/shop.log timed;
  location / { return 200 "ok"; }
  location = /bad { return 500; }
}
`,
  '/etc/haproxy/haproxy.cfg': `global
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout connect 5s
    timeout client 30s
    timeout server 30s
frontend shop
    bind :8092
    http-request return status 500 if { path /bad }
    http-request return status 200 content-type text/plain string ok
`,
  '/etc/caddy/Caddyfile': `{
	auto_https off
	admin off
}
http://:8093 {
	log {
		output file /var/log/caddy/access.log
	}
	respond /bad 500
	respond ok
}
`,
  '/srv/edge.conf': `server {
  listen 80;
  access_log /dev/stdout;
  location / { return 200 "ok"; }
  location = /bad { return 500; }
}
`,
};

beforeAll(async () => {
  lab = await openLab({ hosts: 1 });
  ({ host } = lab);
  await host.sh('mkdir -p /var/log/haproxy /var/log/caddy /etc/rotation');
  for (const [name, text] of Object.entries(FILES))
    await host.write(name, text, { mode: '0644', owner: 'root' });
  for (const name of TURNED)
    await host.write(`/etc/rotation/${name}`, `${(PROXIES[name] as Proxy).rotation}\n`, {
      mode: '0644',
      owner: 'root',
    });
  await host.sh(`set -e
apt-get update -qq
apt-get install -y -qq --no-install-recommends logrotate >/dev/null 2>&1
install -m 0644 /dev/null /var/log/caddy/access.log
nginx
setsid haproxy -W -f /etc/haproxy/haproxy.cfg >>/var/log/haproxy/requests.log 2>&1 </dev/null &
setsid caddy run --config /etc/caddy/Caddyfile >/var/log/caddy/own.log 2>&1 </dev/null &
docker run --detach --name edge --publish 8094:80 --entrypoint nginx --tmpfs /run/nginx --volume /srv/edge.conf:/etc/nginx/conf.d/default.conf:ro ${lab.registry.image('shop/web:v1')} -c /web/nginx.conf -g 'daemon off;'`);
  for (const name of NAMES)
    await until(`${name} answers`, async () => (await ask(name, '/')).trim() === '200');
}, 900_000);
afterAll(async () => {
  await lab?.close();
}, 120_000);

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

/** Asks the proxy one after the other; answers the statuses, one a line. @param paths as curl spells several, such as `/[1-9]` */
async function ask(name: Name, ...paths: string[]): Promise<string> {
  const urls = paths.map((path) => `-o /dev/null 'http://127.0.0.1:${PROXIES[name].port}${path}'`).join(' ');
  return await host.sh(`curl -s -w '%{http_code}\\n' ${urls} || :`);
}

function watch(name: Name, inputs: Record<string, string>): RunningBundle {
  const { log, more = {} } = PROXIES[name] as Proxy;
  return startBundle({
    action: 'stability-watch',
    inputs: {
      host: `deploy@127.0.0.1:${host.sshPort}`,
      'ssh-key': lab.key.privateKey,
      'known-hosts': host.knownHosts(),
      'access-log': log,
      'max-errors': '1000',
      ...more,
      ...inputs,
    },
    ...(process.env['DEPLOY_ACTIONS_TREE'] ? { tree: process.env['DEPLOY_ACTIONS_TREE'] } : {}),
  });
}

/** How many questions the server has answered on each connection of the login user's, by the port that it came from. */
async function answered(): Promise<Map<string, number>> {
  const ports = new Map<string, number>();
  for (const [, port] of (await host.sh('cat /var/log/sshd.log')).matchAll(
    /Close session: user deploy from \S+ port (\d+) /g,
  ))
    ports.set(port!, (ports.get(port!) ?? 0) + 1);
  return ports;
}

/** Starts watches, and waits until each of them has begun to count. */
async function watching(...inputs: (readonly [Name, Record<string, string>])[]): Promise<RunningBundle[]> {
  const known = new Set((await answered()).keys());
  const fresh = async () => [...(await answered())].filter(([port]) => !known.has(port));
  const plan = await watch(inputs[0]![0], { ...inputs[0]![1], plan: 'true' }).done;
  expect([plan.exitCode, plan.shown]).toEqual([0, expect.stringContaining('nothing is asked')]);
  // It opens the log as a watch does, which asks once more to begin to count.
  const [[port, opens] = ['', 0]] = await fresh();
  known.add(port);
  const running = inputs.map(([name, more]) => watch(name, more));
  await until('all are counted', async () => {
    const asked = (await fresh()).filter(([, count]) => count > opens);
    return asked.length >= running.length;
  });
  return running;
}

test('real traffic is counted to the last request, over rotations by both ways of logrotate, two within an interval', async () => {
  const running = await watching(
    ...NAMES.map((name) => [name, { duration: '50s', interval: '25s' }] as const),
  );
  for (const turn of [1, 2, 3]) {
    for (const name of NAMES) {
      const statuses = await ask(name, '/[1-95]', ...Array<string>(5).fill('/bad'));
      const count = (status: string) => statuses.split('\n').filter((one) => one === status).length;
      expect([name, turn, count('200'), count('500')]).toEqual([name, turn, 95, 5]);
    }
    for (const name of turn === 3 ? [] : TURNED)
      await host.sh(`logrotate --force --state /etc/rotation/state /etc/rotation/${name}`);
  }
  expect((await host.sh('ls /var/log/nginx /var/log/haproxy')).split('\n')).toEqual(
    expect.arrayContaining(['shop.log.1', 'shop.log.2', 'requests.log.1', 'requests.log.2']),
  );
  const seen = await Promise.all(
    running.map(async ({ done }, index) => {
      const { outputs, shown } = await done;
      const { requests, errors, stable } = outputs;
      return { name: NAMES[index], requests, errors, stable, shown: stable === 'true' ? '' : shown };
    }),
  );
  expect(seen).toEqual(
    NAMES.map((name) => ({ name, requests: '300', errors: '15', stable: 'true', shown: '' })),
  );
}, 300_000);

test('a share of errors in the traffic ends the watch, in each proxy, long before its time', async () => {
  await Promise.all(
    NAMES.map(async (name) => {
      const running = watch(name, { 'max-errors': '', duration: '120s', interval: '3s' });
      let over = false;
      const ended = running.done.finally(() => (over = true));
      while (!over) await ask(name, '/[1-19]', '/bad');
      const { exitCode, outputs } = await ended;
      expect([name, exitCode, outputs['stable']]).toEqual([name, 1, 'false']);
      expect(outputs['reason']).toContain(`: access log ${PROXIES[name].log}: `);
      expect(outputs['reason']).toMatch(/: \d+ of \d+ requests failed .*status 500$/);
      expect(Number(outputs['elapsed-ms'])).toBeLessThan(90_000);
    }),
  );
}, 300_000);

test('what a rotation took away is told and never passes; a log that the login may not read is refused with the group', async () => {
  const limits = { duration: '20s', interval: '10s', 'max-p95': '' };
  const [running] = await watching(['nginx', limits]);
  await ask('nginx', '/[1-50]');
  await host.sh('rm /var/log/nginx/shop.log* && kill -USR1 $(cat /run/nginx.pid)');
  await until(
    'the new log',
    async () => (await host.exec(['test', '-e', '/var/log/nginx/shop.log'])).code === 0,
  );
  await ask('nginx', '/[1-50]');
  const { exitCode, outputs } = await running!.done;
  expect([exitCode, outputs['reason']]).toEqual([
    1,
    expect.stringContaining('shop.log was rotated, and what was logged before could no longer be read'),
  ]);
  await host.sh('chmod 0640 /var/log/nginx/shop.log');
  const closed = await watch('nginx', limits).done;
  expect([closed.exitCode, closed.shown]).toEqual([1, expect.stringContaining('usermod -aG adm deploy')]);
}, 120_000);

test('what the logging driver of a container dropped between two looks is told by its name, and nothing where it dropped only what was read', async () => {
  await host.sh(
    `docker run --detach --name small --publish 8095:80 --log-opt max-size=20k --log-opt max-file=1 --entrypoint nginx --tmpfs /run/nginx --volume /srv/edge.conf:/etc/nginx/conf.d/default.conf:ro ${lab.registry.image('shop/web:v1')} -c /web/nginx.conf -g 'daemon off;'`,
  );
  const visit = async (count: number) =>
    await host.sh(`curl -s -o /dev/null 'http://127.0.0.1:8095/[1-${count}]'`);
  await until(
    'small answers',
    async () => (await host.exec(['curl', '-sf', 'http://127.0.0.1:8095/'])).code === 0,
  );
  const limits = { 'access-log': 'container://small', interval: '10s' };
  // About 200 bytes of JSON each: the file is emptied twice, in one interval.
  const [lost] = await watching(['container', { ...limits, duration: '20s' }]);
  await visit(250);
  const { exitCode, outputs } = await lost!.done;
  expect([exitCode, outputs['reason']]).toEqual([
    1,
    expect.stringContaining('small was rotated by its logging driver beyond what was read last'),
  ]);
  expect(Number(outputs['requests'])).toBeLessThan(250);
  const [whole] = await watching(['container', { ...limits, duration: '10s', interval: '5s' }]);
  await visit(2);
  const { outputs: fine, shown } = await whole!.done;
  expect([fine['stable'], fine['requests'], shown.includes('rotated')]).toEqual(['true', '2', false]);
}, 180_000);
