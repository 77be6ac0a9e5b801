import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface LoadOptions {
  /** `http://127.0.0.1:PORT`: nothing but 127.0.0.0/8 is accepted. */
  readonly url: string;
  /** Requests each second, all clients together. Default 100. */
  readonly rate?: number;
  /** Clients, each with one connection that it keeps. Default 16. */
  readonly clients?: number;
  /** What is asked, in turn. Default GET /version and POST /api/echo. */
  readonly requests?: readonly LoadRequest[];
  /** The share of requests that are slow ones instead, and how long these take. Default 0, 1500. */
  readonly slowShare?: number;
  readonly slowMs?: number;
  /** WebSockets kept open at /ws, each with a message every second. Default 0. */
  readonly webSockets?: number;
  readonly webSocketPath?: string;
  /** After so many milliseconds an answer is missing. Default 10,000. */
  readonly timeoutMs?: number;
  /** It stops by itself after so many seconds or requests. Default 600 and 2,000,000. */
  readonly maxSeconds?: number;
  readonly maxRequests?: number;
  /** Which answers are failures. Default 400 and above. */
  readonly isFailure?: (status: number) => boolean;
}

export interface LoadRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
}

/** One request. */
export interface LoadRecord {
  /** When it was sent, in milliseconds since 1970. */
  readonly at: number;
  readonly tookMs: number;
  readonly method: string;
  readonly path: string;
  /** 0 when there was no answer. */
  readonly status: number;
  /** From the answer's header x-app-version, else its JSON's `version`. */
  readonly version: string | undefined;
  /** From x-app-color, or the header that the caller names. */
  readonly color: string | undefined;
  /** Why it failed: `ECONNRESET`, `timeout`, `status 502`. */
  readonly failure: string | undefined;
}

export interface WebSocketRecord {
  readonly openedAt: number;
  /** When it was closed by somebody else than the client. */
  readonly cutAt: number | undefined;
  readonly reason: string | undefined;
  readonly version: string | undefined;
}

export interface LoadReport {
  readonly seconds: number;
  readonly sent: number;
  readonly served: number;
  readonly failed: number;
  /** Served requests by version (`unknown` when the answer named none). */
  readonly byVersion: Readonly<Record<string, number>>;
  readonly byColor: Readonly<Record<string, number>>;
  /** Failures by reason. */
  readonly byFailure: Readonly<Record<string, number>>;
  readonly failures: readonly LoadRecord[];
  /** Of served requests, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Requests that could not be sent in time because every client was waiting for an answer. */
  readonly late: number;
  readonly webSockets: readonly WebSocketRecord[];
}

export interface Load {
  /** What happened so far. */
  report(): LoadReport;
  /** All requests so far, in the order of their answers. */
  records(): readonly LoadRecord[];
  /** Waits until a request that was sent after this call was served (by that version). Rejects after `timeoutMs`. */
  seen(version?: string, timeoutMs?: number): Promise<LoadRecord>;
  /** Ends it, lets what is under way finish, and reports. */
  stop(): Promise<LoadReport>;
}

const TICK_MS = 5;

/** Asks a site of the lab at a steady rate, never again after a failure, and writes down every request. */
export function startLoad(options: LoadOptions): Load {
  const base = new URL(options.url);
  if (!/^127\.\d+\.\d+\.\d+$/.test(base.hostname) || base.protocol !== 'http:') {
    throw new Error(`${options.url}: load goes to http://127.0.0.0/8 only`);
  }
  const rate = options.rate ?? 100;
  const timeoutMs = options.timeoutMs ?? 10_000;
  const maxMs = (options.maxSeconds ?? 600) * 1000;
  const maxRequests = options.maxRequests ?? 2_000_000;
  const slowMs = options.slowMs ?? 1500;
  const isFailure = options.isFailure ?? ((status: number) => status >= 400);
  const mix: readonly LoadRequest[] = options.requests ?? [
    { method: 'GET', path: '/version' },
    { method: 'POST', path: '/api/echo', body: 'hello' },
  ];
  const records: LoadRecord[] = [];
  const listeners = new Set<(record: LoadRecord) => void>();
  const start = Date.now();
  let end: number | undefined;
  let sent = 0;
  let late = 0;
  let slowDue = 0;
  let underWay = 0;
  let idleNow: (() => void) | undefined;

  const agents = Array.from(
    { length: options.clients ?? 16 },
    () => new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 }),
  );
  const idle = [...agents];

  const send = (agent: Agent) => {
    slowDue += options.slowShare ?? 0;
    const slow = slowDue >= 1;
    if (slow) slowDue -= 1;
    const one = slow
      ? { method: 'GET', path: `/slow?ms=${slowMs}` }
      : (mix[sent % mix.length] as LoadRequest);
    sent += 1;
    underWay += 1;
    const at = Date.now();
    const clock = performance.now();
    let finished = false;
    const finish = (outcome: Pick<LoadRecord, 'status' | 'version' | 'color' | 'failure'>) => {
      if (finished) return;
      finished = true;
      clearTimeout(deadline);
      const record = {
        at,
        tookMs: performance.now() - clock,
        method: one.method,
        path: one.path,
        ...outcome,
      };
      records.push(record);
      for (const listener of [...listeners]) listener(record);
      idle.push(agent);
      underWay -= 1;
      if (underWay === 0) idleNow?.();
    };
    const fail = (failure: string, status = 0) =>
      finish({ status, version: undefined, color: undefined, failure });
    const body = 'body' in one ? one.body : undefined;
    const outgoing = request(
      {
        agent,
        host: base.hostname,
        port: base.port === '' ? 80 : base.port,
        method: one.method,
        path: one.path,
        headers:
          body === undefined
            ? {}
            : { 'content-length': Buffer.byteLength(body), 'content-type': 'text/plain' },
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', (error: NodeJS.ErrnoException) =>
          fail(error.code ?? error.message, answer.statusCode),
        );
        answer.on('end', () => {
          const status = answer.statusCode ?? 0;
          if (!answer.complete) {
            fail('truncated', status);
            return;
          }
          finish({
            status,
            version: versionOf(answer, chunks),
            color: header(answer, 'x-app-color'),
            failure: isFailure(status) ? `status ${status}` : undefined,
          });
        });
      },
    );
    const deadline = setTimeout(
      () => {
        fail('timeout');
        outgoing.destroy();
      },
      timeoutMs + (slow ? slowMs : 0),
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    outgoing.end(body);
  };

  let owed = 0;
  let lastTick = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    owed += ((now - lastTick) / 1000) * rate;
    lastTick = now;
    if (Date.now() - start > maxMs || sent >= maxRequests) {
      finishSending();
      return;
    }
    while (owed >= 1 && sent < maxRequests) {
      const agent = idle.shift();
      if (agent === undefined) {
        // Clients that wait do not pile up requests: the rate falls, and the report says so.
        late += Math.floor(owed);
        owed %= 1;
        break;
      }
      owed -= 1;
      send(agent);
    }
  }, TICK_MS);

  const sockets = Array.from({ length: options.webSockets ?? 0 }, () =>
    keepWebSocket(`ws://${base.host}${options.webSocketPath ?? '/ws'}`),
  );

  const finishSending = () => {
    clearInterval(ticker);
    end ??= Date.now();
  };

  const report = (): LoadReport => {
    const served = records.filter((record) => record.failure === undefined);
    const failures = records.filter((record) => record.failure !== undefined);
    const times = served.map((record) => record.tookMs).sort((one, other) => one - other);
    const quantile = (share: number) =>
      Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10;
    return {
      seconds: ((end ?? Date.now()) - start) / 1000,
      sent,
      served: served.length,
      failed: failures.length,
      byVersion: countBy(served, (record) => record.version ?? 'unknown'),
      byColor: countBy(served, (record) => record.color ?? 'unknown'),
      byFailure: countBy(failures, (record) => record.failure ?? ''),
      failures,
      p50: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
      max: quantile(1),
      late,
      webSockets: sockets.map((socket) => socket.record()),
    };
  };

  return {
    report,
    records: () => records,
    seen: (version, waitMs = 30_000) =>
      new Promise((resolve, reject) => {
        const from = Date.now();
        const listener = (record: LoadRecord) => {
          if (record.at < from || record.failure !== undefined) return;
          if (version !== undefined && record.version !== version) return;
          done();
          resolve(record);
        };
        const timer = setTimeout(() => {
          done();
          reject(
            new Error(
              `no request was served${version === undefined ? '' : ` by ${version}`} in ${waitMs} ms`,
            ),
          );
        }, waitMs);
        const done = () => {
          clearTimeout(timer);
          listeners.delete(listener);
        };
        listeners.add(listener);
      }),
    stop: async () => {
      finishSending();
      if (underWay > 0) await new Promise<void>((resolve) => (idleNow = resolve));
      for (const socket of sockets) socket.close();
      for (const agent of agents) agent.destroy();
      return report();
    },
  };
}

function keepWebSocket(url: string): { record(): WebSocketRecord; close(): void } {
  const openedAt = Date.now();
  let cutAt: number | undefined;
  let reason: string | undefined;
  let version: string | undefined;
  let ours = false;
  const socket = new WebSocket(url);
  const cut = (why: string) => {
    clearInterval(talk);
    if (ours || cutAt !== undefined) return;
    cutAt = Date.now();
    reason = why;
  };
  const talk = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send('ping');
  }, 1000);
  socket.onmessage = ({ data }) => {
    if (version !== undefined || typeof data !== 'string' || !data.startsWith('{')) return;
    version = (JSON.parse(data) as { version?: string }).version;
  };
  socket.onclose = ({ code }) => cut(`closed with ${code}`);
  socket.onerror = () => cut('error');
  return {
    record: () => ({ openedAt, cutAt, reason, version }),
    close: () => {
      ours = true;
      clearInterval(talk);
      socket.close();
    },
  };
}

function header(answer: IncomingMessage, name: string): string | undefined {
  const value = answer.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function versionOf(answer: IncomingMessage, chunks: readonly Buffer[]): string | undefined {
  const named = header(answer, 'x-app-version');
  if (named !== undefined) return named;
  try {
    const value = JSON.parse(Buffer.concat(chunks).toString()) as { version?: unknown };
    return typeof value.version === 'string' ? value.version : undefined;
  } catch {
    return undefined;
  }
}

function countBy(
  records: readonly LoadRecord[],
  key: (record: LoadRecord) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const record of records) counts[key(record)] = (counts[key(record)] ?? 0) + 1;
  return counts;
}
