import { Agent, type ClientRequest, type IncomingMessage, request as startRequest } from 'node:http';
import { type BodyCollector, collectBody } from './body.ts';
import { type Connection, reasonIn } from './connect.ts';
import { HttpError, codeOf, inWords } from './error.ts';

export interface ExchangeRequest {
  method: string;
  /** Path and query; the whole URL towards a proxy. */
  path: string;
  /** Name, value, name, value; Host included. */
  headers: string[];
  body: Buffer | undefined;
  maxBytes: number;
  overflow: 'error' | 'cut';
  decode: boolean;
  /** `host:port` for messages. */
  where: string;
  signal: AbortSignal;
}

export interface ExchangeAnswer {
  status: number;
  statusText: string;
  headers: [name: string, value: string][];
  body: Buffer;
  truncated: boolean;
  /** Milliseconds from sending to the head of the answer. */
  firstByteMs: number;
  /** The connection can take another request. */
  reusable: boolean;
}

/** An open connection that requests are sent on, one after the other; it never connects again. */
export interface Lane {
  connection: Connection;
  /** Keeps the connection between requests; missing when the first request is the last. */
  agent: Agent | undefined;
}

/** The server closed a kept connection before the request was sent on it. */
export class LaneClosed extends Error {}

/** Makes a lane of an open connection. */
export function openLane(connection: Connection, keepAlive: boolean): Lane {
  if (!keepAlive) return { connection, agent: undefined };
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let used = false;
  Object.assign(agent, {
    createConnection: () => {
      if (used) throw new LaneClosed('closed');
      used = true;
      // TLS, if any, is on it already: to the agent it is a plain stream.
      return connection.socket;
    },
  });
  return { connection, agent };
}

/** One request and its answer on a lane. Throws HttpError, LaneClosed (nothing was sent) or the signal's reason. */
export function exchange(lane: Lane, request: ExchangeRequest): Promise<ExchangeAnswer> {
  const { where, signal } = request;
  return new Promise((done, fail) => {
    const started = performance.now();
    let settled = false;
    let status: number | undefined;
    let collector: BodyCollector | undefined;
    let sending: ClientRequest | undefined;

    const finish = (outcome: () => void) => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', stop);
      outcome();
    };
    const stop = () => {
      const phase = collector ? 'body' : 'http';
      const reason = reasonIn(phase, where, signal, { sent: true, ...(status ? { status } : {}) });
      finish(() => fail(reason));
      collector?.destroy();
      sending?.destroy();
    };
    const failed = (error: Error) => {
      if (settled) return;
      if (error instanceof LaneClosed) return finish(() => fail(error));
      const details = {
        phase: collector ? 'body' : 'http',
        code: codeOf(error),
        sent: true,
        cause: error,
        status,
      } as const;
      finish(() => fail(new HttpError(`${where}: ${explain(error, collector !== undefined)}`, details)));
    };
    const answer = (response: IncomingMessage) => {
      const firstByteMs = performance.now() - started;
      const headers = pairsOf(response.rawHeaders);
      status = response.statusCode!;
      const complete = (reusable: boolean) => {
        collector!.end().then(
          ({ body, truncated }) =>
            finish(() =>
              done({
                status: status!,
                statusText: response.statusMessage ?? '',
                headers,
                body,
                truncated,
                firstByteMs,
                reusable: reusable && !truncated,
              }),
            ),
          (error: unknown) => finish(() => fail(error)),
        );
      };
      response.on('error', failed);
      try {
        const encoding =
          request.decode && request.method !== 'HEAD' ? (response.headers['content-encoding'] ?? '') : '';
        collector = collectBody(encoding, request.maxBytes, request.overflow, where);
      } catch (error) {
        finish(() => fail(error));
        sending!.destroy();
        return;
      }
      if (status === 101) {
        // Another protocol follows, which nobody here asked for; the switch itself is the answer.
        complete(false);
        sending!.destroy();
        return;
      }
      let enough = false;
      response.on('data', (chunk: Buffer) => {
        if (enough || collector!.push(chunk)) return;
        enough = true;
        complete(false);
        sending!.destroy();
      });
      response.on('end', () => {
        if (!enough) complete(lane.agent !== undefined && sending!.shouldKeepAlive);
      });
    };
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });

    try {
      sending = startRequest({
        method: request.method,
        path: request.path,
        headers: withLength(request),
        setHost: false,
        maxHeaderSize: 65_536,
        // Without `agent` at all, createConnection's socket is used for this one request.
        ...(lane.agent ? { agent: lane.agent } : { createConnection: () => lane.connection.socket }),
      });
    } catch (error) {
      return failed(error as Error);
    }
    sending.on('error', failed);
    sending.on('response', answer);
    sending.on('upgrade', answer);
    sending.end(request.body);
  });
}

/** Content-Length, without which the body would be chunked, and missing where a method wants one (RFC 9110, 8.6). */
function withLength(request: ExchangeRequest): string[] {
  const { headers, body, method } = request;
  const needsLength = body !== undefined || method === 'POST' || method === 'PUT' || method === 'PATCH';
  const given = headers.some((name, index) => index % 2 === 0 && name === 'content-length');
  return needsLength && !given ? [...headers, 'content-length', String(body?.length ?? 0)] : headers;
}

function explain(error: Error, inBody: boolean): string {
  const code = codeOf(error) ?? '';
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    if (inBody) return `connection closed in the middle of the answer (${code})`;
    return error.message === 'socket hang up'
      ? 'connection closed without an answer'
      : `connection reset without an answer (${code})`;
  }
  if (code === 'HPE_HEADER_OVERFLOW') return 'the headers of the answer are larger than 64 KiB';
  if (code.startsWith('HPE_'))
    return inBody ? `the answer is broken HTTP (${code})` : `the answer is not HTTP (${code})`;
  return inWords(error);
}

function pairsOf(raw: string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i]!.toLowerCase(), raw[i + 1]!]);
  return pairs;
}
