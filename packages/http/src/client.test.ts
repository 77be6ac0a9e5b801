import { afterAll, afterEach, expect, test } from '@jest/globals';
import { connect as tcpConnect } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { redactor } from '@deploy-actions/kit';
import { makeAuthority, makeCertificate } from '../../../test/support/certificate.ts';
import { closedPort, serveHttp, serveHttps, serveTcp } from '../../../test/support/server.ts';
import { openHttp, requestJson } from './index.ts';
import { failure, startsForEach } from './testing/http-rig.ts';

const http = openHttp();
const up = startsForEach(afterEach);
afterAll(async () => {
  await http.close();
});

test('an answer comes with status, headers, body and times', async () => {
  const server = await up(
    serveHttp((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.setHeader('x-method', request.method!);
      response.writeHead(201).end(`host ${request.headers.host}`);
    }),
  );
  const answer = await http.request({ url: `${server.url}/x?y=1`, method: 'post', body: 'hello' });
  expect(answer).toMatchObject({ status: 201, truncated: false, redirects: 0, remoteAddress: '127.0.0.1' });
  expect(answer.body.toString()).toBe(`host 127.0.0.1:${server.port}`);
  expect(answer.headers['x-method']).toBe('POST');
  expect(answer.headerList.filter(([name]) => name === 'set-cookie')).toEqual([
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ]);
  expect(answer.timings.total).toBeGreaterThan(0);
});

test('a connection is kept for the next request and replaced when the server has closed it', async () => {
  const ports = new Set<number>();
  const server = await up(
    serveHttp((request, response) => {
      ports.add(request.socket.remotePort!);
      if (request.url === '/close') response.on('finish', () => request.socket.destroy());
      response.end('ok');
    }),
  );
  for (const path of ['/', '/', '/close', '/', '/']) {
    expect((await http.request({ url: server.url + path })).status).toBe(200);
  }
  expect(ports.size).toBe(2);
});

test('a kept connection is used again only while it is younger than asked', async () => {
  const ports: number[] = [];
  const closing: (string | undefined)[] = [];
  const server = await up(
    serveHttp((request, response) => {
      ports.push(request.socket.remotePort!);
      closing.push(request.headers.connection);
      response.end('ok');
    }),
  );
  const ask = (maxConnectionAge: number) => http.request({ url: server.url, maxConnectionAge });
  await ask(60_000);
  await ask(60_000);
  await new Promise((done) => setTimeout(done, 30));
  await ask(10);
  await ask(0);
  const [first, second, third, fourth] = ports;
  expect(second).toBe(first);
  expect(new Set([first, third, fourth]).size).toBe(3);
  expect(closing).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close']);
});

test('a request that changes something is not repeated on a connection that closed under it', async () => {
  let posts = 0;
  const server = await up(
    serveHttp((request, response) => {
      if (request.method !== 'POST') return void response.end('ok');
      posts += 1;
      request.socket.destroy();
    }),
  );
  await http.request({ url: server.url });
  const error = await failure(http.request({ url: server.url, method: 'POST', body: 'x' }));
  expect(error).toMatchObject({ phase: 'http', sent: true });
  expect(posts).toBe(1);
});

test('each phase that fails is told apart, and whether the request may have arrived', async () => {
  const refused = await failure(http.request({ url: `http://127.0.0.1:${await closedPort()}/` }));
  expect(refused).toMatchObject({ phase: 'tcp', code: 'ECONNREFUSED', sent: false });

  const unknown = await failure(http.request({ url: 'http://does-not-exist.invalid/' }));
  expect(unknown).toMatchObject({ phase: 'dns', sent: false });

  const nonsense = await up(serveTcp((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
  expect(await failure(http.request({ url: nonsense.url }))).toMatchObject({ phase: 'http', sent: true });

  const mute = await up(serveTcp(() => {}));
  expect(await failure(http.request({ url: mute.url, deadline: 60 }))).toMatchObject({
    phase: 'http',
    timedOut: true,
    sent: true,
  });
  expect(await failure(http.request({ url: mute.url.replace('http', 'https'), deadline: 60 }))).toMatchObject(
    {
      phase: 'tls',
      timedOut: true,
      sent: false,
    },
  );

  const closing = await up(serveTcp((socket) => socket.once('data', () => socket.end())));
  expect((await failure(http.request({ url: closing.url }))).message).toContain('closed without an answer');

  const cut = await up(
    serveTcp((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    ),
  );
  expect(await failure(http.request({ url: cut.url }))).toMatchObject({
    phase: 'body',
    status: 200,
    sent: true,
  });

  const drip = await up(
    serveHttp((_request, response) => {
      response.write('a');
      const timer = setInterval(() => response.write('a'), 10);
      response.on('close', () => clearInterval(timer));
    }),
  );
  expect(await failure(http.request({ url: drip.url, deadline: 100 }))).toMatchObject({
    phase: 'body',
    timedOut: true,
  });
});

test('a caller who aborts gets their own reason back', async () => {
  const mute = await up(serveTcp(() => {}));
  const reason = new Error('cancelled');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 20);
  await expect(http.request({ url: mute.url, signal: controller.signal })).rejects.toBe(reason);
});

test('every content encoding is decoded, and a broken one is a failure of the body', async () => {
  const bodies: Record<string, Buffer> = {
    '/gzip': gzipSync('hello'),
    '/br': brotliCompressSync('hello'),
    '/deflate': deflateSync('hello'),
    '/deflate?raw': deflateRawSync('hello'),
    '/zstd': zstdCompressSync('hello'),
  };
  const server = await up(
    serveHttp((request, response) => {
      const broken = request.url === '/broken';
      response.setHeader('content-encoding', broken ? 'gzip' : request.url!.slice(1).split('?')[0]!);
      response.end(broken ? 'no gzip at all' : bodies[request.url!]);
    }),
  );
  for (const path of Object.keys(bodies)) {
    expect((await http.request({ url: server.url + path })).body.toString()).toBe('hello');
  }
  expect(await failure(http.request({ url: `${server.url}/broken` }))).toMatchObject({
    phase: 'body',
    code: 'UNDECODABLE',
  });
  expect(await failure(http.request({ url: `${server.url}/klingon` }))).toMatchObject({
    phase: 'body',
    code: 'UNDECODABLE',
  });
});

test('a body larger than allowed stops early: an endless one, 20 MB, and one that unpacks to 100 MB', async () => {
  const bomb = gzipSync(Buffer.alloc(100 * 2 ** 20));
  let sent = 0;
  const server = await up(
    serveHttp((request, response) => {
      if (request.url === '/bomb')
        return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
      if (request.url === '/large') return void response.end(Buffer.alloc(20e6, 'x'));
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
      };
      response.on('drain', more);
      more();
    }),
  );
  for (const path of ['/bomb', '/large', '/endless']) {
    const error = await failure(http.request({ url: server.url + path, maxBytes: 1e6 }));
    expect(error).toMatchObject({ phase: 'body', code: 'TOO_LARGE' });
    const cut = await http.request({ url: server.url + path, maxBytes: 1000, overflow: 'cut' });
    expect(cut).toMatchObject({ status: 200, truncated: true });
    expect(cut.body.length).toBe(1000);
  }
  expect(sent).toBeLessThan(50e6);
});

test('a status that has no body ends with its head, whatever length it names', async () => {
  let connections = 0;
  const heads = [
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\nContent-Encoding: klingon\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n',
  ];
  const server = await up(
    serveTcp((socket) => {
      connections += 1;
      socket.on('data', () => socket.write(heads.shift()!));
    }),
  );
  const ends: unknown[] = [];
  while (heads.length > 0) {
    const { status, body, truncated } = await http.request({ url: server.url, deadline: 2000 });
    ends.push([status, body.length, truncated, connections]);
  }
  // Only a connection on which a body may yet come is given up.
  expect(ends).toEqual([
    [304, 0, false, 1],
    [204, 0, false, 2],
    [204, 0, false, 3],
    [204, 0, false, 4],
    [304, 0, false, 4],
  ]);
});

test('no error holds a path, a query or a known secret', async () => {
  const port = await closedPort();
  const client = openHttp({ redactor: redactor(['127.0.0.1']) });
  const error = await failure(
    client.request({ url: `http://user:pass@127.0.0.1:${port}/bot123:TOKEN/send?key=K` }),
  );
  expect(error.message).toBe(`***:${port}: connection refused (ECONNREFUSED)`);
});

test('a header cannot smuggle in another one', async () => {
  expect(
    (await failure(http.request({ url: 'http://127.0.0.1:1', headers: { a: 'b\r\nc: d' } }))).message,
  ).toContain('line break');
});

test('a header that cannot be sent is refused by name before anything is connected', async () => {
  const cases: [Record<string, string | string[]>, RegExp][] = [
    [{ Expect: '100-continue' }, /^header Expect cannot be sent: leave it out, /],
    [{ 'Transfer-Encoding': 'chunked' }, /^header Transfer-Encoding cannot be sent: leave it out, /],
    [{ upgrade: 'h2c' }, /^header upgrade cannot be sent: leave it out, /],
    [{ 'Keep-Alive': 'timeout=5' }, /^header Keep-Alive cannot be sent: leave it out, /],
    [{ Connection: 'Upgrade' }, /^header Connection can only be close or keep-alive/],
    [{ Host: 'a', host: 'b' }, /^header host is given twice: leave one out$/],
    [{ Host: ['a', 'b'] }, /^header Host is given twice: leave one out$/],
    [{ 'Content-Length': ['1', '1'] }, /^header Content-Length is given twice: leave one out$/],
    [{ a: 'b\x01' }, /^header a holds a control character$/],
  ];
  for (const [headers, words] of cases) {
    const error = await failure(http.request({ url: 'http://127.0.0.1:1', headers }));
    expect(error).toMatchObject({ phase: 'http', sent: false });
    expect(error.message).toMatch(words);
  }
  const server = await up(serveHttp((_request, response) => response.end('ok')));
  const short = await failure(
    http.request({ url: server.url, method: 'POST', body: 'abc', headers: { 'content-length': '2' } }),
  );
  expect(short.message).toContain('the request cannot be sent');
  expect((await http.request({ url: server.url, headers: { connection: 'Close' } })).status).toBe(200);
});

test('a certificate is checked, and told about', async () => {
  const authority = makeAuthority();
  const good = makeCertificate({ names: ['app.example', '127.0.0.1'], issuer: authority, toDays: 20 });
  const expired = makeCertificate({ names: ['app.example'], issuer: authority, fromDays: -20, toDays: -10 });
  const server = await up(serveHttps(good, (request, response) => response.end(request.headers.host)));
  const old = await up(serveHttps(expired, (_request, response) => response.end('ok')));

  const answer = await http.request({ url: server.url, connect: { ca: authority.cert } });
  expect(answer.status).toBe(200);
  expect(answer.certificate).toMatchObject({ subject: 'CN=app.example', issuer: 'CN=Test authority' });
  expect(Math.round((answer.certificate!.validTo.getTime() - Date.now()) / 86_400_000)).toBe(20);

  const resolved = await http.request({
    url: `https://app.example:1/`,
    connect: { ca: authority.cert, address: '127.0.0.1', addressPort: server.port },
  });
  expect(resolved.body.toString()).toBe('app.example:1');

  const cases = [
    [{ url: server.url }, 'unknown authority'],
    [
      {
        url: 'https://other.example/',
        connect: { ca: authority.cert, address: '127.0.0.1', addressPort: server.port },
      },
      'another name',
    ],
    [
      {
        url: 'https://app.example/',
        connect: { ca: authority.cert, address: '127.0.0.1', addressPort: old.port },
      },
      'expired',
    ],
    [{ url: `https://127.0.0.1:${(await up(serveHttp(() => {}))).port}` }, 'does not speak TLS'],
  ] as const;
  for (const [request, words] of cases) {
    const error = await failure(http.request(request));
    expect(error).toMatchObject({ phase: 'tls', sent: false });
    expect(error.message).toContain(words);
  }
});

test('localhost is reached on whichever address it answers', async () => {
  const four = await up(serveHttp((_request, response) => response.end('4')));
  expect((await http.request({ url: `http://localhost:${four.port}` })).body.toString()).toBe('4');
  const six = await serveHttp((_request, response) => response.end('6'), '::1').catch(() => undefined);
  if (!six) return; // A machine without IPv6.
  await up(Promise.resolve(six));
  expect((await http.request({ url: `http://localhost:${six.port}` })).body.toString()).toBe('6');
  expect((await http.request({ url: six.url, connect: { family: 6 } })).body.toString()).toBe('6');
  expect((await failure(http.request({ url: six.url, connect: { family: 4 } }))).phase).toBe('dns');
});

test('a dialer gives the byte stream, for http and https alike', async () => {
  const authority = makeAuthority();
  const cert = makeCertificate({ names: ['inner'], issuer: authority });
  const plain = await up(serveHttp((_request, response) => response.end('plain')));
  const secure = await up(serveHttps(cert, (_request, response) => response.end('secure')));
  const dialed: string[] = [];
  const dial = async (host: string, port: number) => {
    dialed.push(`${host}:${port}`);
    return tcpConnect(port === 80 ? plain.port : secure.port, '127.0.0.1');
  };
  expect((await http.request({ url: 'http://inner/', connect: { dial } })).body.toString()).toBe('plain');
  expect(
    (await http.request({ url: 'https://inner/', connect: { dial, ca: authority.cert } })).body.toString(),
  ).toBe('secure');
  expect(dialed).toEqual(['inner:80', 'inner:443']);
});

test('a proxy of the environment carries both http and https, unless NO_PROXY or loopback', async () => {
  const authority = makeAuthority();
  const cert = makeCertificate({ names: ['secure.test'], issuer: authority });
  const secure = await up(serveHttps(cert, (_request, response) => response.end('tunnelled')));
  const asked: string[] = [];
  const proxy = await up(
    serveTcp((socket) =>
      socket.once('data', (data) => {
        const head = data.toString();
        asked.push(head.split('\r\n')[0]!, /proxy-authorization: (.*)/i.exec(head)?.[1] ?? '');
        if (!head.startsWith('CONNECT'))
          return socket.end('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nproxied');
        if (head.includes('forbidden')) return socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        const upstream = tcpConnect(secure.port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
          socket.pipe(upstream).pipe(socket);
        });
        upstream.on('error', () => socket.destroy());
      }),
    ),
  );
  const url = proxy.url.replace('://', '://me:pw@');
  const client = openHttp({ env: { HTTP_PROXY: url, https_proxy: url, NO_PROXY: 'direct.invalid' } });
  expect((await client.request({ url: 'http://plain.test/a?b' })).body.toString()).toBe('proxied');
  expect(
    (await client.request({ url: 'https://secure.test/', connect: { ca: authority.cert } })).body.toString(),
  ).toBe('tunnelled');
  const basic = `Basic ${Buffer.from('me:pw').toString('base64')}`;
  expect(asked).toEqual([
    'GET http://plain.test/a?b HTTP/1.1',
    basic,
    'CONNECT secure.test:443 HTTP/1.1',
    basic,
  ]);
  expect(await failure(client.request({ url: 'https://forbidden.test/' }))).toMatchObject({
    phase: 'proxy',
    status: 403,
  });
  expect((await failure(client.request({ url: 'http://x.direct.invalid/' }))).phase).toBe('dns');
  const local = await up(serveHttp((_request, response) => response.end('direct')));
  expect((await client.request({ url: local.url })).body.toString()).toBe('direct');
  await client.close();
});

test('a JSON client sends and reads JSON, and says when a gateway answers with a page', async () => {
  const server = await up(
    serveHttp((request, response) => {
      if (request.url === '/html')
        return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway');
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () =>
        response.end(JSON.stringify({ got: text, type: request.headers['content-type'] })),
      );
    }),
  );
  const answer = await requestJson<{ got: string; type: string }>(http, {
    url: server.url,
    json: { a: 'é' },
  });
  expect(answer.json).toEqual({ got: '{"a":"é"}', type: 'application/json; charset=utf-8' });
  expect(await failure(requestJson(http, { url: `${server.url}/html` }))).toMatchObject({
    code: 'NOT_JSON',
    status: 502,
  });
});
