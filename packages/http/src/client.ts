import type { Redactor } from '@deploy-actions/kit';
import { ACCEPT_ENCODING } from './body.ts';
import { type Certificate, type Connection, type ConnectOptions, authority, connect } from './connect.ts';
import { HttpError, codeOf, inWords } from './error.ts';
import { type ExchangeAnswer, type Lane, LaneClosed, exchange, openLane } from './exchange.ts';
import { type Limit, limited } from './limit.ts';
import { type Proxy, endpointOf, proxyFor, tunnel } from './proxy.ts';
import { type AddressFor, type Hop, connectAt, followHops } from './redirect.ts';

export interface HttpRequest {
  /** Default GET. */
  method?: string;
  /** http: or https:. A user and password in it become basic authentication. */
  url: string | URL;
  /** `Accept-Encoding: undefined` sends none, and what comes encoded all the same is decoded. */
  headers?: Record<string, string | string[] | undefined>;
  body?: string | Uint8Array;
  /** Milliseconds for the whole exchange, redirects included; default 30,000. There is always one. */
  deadline?: number;
  /** Milliseconds for connecting (DNS, TCP, TLS), for each hop; default 10,000. */
  connectTimeout?: number;
  /** Most bytes of the decoded body; default 10 MiB. */
  maxBytes?: number;
  /** When the body is larger: `error` (default) throws, `cut` keeps its beginning and sets `truncated`. */
  overflow?: 'error' | 'cut';
  /** Undo Content-Encoding; default true. */
  decode?: boolean;
  signal?: AbortSignal;
  /** Most redirects that are followed; default 0: the redirect itself is the answer. */
  redirects?: number;
  /**
   * How to connect to the URL's own host; redirects elsewhere keep `family`, `ca` and `dial` only. One to another scheme
   * or port of the host fails where `addressPort` is given.
   */
  connect?: ConnectOptions;
  /** Addresses for the hosts and ports that redirects lead to; goes before `connect.address` there. */
  addressFor?: AddressFor;
  /**
   * Most milliseconds since its opening that a kept connection to the same place may have to be used again; default no
   * limit. 0: a connection of its own, closed afterwards.
   */
  maxConnectionAge?: number;
  /** `environment` (default): HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Never with `address` or `dial`. */
  proxy?: 'environment' | 'none';
}

export interface HttpTimings {
  /** Milliseconds of the last hop; 0 on a kept connection. */
  dns: number;
  tcp: number;
  tls: number;
  /** From sending the last hop's request to the head of its answer. */
  firstByte: number;
  /** From the call to the end of the body, all hops. */
  total: number;
}

export interface HttpResponse {
  status: number;
  statusText: string;
  /** Lower-case names; several fields of one name are joined by `, ` (Set-Cookie: see `headerList`). */
  headers: Record<string, string>;
  /** Every field as it came, names in lower case. */
  headerList: [name: string, value: string][];
  body: Buffer;
  /** The body was larger than `maxBytes` and `overflow` is `cut`. */
  truncated: boolean;
  timings: HttpTimings;
  /** Where the answer is from, after redirects. May hold a token: not for messages. */
  url: string;
  redirects: number;
  remoteAddress: string | undefined;
  certificate: Certificate | undefined;
}

export interface Http {
  /** Throws HttpError, or the signal's reason when the caller aborts. Any status is an answer. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Closes kept connections. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** Where proxies are named; default none. Pass `process.env`. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of every error's message. */
  redactor?: Redactor;
  /** Default `deploy-actions`. */
  userAgent?: string;
}

const MAX_IDLE = 64;

/**
 * An HTTP/1.1 client: every exchange has a deadline and a largest size, a failure says its phase and whether
 * the server may have received the request, and credentials stay on their origin. undici is loaded when the first connection stands.
 */
export function openHttp(options: HttpOptions = {}): Http {
  const idle = new Map<string, Lane[]>();
  const open = new Set<Lane>();

  const drop = (lane: Lane) => {
    open.delete(lane);
    lane.connection.socket.on('error', () => {});
    void lane.client.destroy().catch(() => {});
    lane.connection.socket.destroy();
  };

  const take = (key: string, maxAge: number): Lane | undefined => {
    for (let lane = idle.get(key)?.pop(); lane; lane = idle.get(key)?.pop()) {
      const usable = !lane.connection.socket.destroyed && !lane.client.destroyed;
      if (usable && performance.now() - lane.openedAt <= maxAge) return lane;
      drop(lane);
    }
    return undefined;
  };

  const keep = (key: string, lane: Lane) => {
    const lanes = idle.get(key) ?? [];
    if (lanes.length >= MAX_IDLE) return drop(lane);
    lanes.push(lane);
    idle.set(key, lanes);
  };

  async function oneHop(hop: Hop, connectOptions: ConnectOptions, request: HttpRequest, limit: Limit) {
    const endpoint = endpointOf(hop.url);
    const where = authority(endpoint.host, endpoint.port);
    const proxied =
      request.proxy !== 'none' &&
      !connectOptions.address &&
      !connectOptions.addressPort &&
      !connectOptions.dial;
    const proxy = proxied ? proxyFor(hop.url, options.env ?? {}) : undefined;
    const maxAge = connectOptions.dial ? 0 : (request.maxConnectionAge ?? Infinity);
    const key = JSON.stringify([hop.url.origin, proxy?.endpoint, connectOptions]);
    const absolute = proxy !== undefined && !endpoint.secure;
    const headers = hop.headers.flat();
    if (!hop.headers.some(([name]) => name === 'host')) headers.unshift('host', hop.url.host);
    if (absolute && proxy.authorization) headers.push('proxy-authorization', proxy.authorization);
    const path = hop.url.pathname + hop.url.search;

    const run = async (lane: Lane): Promise<ExchangeAnswer> => {
      let reusable = false;
      try {
        const answer = await exchange(lane, {
          method: hop.method,
          path: absolute ? hop.url.origin + path : path,
          headers,
          body: hop.body,
          maxBytes: request.maxBytes ?? 10 * 2 ** 20,
          overflow: request.overflow ?? 'error',
          decode: request.decode ?? true,
          where,
          limit,
          last: maxAge === 0,
        });
        reusable = answer.reusable;
        return answer;
      } finally {
        if (reusable) keep(key, lane);
        else drop(lane);
      }
    };

    const kept = maxAge > 0 ? take(key, maxAge) : undefined;
    if (kept) {
      try {
        return { answer: await run(kept), connection: kept.connection, fresh: false };
      } catch (error) {
        // The server closed the kept connection as we sent: only what may be repeated is sent again.
        const repeatable = error instanceof LaneClosed || (isClosed(error) && isSafe(hop.method));
        if (!repeatable) throw error;
      }
    }
    const connection = await limited(limit, request.connectTimeout ?? 10_000, (sooner) =>
      openConnection(hop.url, proxy, connectOptions, sooner),
    );
    const lane = await openLane(connection, where);
    open.add(lane);
    try {
      return { answer: await run(lane), connection, fresh: true };
    } catch (error) {
      if (!(error instanceof LaneClosed)) throw error;
      const { error: cause } = connection.late;
      const why = cause ? inWords(cause) : 'connection closed before the request was sent';
      throw new HttpError(`${where}: ${why}`, {
        phase: cause ? 'tls' : 'http',
        code: codeOf(cause) ?? 'ECONNRESET',
        cause,
      });
    }
  }

  async function follow(request: HttpRequest, limit: Limit): Promise<HttpResponse> {
    const started = performance.now();
    const first = firstHop(request, options.userAgent ?? 'deploy-actions');
    const { answer, hop, redirects } = await followHops(first, request.redirects ?? 0, async (one) => {
      const how = connectAt(one.url, first.url, request.connect, request.addressFor);
      const got = await oneHop(one, how, request, limit);
      return { ...got, status: got.answer.status, headers: got.answer.headers };
    });
    return respond(
      answer.answer,
      answer.connection,
      answer.fresh,
      hop.url,
      redirects,
      performance.now() - started,
    );
  }

  return {
    async request(request) {
      try {
        return await limited(request.signal, request.deadline ?? 30_000, (limit) => follow(request, limit));
      } catch (error) {
        throw redacted(error, options.redactor);
      }
    },
    async close() {
      for (const lane of open) drop(lane);
      idle.clear();
    },
  };
}

async function openConnection(
  url: URL,
  proxy: Proxy | undefined,
  options: ConnectOptions,
  limit: Limit,
): Promise<Connection> {
  const endpoint = endpointOf(url);
  if (!proxy) return await connect(endpoint, options, limit);
  if (!endpoint.secure) return await connect(proxy.endpoint, { ca: options.ca }, limit);
  return await connect(endpoint, { ...options, dial: () => tunnel(proxy, endpoint, options, limit) }, limit);
}

/** The first hop of a request. Throws HttpError for what no request can be made of. */
export function firstHop(request: HttpRequest, userAgent: string): Hop {
  let url: URL;
  try {
    url = new URL(request.url);
  } catch {
    throw new HttpError('the address is not a URL', { phase: 'http' });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new HttpError(`${url.protocol}// is not http:// or https://`, { phase: 'http' });
  }
  const headers: [string, string][] = [];
  const has = (name: string) => headers.some(([one]) => one === name);
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    const field = name.toLowerCase();
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      if (ONCE.has(field) && has(field))
        throw new HttpError(`header ${name} is given twice: leave one out`, { phase: 'http' });
      headers.push([field, headerValue(name, field, one)]);
    }
  }
  if (!has('user-agent')) headers.push(['user-agent', userAgent]);
  const silent = Object.entries(request.headers ?? {}).some(
    ([name, value]) => value === undefined && name.toLowerCase() === 'accept-encoding',
  );
  if (!has('accept-encoding') && !silent && request.decode !== false)
    headers.push(['accept-encoding', ACCEPT_ENCODING]);
  if (url.username !== '' && !has('authorization')) {
    const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.push(['authorization', `Basic ${Buffer.from(user).toString('base64')}`]);
  }
  // Each of these parses the whole again.
  if (url.username !== '') url.username = '';
  if (url.password !== '') url.password = '';
  if (url.hash !== '') url.hash = '';
  const body = request.body === undefined ? undefined : Buffer.from(request.body as Uint8Array);
  return { method: (request.method ?? 'GET').toUpperCase(), url, headers, body };
}

/** Headers that may stand only once in a request. */
const ONCE = new Set(['host', 'content-length']);

/** Headers that say how this client and the next server talk, which is not the caller's to say, and why not. */
const OURS = new Map([
  ['expect', 'the body is sent at once'],
  ['transfer-encoding', 'the body goes with its length'],
  ['upgrade', 'only HTTP/1.1 is spoken'],
  ['keep-alive', 'connections are kept without it'],
]);

/** A header value as it goes over the wire (`field`: its name in lower case); without line breaks, which would start another header. */
function headerValue(name: string, field: string, value: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
    throw new HttpError('a header name holds a character that is not allowed', { phase: 'http' });
  if (/[\0-\x08\n-\x1f\x7f]/.test(value)) {
    const what = /[\0\r\n]/.test(value) ? 'line break or NUL' : 'control character';
    throw new HttpError(`header ${name} holds a ${what}`, { phase: 'http' });
  }
  const why = OURS.get(field);
  if (why !== undefined)
    throw new HttpError(`header ${name} cannot be sent: leave it out, ${why}`, { phase: 'http' });
  if (field === 'connection' && !/^(close|keep-alive)$/i.test(value))
    throw new HttpError(`header ${name} can only be close or keep-alive`, { phase: 'http' });
  return /^[\x00-\xff]*$/.test(value) ? value : Buffer.from(value, 'utf8').toString('latin1');
}

function respond(
  answer: ExchangeAnswer,
  connection: Connection,
  fresh: boolean,
  url: URL,
  redirects: number,
  total: number,
): HttpResponse {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of answer.headers)
    headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  return {
    status: answer.status,
    statusText: answer.statusText,
    headers,
    headerList: answer.headers,
    body: answer.body,
    truncated: answer.truncated,
    timings: {
      ...(fresh ? connection.timings : { dns: 0, tcp: 0, tls: 0 }),
      firstByte: answer.firstByteMs,
      total,
    },
    url: url.href,
    redirects,
    remoteAddress: connection.remoteAddress,
    certificate: connection.certificate,
  };
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}

function isClosed(error: unknown): boolean {
  return (
    error instanceof HttpError &&
    error.phase === 'http' &&
    !error.timedOut &&
    /^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/.test(error.code ?? '')
  );
}

function redacted(error: unknown, redactor: Redactor | undefined): unknown {
  if (!(error instanceof HttpError)) return error;
  if (redactor) error.message = redactor.redact(error.message);
  return error;
}
