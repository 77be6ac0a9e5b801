import { mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, SAMPLE_APP } from '@deploy-actions/lab';
import { type DeployInputs, deployInputs } from './deploy-rig.ts';
import { SMALL_APP } from './small-app.ts';

/** A checkout of an application of so many containers behind nginx in a container of its own, which no version changes. */
export function rollingCheckout(replicas = 1): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(folder, 'app.mjs'), SMALL_APP);
  writeFileSync(join(folder, 'proxy.conf'), readFileSync(join(SAMPLE_APP, 'nginx.conf'), 'utf8'));
  writeFileSync(
    join(folder, 'compose.yaml'),
    `name: shop
services:
  gateway:
    image: \${REGISTRY}/shop/web:v1
    volumes: ['./proxy.conf:/etc/nginx/conf.d/shop.conf:ro']
    ports: ['8080:80']
    depends_on: { api: { condition: service_healthy } }
  api:
    image: \${REGISTRY}/shop/api:v1
    entrypoint: [node, /app.mjs]
    init: true
    scale: ${replicas}
    environment: { APP_VERSION: '\${TAG}', APP_FAULT: '\${FAULT:-}', PORT: '8000', READY_AFTER: '1500', STOPS: at-once }
    volumes: ['./app.mjs:/app.mjs:ro']
    healthcheck:
      test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8000/']
      interval: 2s
      retries: 3
      start_period: 10s
      start_interval: 300ms
`,
  );
  return folder;
}

/** For `with:` of a deployment of such a checkout. */
export function rollingInputs(lab: Lab, tag: string, more: DeployInputs = {}, fault = ''): DeployInputs {
  return deployInputs(lab, tag, {
    env: `REGISTRY=${lab.registry.address}\nTAG=${tag}\nFAULT=${fault}\n`,
    files: 'app.mjs\nproxy.conf',
    migrate: '',
    'migration-state': '',
    'wait-timeout': '30s',
    'drain-timeout': '10s',
    strategy: 'rolling',
    ...more,
  });
}
