import { expect, test } from '@jest/globals';
import { formatOf } from './formats.ts';
import type { LogFormat } from './line.ts';
import { parseTemplate } from './template.ts';

const CADDY = JSON.stringify({
  level: 'info',
  ts: 1764278400.12,
  logger: 'http.log.access.log0',
  msg: 'handled request',
  request: {
    method: 'GET',
    host: 'shop.example.org',
    uri: '/?a="status":500',
    headers: { Cookie: ['REDACTED'] },
  },
  bytes_read: 0,
  user_id: '',
  duration: 0.012345,
  size: 12,
  status: 200,
  resp_headers: { Server: ['Caddy'] },
});
const TRAEFIK = JSON.stringify({
  ClientAddr: '10.0.0.1:4711',
  DownstreamStatus: 502,
  Duration: 3500000,
  OriginStatus: 0,
  RequestPath: '/',
  level: 'info',
  msg: '',
  time: '2026-11-27T21:24:02Z',
});
const COMBINED =
  '10.0.0.1 - - [27/Nov/2026:21:24:02 +0000] "GET /a b\\"c HTTP/1.1" 503 157 "-" "curl/8.5 [x] \\"500\\" 200 1"';
const HAPROXY =
  '10.0.0.1:33317 [27/Nov/2026:12:14:14.655] http-in~ static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {shop.example.org} {} "GET /index.html HTTP/1.1"';

test.each([
  ['Caddy JSON', CADDY, 200, 12.345],
  ['Traefik JSON', TRAEFIK, 502, 3.5],
  ['nginx JSON', '{"time":"2026","status":"404","request_time":"0.007","uri":"/"}', 404, 7],
  ['nginx JSON', '{"status":500,"request_time":1.5}', 500, 1500],
  ['HAProxy httplog', HAPROXY, 200, 109],
  ['HAProxy httplog', `Nov 27 21:24:02 web1 haproxy[123]: ${HAPROXY}`, 200, 109],
  ['HAProxy httplog', `<134>2026-11-27T21:24:02.1+00:00 web1 haproxy[123]: ${HAPROXY}`, 200, 109],
  [
    'HAProxy httplog',
    HAPROXY.replace('static/srv1 10/0/30/69/109 200', 'static/<NOSRV> 0/-1/-1/-1/+3 503').replace(
      '----',
      'SC--',
    ),
    503,
    3,
  ],
  [
    'Traefik common',
    '10.0.0.1 - - [27/Nov/2026:21:24:02 +0000] "GET / HTTP/1.1" 200 19 "-" "curl/8.5" 7 "shop@file" "http://127.0.0.1:18101" 12ms',
    200,
    12,
  ],
  ['combined', COMBINED, 503, undefined],
  ['combined', `shop.example.org:443 ${COMBINED} 0.123`, 503, undefined],
  ['combined', '::1 - ada [27/Nov/2026:21:24:02 +0000] "GET / HTTP/2.0" 304 -', 304, undefined],
])('a line of %s is known by itself: %s', (name, line, status, ms) => {
  const format = formatOf([line]) as LogFormat;
  expect([format.name, format.tellsTimes]).toEqual([name, ms !== undefined]);
  const read = format.read(line) as { status: number; ms: number | undefined };
  expect(read.status).toBe(status);
  if (ms === undefined) expect(read.ms).toBeUndefined();
  else expect(read.ms).toBeCloseTo(ms, 6);
});

test.each([
  [
    'HAProxy',
    'Nov 27 21:24:02 web1 haproxy[123]: Server web/blue1 is UP, reason: Layer7 check passed, code: 200',
  ],
  ['HAProxy', '10.0.0.1:33317 [27/Nov/2026:12:14:14.655] https/1: SSL handshake failure'],
  [
    'Caddy',
    '{"level":"info","ts":1.5,"logger":"tls","msg":"cleaning storage unit","status":200,"duration":1}',
  ],
  ['Traefik', '{"level":"info","msg":"Configuration loaded","time":"2026-11-27T21:24:02Z"}'],
  [
    'nginx',
    '2026/11/27 21:24:02 [error] 29#29: *1 connect() failed (111: Connection refused), request: "GET / HTTP/1.1"',
  ],
  ['nginx', '/docker-entrypoint.sh: Configuration complete; ready for start up'],
])('what %s logs besides is no request and no fault of the log: %s', (_proxy, line) => {
  expect(formatOf([line])).toBe('silent');
});

test.each([
  'hello',
  '{"status":"ok"}',
  '10.0.0.1 GET / 200',
  CADDY.replace('0.012345', '"12ms"'),
  CADDY.replace('"status":200', '"status":2000'),
  TRAEFIK.replace('3500000', '-1'),
  COMBINED.replace('" 503', '" 50x'),
  HAPROXY.replace('10/0/30/69/109', '10/0/30/69'),
  `${'x'.repeat(200_000)}`,
])('a line of another form is no request: %.60s', (line) => {
  expect(formatOf([line])).toBe('unknown');
});

// Written by nginx 1.22, HAProxy 2.6 and Caddy 2.6 for requests that were made to confuse a reader of logs.
test.each([
  [
    'combined',
    '127.0.0.1 - - [27/Nov/2026:22:06:15 +0000] "GET /bad HTTP/1.1" 502 157 "-" "x\\x22 200 0.001"',
    502,
  ],
  [
    'combined',
    '127.0.0.1 - - [27/Nov/2026:22:06:15 +0000] "GET /a\\x22b HTTP/1.1" 200 2 "-" "x\\x22 500 0.001"',
    200,
  ],
  [
    'nginx JSON',
    '{"time":"2026-11-27T22:06:15+00:00","status":"502","request_time":0.000,"request":"GET /bad HTTP/1.1","agent":"x\\" 200 0.001"}',
    502,
  ],
  [
    'HAProxy httplog',
    '127.0.0.1:56862 [27/Nov/2026:22:06:16.968] web app/a 0/0/-1/-1/3012 503 217 - - SC-- 1/1/0/0/3 0/0 "GET /x HTTP/1.1"',
    503,
  ],
  [
    'HAProxy httplog',
    '127.0.0.1:41668 [27/Nov/2026:22:06:20.014] ok ok/<NOSRV> 0/-1/-1/-1/0 200 73 - - LR-- 1/1/0/0/0 0/0 "GET /a#22b HTTP/1.1"',
    200,
  ],
  [
    'Caddy JSON',
    '{"level":"info","ts":1795817159.8348935,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"127.0.0.1","remote_port":"53926","proto":"HTTP/1.1","method":"GET","host":"127.0.0.1:18406","uri":"/","headers":{"User-Agent":["curl/7.88.1"],"Accept":["*/*"]}},"user_id":"","duration":0.000090275,"size":2,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["text/plain; charset=utf-8"]}}',
    200,
  ],
])('a real line of %s: %s', (name, line, status) => {
  const format = formatOf([line]) as LogFormat;
  expect([format.name, format.read(line)]).toMatchObject([name, { status }]);
});

test('a client that went before the answer is known by its status', () => {
  const gone = HAPROXY.replace('109 200', '109 -1').replace('----', 'CR--');
  expect((formatOf([gone]) as LogFormat).read(gone)).toMatchObject({ status: 0 });
});

test('of lines of several programs the format is that of most', () => {
  expect((formatOf([COMBINED, '{"level":"info","logger":"tls"}', CADDY, CADDY]) as LogFormat).name).toBe(
    'Caddy JSON',
  );
});

const NAMED = `'$remote_addr - $remote_user [$time_local] "$request" '
  '$status $body_bytes_sent "$http_referer" "$http_user_agent" rt=$request_time ua="$upstream_addr"';`;

test.each([
  [
    NAMED,
    '::1 - - [27/Nov/2026:21:24:02 +0000] "GET / HTTP/1.1" 502 157 "-" "curl" rt=0.030 ua="-"',
    502,
    30,
  ],
  ['escape=json \'{"s":"$status","t":$request_time}\'', '{"s":"200","t":1.250}', 200, 1250],
  ['$status|${request_time}s|$request_id', '404|0.001s|abc', 404, 1],
  ['"$request" $status', '"GET / HTTP/1.1" 201', 201, undefined],
])('a log_format of nginx reads its own lines: %s', (text, line, status, ms) => {
  const format = parseTemplate(text);
  expect(format.tellsTimes).toBe(ms !== undefined);
  expect(format.read(line)).toEqual({ status, ms });
});

test('what a visitor sends is never taken for a status', () => {
  const format = parseTemplate('$remote_addr $request $status $request_time');
  for (const line of [
    '::1 GET /x HTTP/1.1 500 0.010',
    '::1 GET 200 0.001 500 0.010',
    '::1 200 0.001 HTTP/1.1 500 0.010',
  ])
    expect([line, format.read(line)]).toEqual([line, undefined]);
  const quoted = parseTemplate('"$http_user_agent" $status');
  expect(quoted.read('"x" 200" 500')).toBeUndefined();
  expect(quoted.read('"x" 500')).toEqual({ status: 500, ms: undefined });
});

test.each([
  ['$remote_addr $request_time', 'it has no $status'],
  ['$status$request_time', '$status has nothing between it and the next variable'],
])('%s is refused: %s', (text, words) => {
  expect(() => parseTemplate(text)).toThrow(words);
});
