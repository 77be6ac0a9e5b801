import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { closedPort, serveHttp } from '../../../test/support/server.ts';
import { schema } from './specification/schema.ts';
import { smokeRig } from './testing/smoke-rig.ts';

const SCHEMA_FILE = join(__dirname, '../schema.json');

const { app, run, seen, authorizations } = smokeRig({ beforeEach, afterEach, afterAll, serve: serveHttp });

const JOURNEY = `
checks:
  - name: profile
    steps:
      - name: log in
        request:
          url: /login
          json: { user: demo, password: "{{password}}" }
        capture:
          token: { jsonpath: $.token }
          id: { jsonpath: $.id }
      - name: read
        request: { url: /profile, bearer: "{{token}}" }
        expect:
          status: 200
          jsonpath:
            $.id: "{{id}}"
            $.name: { starts-with: De, not: { contains: x } }
            $.roles: { count: 2, includes: b }
            $.created: { is: date }
            $.nothing: { exists: false }
          header: { content-type: { contains: json } }
          duration: 5s
  - name: no profile without a token
    request: GET /profile
    expect: { status: 401, jsonpath: { error: unauthorised } }
`;

test('a journey logs in, keeps token and cookie, and an expected error is a success', async () => {
  const { outputs, failure, report } = await run({ checks: JOURNEY, secrets: 'password=s3cret-pass' });
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ passed: 2, failed: 0, skipped: 0 });
  expect(outputs['p95-ms']).toBeGreaterThanOrEqual(0);
  expect(report).toMatchObject({ kind: 'smoke', ok: true });
});

test('a login that answers with a cookie and a redirect is followed with the cookie', async () => {
  const request = '{ method: POST, url: /form-login, form: { user: demo }, redirects: 3 }';
  const { failure } = await run({
    checks: `- { name: in, request: ${request}, expect: { jsonpath: { $.in: true }, redirects: 1, url: { ends-with: /members } } }`,
  });
  expect(failure).toBeUndefined();
});

test('no secret, captured or given, stands in any report', async () => {
  const broken = JOURNEY.replace('status: 200', 'status: 204').replace(
    '$.id: "{{id}}"',
    '$.id: "{{token}} {{password}}"',
  );
  const result = await run({ checks: broken, secrets: 'password=s3cret-pass', 'junit-file': 'junit.xml' });
  expect(result.failure!.message).toContain('step 2 (read): status is 200, wanted 204');
  const all = JSON.stringify([result.report, result.outputs]) + result.summary + result.log + result.junit;
  for (const secret of ['s3cret-pass', 'tok-12345678', 'abc-session-id']) expect(all).not.toContain(secret);
  expect(result.summary).toContain("curl -sS -i -H 'Authorization: Bearer ***'");
  expect(result.junit).toContain('<failure type="expectation"');
});

test('a secret that a step captures stands in no report when its expectations fail', async () => {
  const result = await run({
    checks: `
- name: in
  request: { url: /login, json: { user: demo, password: s3cret-pass } }
  capture: { code: { jsonpath: $.none, secret: true }, token: { jsonpath: $..token } }
  expect: { duration: { less-than: 0 }, jsonpath: { $.token: tok } }`,
    'junit-file': 'junit.xml',
  });
  expect(result.report.checks[0]!.detail).toMatch(
    /^duration is \d+, wanted less than 0; jsonpath \$\.token is "\*\*\*", wanted "tok"$/,
  );
  const all = JSON.stringify([result.report, result.outputs]) + result.summary + result.log + result.junit;
  expect(all).not.toContain('tok-12345678');
});

test('a secret that is a number, or null after a failed login, leaves the report whole', async () => {
  const { report, summary } = await run({
    checks: `
- name: a
  request: GET /none
  capture: { token: { jsonpath: $.token }, session: { jsonpath: $.session } }
  expect: { jsonpath: { $.token: abc, $.session: 7 } }
  retries: 1
  retry-interval: 1ms`,
  });
  expect(report.checks[0]).toMatchObject({ ok: false, attempts: 2 });
  expect(report.checks[0]!.detail).toContain('$.token is null, wanted "abc"; jsonpath $.session is ***,');
  expect(summary).toContain('"token":null');
});

test('a capture that finds nothing fails its step where the expectations hold', async () => {
  const { report } = await run({
    checks: '- { name: a, request: GET /x, capture: { token: { jsonpath: $.none } } }',
  });
  expect(report.checks[0]).toMatchObject({ ok: false, detail: 'nothing to capture as {{token}}' });
});

test('user and password of a URL are sent and stand in no report', async () => {
  const withUser = (user: string, url = app().url) => url.replace('://', `://${user}@`);
  const basic = `Basic ${Buffer.from('bob:p@ss/w0rd').toString('base64')}`;
  const user = 'bob:p%40ss%2Fw0rd';
  const request = (url: string) =>
    `- { name: a, request: '${url}', expect: { jsonpath: { $.authorization: x } } }`;
  const files = {
    'a.yml': `base-url: ${withUser(user)}\nchecks:\n${request('/echo')}`,
    'a.hurl': `GET ${withUser(user)}/echo\nHTTP 200\n\nGET ${withUser(user)}/echo\nHTTP 500\n`,
  };
  for (const values of [
    { checks: request('/echo'), 'base-url': withUser(user) },
    { checks: request(`${withUser(user)}/echo`) },
    { file: 'a.yml', 'base-url': '' },
    { file: 'a.hurl' },
    { checks: request('/echo'), 'base-url': withUser(user, 'http://127.0.0.1:99999') },
    { checks: request(withUser(user, 'http://127.0.0.1:99999')) },
  ] as Record<string, string>[]) {
    authorizations.length = 0;
    const result = await run({ ...values, 'junit-file': 'junit.xml' }, files).catch((error: Error) => error);
    const failure = result instanceof Error ? result : result.failure!;
    const all = JSON.stringify(result) + failure.message;
    for (const part of ['bob', 'p%40ss', 'p@ss', basic]) expect(all).not.toContain(part);
    for (const sent of authorizations) expect(sent).toBe(basic);
    if (failure.message.includes('is no URL'))
      expect(failure.message).toContain('"http://***@127.0.0.1:99999');
    else expect(all).toContain("-H 'Authorization: Basic ***' http://127");
  }
  const short = await run({ checks: request('/echo'), 'base-url': withUser('bob:abc') });
  expect(short.summary).not.toContain('abc');
});

test('a Hurl file compares the SHA-256 of a body', async () => {
  const hash = createHash('sha256').update('{"path":"/x"}').digest('hex');
  const hurl = (digits: string) => `GET {{url}}/x\nHTTP 200\n[Asserts]\nsha256 == hex,${digits};\n`;
  const values = { file: 'a.hurl', variables: `url=${app().url}` };
  expect((await run(values, { 'a.hurl': hurl(hash.toUpperCase()) })).failure).toBeUndefined();
  expect((await run(values, { 'a.hurl': hurl('00') })).failure!.message).toContain('wanted hex,00;');
});

test('every kind of expectation holds and fails with what was got and wanted', async () => {
  const { failure, report } = await run({
    checks: `
- name: page
  request: GET /
  expect:
    header: { x-frame-options: DENY }
    xpath: { //title: Shop & more, "count(//li)": 2, "//li[@class='a']": { count: 2 }, //h1: { exists: false } }
    regex: { "<title>(.*?)<": { starts-with: Shop } }
    bytes: { greater-than: 50 }
    body: { contains: Two, matches: "On." }
    redirects: 0
- name: metrics
  request: GET /metrics
  expect:
    prometheus: { requests_total: 12, 'requests_total{code="500"}': { at-most: 2 }, up: 1, down: { exists: false } }
- name: echo
  request: { url: /echo, query: { a: [1, 2] }, form: { x: "a b" }, headers: { X-A: b } }
  expect: { jsonpath: { $.method: POST, $.query: "?a=1&a=2", $.body: x=a+b, $.type: application/x-www-form-urlencoded } }
- name: wrong
  request: GET /
  expect:
    status: 201-299
    header: { x-frame-options: SAMEORIGIN, x-none: a }
    xpath: { //title: Other }
    jsonpath: { $.a: 1 }
    prometheus: { up: 1 }
    sha256: '0000000000000000000000000000000000000000000000000000000000000000'
    certificate: { days-left: { greater-than: 7 } }
    duration: { less-than: 0 }
`,
  });
  expect(report.checks.map(({ name, ok }) => [name, ok])).toEqual([
    ['page', true],
    ['metrics', true],
    ['echo', true],
    ['wrong', false],
  ]);
  const { detail } = report.checks[3]!;
  for (const words of [
    'status is 200, wanted 201-299',
    'header x-frame-options is "DENY", wanted "SAMEORIGIN"',
    'header x-none is nothing, wanted "a"',
    'xpath //title is "Shop & more", wanted "Other"',
    'jsonpath $.a is the body is not JSON, wanted 1',
    'prometheus up is the answer is no page of metrics: line 1 is neither a sample nor a comment of the text format, wanted 1',
    'sha256 is ',
    'certificate days-left is the answer did not come over TLS, wanted greater than 7',
    'wanted less than 0',
  ]) {
    expect(detail).toContain(words);
  }
  expect(failure).toMatchObject({ kind: 'unhealthy' });
});

test('a matrix runs each combination, retries repeat the whole journey, tags select', async () => {
  const checks = `
- name: page {{path}}
  tags: [pages]
  matrix: { path: [/, /a, /missing] }
  request: GET {{path}}
  expect: { status: { less-than: 500 }, duration: 5s }
- name: flaky
  tags: [api]
  retries: 3
  retry-interval: 10ms
  steps:
    - request: GET /a
    - request: GET /flaky
- name: off
  skip: not today
  request: GET /
`;
  const all = await run({ checks });
  expect(all.outputs).toMatchObject({ passed: 4, failed: 0, skipped: 1 });
  expect(all.report.checks.find(({ name }) => name === 'flaky')!.attempts).toBe(3);
  expect(seen.filter((line) => line === 'GET /a')).toHaveLength(4);
  expect((await run({ checks, only: 'pages' })).outputs).toMatchObject({ passed: 3, skipped: 2 });
  expect((await run({ checks, skip: 'api\npages' })).failure!.message).toContain('0 checks ran');
});

test('a step with retry-until is tried again alone, and the journey goes on when it holds', async () => {
  const journey = (until: string) => `
- name: job
  steps:
    - { name: post, request: POST /a }
    - { name: poll, request: GET /flaky, retry-until: ${until}, retry-interval: 10ms }
    - { name: look, request: GET /b }`;
  expect((await run({ checks: journey('20s') })).failure).toBeUndefined();
  expect(seen).toEqual(['POST /a', 'GET /flaky', 'GET /flaky', 'GET /flaky', 'GET /b']);
  const never = await run({
    checks: '- { name: a, request: GET /error, retry-until: 50ms, retry-interval: 10ms }',
  });
  expect(never.report.checks[0]!.detail).toMatch(/^status is 500, wanted 200-399 \(\d+ tries in \d+ ms\)$/);
});

test('checks may be a list of JSON', async () => {
  for (const checks of [
    '[{"name": "a", "request": "GET /a"}]',
    '[\n{"name": "a",\n"request": "GET /a"}\n]\n',
  ])
    expect((await run({ checks })).outputs).toMatchObject({ passed: 1 });
  const { failure } = await run({ checks: '[\n{"name": "a", "request": "GET /", "expct": {}}]' });
  expect(failure!.message).toMatch(/line 2, .*unknown key "expct"/);
});

test('numbers that are captured are sent as they came, and a header that came twice is looked at in all its values', async () => {
  const { report } = await run({
    checks: `
- name: exact
  steps:
    - { request: GET /numbers, capture: { id: { jsonpath: $.id }, version: { jsonpath: $.version } } }
    - request: { url: /echo, json: { id: '{{id}}' }, headers: { X-V: '{{version}}' } }
      expect: { jsonpath: { $.body: '{"id":9007199254740993}' } }
- name: compared
  request: GET /numbers
  expect:
    jsonpath: { $.id: 9007199254740993, $.version: 1.10, $.one: { is: float }, '$.list[?@ == 9007199254740993]': { count: 1 } }
    header: { x-twice: { count: 2, includes: b }, x-once: { count: 1, includes: a, equals: a } }
- { name: rounded, request: GET /numbers, expect: { jsonpath: { $.id: 9007199254740992 } } }
- { name: version, request: GET /numbers, expect: { jsonpath: { $.version: 1.1 } } }
- { name: twice, request: GET /numbers, expect: { header: { x-twice: a } } }
- { name: nothing, request: GET /numbers, expect: { jsonpath: { $.gone: { not: { equals: x } } } } }
- { name: none selected, request: GET /numbers, expect: { jsonpath: { '$.gone[*]': { count: 0 }, '$.list[?@ == 5]': { is: empty } } } }`,
  });
  expect(report.checks.map(({ name, ok, detail }) => [name, ok ? true : detail])).toEqual([
    ['exact', true],
    ['compared', true],
    ['rounded', 'jsonpath $.id is 9007199254740993, wanted 9007199254740992'],
    [
      'version',
      'jsonpath $.version is 1.10, wanted 1.1 (the same value, written otherwise: at-least and at-most compare values)',
    ],
    ['twice', 'header x-twice is ["a","b"], wanted "a"'],
    ['nothing', 'jsonpath $.gone is nothing, wanted not "x"'],
    ['none selected', true],
  ]);
});

test('an expression that does not end on what the server sends fails its check in time', async () => {
  const started = performance.now();
  const { report } = await run({
    checks: `
- { name: matches, request: GET /hostile, expect: { body: { not: { matches: '^(a|a)*$' } } } }
- { name: regex, request: GET /hostile, expect: { regex: { '^(a|a)*$': { exists: false } } } }`,
  });
  for (const { ok, detail } of report.checks)
    expect([ok, detail]).toEqual([false, expect.stringContaining('did not end within')]);
  expect(performance.now() - started).toBeLessThan(5000);
});

test('what a request logs in with is shown nowhere, also where the answer repeats it', async () => {
  const login = (way: string) =>
    run({
      checks: `checks: [{ name: a, request: { method: POST, url: /echo, text: "s3cret-pass b3arer-token", ${way} }, expect: { status: 500 } }]`,
    });
  for (const way of ['basic: { username: s, password: s3cret-pass }', 'bearer: b3arer-token']) {
    const result = await login(way);
    const word = way.includes('bearer') ? 'b3arer-token' : 's3cret-pass';
    expect(result.failure!.message).toContain('status is 200');
    expect(JSON.stringify(result.report) + result.summary + result.log).not.toContain(word);
  }
});

test('a failed expectation, a broken file and an unreachable server read differently', async () => {
  const down = await run({
    checks: '- { name: a, request: GET / }',
    'base-url': `http://127.0.0.1:${await closedPort()}`,
  });
  expect(down.failure).toMatchObject({ kind: 'unhealthy' });
  expect(down.failure!.message).toMatch(
    /^the application cannot be reached: 1 of 1 checks failed: a: .*connection refused/,
  );
  const file = 'smoke.yml';
  const broken = await run(
    { file },
    { [file]: 'checks:\n  - name: a\n    request: GET /\n    expect: { statsu: 200 }\n' },
  );
  expect(broken.failure).toMatchObject({ kind: 'input', place: { file, line: 4, column: 15 } });
  expect(broken.failure!.message).toContain('unknown key "statsu"; did you mean "status"?');
  const wrong = await run({ file }, { [file]: 'checks:\n  - name: a\n    request: GET /error\n' });
  expect(wrong.annotations).toEqual([
    ['error', 'a: status is 500, wanted 200-399', { file, line: 2, column: 5 }],
  ]);
  expect((await run({ checks: '- { name: a, request: GET / }', 'base-url': '' })).failure!.message).toContain(
    'there is no base-url',
  );
});

test('what no schema can see is found before anything runs', async () => {
  const cases: [string, RegExp][] = [
    ['- { name: a, request: "GET /{{tokn}}" }', /line 1.*\{\{tokn\}\} is not defined/],
    ['- { name: a, request: { url: /, json: {}, text: a } }', /one body/],
    ['- { name: a }', /needs "request", "exec" or "steps"/],
    ['- { name: a, request: GET /, expect: { jsonpath: { "$[": 1 } } }', /no JSONPath/],
    ['- { name: a, request: GET /, expect: { regex: { "(": a } } }', /regular expression/],
    ['- { name: a, request: GET /, expect: { exit-code: 0 } }', /is for "exec"/],
    ['- { name: a, exec: { command: [ls] }, expect: { status: 200 } }', /is for "request"/],
    ['- { name: a, request: GET /, expect: { status: 700 } }', /no set of status codes/],
    ['- { name: a, request: ftp://x/ }', /http:\/\/ or https/],
    ['- name: a\n  request: GET /\n  steps: [{ request: GET / }]', /line 2.*stands beside "steps"/],
  ];
  for (const [checks, message] of cases) {
    const { failure } = await run({ checks });
    expect(failure).toMatchObject({ kind: 'input' });
    expect(failure!.message).toMatch(message);
  }
  expect(seen).toEqual([]);
});

test('commands run where they are told, with exit code and output', async () => {
  const asked: unknown[] = [];
  const { report } = await run(
    {
      checks:
        '- { name: a, exec: { service: web, command: [check, "{{x}}"] }, expect: { output: { contains: fine } } }\n- { name: b, exec: { command: [no] } }',
      variables: 'x=1 2',
    },
    {},
    async (spec) => {
      asked.push(spec);
      return { exitCode: spec.command[0] === 'no' ? 3 : 0, output: 'all fine' };
    },
  );
  expect(asked).toEqual([{ service: 'web', command: ['check', '1 2'] }, { command: ['no'] }]);
  expect(report.checks.map(({ ok, detail }) => [ok, detail])).toEqual([
    [true, undefined],
    [false, 'exit-code is 3, wanted 0'],
  ]);
});

test('the JUnit file is well-formed, whatever an answer holds', async () => {
  const { junit } = await run({
    checks: '- { name: "a <b> & \\"c\\" \\u0001", request: GET /error }',
    'junit-file': 'out/junit.xml',
  });
  expect(junit).toContain('name="a &lt;b&gt; &amp; &quot;c&quot; \ufffd"');
  expect(junit).toContain('&lt;b&gt;::error::boom &amp; &quot;quotes&quot;&lt;/b&gt;');
  expect(junit).toMatch(/<testsuites tests="1" failures="1" errors="0" skipped="0"/);
});

test('the published schema is the one that is used', () => {
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (process.env['UPDATE_SCHEMA']) writeFileSync(SCHEMA_FILE, text);
  expect(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'))).toEqual(JSON.parse(text));
});
