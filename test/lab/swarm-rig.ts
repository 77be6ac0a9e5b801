import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host, Lab } from '@deploy-actions/lab';
import { type DeployInputs, SMALL, deployInputs } from './deploy-rig.ts';

/** A web server on every node, and a cache that is asked for over the network of the stack. */
const stack = (web: string) => `name: shop
services:
  store:
    image: \${REGISTRY}/shop/redis@\${STORE}
    healthcheck: { test: [CMD, redis-cli, ping], interval: 2s, retries: 10, start_period: 30s, start_interval: 300ms }
  web:
    image: \${REGISTRY}/shop/web${web}
    volumes: ['./site.conf:/etc/nginx/conf.d/site.conf:ro']
    ports: [{ target: 8099, published: '8080', mode: host }]
    depends_on: { store: { condition: service_healthy } }
    secrets: [token]
    deploy: { mode: global }
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8099/\${PROBE}']
      interval: 1s
      retries: 3
      start_period: 5s
      start_interval: 300ms
secrets: { token: { environment: TOKEN } }
`;

/** A checkout of a small stack for a cluster; `web` is what stands behind the name of the web server's image. */
export function stackCheckout(web = '@${WEB}'): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(folder, 'compose.yaml'), stack(web));
  return folder;
}

/** What the web server says to visitors, in the file that is sent with a release. */
export function writeSite(workspace: string, version: string): void {
  writeFileSync(
    join(workspace, 'site.conf'),
    `server { listen 8099; location = /up { return 200 "${version}\\n"; } location / { return 404; } }\n`,
  );
}

/** A release of it: what it says to visitors is in a file that is sent, and the secret differs with it. */
export interface StackRelease {
  version: string;
  /** The path that must answer for the web server to be healthy. */
  probe?: string;
  more?: DeployInputs;
  hosts?: readonly Host[];
}

/** The inputs of a deployment of a release to the nodes, the manager first. */
export async function stackInputs(
  lab: Lab,
  workspace: string,
  { version, probe = 'up', more = {}, hosts = lab.hosts }: StackRelease,
): Promise<DeployInputs> {
  writeSite(workspace, version);
  const [web, store] = await Promise.all([
    lab.registry.digest('shop/web:v1'),
    lab.registry.digest('shop/redis:8'),
  ]);
  return deployInputs(
    lab,
    version,
    {
      ...SMALL,
      engine: 'swarm',
      files: 'site.conf',
      env: [
        `REGISTRY=${lab.registry.address}`,
        `WEB=${web}`,
        `STORE=${store}`,
        `PROBE=${probe}`,
        `TOKEN=secret-of-${version}`,
        '',
      ].join('\n'),
      'wait-timeout': '90s',
      ...more,
    },
    hosts,
  );
}

/** What each node answers at its own port; undefined where it does not. */
export async function answers(hosts: readonly Host[]): Promise<(string | undefined)[]> {
  return await Promise.all(
    hosts.map(async (host) => {
      try {
        const answer = await fetch(`${host.url(8080)}/up`, { signal: AbortSignal.timeout(5000) });
        return answer.ok ? (await answer.text()).trim() : undefined;
      } catch {
        return undefined;
      }
    }),
  );
}
