import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ConnectOptions, type Endpoint, authority, connect, reasonIn } from './connect.ts';
import { HttpError } from './error.ts';
import type { Limit } from './limit.ts';

export interface Proxy {
  endpoint: Endpoint;
  /** Value for Proxy-Authorization. */
  authorization: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy that the environment names for a URL: HTTPS_PROXY or HTTP_PROXY, else ALL_PROXY,
 * unless NO_PROXY covers the host.
 * Lower-case names win, as in curl; upper-case HTTP_PROXY is honoured, since no CGI runs here. Loopback
 * addresses and `localhost` never go through a proxy, as in Go's net/http.
 */
export function proxyFor(url: URL, env: Environment): Proxy | undefined {
  const secure = url.protocol === 'https:';
  const own = secure ? (env['https_proxy'] ?? env['HTTPS_PROXY']) : (env['http_proxy'] ?? env['HTTP_PROXY']);
  const value = own ?? env['all_proxy'] ?? env['ALL_PROXY'];
  if (!value || isLoopback(url.hostname)) return undefined;
  if (bypasses(env['no_proxy'] ?? env['NO_PROXY'] ?? '', url)) return undefined;
  let proxy: URL;
  try {
    proxy = new URL(value.includes('://') ? value : `http://${value}`);
  } catch {
    throw new HttpError(
      `the environment's ${own === undefined ? 'ALL_PROXY' : secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'} is not a URL`,
      {
        phase: 'proxy',
      },
    );
  }
  if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
    throw new HttpError(`a proxy of kind ${proxy.protocol}// is not supported`, { phase: 'proxy' });
  }
  const user = decodeURIComponent(proxy.username);
  return {
    endpoint: endpointOf(proxy),
    authorization:
      user === ''
        ? undefined
        : `Basic ${Buffer.from(`${user}:${decodeURIComponent(proxy.password)}`).toString('base64')}`,
  };
}

/** Host without brackets, port and TLS of a URL. */
export function endpointOf(url: URL): Endpoint {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:';
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    secure,
  };
}

function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase();
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(host)
  );
}

function bypasses(list: string, url: URL): boolean {
  const { host, port } = endpointOf(url);
  const name = host.toLowerCase().replace(/\.$/, '');
  return list.split(/[\s,]+/).some((raw) => {
    const entry = raw.toLowerCase();
    if (entry === '') return false;
    if (entry === '*') return true;
    const [, rule, onlyPort] = /^(\[[^\]]*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (rule === undefined || (onlyPort !== undefined && Number(onlyPort) !== port)) return false;
    const bare = rule.replace(/^\[(.*)\]$/, '$1');
    if (bare.includes('/')) return inNetwork(name, bare);
    if (isIP(bare) !== 0) return bare === name;
    const suffix = bare.replace(/^\*?\./, '');
    return suffix !== '' && (name === suffix || name.endsWith(`.${suffix}`));
  });
}

/** Whether an IPv4 address lies in `a.b.c.d/bits`. */
function inNetwork(host: string, network: string): boolean {
  const [base, bits] = network.split('/');
  if (isIP(host) !== 4 || isIP(base!) !== 4 || !/^\d+$/.test(bits!) || Number(bits) > 32) return false;
  const number = (text: string) => text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  return Math.floor(number(host) / size) === Math.floor(number(base!) / size);
}

/** Opens a tunnel through the proxy to the endpoint (RFC 9110, section 9.3.6, CONNECT). */
export async function tunnel(
  proxy: Proxy,
  to: Endpoint,
  options: ConnectOptions,
  limit: Limit,
): Promise<Duplex> {
  const { socket } = await connect(proxy.endpoint, { ca: options.ca }, limit);
  const target = authority(to.host, to.port);
  const where = `proxy ${authority(proxy.endpoint.host, proxy.endpoint.port)}`;
  const head = [
    `CONNECT ${target} HTTP/1.1`,
    `Host: ${target}`,
    ...(proxy.authorization ? [`Proxy-Authorization: ${proxy.authorization}`] : []),
    '',
    '',
  ].join('\r\n');
  const { status, rest } = await readHead(socket, head, where, limit);
  if (status < 200 || status > 299) {
    socket.destroy();
    const remedy = status === 407 ? ': it wants a user and password in the proxy variable' : '';
    throw new HttpError(`${where} refused a tunnel to ${target} with status ${status}${remedy}`, {
      phase: 'proxy',
      status,
    });
  }
  if (rest.length > 0) socket.unshift(rest);
  return socket;
}

/** Sends `head` and reads the head of the answer: its status, header lines and the bytes behind it. */
export function readHead(
  socket: Duplex,
  head: string,
  where: string,
  limit: Limit,
  phase: 'proxy' | 'http' = 'proxy',
): Promise<{ status: number; lines: string[]; rest: Buffer }> {
  return new Promise((done, fail) => {
    let seen = Buffer.alloc(0);
    const settle = () => {
      leave();
      socket.removeListener('data', onData);
      socket.removeListener('error', onError);
      socket.removeListener('close', onClose);
      socket.pause();
    };
    const failed = (error: unknown) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      fail(error);
    };
    const leave = limit.onEnd(() => failed(reasonIn(phase, where, limit, { sent: phase === 'http' })));
    const onError = (error: Error) =>
      failed(new HttpError(`${where}: ${error.message}`, { phase, cause: error, sent: phase === 'http' }));
    const onClose = () =>
      failed(
        new HttpError(`${where}: connection closed before an answer`, { phase, sent: phase === 'http' }),
      );
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end < 0) {
        if (seen.length > 65_536)
          failed(new HttpError(`${where}: the head of the answer is too long`, { phase }));
        return;
      }
      const lines = seen.subarray(0, end).toString('latin1').split('\r\n');
      const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(lines[0]!)?.[1];
      if (status === undefined) return failed(new HttpError(`${where}: the answer is not HTTP/1`, { phase }));
      settle();
      done({ status: Number(status), lines: lines.slice(1), rest: seen.subarray(end + 4) });
    };
    socket.on('data', onData);
    socket.on('error', onError);
    socket.on('close', onClose);
    socket.write(head);
  });
}
