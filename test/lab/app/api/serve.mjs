// The API.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectRedis } from './redis.mjs';
import { schemaVersion } from './schema.mjs';

const version = process.env.APP_VERSION ?? 'unknown';
const color = process.env.DEPLOY_COLOR ?? null;
const digest = process.env.DEPLOY_DIGEST ?? null;
const schema = Number(process.env.APP_SCHEMA ?? 1);
const fault = process.env.APP_FAULT ?? '';
const nameColumn = schema >= 4 ? 'title' : 'name';
const uploads = process.env.UPLOADS ?? '/media';

export async function serve(database) {
  const redis = connectRedis(process.env.REDIS_URL);
  const started = Date.now();
  const counts = new Map();
  let requests = 0;
  let risked = 0;
  let stopping = false;

  if (fault === 'slow-start') await sleep(15_000);
  if (fault === 'crash-late') {
    setTimeout(() => {
      console.error('fatal: out of file handles');
      process.exit(1);
    }, 20_000);
  }

  const routes = {
    'GET /': () => ({ name: 'shop', version }),
    'GET /version': () => ({ version, color, digest, host: hostname() }),
    'GET /api/health/': () => (fault === 'never-healthy' ? [503, { status: 'failing' }] : { status: 'ok' }),
    'GET /api/readiness/': readiness,
    'GET /metrics': metrics,
    'GET /slow': async ({ query }) => {
      const ms = Math.min(Math.max(Number(query.get('ms') ?? 1000) || 0, 0), 60_000);
      await sleep(ms);
      return { slept: ms, version };
    },
    'GET /api/echo': () => ({ version }),
    'POST /api/echo': ({ body }) => ({ version, length: body.length, sha256: sha256(body) }),
    'POST /api/login': login,
    'GET /api/me': me,
    'GET /api/items': async () => ({
      items: await database.query(`SELECT id, ${nameColumn} AS name FROM items ORDER BY id LIMIT 1000`),
    }),
    'POST /api/items': async ({ body }) => {
      const { name } = JSON.parse(body);
      const [item] = await database.query(
        `INSERT INTO items (${nameColumn}) VALUES ($1) RETURNING id, ${nameColumn} AS name`,
        [name],
      );
      return [201, item];
    },
    'GET /api/jobs': async () => {
      const [row] = await database.query(
        `SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(DISTINCT kind) FROM jobs) AS ticks,
                (SELECT count(*) FROM job_runs) AS runs, (SELECT count(DISTINCT job) FROM job_runs) AS jobs_run`,
      );
      return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)]));
    },
    // For the lab: what the container was given, byte for byte.
    'GET /debug/env': ({ query }) => {
      const value = process.env[query.get('name') ?? ''];
      return value === undefined
        ? [404, { error: 'not set' }]
        : { base64: Buffer.from(value).toString('base64') };
    },
  };

  const server = createServer(async (request, response) => {
    requests += 1;
    const url = new URL(request.url ?? '/', 'http://shop');
    let status = 500;
    let answer = {};
    try {
      const body = await read(request);
      const found = routes[`${request.method} ${url.pathname}`] ?? upload(request.method, url.pathname);
      const exempt = /^\/(version|api\/(health|readiness)\/|metrics)$/.test(url.pathname);
      if (found === undefined) [status, answer] = [404, { error: 'no such page' }];
      else if (fault === 'some-errors' && !exempt && ++risked % 10 === 0)
        [status, answer] = [500, { error: 'some error' }];
      else {
        const result = await found({ query: url.searchParams, body, headers: request.headers });
        [status, answer] = Array.isArray(result) ? result : [200, result];
      }
    } catch (error) {
      answer = { error: error.message };
    }
    counts.set(status, (counts.get(status) ?? 0) + 1);
    const text =
      typeof answer === 'string' || Buffer.isBuffer(answer) ? answer : `${JSON.stringify(answer)}\n`;
    response.writeHead(status, {
      'content-type':
        typeof answer === 'string'
          ? 'text/plain; version=0.0.4'
          : Buffer.isBuffer(answer)
            ? 'application/octet-stream'
            : 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-app-version': version,
      ...(color === null ? {} : { 'x-app-color': color }),
      ...(stopping ? { connection: 'close' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : text);
  });
  server.keepAliveTimeout = 75_000;
  const sockets = webSockets(server);
  server.listen(Number(process.env.PORT ?? 8000), '0.0.0.0', () => console.log(`shop ${version} listens`));

  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      if (fault === 'ignores-sigterm') {
        console.log(`${signal} ignored`);
        return;
      }
      if (stopping) return;
      stopping = true;
      console.log(`${signal}: finishing`);
      server.close(() => process.exit(0));
      server.closeIdleConnections();
      for (const socket of sockets) socket.end(Buffer.from([0x88, 2, 0x03, 0xe9]));
      setTimeout(() => process.exit(0), 9_000).unref();
    });
  }

  async function readiness() {
    const checks = {};
    const check = async (name, run) => {
      try {
        checks[name] = await run();
      } catch (error) {
        checks[name] = error.message;
      }
    };
    await Promise.all([
      check('database', async () => {
        const found = await schemaVersion(database);
        return found >= schema ? 'ok' : `schema is at ${found}, ${schema} is needed: run the migrations`;
      }),
      check('redis', async () => ((await redis('PING')) === 'PONG' ? 'ok' : 'no PONG')),
    ]);
    if (fault === 'never-healthy') checks.payments = 'cannot reach payments.internal: connection refused';
    const ready = Object.values(checks).every((value) => value === 'ok');
    return [ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', version, checks }];
  }

  async function login({ body }) {
    const { user, password } = JSON.parse(body);
    if (password !== (process.env.DEMO_PASSWORD ?? 'demo')) return [401, { error: 'wrong password' }];
    const token = randomUUID();
    await redis('SET', `token:${token}`, user, 'EX', 3600);
    return { token };
  }

  async function me({ headers }) {
    const token = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
    const user = token === undefined ? null : await redis('GET', `token:${token}`);
    return user === null ? [401, { error: 'log in first' }] : { user, version };
  }

  function metrics() {
    const lines = ['# TYPE http_requests_total counter'];
    for (const [status, count] of counts)
      lines.push(`http_requests_total{status="${status}",version="${version}"} ${count}`);
    lines.push(
      '# TYPE process_uptime_seconds gauge',
      `process_uptime_seconds ${(Date.now() - started) / 1000}`,
    );
    return `${lines.join('\n')}\n`;
  }
}

function upload(method, path) {
  const name = /^\/api\/uploads\/([\w-][\w.-]*)$/.exec(path)?.[1];
  if (name === undefined) return undefined;
  if (method === 'PUT') {
    return async ({ body }) => {
      await mkdir(uploads, { recursive: true });
      await writeFile(`${uploads}/${name}`, body);
      return [201, { sha256: sha256(body) }];
    };
  }
  return () => readFile(`${uploads}/${name}`).catch(() => [404, { error: 'no such upload' }]);
}

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

async function read(request) {
  const chunks = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > 64 * 1024 * 1024) throw new Error('too big');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A WebSocket at /ws that says its version first and then what it is told (RFC 6455, short text frames only). */
function webSockets(server) {
  const open = new Set();
  server.on('upgrade', (request, socket) => {
    const key = request.headers['sec-websocket-key'];
    if (request.url !== '/ws' || key === undefined) {
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      return;
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nX-App-Version: ${version}\r\n\r\n`,
    );
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.write(frame(Buffer.from(JSON.stringify({ version, color }))));
    let input = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      input = Buffer.concat([input, chunk]);
      while (input.length >= 6) {
        const length = input[1] & 0x7f;
        if (length > 125) return socket.destroy();
        if (input.length < 6 + length) return;
        const mask = input.subarray(2, 6);
        const payload = Buffer.from(input.subarray(6, 6 + length)).map(
          (byte, index) => byte ^ mask[index % 4],
        );
        const kind = input[0] & 0x0f;
        input = input.subarray(6 + length);
        if (kind === 8) return socket.end(frame(payload, 0x88));
        if (kind === 9) socket.write(frame(payload, 0x8a));
        if (kind === 1 || kind === 2) socket.write(frame(payload));
      }
    });
  });
  return open;
}

function frame(payload, first = 0x81) {
  return Buffer.concat([Buffer.from([first, payload.length]), payload]);
}
