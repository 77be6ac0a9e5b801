import { mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Lab, Load } from '@deploy-actions/lab';
import { findRoot, pythonTool } from '@deploy-actions/tooling';
import { type DeployInputs, deployInputs } from './deploy-rig.ts';
import { SMALL_APP } from './small-app.ts';

/** A proxy in a container that asks the application by its name. */
interface Gateway {
  /** Where the server has it. */
  port: number;
  configuration: string;
  /** Its lines of the compose file, besides. */
  service: string;
}

/** Where a server of the lab has the Caddy that runs in the container: Debian's is too old. */
const CADDY = '/usr/local/bin/caddy';

/** What the manual tells a user to write. */
function written(language: string): string {
  const manual = readFileSync(join(findRoot(), 'actions/ssh-compose-deploy/README.md'), 'utf8');
  const block = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'm').exec(manual)?.[1];
  if (block === undefined) throw new Error(`the manual shows no ${language}`);
  return block;
}

export const GATEWAYS = {
  nginx: {
    port: 8080,
    configuration: written('nginx'),
    service: "volumes: ['./nginx.conf:/etc/nginx/conf.d/shop.conf:ro']",
  },
  caddy: {
    port: 8081,
    configuration: written('caddyfile'),
    service: `entrypoint: [caddy, run, --config, /etc/caddy/Caddyfile]
    environment: { HOME: /tmp }
    volumes: ['./caddy.conf:/etc/caddy/Caddyfile:ro', '${CADDY}:/usr/bin/caddy:ro']`,
  },
  haproxy: {
    port: 8443,
    configuration: written('haproxy'),
    // The server's own, with the libraries that it needs.
    service: `entrypoint: [/usr/sbin/haproxy, -W, -db, -f, /etc/haproxy.cfg]
    volumes: ['./haproxy.conf:/etc/haproxy.cfg:ro', '/usr:/usr:ro']`,
  },
} satisfies Record<string, Gateway>;

export type GatewayKind = keyof typeof GATEWAYS;

/** A checkout of an application of so many containers behind proxies in containers of their own, which no version changes. */
export function rollingCheckout(replicas = 1, kinds: readonly GatewayKind[] = ['nginx']): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(folder, 'app.mjs'), SMALL_APP);
  for (const kind of kinds) writeFileSync(join(folder, `${kind}.conf`), GATEWAYS[kind].configuration);
  const gateways = kinds.map(
    (kind) => `
  ${kind}:
    image: \${REGISTRY}/shop/web:v1
    ${GATEWAYS[kind].service}
    ports: ['${GATEWAYS[kind].port}:80']
    depends_on: { api: { condition: service_healthy } }`,
  );
  writeFileSync(
    join(folder, 'compose.yaml'),
    `name: shop
services:${gateways.join('')}
  api:
    image: \${REGISTRY}/shop/api:v1
    entrypoint: [node, /app.mjs]
    init: true
    scale: ${replicas}
    environment: { APP_VERSION: '\${TAG}', APP_FAULT: '\${FAULT:-}', PORT: '8000', READY_AFTER: '1500', STOPS: at-once }
    volumes: ['./app.mjs:/app.mjs:ro']
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/']
      interval: 5s
      retries: 2
      start_period: 10s
      start_interval: 300ms
`,
  );
  return folder;
}

/** Puts a Caddy onto a server that rolling deployments can do with. */
export async function bringCaddy(host: Host): Promise<void> {
  const caddy = await pythonTool('caddy', (line) => console.log(line));
  if ('reason' in caddy) throw new Error(caddy.reason);
  await host.write(CADDY, readFileSync(caddy.path), { mode: '0755' });
}

const DRAIN_MS = 10_000;

/** For `with:` of a deployment of such a checkout. */
export function rollingInputs(
  lab: Lab,
  tag: string,
  more: DeployInputs = {},
  fault = '',
  kinds: readonly GatewayKind[] = ['nginx'],
): DeployInputs {
  return deployInputs(lab, tag, {
    env: `REGISTRY=${lab.registry.address}\nTAG=${tag}\nFAULT=${fault}\n`,
    files: ['app.mjs', ...kinds.map((kind) => `${kind}.conf`)].join('\n'),
    migrate: '',
    'migration-state': '',
    'wait-timeout': '30s',
    'drain-timeout': `${DRAIN_MS / 1000}s`,
    strategy: 'rolling',
    ...more,
  });
}

/** WebSockets that a rolling deployment has cut before they had `drain-timeout`, of the version before this one. */
export function cutEarly(load: Load, version: string): number {
  // Requests go to the new container once it is led to, and from then on what the old one does has its time.
  const led = load.records().find((record) => record.version === version)?.at ?? Infinity;
  return load.report().webSockets.filter(({ cutAt }) => cutAt !== undefined && cutAt - led < DRAIN_MS - 1000)
    .length;
}
