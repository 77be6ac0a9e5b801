import { createHash } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { makeAuthority, makeCertificate } from '../../../test/support/certificate.ts';
import {
  type TinyServer,
  closedPort,
  serveHttp,
  serveHttps,
  serveTcp,
} from '../../../test/support/server.ts';
import { fromRunner, parseTextMatch, probeHttp, probeTcp, probeWebSocket } from './index.ts';

const reach = fromRunner();
const servers: TinyServer[] = [];
async function up(starting: Promise<TinyServer>): Promise<TinyServer> {
  const server = await starting;
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test('each way of not being ready is named by its phase', async () => {
  const limits = { timeout: 150 };
  const halfOpen = await up(serveTcp(() => {}));
  const drip = await up(
    serveHttp((_request, response) => {
      const timer = setInterval(() => response.write('a'), 20);
      response.on('close', () => clearInterval(timer));
    }),
  );
  const loop = await up(
    serveHttp((request, response) =>
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end(),
    ),
  );
  const untrusted = await up(
    serveHttps(makeCertificate({ names: ['127.0.0.1'] }), (_request, response) => response.end()),
  );
  const starting = await up(serveHttp((_request, response) => response.writeHead(503).end('starting')));
  const cases: [string, string, RegExp][] = [
    [`http://127.0.0.1:${await closedPort()}`, 'tcp', /refused/],
    ['http://no-such-name.invalid', 'dns', /resolve|name server/],
    [halfOpen.url, 'http', /no answer within/],
    [drip.url, 'body', /did not end within/],
    [`${loop.url}/a`, 'redirect', /circle/],
    [untrusted.url, 'tls', /self-signed/],
    [starting.url, 'expectation', /status 503, wanted 200-399; it begins "starting"/],
  ];
  for (const [url, phase, detail] of cases) {
    const seen = await probeHttp(reach, { kind: 'http', url, redirects: 5, expect: {} }, limits);
    expect(seen).toMatchObject({ ok: false, phase });
    expect(seen.detail).toMatch(detail);
  }
});

test('an endless or a 20 MB body is read only as far as it matters', async () => {
  const server = await up(
    serveHttp((request, response) => {
      if (request.url === '/large') return void response.end(Buffer.alloc(20e6, 'x'));
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536, 'x')));
      };
      response.on('drain', more);
      more();
    }),
  );
  for (const path of ['/large', '/endless']) {
    expect(
      await probeHttp(reach, { kind: 'http', url: server.url + path, expect: {} }, { timeout: 5000 }),
    ).toMatchObject({ ok: true });
    const seen = await probeHttp(
      reach,
      { kind: 'http', url: server.url + path, expect: { body: parseTextMatch('y') } },
      { timeout: 5000 },
    );
    expect(seen.detail).toContain('does not contain "y"');
  }
});

test('a HEAD that the server does not allow is asked again as GET', async () => {
  const asked: string[] = [];
  const server = await up(
    serveHttp((request, response) => {
      asked.push(request.method!);
      response.writeHead(request.method === 'HEAD' ? 405 : 200).end();
    }),
  );
  expect(
    (await probeHttp(reach, { kind: 'http', url: server.url, method: 'HEAD', expect: {} }, { timeout: 5000 }))
      .ok,
  ).toBe(true);
  expect(asked).toEqual(['HEAD', 'GET']);
});

test('an address with a name of its own is asked as curl --resolve would', async () => {
  const authority = makeAuthority();
  const server = await up(
    serveHttps(makeCertificate({ names: ['app.example'], issuer: authority }), (request, response) =>
      response.end(request.headers.host),
    ),
  );
  const seen = await probeHttp(
    reach,
    {
      kind: 'http',
      url: 'https://app.example/',
      connect: { address: '127.0.0.1', addressPort: server.port, ca: authority.cert },
      expect: { body: parseTextMatch('app.example'), certificateDays: 20 },
    },
    { timeout: 5000 },
  );
  expect(seen).toMatchObject({ ok: true, status: 200 });
});

test('a port counts as open only when somebody is behind it', async () => {
  const server = await up(serveTcp(() => {}));
  const forwarder = await up(serveTcp((socket) => socket.destroy()));
  const look = (port: number) => probeTcp(reach, { kind: 'tcp', host: 'localhost', port }, { timeout: 2000 });
  expect(await look(server.port)).toMatchObject({ ok: true });
  expect(await look(forwarder.port)).toMatchObject({ ok: false, phase: 'tcp' });
  expect(await look(await closedPort())).toMatchObject({ ok: false, phase: 'tcp' });
});

test('a WebSocket is ready when its handshake is right', async () => {
  const server = await up(
    serveTcp((socket) =>
      socket.once('data', (data) => {
        const head = data.toString();
        const key = /sec-websocket-key: (\S+)/i.exec(head)![1]!;
        const accept = createHash('sha1')
          .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
          .digest('base64');
        if (head.startsWith('GET /no'))
          return socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n');
        const value = head.startsWith('GET /wrong') ? 'x' : accept;
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${value}\r\n\r\n`,
        );
      }),
    ),
  );
  const look = (path: string) =>
    probeWebSocket(reach, { kind: 'ws', url: server.url.replace('http', 'ws') + path }, { timeout: 2000 });
  expect(await look('/yes')).toMatchObject({ ok: true, status: 101 });
  expect((await look('/no')).detail).toBe('status 426, wanted 101 (Switching Protocols)');
  expect((await look('/wrong')).detail).toContain('Sec-WebSocket-Accept');
});
