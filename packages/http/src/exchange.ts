import type { Client } from 'undici';
import { type BodyCollector, collectBody } from './body.ts';
import { type Connection, reasonIn } from './connect.ts';
import { HttpError, codeOf, inWords } from './error.ts';
import { explainBroken } from './broken.ts';
import type { Limit } from './limit.ts';

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
  limit: Limit;
  /** Close the connection afterwards. */
  last: boolean;
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

/** An open connection and the undici client that speaks HTTP/1.1 on it; it never connects again. */
export interface Lane {
  client: Client;
  connection: Connection;
  /** When it was opened, as performance.now() says. */
  openedAt: number;
  /** The beginning of what came in answer to the request under way: what undici says of a broken head is not enough. */
  heard: Buffer;
}

/** Bytes of an answer that are kept to say what is wrong with its head. */
const HEARD = 16 * 1024;

/** The server closed a kept connection before the request was sent on it. */
export class LaneClosed extends Error {}

/**
 * Loads what the first connection would load: for who tells how long an answer took. Of undici the client alone, since
 * the whole (fetch, WebSocket, caches) takes three times as long.
 */
export async function loadClient(): Promise<typeof Client> {
  return (await import('undici/lib/dispatcher/client.js')).default;
}

/** Makes a lane of an open connection. undici is loaded when the first one stands, if not before. */
export async function openLane(connection: Connection, host: string): Promise<Lane> {
  const UndiciClient = await loadClient();
  let used = false;
  const client = new UndiciClient(`http://${host}`, {
    pipelining: 1,
    // Time limits are the caller's: one clock, not three.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4000,
    maxHeaderSize: 65_536,
    connect: (_options, answer) => {
      if (used) return answer(new LaneClosed('closed'), null);
      used = true;
      // TLS, if any, is on it already; to undici it is a plain stream.
      answer(null, connection.socket as never);
    },
  });
  const lane: Lane = { client, connection, openedAt: performance.now(), heard: Buffer.alloc(0) };
  const read = connection.socket.read.bind(connection.socket);
  connection.socket.read = (size?: number) => {
    const chunk = read(size) as Buffer | null;
    if (chunk !== null && lane.heard.length < HEARD)
      lane.heard = Buffer.concat([lane.heard, chunk.subarray(0, HEARD - lane.heard.length)]);
    return chunk;
  };
  return lane;
}

/** One request and its answer on a lane. Throws HttpError, LaneClosed (nothing was sent) or the limit's reason. */
export function exchange(lane: Lane, request: ExchangeRequest): Promise<ExchangeAnswer> {
  const { where, limit } = request;
  return new Promise((done, fail) => {
    const started = performance.now();
    let abort: ((error: Error) => void) | undefined;
    let sent = false;
    let settled = false;
    let status = 0;
    let statusText = '';
    let headers: [string, string][] = [];
    let collector: BodyCollector | undefined;
    let firstByteMs = 0;
    let reusable = !request.last;

    const finish = (outcome: () => void) => {
      if (settled) return;
      settled = true;
      leave();
      outcome();
    };
    const stop = () => {
      const reason = reasonIn(collector ? 'body' : 'http', where, limit, {
        sent,
        ...(status ? { status } : {}),
      });
      finish(() => fail(reason));
      collector?.destroy();
      if (abort) abort(new Error('aborted'));
      else void lane.client.destroy();
    };
    const complete = () => {
      collector!.end().then(
        ({ body, truncated }) =>
          finish(() =>
            done({
              status,
              statusText,
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
    const enough = () => {
      if (settled) return;
      reusable = false;
      complete();
      abort!(new Error('enough'));
    };
    const leave = limit.onEnd(stop);
    if (limit.ended) return stop();

    lane.heard = Buffer.alloc(0);
    lane.client.dispatch(
      {
        method: request.method as 'GET',
        path: request.path,
        headers: request.headers,
        body: request.body,
        reset: request.last,
        // An answer may come before the body is read; what is sent is known here alone.
        idempotent: true,
      },
      {
        onConnect(stopIt) {
          abort = stopIt as (error: Error) => void;
          sent = true;
        },
        onHeaders(code, rawHeaders, resume, text) {
          if (code < 200) return true;
          status = code;
          statusText = text;
          firstByteMs = performance.now() - started;
          headers = pairsOf(rawHeaders as unknown as Buffer[]);
          if (headers.some(([name, value]) => name === 'connection' && /\bclose\b/i.test(value)))
            reusable = false;
          // RFC 9112, section 6.3: these end with their head, also when that names a length.
          const bodiless = code === 204 || code === 304;
          try {
            const encoding =
              request.decode && request.method !== 'HEAD' && !bodiless
                ? valueOf(headers, 'content-encoding')
                : '';
            collector = collectBody(encoding, request.maxBytes, request.overflow, where, { resume, enough });
          } catch (error) {
            finish(() => fail(error));
            abort!(new Error('aborted'));
            return true;
          }
          if (bodiless && request.method !== 'HEAD' && headers.some(announcesBody)) {
            // The parser waits for that body, and a server may even send it.
            reusable = false;
            complete();
            abort!(new Error('enough'));
          }
          return true;
        },
        onData(chunk) {
          if (settled) return true;
          const appetite = collector!.push(chunk);
          if (appetite === 'enough') enough();
          return appetite !== 'wait';
        },
        onComplete() {
          if (!settled) complete();
        },
        onError(error) {
          if (settled) return;
          // Not the connection's fault: the same would happen on the next one.
          if (!sent && REFUSED.has(codeOf(error) ?? '')) {
            const message = `${where}: the request cannot be sent: ${error.message}`;
            return finish(() => fail(new HttpError(message, { phase: 'http', cause: error })));
          }
          if (error instanceof LaneClosed || !sent) return finish(() => fail(new LaneClosed('closed')));
          const { error: late } = lane.connection.late;
          const phase = late ? 'tls' : collector ? 'body' : 'http';
          if (collector && !reusable && error.message === 'enough') return;
          finish(() =>
            fail(
              new HttpError(
                `${where}: ${late ? inWords(late) : explainBroken(error, collector !== undefined, lane.heard)}`,
                {
                  phase,
                  code: codeOf(late ?? error),
                  sent,
                  cause: error,
                  ...(status ? { status } : {}),
                },
              ),
            ),
          );
        },
      },
    );
  });
}

/** undici's codes for a request that it does not take. */
const REFUSED = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** Whether a header says that a body follows. */
function announcesBody([name, value]: [name: string, value: string]): boolean {
  return name === 'transfer-encoding' || (name === 'content-length' && !/^0+$/.test(value));
}

function pairsOf(raw: Buffer[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    pairs.push([raw[i]!.toString('latin1').toLowerCase(), raw[i + 1]!.toString('latin1')]);
  }
  return pairs;
}

function valueOf(headers: [string, string][], name: string): string {
  return headers
    .filter(([one]) => one === name)
    .map(([, value]) => value)
    .join(', ');
}
