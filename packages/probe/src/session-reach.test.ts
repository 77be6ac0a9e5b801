import { expect, test } from '@jest/globals';
import { memoryLog } from '@deploy-actions/kit/testing';
import { type Program, type Session, SessionFailure, type SessionFailureCode } from '@deploy-actions/shell';
import { type HttpTarget, probeHttp, probeTcp, probeWebSocket, throughSession } from './index.ts';

interface CurlAnswer {
  code: number;
  stdout?: string;
  stderr?: string;
}

interface Played {
  forward: SessionFailureCode;
  /** Several: one answer for each call, in turn. */
  curl?: CurlAnswer | CurlAnswer[];
  wget?: { code: number; stdout?: string; stderr?: string };
}

/** A server that forwards nothing; what runs on it is kept and answered as the test says. */
function serverThat(played: Played): { session: Session; programs: Program[] } {
  const programs: Program[] = [];
  const session: Session = {
    name: 'web1',
    counts: { connections: 1, execs: 0, forwards: 0 },
    gone: new AbortController().signal,
    async run(program) {
      programs.push(program);
      const curl = Array.isArray(played.curl) ? played.curl[programs.length - 1] : played.curl;
      const answer = (program.script.includes('wget') ? played.wget : curl) ?? { code: 127 };
      program.onStdout?.(Buffer.from(answer.stdout ?? ''));
      return {
        code: answer.code,
        stdout: Buffer.from(answer.stdout ?? ''),
        stderr: Buffer.from(answer.stderr ?? ''),
      };
    },
    forward: (host, port) => Promise.reject(new SessionFailure(played.forward, `no way to ${host}:${port}`)),
    close: async () => {},
  };
  return { session, programs };
}

const limits = { timeout: 2000 };
const http = (url: string, headers?: Record<string, string>) => ({
  kind: 'http' as const,
  url,
  headers,
  expect: {},
});

test('a refused port and an unknown name are told apart, as seen from the server', async () => {
  for (const [code, phase] of [
    ['forward-refused', 'tcp'],
    ['forward-unknown-name', 'dns'],
    ['forward-failed', 'tcp'],
  ] as const) {
    const reach = throughSession(serverThat({ forward: code }).session, { log: memoryLog() });
    expect(await probeHttp(reach, http('http://127.0.0.1:1/'), limits)).toMatchObject({ ok: false, phase });
  }
});

test('where forwarding is forbidden curl asks there, says so once, and neither address nor header stands in an argv', async () => {
  const log = memoryLog();
  const { session, programs } = serverThat({
    forward: 'forward-forbidden',
    curl: { code: 0, stdout: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Busy\r\nX-A: b\r\n\r\nstarting' },
  });
  const reach = throughSession(session, { log });
  const target = http('http://127.0.0.1:8080/x?token=secret-1', { authorization: 'Bearer "se\\cret-2"' });
  for (let i = 0; i < 2; i += 1) {
    const seen = await probeHttp(reach, target, limits);
    expect(seen).toMatchObject({ ok: false, status: 503, phase: 'expectation' });
    expect(seen.detail).toBe('status 503, wanted 200-399; it begins "starting"');
  }
  expect(log.lines.filter((line) => line.includes('forbids TCP forwarding'))).toHaveLength(1);
  expect(JSON.stringify(programs.map(({ script, args }) => [script, args]))).not.toMatch(
    /secret-1|se.*cret-2/,
  );
  expect(String(programs[0]!.input)).toContain('url = "http://127.0.0.1:8080/x?token=secret-1"\n');
  expect(String(programs[0]!.input)).toContain('header = "authorization: Bearer \\"se\\\\cret-2\\""\n');
});

test('redirects are followed by curl there as by ourselves: credentials stay on their origin', async () => {
  const { session, programs } = serverThat({
    forward: 'forward-forbidden',
    curl: [
      { code: 0, stdout: 'HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n' },
      { code: 0, stdout: 'HTTP/1.1 301 Moved\r\nLocation: http://other.test/\r\n\r\n' },
      { code: 0, stdout: 'HTTP/1.1 200 OK\r\n\r\nfine' },
    ],
  });
  const reach = throughSession(session, { log: memoryLog() });
  const target = { ...http('http://127.0.0.1:8080/', { authorization: 'Bearer secret' }), redirects: 5 };
  expect(await probeHttp(reach, target, limits)).toMatchObject({ ok: true, status: 200 });
  const configs = programs.map(({ input }) => String(input));
  expect(configs.map((config) => /^url = "(.*)"$/m.exec(config)![1])).toEqual([
    'http://127.0.0.1:8080/',
    'http://127.0.0.1:8080/login',
    'http://other.test/',
  ]);
  expect(configs.map((config) => config.includes('Bearer secret'))).toEqual([true, true, false]);
});

test('a redirect is followed by curl there to the addresses that were given, or not at all', async () => {
  const redirected = () =>
    serverThat({
      forward: 'forward-forbidden',
      curl: [
        { code: 0, stdout: 'HTTP/1.1 302 Found\r\nLocation: https://app.test/\r\n\r\n' },
        { code: 0, stdout: 'HTTP/1.1 200 OK\r\n\r\nfine' },
      ],
    });
  const look = async (target: Partial<HttpTarget>) => {
    const { session, programs } = redirected();
    const reach = throughSession(session, { log: memoryLog() });
    const seen = await probeHttp(reach, { ...http('http://app.test/'), redirects: 5, ...target }, limits);
    return { seen, via: programs.map(({ input }) => /^connect-to = "(.*)"$/m.exec(String(input))?.[1]) };
  };
  expect(await look({ connect: { address: '10.0.0.1' } })).toMatchObject({
    seen: { ok: true },
    via: ['app.test:80:10.0.0.1:80', 'app.test:443:10.0.0.1:443'],
  });
  expect(await look({ addressFor: () => '10.0.0.2' })).toMatchObject({
    seen: { ok: true },
    via: [undefined, 'app.test:443:10.0.0.2:443'],
  });
  const { seen } = await look({ connect: { address: '10.0.0.1', addressPort: 8001 } });
  expect(seen).toMatchObject({ ok: false, phase: 'redirect' });
  expect(seen.detail).toContain('away from the given address 10.0.0.1:8001, to https://app.test:443');
  const named = await look({ connect: { address: '10.0.0.1', servername: 'inner' } });
  expect(named.seen).toMatchObject({ ok: false, phase: 'tls' });
  expect(named.seen.detail).toContain('`servername` cannot be given to curl on the server');
});

test('what curl could not do is named by its phase', async () => {
  for (const [code, phase] of [
    [6, 'dns'],
    [7, 'tcp'],
    [28, 'http'],
    [52, 'http'],
    [60, 'tls'],
    [99, 'http'],
  ] as const) {
    const { session } = serverThat({ forward: 'forward-forbidden', curl: { code, stderr: 'curl: (9) why' } });
    const reach = throughSession(session, { log: memoryLog() });
    expect(await probeHttp(reach, http('http://127.0.0.1:1/'), limits)).toMatchObject({ ok: false, phase });
  }
});

test('without curl wget asks what is no secret, and nothing else', async () => {
  const played: Played = {
    forward: 'forward-forbidden',
    wget: { code: 0, stdout: 'ok', stderr: '  HTTP/1.1 200 OK\n  Content-Type: text/plain\n' },
  };
  const { session } = serverThat(played);
  const reach = throughSession(session, { log: memoryLog() });
  expect(await probeHttp(reach, http('http://127.0.0.1:1/'), limits)).toMatchObject({
    ok: true,
    status: 200,
  });
  const plain = http('http://127.0.0.1:1/');
  for (const secret of [
    http('http://127.0.0.1:1/?t=1'),
    http('http://127.0.0.1:1/', { cookie: 'a' }),
    { ...plain, connect: { addressPort: 2 } },
    { ...plain, redirects: 1, addressFor: () => '127.0.0.2' },
  ]) {
    expect((await probeHttp(reach, secret, limits)).detail).toContain('install curl there');
  }
  const neither = throughSession(serverThat({ forward: 'forward-forbidden' }).session, { log: memoryLog() });
  expect((await probeHttp(neither, http('http://127.0.0.1:1/'), limits)).detail).toContain(
    'neither curl nor wget',
  );
});

test('a port is tried by curl too, a WebSocket says why it cannot be', async () => {
  const open = throughSession(serverThat({ forward: 'forward-forbidden', curl: { code: 0 } }).session, {
    log: memoryLog(),
  });
  expect(await probeTcp(open, { kind: 'tcp', host: '127.0.0.1', port: 5432 }, limits)).toMatchObject({
    ok: true,
  });
  const closed = throughSession(serverThat({ forward: 'forward-forbidden', curl: { code: 7 } }).session, {
    log: memoryLog(),
  });
  expect(await probeTcp(closed, { kind: 'tcp', host: '127.0.0.1', port: 5432 }, limits)).toMatchObject({
    ok: false,
    phase: 'tcp',
  });
  expect((await probeWebSocket(open, { kind: 'ws', url: 'ws://127.0.0.1:1/' }, limits)).detail).toContain(
    'only http, https and tcp can be tried',
  );
});
