import {
  HttpError,
  type HttpPhase,
  type HttpRequest,
  type HttpResponse,
  authority,
  connectAt,
  endpointOf,
  firstHop,
  followHops,
} from '@deploy-actions/http';
import type { Session } from '@deploy-actions/shell';
import { ASK_WITH_CURL, ASK_WITH_WGET, CONNECT_WITH_CURL } from './questions.ts';

/** What an exit code of curl means: the phase, in words (curl's manual, EXIT CODES). */
const CURL_EXITS: Record<number, [HttpPhase, string]> = {
  5: ['proxy', 'the proxy does not resolve'],
  6: ['dns', 'the name does not resolve'],
  7: ['tcp', 'connection refused or unreachable'],
  18: ['body', 'connection closed in the middle of the answer'],
  35: ['tls', 'the TLS handshake failed'],
  51: ['tls', 'the certificate is for another name'],
  52: ['http', 'connection closed without an answer'],
  56: ['http', 'connection reset'],
  60: ['tls', 'the certificate is not trusted, has expired or is for another name'],
  61: ['body', 'the answer cannot be decoded'],
};

/**
 * A request made by curl on the server, or wget where there is no curl, with as many redirects as are asked for.
 * Throws HttpError.
 */
export async function askWithCurl(session: Session, request: HttpRequest): Promise<HttpResponse> {
  const until = performance.now() + (request.deadline ?? 30_000);
  const first = firstHop(request, 'deploy-actions');
  const { answer, hop, redirects } = await followHops(first, request.redirects ?? 0, async (one) => {
    const response = await askOnce(session, {
      ...request,
      method: one.method,
      url: one.url,
      headers: valuesByName(one.headers),
      body: one.body,
      connect: connectAt(one.url, first.url, request.connect, request.addressFor),
      deadline: Math.max(1, until - performance.now()),
    });
    return { response, status: response.status, headers: response.headerList };
  });
  return { ...answer.response, url: hop.url.href, redirects };
}

function valuesByName(headers: readonly [name: string, value: string][]): Record<string, string[]> {
  const values: Record<string, string[]> = {};
  for (const [name, value] of headers) (values[name] ??= []).push(value);
  return values;
}

async function askOnce(session: Session, request: HttpRequest): Promise<HttpResponse> {
  const url = new URL(request.url);
  const { host, port } = endpointOf(url);
  const where = `${authority(host, port)} (curl on the server)`;
  const deadline = request.deadline ?? 30_000;
  const maxBytes = request.maxBytes ?? 10 * 2 ** 20;
  const started = performance.now();
  const collected = collect(maxBytes + 65_536);
  const stop = new AbortController();
  let code: number;
  let errors = '';
  try {
    const outcome = await session.run({
      script: ASK_WITH_CURL.text(),
      input: curlConfig(request, url, deadline),
      timeout: deadline + 5000,
      signal: request.signal ? AbortSignal.any([stop.signal, request.signal]) : stop.signal,
      onStdout(bytes) {
        if (!collected.push(bytes)) stop.abort(new Error('enough'));
      },
    });
    code = outcome.code;
    errors = outcome.stderr.toString('utf8').trim();
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    code = 0;
  }
  if (code === 127) return await askWithWget(session, request, url, where, deadline);
  if (code !== 0) throw curlError(code, errors, where, deadline);
  return respond(collected.bytes(), url, where, maxBytes, performance.now() - started);
}

function curlError(code: number, errors: string, where: string, deadline: number): HttpError {
  if (code === 28)
    return new HttpError(`${where}: no answer within ${Math.round(deadline)} ms`, {
      phase: 'http',
      timedOut: true,
      sent: true,
    });
  const known = CURL_EXITS[code];
  const said = errors.replace(/^curl: \(\d+\) /, '').split('\n')[0] ?? '';
  if (!known)
    return new HttpError(`${where}: curl ended with exit code ${code}: ${said}`, {
      phase: 'http',
      sent: true,
    });
  return new HttpError(`${where}: ${known[1]} (curl exit code ${code})`, {
    phase: known[0],
    ...(code === 7 ? { code: 'CURLE_COULDNT_CONNECT' } : {}),
    sent: known[0] === 'http' || known[0] === 'body',
  });
}

function curlConfig(request: HttpRequest, url: URL, deadline: number): string {
  const quoted = (text: string) =>
    `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n').replace(/\r/g, '\\r').replace(/\t/g, '\\t')}"`;
  const { connect = {} } = request;
  const target = endpointOf(url);
  const user =
    url.username === ''
      ? undefined
      : `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  const lines = [
    `url = ${quoted(bare.href)}`,
    'silent',
    'show-error',
    'include',
    'globoff',
    'http1.1',
    'noproxy = "*"',
    `request = ${quoted((request.method ?? 'GET').toUpperCase())}`,
    `max-time = ${(deadline / 1000).toFixed(3)}`,
    `header = "Accept-Encoding: identity"`,
    `user-agent = "deploy-actions"`,
  ];
  if ((request.method ?? 'GET').toUpperCase() === 'HEAD') lines.push('head');
  if (user !== undefined) lines.push(`user = ${quoted(user)}`);
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    for (const one of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
      if (/[\r\n\0]/.test(name + one))
        throw new HttpError(`header ${name} holds a line break or NUL`, { phase: 'http' });
      if (name.toLowerCase() !== 'accept-encoding')
        lines.push(`header = ${quoted(one === '' ? `${name};` : `${name}: ${one}`)}`);
    }
  }
  if (request.body !== undefined) {
    const body = Buffer.from(request.body as Uint8Array).toString('utf8');
    if (body.includes('\0'))
      throw new HttpError('a body with NUL cannot be sent by curl on the server', { phase: 'http' });
    lines.push(`data-raw = ${quoted(body)}`);
    if (!Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === 'content-type'))
      lines.push('header = "Content-Type:"');
  }
  if (connect.address !== undefined || connect.addressPort !== undefined) {
    const via = authority(connect.address ?? target.host, connect.addressPort ?? target.port);
    lines.push(`connect-to = ${quoted(`${authority(target.host, target.port)}:${via}`)}`);
  }
  if (connect.family) lines.push(`ipv${connect.family}`);
  if (connect.insecure) lines.push('insecure');
  if (connect.ca)
    throw new HttpError('`ca` cannot be given to curl on the server; add it to the trusted ones there', {
      phase: 'tls',
    });
  if (connect.servername && target.secure)
    throw new HttpError('`servername` cannot be given to curl on the server', { phase: 'tls' });
  return `${lines.join('\n')}\n`;
}

async function askWithWget(
  session: Session,
  request: HttpRequest,
  url: URL,
  where: string,
  deadline: number,
): Promise<HttpResponse> {
  const method = (request.method ?? 'GET').toUpperCase();
  const own = Object.keys(request.headers ?? {}).filter(
    (name) => !/^(accept|user-agent|accept-encoding)$/i.test(name),
  );
  const plain =
    method === 'GET' &&
    own.length === 0 &&
    request.body === undefined &&
    url.search === '' &&
    url.username === '' &&
    request.connect?.address === undefined &&
    request.connect?.addressPort === undefined &&
    // It follows redirects by itself.
    (request.addressFor === undefined || (request.redirects ?? 0) === 0);
  if (!plain) {
    throw new HttpError(
      `${where}: the server forbids TCP forwarding and has no curl, and wget would show headers, query or body to everybody on the server and takes no address; install curl there`,
      { phase: 'tcp' },
    );
  }
  const started = performance.now();
  const { code, stdout, stderr } = await session.run({
    script: ASK_WITH_WGET.text(),
    args: [String(Math.max(1, Math.ceil(deadline / 1000))), url.href],
    timeout: deadline + 5000,
    signal: request.signal,
  });
  const said = stderr.toString('utf8');
  if (code === 127) {
    throw new HttpError(
      `${where}: the server forbids TCP forwarding and has neither curl nor wget; install curl there`,
      { phase: 'tcp' },
    );
  }
  const status = [...said.matchAll(/HTTP\/1\.[01] (\d{3})/g)].at(-1)?.[1];
  if (status === undefined && code !== 0) {
    const phase: HttpPhase = /resolv|bad address/i.test(said)
      ? 'dns'
      : /ssl|tls|certificate/i.test(said)
        ? 'tls'
        : /refused|unreachable|connect/i.test(said)
          ? 'tcp'
          : 'http';
    throw new HttpError(
      `${where}: ${said.trim().split('\n').at(-1) ?? `wget ended with exit code ${code}`}`,
      { phase },
    );
  }
  const headers = said
    .split('\n')
    .filter((line) => /^\s+[\w-]+: /.test(line))
    .map((line) => line.trim());
  const head = Buffer.from(
    `HTTP/1.1 ${status ?? 200} \r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`,
    'latin1',
  );
  return respond(
    Buffer.concat([head, stdout]),
    url,
    where,
    request.maxBytes ?? 10 * 2 ** 20,
    performance.now() - started,
  );
}

/** Whether the port takes connections, as curl on the server sees it. Throws HttpError. */
export async function connectWithCurl(
  session: Session,
  host: string,
  port: number,
  timeout: number,
): Promise<void> {
  const where = `${authority(host, port)} (curl on the server)`;
  const seconds = (Math.max(100, timeout) / 1000).toFixed(3);
  const { code, stderr } = await session.run({
    script: CONNECT_WITH_CURL.text(),
    args: [seconds, authority(host, port)],
    timeout: timeout + 5000,
  });
  if (code === 127)
    throw new HttpError(`${where}: the server forbids TCP forwarding and has no curl; install it there`, {
      phase: 'tcp',
    });
  const said = stderr.toString('utf8');
  const connected = code === 0 || (code === 28 && !/connect/i.test(said)) || code === 56;
  if (!connected) throw curlError(code, said, where, timeout);
}

function collect(limit: number): { push(bytes: Buffer): boolean; bytes(): Buffer } {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    push(bytes) {
      if (size < limit) chunks.push(bytes);
      size += bytes.length;
      return size < limit;
    },
    bytes: () => Buffer.concat(chunks),
  };
}

/** The answer of `curl --include`: heads of interim answers are skipped. */
function respond(raw: Buffer, url: URL, where: string, maxBytes: number, total: number): HttpResponse {
  let rest = raw;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    const lines = rest.subarray(0, Math.max(0, end)).toString('latin1').split('\r\n');
    const [, status, statusText] = /^HTTP\/[\d.]+ (\d{3}) ?(.*)$/.exec(lines[0]!) ?? [];
    if (end < 0 || status === undefined)
      throw new HttpError(`${where}: the answer is not HTTP`, { phase: 'http', sent: true });
    rest = rest.subarray(end + 4);
    if (Number(status) < 200 && Number(status) !== 101) continue;
    const headerList = lines.slice(1).map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
    });
    const headers: Record<string, string> = {};
    for (const [name, value] of headerList)
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    return {
      status: Number(status),
      statusText: statusText ?? '',
      headers,
      headerList,
      body: rest.subarray(0, maxBytes),
      truncated: rest.length > maxBytes,
      timings: { dns: 0, tcp: 0, tls: 0, firstByte: total, total },
      url: url.href,
      redirects: 0,
      remoteAddress: undefined,
      certificate: undefined,
    };
  }
}
