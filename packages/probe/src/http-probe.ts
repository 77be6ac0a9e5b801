import { randomBytes, createHash } from 'node:crypto';
import { HttpError, authority, endpointOf, limited, readHead } from '@deploy-actions/http';
import { Failure, messageOf } from '@deploy-actions/kit';
import { readsBody, unmet } from './expectation.ts';
import type { Reach } from './reach.ts';
import type { Attempt, HttpTarget, TcpTarget, WebSocketTarget } from './target.ts';
import { versionOf } from './version.ts';

export interface ProbeLimits {
  /** Milliseconds for the whole attempt. */
  timeout: number;
  signal?: AbortSignal;
}

/** Enough for a health document; an answer that is larger is cut, not refused. */
const BODY_LIMIT = 1024 * 1024;
/**
 * A connection that was kept says who listened when it was opened. One that is younger than half a second says it
 * recently enough, and lets a sweep over many paths of a server share a few connections.
 */
const CONNECTION_AGE = 500;
/** When nobody looks at the body, its beginning proves that the answer flows. */
const UNREAD_LIMIT = 16 * 1024;

/** Asks once and holds the answer against what is expected. Never throws, but for the signal's reason. */
export async function probeHttp(reach: Reach, target: HttpTarget, limits: ProbeLimits): Promise<Attempt> {
  const started = performance.now();
  return await attempt(limits, async () => {
    const ask = (method: string) =>
      reach.request({
        method,
        url: target.url,
        headers: target.headers,
        body: target.body,
        redirects: target.redirects ?? 0,
        connect: target.connect,
        addressFor: target.addressFor,
        deadline: Math.max(1, limits.timeout - (performance.now() - started)),
        connectTimeout: limits.timeout,
        maxBytes: readsBody(target.expect) ? BODY_LIMIT : UNREAD_LIMIT,
        overflow: 'cut',
        // Nobody decodes what nobody reads, and an unknown coding of it is no fault.
        decode: readsBody(target.expect),
        maxConnectionAge: CONNECTION_AGE,
        signal: limits.signal,
      });
    let answer = await ask(target.method ?? 'GET');
    if (target.method === 'HEAD' && (answer.status === 405 || answer.status === 501))
      answer = await ask('GET');
    const detail = unmet(answer, target.expect, new Date());
    const source = target.expect.version?.source;
    const version = source && versionOf(answer, source);
    return {
      ok: detail === undefined,
      status: answer.status,
      ...(version === undefined ? {} : { version }),
      ...(detail === undefined ? {} : { phase: 'expectation' as const, detail }),
      // Met but for the version: then that is what is wrong.
      ...(detail !== undefined &&
      version !== undefined &&
      unmet(answer, { ...target.expect, version: undefined }, new Date()) === undefined
        ? { reason: 'other-version' as const }
        : {}),
    };
  });
}

/** Codes of an HttpError that say so: the system's, and curl's, which tells refused and unreachable not apart. */
const REFUSED: ReadonlySet<string> = new Set(['ECONNREFUSED', 'CURLE_COULDNT_CONNECT']);

/** Whether the port takes connections. One that is closed again at once is a forwarder without anybody behind it. */
export async function probeTcp(reach: Reach, target: TcpTarget, limits: ProbeLimits): Promise<Attempt> {
  return await attempt(limits, async () => {
    const { socket } = await reach.open(
      { host: target.host, port: target.port, secure: false },
      target.connect ?? {},
      limits.timeout,
      limits.signal,
    );
    socket.on('error', () => {});
    // A published port is accepted by the engine's own forwarder, also when the container refuses: it closes then.
    const closed = await new Promise<boolean>((done) => {
      const timer = setTimeout(() => done(false), 20);
      const ended = () => {
        clearTimeout(timer);
        done(true);
      };
      socket.once('end', ended);
      socket.once('close', ended);
      socket.resume();
    });
    socket.destroy();
    if (!closed) return { ok: true };
    return {
      ok: false,
      phase: 'tcp',
      detail: `${authority(target.host, target.port)}: accepted and closed at once, as a forwarder does when nobody listens behind it`,
    };
  });
}

/** Whether a WebSocket handshake succeeds (RFC 6455, section 4.1). */
export async function probeWebSocket(
  reach: Reach,
  target: WebSocketTarget,
  limits: ProbeLimits,
): Promise<Attempt> {
  return await attempt(limits, async () => {
    const url = new URL(target.url);
    const endpoint = endpointOf(url);
    const where = authority(endpoint.host, endpoint.port);
    const { socket } = await reach.open(endpoint, target.connect ?? {}, limits.timeout, limits.signal, true);
    const key = randomBytes(16).toString('base64');
    const headers = {
      Host: url.host,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Version': '13',
      ...target.headers,
    };
    const head = `GET ${url.pathname}${url.search} HTTP/1.1\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value.replace(/[\r\n\0]/g, ' ')}\r\n`)
      .join('')}\r\n`;
    try {
      const { status, lines } = await limited(limits.signal, limits.timeout, (limit) =>
        readHead(socket, head, where, limit, 'http'),
      );
      if (status !== 101)
        return {
          ok: false,
          status,
          phase: 'expectation',
          detail: `status ${status}, wanted 101 (Switching Protocols)`,
        };
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const answered = lines
        .map((line) => /^sec-websocket-accept:\s*(\S+)/i.exec(line)?.[1])
        .find((value) => value !== undefined);
      if (answered !== accept)
        return {
          ok: false,
          status,
          phase: 'expectation',
          detail: 'the answer to the WebSocket handshake has a wrong Sec-WebSocket-Accept',
        };
      return { ok: true, status };
    } finally {
      socket.on('error', () => {});
      socket.destroy();
    }
  });
}

/** Times the work and turns what it throws into a failed attempt of its phase. */
export async function attempt(
  limits: ProbeLimits,
  work: () => Promise<Omit<Attempt, 'elapsedMs'>>,
): Promise<Attempt> {
  const started = performance.now();
  try {
    const outcome = await work();
    return { ...outcome, elapsedMs: performance.now() - started };
  } catch (error) {
    if (limits.signal?.aborted) throw limits.signal.reason;
    // The server is gone, or says no to all: no target's fault.
    if (error instanceof Failure) throw error;
    const elapsedMs = performance.now() - started;
    if (error instanceof HttpError)
      return {
        ok: false,
        phase: error.phase,
        detail: error.message,
        ...(REFUSED.has(error.code ?? '') ? { reason: 'connection-refused' as const } : {}),
        elapsedMs,
      };
    return { ok: false, phase: 'http', detail: messageOf(error), elapsedMs };
  }
}
