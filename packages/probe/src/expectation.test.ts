import { expect, test } from '@jest/globals';
import type { HttpResponse } from '@deploy-actions/http';
import { type Expectations, parseTextMatch, unmet } from './expectation.ts';
import { jsonPath } from './json-path.ts';
import { parseStatusSet } from './status-set.ts';
import { parseVersionSource, versionOf } from './version.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

function answer(status: number, body: string, headers: Record<string, string> = {}): HttpResponse {
  return {
    status,
    statusText: '',
    headers,
    headerList: Object.entries(headers),
    body: Buffer.from(body),
    truncated: false,
    timings: { dns: 0, tcp: 0, tls: 0, firstByte: 0, total: 120 },
    url: 'http://x/',
    redirects: 0,
    remoteAddress: undefined,
    certificate: undefined,
  };
}

test('a set of status codes is read as people write it', () => {
  const has = (text: string, status: number) => parseStatusSet(text)?.has(status);
  expect([
    has('200', 200),
    has('2xx', 204),
    has('200-399', 302),
    has('200, 3XX 401', 401),
    has('2xx', 300),
  ]).toEqual([true, true, true, true, false]);
  for (const text of ['', 'ok', '600', '20', '399-200', '2xx-3xx', '200;201'])
    expect(parseStatusSet(text)).toBeUndefined();
});

test('each expectation that fails says what was got and what was wanted', () => {
  const json = (path: string, equals?: unknown): Expectations => ({
    json: [{ path: jsonPath(path), equals }],
  });
  const cases: [HttpResponse, Expectations, string | undefined][] = [
    [answer(200, 'ok'), {}, undefined],
    [
      answer(503, '<h1>Down</h1>', { 'content-type': 'text/html' }),
      {},
      'status 503, wanted 200-399; it begins "Down"',
    ],
    [
      answer(302, '', { location: '/login' }),
      { status: parseStatusSet('200')! },
      'status 302 (a redirect), wanted 200',
    ],
    [
      answer(200, 'starting'),
      { body: parseTextMatch('ready') },
      'the body does not contain "ready"; it begins "starting"',
    ],
    [answer(200, 'READY'), { body: parseTextMatch('/ready/i') }, undefined],
    [answer(200, '{"a":{"b":1}}'), json('$.a.b', '1'), undefined],
    [answer(200, '{"a":{"b":1}}'), json('$.a.b', 2), '$.a.b is 1, wanted 2'],
    [answer(200, '{"a":{"b":1}}'), json('$.a.c', 'x'), '$.a.c is not in the answer, wanted "x"'],
    [answer(200, '{"c":[{"s":"up"},{"s":"up"}]}'), json('$.c[*].s', 'up'), undefined],
    [
      answer(200, '{"c":[{"s":"up"},{"s":"down"},{"s":"off"}]}'),
      json('$.c[*].s', 'up'),
      '$.c[*].s: value 2 of 3 is "down", wanted "up"',
    ],
    [answer(200, '{"a":null}'), json('$.a', null), undefined],
    [answer(200, '{"a":null}'), json('$.a', 'null'), undefined],
    [answer(200, '{"a":null}'), json('$.a'), undefined],
    [answer(200, '{"a":"null"}'), json('$.a', null), '$.a is "null", wanted null'],
    [answer(200, '{}'), json('$.a', null), '$.a is not in the answer, wanted null'],
    [answer(200, '{"a":9007199254740993}'), json('$.a', '9007199254740993'), undefined],
    [
      answer(200, '{"a":9007199254740993}'),
      json('$.a', '9007199254740992'),
      '$.a is 9007199254740993, wanted "9007199254740992"',
    ],
    [answer(200, '{"a":1.10}'), json('$.a', '1.1'), '$.a is 1.10, wanted "1.1"'],
    [answer(200, 'no'), json('$.a'), 'the body is not JSON; it begins "no"'],
    [
      answer(200, '', { 'x-a': '1' }),
      { headers: [{ name: 'x-a', match: parseTextMatch('2') }] },
      'header x-a is "1", wanted 2',
    ],
    [answer(200, ''), { headers: [{ name: 'x-b' }] }, 'no header x-b'],
    [
      answer(200, '{"version":"1.0.0"}'),
      { version: { expected: '1.0.1', source: parseVersionSource('json:version') } },
      'version 1.0.0 answers, wanted 1.0.1',
    ],
    [
      answer(200, 'x'),
      { version: { expected: '1', source: parseVersionSource('json:version') } },
      'the answer names no version (JSON $.version), wanted 1',
    ],
    [answer(200, ''), { withinMs: 100 }, 'the answer took 120 ms, wanted at most 100 ms'],
    [answer(200, ''), { certificateDays: 10 }, 'no certificate: the answer did not come over TLS'],
  ];
  for (const [got, expected, wanted] of cases) expect(unmet(got, expected, NOW)).toBe(wanted);
});

test('a certificate that ends too soon is not good enough', () => {
  const got = {
    ...answer(200, ''),
    certificate: { validTo: new Date('2026-01-08T12:00:00Z') } as HttpResponse['certificate'],
  };
  expect(unmet(got, { certificateDays: 7 }, NOW)).toBeUndefined();
  expect(unmet(got, { certificateDays: 14 }, NOW)).toBe(
    'the certificate is valid for 7 more days, wanted at least 14',
  );
});

test('the version is found where the answer names it', () => {
  const got = answer(200, '{"app":{"version":"abc"}}', { 'x-version': ' 7 ' });
  expect(versionOf(got, parseVersionSource('json:app.version'))).toBe('abc');
  expect(versionOf(got, parseVersionSource('header:X-Version'))).toBe('7');
  expect(versionOf(answer(200, '{"version":1.10}'), parseVersionSource('json:version'))).toBe('1.10');
  expect(versionOf(answer(200, ' v1\n'), parseVersionSource('body'))).toBe('v1');
  for (const text of ['', 'json:', 'header:a b', 'xml:a', 'json:$['])
    expect(() => parseVersionSource(text)).toThrow();
});

test('an expression that does not end on an answer makes it unready within its time, and says so', () => {
  const hostile = `${'a'.repeat(40)}b`;
  const started = performance.now();
  const cases: [HttpResponse, Expectations][] = [
    [answer(200, hostile), { body: parseTextMatch('/^(a|a)*$/') }],
    [
      answer(200, '', { 'x-it': hostile }),
      { headers: [{ name: 'x-it', match: parseTextMatch('/^(a+)+$/i') }] },
    ],
    [
      answer(200, JSON.stringify(Array(50).fill(hostile))),
      { json: [{ path: jsonPath('$[?match(@, "(a|a)*")]') }] },
    ],
    // Were it false, a negation would pass.
    [answer(200, JSON.stringify([hostile])), { json: [{ path: jsonPath('$[?!match(@, "(a|a)*")]') }] }],
  ];
  // On a busy machine the judgement's own second may be over before the expression's last try.
  for (const [got, wanted] of cases)
    expect(unmet(got, wanted, NOW)).toMatch(
      /^the answer cannot be judged: (?:.* did not end within 250 ms|ended after 1000 ms)/,
    );
  // Four tries for each where the machine is busy.
  expect(performance.now() - started).toBeLessThan(20_000);
});
