import { mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Lab, SAMPLE_APP } from '@deploy-actions/lab';
import { type DeployInputs, deployInputs } from './deploy-rig.ts';

/** An application that ends at once when it is told to, whatever it is doing: what is lost then is lost by the change. */
const APP = `
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';
const version = process.env.APP_VERSION;
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const url = new URL(request.url, 'http://app');
    const answer = () => {
      response.statusCode = process.env.APP_FAULT === 'sick' ? 500 : 200;
      response.setHeader('content-type', 'application/json');
      response.setHeader('x-app-version', version);
      response.end(JSON.stringify({ version }));
    };
    if (url.pathname === '/slow') setTimeout(answer, Number(url.searchParams.get('ms') ?? 1500));
    else answer();
  });
});
server.keepAliveTimeout = 75000;
server.on('upgrade', (request, socket) => {
  const key = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nX-App-Version: ' + version + '\\r\\nSec-WebSocket-Accept: ' + key + '\\r\\n\\r\\n');
  socket.on('error', () => {});
  socket.on('data', () => {});
});
process.on('SIGTERM', () => process.exit(0));
// It listens before it is ready, and then answers wrongly: who is led to it too early loses requests.
const begun = Date.now();
const handle = server.listeners('request')[0];
server.removeAllListeners('request');
server.on('request', (request, response) => {
  if (Date.now() - begun > 1500) return handle(request, response);
  response.statusCode = 503;
  response.end('not ready');
});
server.listen(8000);
`;

/** A checkout of an application of so many containers behind nginx in a container of its own, which no version changes. */
export function rollingCheckout(replicas = 1): string {
  const folder = mkdtempSync(join(tmpdir(), 'deploy-actions-checkout-'));
  writeFileSync(join(folder, 'app.mjs'), APP);
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
    environment: { APP_VERSION: '\${TAG}', APP_FAULT: '\${FAULT:-}' }
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
