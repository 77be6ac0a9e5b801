import { afterAll, afterEach, expect, test } from '@jest/globals';
import { makeCertificate } from '../../../test/support/certificate.ts';
import { serveHttp, serveHttps } from '../../../test/support/server.ts';
import { type ConnectOptions, type Endpoint, openHttp } from './index.ts';
import { proxyFor } from './proxy.ts';
import { type Hop, followHops, nextHop } from './redirect.ts';
import { failure, startsForEach } from './testing/http-rig.ts';

const http = openHttp();
const up = startsForEach(afterEach);
afterAll(async () => {
  await http.close();
});

test('redirects are followed when asked, and a loop is named', async () => {
  const server = await up(
    serveHttp((request, response) => {
      const to: Record<string, string> = { '/a': '/b', '/b': 'c', '/loop': '/loop2', '/loop2': '/loop' };
      const target = to[request.url!];
      if (target) response.writeHead(302, { location: target }).end();
      else response.end(`${request.method} ${request.url}`);
    }),
  );
  expect((await http.request({ url: `${server.url}/a` })).status).toBe(302);
  const followed = await http.request({ url: `${server.url}/a`, redirects: 5, method: 'POST', body: 'x' });
  expect(followed.body.toString()).toBe('GET /c');
  expect(followed.redirects).toBe(2);
  expect((await failure(http.request({ url: `${server.url}/loop`, redirects: 9 }))).message).toContain(
    'circle',
  );
  expect((await failure(http.request({ url: `${server.url}/a`, redirects: 1 }))).message).toContain(
    'more than 1',
  );
});

test('an answer that sets a cookie is asked again and is no circle, until it has had its chance', async () => {
  const visits = new Map<string, number>();
  const server = await up(
    serveHttp((request, response) => {
      const times = (visits.get(request.url!) ?? 0) + 1;
      visits.set(request.url!, times);
      const [, kind] = request.url!.split('/');
      if (kind === 'login') response.setHeader('set-cookie', `n=${times}`);
      if (kind === 'always') response.setHeader('set-cookie', `n=${times}`);
      const to = { app: '/login', login: '/app', always: '/always' }[kind!]!;
      if (kind === 'app' && times === 2) response.end('in');
      else response.writeHead(302, { location: to }).end();
    }),
  );
  expect((await http.request({ url: `${server.url}/app`, redirects: 5 })).body.toString()).toBe('in');
  expect((await failure(http.request({ url: `${server.url}/always`, redirects: 9 }))).message).toContain(
    'circle, 2 of them',
  );
  visits.clear();
  expect((await failure(http.request({ url: `${server.url}/app`, redirects: 1 }))).message).toContain(
    'more than 1',
  );
});

test('a redirect to another scheme or port of the same host stays at the given address', async () => {
  const certificate = makeCertificate({ names: ['inner'] });
  const secure = await up(
    serveHttps(certificate, (request, response) => response.end(`secure ${request.headers.host}`)),
  );
  const plain = await up(
    serveHttp((_request, response) =>
      response.writeHead(302, { location: `https://app.invalid:${secure.port}/` }).end(),
    ),
  );
  const away = await up(
    serveHttp((_request, response) => response.writeHead(302, { location: 'http://other.invalid/' }).end()),
  );
  const url = `http://app.invalid:${plain.port}/`;
  const address = '127.0.0.1';
  const kept = await http.request({
    url,
    redirects: 3,
    connect: { address, servername: 'inner', ca: certificate.cert },
  });
  expect(kept.body.toString()).toBe(`secure app.invalid:${secure.port}`);
  expect((await http.request({ url, redirects: 3, connect: { address, insecure: true } })).status).toBe(200);

  const lost = await failure(
    http.request({ url: 'http://app.invalid/', redirects: 3, connect: { address, addressPort: plain.port } }),
  );
  expect(lost).toMatchObject({ phase: 'redirect', sent: true });
  expect(lost.message).toBe(
    `app.invalid:80: the redirect leads away from the given address 127.0.0.1:${plain.port}, to https://app.invalid:${secure.port}`,
  );
  const elsewhere = await failure(
    http.request({ url: 'http://app.invalid/', redirects: 3, connect: { address, addressPort: away.port } }),
  );
  expect(elsewhere).toMatchObject({ phase: 'dns' });
});

test('a redirect is asked at the address that is known for its host and port', async () => {
  const target = await up(serveHttp((request, response) => response.end(request.headers.host)));
  const server = await up(
    serveHttp((request, response) =>
      response.writeHead(302, { location: `http://${request.url!.slice(1)}.invalid:${target.port}/` }).end(),
    ),
  );
  const asked: string[] = [];
  const addressFor = ({ host, port, secure }: Endpoint) => {
    asked.push(`${host}:${port} ${secure}`);
    return host === 'unknown.invalid' ? undefined : '127.0.0.1';
  };
  const ask = (host: string, connect: ConnectOptions) =>
    http.request({ url: `http://app.invalid:${server.port}/${host}`, redirects: 3, connect, addressFor });
  // The rule for the host and port is meant for just this, the address is of the first hop.
  for (const host of ['app', 'other']) {
    const answer = await ask(host, { address: '127.0.0.1', addressPort: server.port });
    expect(answer.body.toString()).toBe(`${host}.invalid:${target.port}`);
  }
  expect(await failure(ask('unknown', { address: '127.0.0.1' }))).toMatchObject({ phase: 'dns' });
  expect(asked).toEqual(['app', 'other', 'unknown'].map((host) => `${host}.invalid:${target.port} false`));
});

test('credentials never follow a redirect to another origin', async () => {
  let seen: Record<string, unknown> = {};
  const other = await up(
    serveHttp((request, response) => {
      seen = request.headers;
      response.end('ok');
    }),
  );
  const server = await up(
    serveHttp((request, response) => {
      if (request.url === '/here') {
        seen = request.headers;
        return void response.end('ok');
      }
      const target = request.url === '/same' ? '/here' : `http://u:p@127.0.0.1:${other.port}/there`;
      response.writeHead(request.url === '/keep' ? 307 : 302, { location: target }).end();
    }),
  );
  const headers = { authorization: 'Bearer t', cookie: 'a=b', 'x-api-key': 'k', accept: 'text/plain' };
  await http.request({ url: `${server.url}/same`, headers, redirects: 3 });
  expect(seen).toMatchObject(headers);
  await http.request({ url: `${server.url}/`, headers, redirects: 3 });
  expect(seen).toMatchObject({ accept: 'text/plain', host: `127.0.0.1:${other.port}` });
  for (const name of ['authorization', 'cookie', 'x-api-key']) expect(seen).not.toHaveProperty(name);
  const body = await failure(
    http.request({ url: `${server.url}/keep`, method: 'POST', body: 'secret', redirects: 3 }),
  );
  expect(body.phase).toBe('redirect');
});

test('a redirect that sets the cookie it needs is followed, and only its host gets the cookie', async () => {
  const seen: (string | undefined)[] = [];
  const ask = (hop: Hop): Promise<{ status: number; headers: [string, string][] }> => {
    const cookie = hop.headers.find(([name]) => name === 'cookie')?.[1];
    seen.push(cookie);
    if (hop.url.hostname === 'other.test') return Promise.resolve({ status: 200, headers: [] });
    if (cookie?.includes('seen=1'))
      return Promise.resolve({ status: 302, headers: [['location', 'http://other.test/']] });
    return Promise.resolve({
      status: 302,
      headers: [
        ['set-cookie', 'seen=1; Path=/; HttpOnly'],
        ['set-cookie', 'old=; Max-Age=0'],
        ['set-cookie', 'tls=1; Secure'],
        ['location', '/'],
      ],
    });
  };
  const first: Hop = {
    method: 'GET',
    url: new URL('http://shop.test/'),
    headers: [['cookie', 'own=2']],
    body: undefined,
  };
  const { answer, redirects } = await followHops(first, 5, ask);
  expect([answer.status, redirects]).toEqual([200, 2]);
  expect(seen).toEqual(['own=2', 'own=2; seen=1', undefined]);
});

test('a Location in raw UTF-8, in Latin-1 and in percent signs leads where it says', () => {
  const hop: Hop = { method: 'GET', url: new URL('http://shop.test/'), headers: [], body: undefined };
  const to = (location: string) => nextHop(hop, 302, location, 'shop.test:80').url.pathname;
  expect(to(Buffer.from('/café/日本').toString('latin1'))).toBe('/caf%C3%A9/%E6%97%A5%E6%9C%AC');
  expect(to('/caf\xe9')).toBe('/caf%C3%A9');
  expect(to('/caf%C3%A9')).toBe('/caf%C3%A9');
});

test('ALL_PROXY stands in for both, and what is no HTTP proxy is refused by name', () => {
  const via = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.endpoint.host;
  expect(via('http://shop.test/', { ALL_PROXY: 'http://all.test:3128' })).toBe('all.test');
  expect(via('https://shop.test/', { all_proxy: 'all.test:3128' })).toBe('all.test');
  expect(via('https://shop.test/', { ALL_PROXY: 'http://all.test', https_proxy: 'http://own.test' })).toBe(
    'own.test',
  );
  expect(via('http://shop.test/', { ALL_PROXY: 'http://all.test', NO_PROXY: 'shop.test' })).toBeUndefined();
  expect(() => via('http://shop.test/', { ALL_PROXY: 'socks5://all.test:1080' })).toThrow(
    'a proxy of kind socks5:// is not supported',
  );
});
