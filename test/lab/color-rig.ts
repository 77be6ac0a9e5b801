import { readFile } from 'node:fs/promises';
import type { Host, Lab } from '@deploy-actions/lab';
import { SMALL_APP } from './small-app.ts';
import { type BundleResult, type BundleRun, type RunningBundle, startBundle } from '@deploy-actions/tooling';

export const PROJECT = 'shop';
export const PATH = '/srv/deploy/shop';
const PORTS = { blue: 18101, green: 18102 } as const;

export type Color = keyof typeof PORTS;

/** Puts the application's program and the colours' networks onto a host, as deploys do. */
export async function prepareColors(host: Host): Promise<void> {
  await host.write('/srv/app.mjs', SMALL_APP, { mode: '0644' });
  await host.sh(
    `install -d -o deploy -g deploy ${PATH}; for c in blue green; do docker network inspect zz_${PROJECT}_$c >/dev/null 2>&1 || docker network create zz_${PROJECT}_$c >/dev/null; done`,
  );
}

export interface ColorOptions {
  version: string;
  fault?: string;
  /** A service that runs only where the traffic is: started (true) or waiting (false). */
  worker?: boolean;
}

/** Brings a colour up as a deploy leaves it: its own project, fixed loopback port, labels. */
export async function colorUp(lab: Lab, host: Host, color: Color, options: ColorOptions): Promise<void> {
  const { version, fault = '', worker } = options;
  const service = {
    image: lab.registry.image('shop/api:v1'),
    entrypoint: ['node', '/app.mjs'],
    environment: { APP_VERSION: version, APP_FAULT: fault, DEPLOY_COLOR: color },
    volumes: ['/srv/app.mjs:/app.mjs:ro'],
    restart: 'unless-stopped',
    // A stop that comes before the program listens to it would wait for its whole time.
    init: true,
    labels: { 'deploy-actions.release': `release-${version}`, 'deploy-actions.color': color },
    networks: { default: { aliases: [`web-${color}`] } },
    healthcheck: {
      test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/health'],
      interval: '5s',
      start_period: '10s',
      start_interval: '200ms',
      retries: 2,
    },
  };
  const compose = {
    services: {
      web: { ...service, ports: [`127.0.0.1:${PORTS[color]}:8080`] },
      ...(worker === undefined
        ? {}
        : {
            worker: {
              ...service,
              healthcheck: { disable: true },
              labels: { ...service.labels, 'deploy-actions.live-only': 'true' },
            },
          }),
    },
    networks: { default: { name: `zz_${PROJECT}_${color}`, external: true } },
  };
  const file = `/srv/${color}.json`;
  await host.write(file, JSON.stringify(compose));
  const base = `docker compose -p ${PROJECT}-${color} -f ${file}`;
  await host.sh(`${base} up -d --wait web 2>&1`);
  if (worker !== undefined) await host.sh(`${base} ${worker ? 'up -d' : 'create'} worker 2>&1`);
}

/**
 * A host that serves blue (v1) behind a proxy of its own, with green (v2) beside it, as an administrator has it.
 * `program` is the proxy's, where the lab has none.
 */
export async function openColors(
  lab: Lab,
  proxy: HostProxy,
  { worker = false, program }: { worker?: boolean; program?: string } = {},
): Promise<Host> {
  const host = await lab.addHost({ sudo: true });
  await prepareColors(host);
  if (program) await host.write(`/usr/local/bin/${proxy}`, await readFile(program), { mode: '0755' });
  await Promise.all([
    colorUp(lab, host, 'blue', { version: 'v1', ...(worker ? { worker: true } : {}) }),
    colorUp(lab, host, 'green', { version: 'v2', ...(worker ? { worker: false } : {}) }),
  ]);
  await startProxy(host, proxy);
  return host;
}

export async function colorDown(host: Host, color: Color): Promise<void> {
  await host.sh(`docker compose -p ${PROJECT}-${color} -f /srv/${color}.json down -t 1 2>&1`);
}

export type Inputs = Record<string, string | number | boolean | undefined>;

/** The inputs that every step against these hosts has. */
export function serverInputs(lab: Lab, hosts: readonly Host[] = [lab.host]): Inputs {
  return {
    host: hosts.map((host) => `deploy@127.0.0.1:${host.sshPort}`).join('\n'),
    'ssh-key': lab.key.privateKey,
    'known-hosts': hosts.map((host) => host.knownHosts()).join('\n'),
    path: PATH,
    project: PROJECT,
  };
}

/** The actions that are tried as steps of one job. */
export type Stepped = 'backup' | 'blue-green-switch' | 'rollback';

/** Runs a bundle as the runner would, as a step of one job of one run unless told otherwise. */
export function startStep(
  action: Stepped,
  inputs: Inputs,
  run: Partial<BundleRun> & { runId?: string } = {},
): RunningBundle {
  const { runId = '1000', env, ...rest } = run;
  return startBundle({
    action,
    inputs,
    // A developer may point this at a tree whose actions run from their sources.
    tree: process.env['DEPLOY_ACTIONS_TREE'],
    env: {
      GITHUB_RUN_ID: runId,
      GITHUB_RUN_NUMBER: '7',
      GITHUB_JOB: 'deploy',
      GITHUB_ACTOR: 'octocat',
      GITHUB_REPOSITORY: 'shop/shop',
      GITHUB_WORKFLOW: 'deploy',
      GITHUB_SHA: '0123456789abcdef0123456789abcdef01234567',
      GITHUB_REF: 'refs/heads/main',
      ...env,
    },
    ...rest,
  });
}

export async function step(
  action: Stepped,
  inputs: Inputs,
  run: Partial<BundleRun> & { runId?: string } = {},
): Promise<BundleResult> {
  return await startStep(action, inputs, run).done;
}

/** A step that must succeed: its log is the message when it does not. */
export async function mustStep(
  action: Stepped,
  inputs: Inputs,
  run: Partial<BundleRun> & { runId?: string } = {},
): Promise<BundleResult> {
  const result = await step(action, inputs, run);
  if (result.exitCode !== 0) throw new Error(`${action} failed:\n${result.shown}`);
  return result;
}

/** The proxies' configurations before anything of ours: a site for the plain address of blue. */
export const SITES = {
  nginx: {
    file: '/etc/nginx/sites-available/shop',
    text: `server {
  listen 8080;
  add_header Strict-Transport-Security "max-age=31536000; includeSubDomains" always;
  location / {
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_set_header Host $http_host;
    proxy_read_timeout 300s;
    proxy_pass http://127.0.0.1:18101;
  }
}
`,
    start:
      'rm -f /etc/nginx/sites-enabled/*; ln -sf /etc/nginx/sites-available/shop /etc/nginx/sites-enabled/shop; nginx',
  },
  haproxy: {
    file: '/etc/haproxy/haproxy.cfg',
    text: `global
    maxconn 4000
    stats socket /run/haproxy/admin.sock mode 660 level admin
    user haproxy
    group haproxy
defaults
    mode http
    timeout connect 5s
    timeout client 300s
    timeout server 300s
    timeout tunnel 1h
frontend www
    bind :8080
    http-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains"
    default_backend app
backend app
    server s1 127.0.0.1:18101
`,
    start: 'mkdir -p /run/haproxy; haproxy -W -D -p /run/haproxy.pid -f /etc/haproxy/haproxy.cfg',
  },
  caddy: {
    file: '/etc/caddy/Caddyfile',
    text: `{
	auto_https off
}
http://:8080 {
	header Strict-Transport-Security "max-age=31536000; includeSubDomains"
	reverse_proxy 127.0.0.1:18101
}
`,
    start:
      'cd / && setsid caddy run --config /etc/caddy/Caddyfile >/var/log/caddy.log 2>&1 </dev/null & sleep 1',
  },
  traefik: {
    file: '/etc/traefik/dynamic/shop.yml',
    text: `http:
  routers:
    shop:
      rule: PathPrefix(\`/\`)
      entryPoints: [web]
      service: shop
      middlewares:
        - hsts # as everywhere
  middlewares:
    hsts:
      headers:
        customResponseHeaders:
          Strict-Transport-Security: max-age=31536000; includeSubDomains
  services:
    shop:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:18101
`,
    start:
      'setsid traefik --entrypoints.web.address=:8080 --providers.file.directory=/etc/traefik/dynamic >/var/log/traefik.log 2>&1 </dev/null & for i in $(seq 100); do sleep 0.1; curl -fso /dev/null http://127.0.0.1:8080/health && break; done',
  },
} as const;

export type HostProxy = keyof typeof SITES;

/** Starts a proxy on the host itself, as the administrator has it. */
export async function startProxy(
  host: Host,
  proxy: HostProxy,
  change: (text: string) => string = (text) => text,
): Promise<void> {
  const { file, text, start } = SITES[proxy];
  await host.sh(`mkdir -p ${file.replace(/\/[^/]*$/, '')}`);
  await host.write(file, change(text), { mode: '0644', owner: 'root' });
  await host.sh(start);
}

export async function stopProxy(host: Host, proxy: HostProxy): Promise<void> {
  await host.sh(
    `for p in /proc/[0-9]*; do read -r n <$p/comm 2>/dev/null && [ "$n" = ${proxy} ] && kill -9 "\${p#/proc/}"; done; sleep 0.3; rm -rf /var/lib/deploy-actions ${PATH}/.deploy; true`,
  );
}

/** The colour and the version that the site answers with. */
export async function served(
  host: Host,
): Promise<{ color: string | null; version: string; headers: Headers }> {
  const answer = await fetch(`${host.url(8080)}/version`, { signal: AbortSignal.timeout(5000) });
  const { version } = (await answer.json()) as { version: string };
  return { color: answer.headers.get('x-deploy-color'), version, headers: answer.headers };
}

/** How many of `count` visitors the first green, which is v2, answers, fifty at once; a header may tell the share instead. */
export async function countGreen(host: Host, count: number): Promise<number> {
  let green = 0;
  for (let left = count; left > 0; left -= 50) {
    const answers = await Promise.all(Array.from({ length: Math.min(left, 50) }, () => served(host)));
    green += answers.filter((one) => one.version === 'v2').length;
  }
  return green;
}

/** Whether so many of `count` answers fit a share of `percent`, by three and a half sigma. */
export function fits(green: number, count: number, percent: number): boolean {
  const share = percent / 100;
  return Math.abs(green - count * share) < 3.5 * Math.sqrt(count * share * (1 - share));
}

/** The names of an answer's headers, the date left out. */
export function headerNames(headers: Headers): string[] {
  return [...headers.keys()].filter((name) => name !== 'date').sort();
}

/** The lines of history.jsonl on a server, oldest first. */
export async function history(host: Host): Promise<Record<string, unknown>[]> {
  const lines = await host.sh(`cat ${PATH}/.deploy/history.jsonl 2>/dev/null || true`);
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** What is left of ours on a server: files below the places where install puts some. */
export async function leftovers(host: Host): Promise<string> {
  return await host.sh(
    'find /var/lib/deploy-actions /var/log/deploy-actions /etc/traefik/dynamic -name "*shop*" ! -name shop.yml 2>/dev/null; grep -rl "deploy-actions shop" /etc/nginx /etc/haproxy /etc/caddy /etc/traefik 2>/dev/null; true',
  );
}
