// What the team's two images would hold: `serve` takes orders for clips, as its API does, and `work` makes them. An image
// of the sample application brings the version and what is wrong with it: APP_FAULT=never-healthy, DOCS=off, CLIPS=broken.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { promisify } from 'node:util';

const { APP_VERSION: version, APP_FAULT: fault, DOCS: docs, CLIPS: clips } = process.env;
const { REDIS_HOST: host, S3_ENDPOINT: endpoint, S3_BUCKET: bucket } = process.env;

const run = promisify(execFile);
const redis = async (...words) => (await run('redis-cli', ['-h', host, ...words])).stdout.trim();
const object = (id) => `${endpoint}/${bucket}/${id}.mp4`;

async function health() {
  const checks = {};
  const [pong, storage] = await Promise.allSettled([
    redis('PING'),
    fetch(`${endpoint}/minio/health/live`, { signal: AbortSignal.timeout(2000) }),
  ]);
  checks.redis = pong.value === 'PONG' ? 'ok' : 'no PONG';
  checks.storage = storage.value?.ok ? 'ok' : 'not live';
  if (fault === 'never-healthy') checks.ffmpeg = 'not found';
  const healthy = Object.values(checks).every((one) => one === 'ok');
  return [healthy ? 200 : 503, { status: healthy ? 'healthy' : 'unhealthy', version, checks }];
}

async function order(body) {
  const { url } = JSON.parse(body);
  const id = randomUUID();
  await redis('SET', `clip:${id}`, 'queued', 'EX', '3600');
  await redis('LPUSH', 'clips', JSON.stringify({ id, url }));
  return [202, { id }];
}

const routes = {
  'GET /': () => [200, '<!doctype html><title>Clips</title><h1>Make a clip</h1>', 'text/html'],
  'GET /health': health,
  'GET /version': () => [200, { version }],
  'GET /docs': () =>
    docs === 'off' ? [404, {}] : [200, '<!doctype html><div id="swagger-ui"></div>', 'text/html'],
  'GET /openapi.json': () => [200, { openapi: '3.1.0', info: { title: 'Clips', version }, paths: {} }],
  'GET /metrics': async () => [
    200,
    `# TYPE clips_waiting gauge\nclips_waiting ${await redis('LLEN', 'clips')}\n`,
    'text/plain; version=0.0.4',
  ],
};

async function answer({ method, url }, body) {
  const known = routes[`${method} ${url}`];
  if (known) return await known();
  if (`${method} ${url}` === 'POST /api/v1/clips') return await order(body);
  const [, id, file] = /^\/api\/v1\/clips\/([0-9a-f-]{36})(\/file)?$/.exec(url) ?? [];
  if (method !== 'GET' || id === undefined) return [404, { detail: 'Not Found' }];
  if (file === undefined) return [200, { state: await redis('GET', `clip:${id}`) }];
  const stored = await fetch(object(id));
  return [stored.status, await stored.text(), 'video/mp4'];
}

function serve() {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
    request.on('end', async () => {
      const [status, content, type] = await answer(request, body).catch((error) => [
        500,
        { detail: error.message },
      ]);
      const text = typeof content === 'string' ? content : JSON.stringify(content);
      response.writeHead(status, { 'content-type': type ?? 'application/json' }).end(text);
    });
  });
  process.on('SIGTERM', () => server.close(() => process.exit(0)));
  server.listen(8000, () => console.log(`backend ${version} listens`));
}

async function work() {
  let stopping = false;
  process.on('SIGTERM', () => (stopping = true));
  console.log(`worker ${version} started`);
  while (!stopping) {
    try {
      // The name of the list, then what was in it; nothing after a second.
      const [, job] = (await redis('BRPOP', 'clips', '1')).split('\n');
      if (job === undefined) continue;
      const { id, url } = JSON.parse(job);
      if (clips !== 'broken') await fetch(object(id), { method: 'PUT', body: `a clip of ${url}` });
      await redis('SET', `clip:${id}`, clips === 'broken' ? 'failed' : 'done', 'EX', '3600');
      console.log(`clip ${id} of ${url}: ${clips ?? 'done'}`);
    } catch (error) {
      console.error(`worker: ${error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  process.exit(0);
}

await { serve, work }[process.argv[2]]();
