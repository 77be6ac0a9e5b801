import { afterEach, expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { type TinyServer, closedPort, serveHttp, serveTcp } from '../../../test/support/server.ts';
import { inputsOf, run } from './testing/health-rig.ts';

const servers: TinyServer[] = [];
async function up(starting: Promise<TinyServer>): Promise<TinyServer> {
  const server = await starting;
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

test('targets that are ready pass at once, with outputs and a summary', async () => {
  const server = await up(serveHttp((_request, response) => response.end('ok')));
  const { outputs, report, failure, summary } = await run({
    targets: `api = ${server.url}/health -> 200\n# a comment\ntcp://127.0.0.1:${server.port}`,
  });
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ healthy: true, 'report-file': '/report.json' });
  expect(report).toMatchObject({
    kind: 'health',
    ok: true,
    checks: [{ name: 'api', ok: true, attempts: 1 }, { ok: true }],
  });
  expect(summary).toContain('all 2 targets are ready');
  expect(summary).toContain('█');
});

test('refused connections are normal while something boots', async () => {
  const port = await closedPort();
  setTimeout(() => void up(serveHttp((_request, response) => response.end('ok'), '127.0.0.1', port)), 400);
  const { outputs, report } = await run({ targets: `http://127.0.0.1:${port}`, timeout: '20s' });
  expect(outputs.healthy).toBe(true);
  expect(report.checks[0]!.attempts).toBeGreaterThan(2);
});

test('on timeout the error says for each target which phase failed, what was wanted, and how often', async () => {
  const server = await up(serveHttp((_request, response) => response.writeHead(503).end('database is down')));
  const refused = await closedPort();
  const { failure, outputs, summary } = await run({
    targets: `api = ${server.url}/health?token=abc\ndb = tcp://127.0.0.1:${refused}`,
    timeout: '600ms',
  });
  expect(failure).toMatchObject({ kind: 'unhealthy' });
  expect(failure!.message).toMatch(/^2 of 2 targets are not ready: api is not ready after .* s|ms/);
  // On a busy machine one attempt of these may end in another phase, which is then told behind the number.
  expect(failure!.details).toMatch(
    /api is not ready after .*: expectation: status 503, wanted 200-399; it begins "database is down" \(\d+ attempts\b/,
  );
  expect(failure!.details).toMatch(
    /db is not ready after .*: TCP: 127\.0\.0\.1:\d+: connection refused \(ECONNREFUSED\) \(\d+ attempts\b/,
  );
  expect(failure!.remedy).toContain('logs');
  expect(outputs.healthy).toBe(false);
  expect(JSON.parse(String(outputs.report))).toMatchObject({
    ok: false,
    checks: [{ phase: 'expectation' }, { phase: 'tcp' }],
  });
  expect(JSON.stringify([failure, summary, outputs])).not.toContain('token=abc');
});

test('the old version does not pass for the new one', async () => {
  let version = 'v1';
  const server = await up(serveHttp((_request, response) => response.end(JSON.stringify({ version }))));
  const old = await run({ targets: server.url, 'expect-version': 'v2', timeout: '300ms' });
  expect(old.failure!.message).toContain('version v1 answers, wanted v2');
  expect(old.failure!.remedy).toContain('Another version answers');
  version = 'v2';
  expect((await run({ targets: server.url, 'expect-version': 'v2' })).outputs.healthy).toBe(true);
});

test('a version and an id that are numbers are compared as they were written', async () => {
  const server = await up(
    serveHttp((_request, response) => response.end('{"version":1.10,"id":9007199254740993}')),
  );
  const waited = async (expected: string) => {
    const { outputs, failure } = await run({
      targets: `- url: ${server.url}\n  ${expected}`,
      timeout: '300ms',
    });
    return outputs.healthy === true ? 'ready' : failure!.message;
  };
  expect(await waited('expect-version: 1.10')).toBe('ready');
  expect(await waited('expect-version: 1.1')).toContain('version 1.10 answers, wanted 1.1');
  expect(await waited('expect-json: { $.id: 9007199254740993 }')).toBe('ready');
  expect(await waited('expect-json: { $.id: 9007199254740992 }')).toContain('$.id is 9007199254740993');
  expect(await waited('expect-json: { $.version: 1.1 }')).toContain('$.version is 1.10, wanted 1.1');
});

test('YAML targets have their own expectations and limits, and a mistake is named with line and key', async () => {
  const server = await up(
    serveHttp((request, response) =>
      response.end(JSON.stringify({ path: request.url, host: request.headers.host })),
    ),
  );
  const good = await run({
    targets: `
- name: front
  url: http://app.example/ready
  address: 127.0.0.1:${server.port}
  expect-json: { path: /ready, host: app.example }
  successes: 2
  interval: 20ms
- ${server.url} -> 2xx
`,
  });
  expect(good.failure).toBeUndefined();
  expect(good.report.checks.map(({ name, attempts }) => [name, attempts])).toEqual([
    ['front', 2],
    [server.url, 1],
  ]);

  const mistakes: [string, RegExp][] = [
    ['- ulr: http://x', /`targets`, line 1, column 3, \[0\]\.ulr: unknown key "ulr"; did you mean "url"\?/],
    ['- url: http://x\n  timeout: 5', /line 2, column 12.*should be a time such as 500ms, 30s or 5m/],
    ['- url: ftp://x', /line 1.*"ftp:\/\/" is not one of http/],
    ['- url: http://x\n  expect-json: { "$[": 1 }', /line 2.*expect-json/],
    ['http://x http://y', /line 1: .*has a space/],
    ['tcp://x', /is not tcp:\/\/host:port/],
    ['example.org', /is no address/],
    ['exec://db', /is not exec:\/\/service command/],
  ];
  for (const [targets, message] of mistakes) {
    const { failure } = await run({ targets });
    expect(failure).toMatchObject({ kind: 'input', input: 'targets' });
    expect(failure!.message).toMatch(message);
  }
});

test('values in JSON are compared each, null with null, and the line form splits where the path ends', async () => {
  const server = await up(
    serveHttp((_request, response) =>
      response.end(
        JSON.stringify({
          status: 'a=b',
          error: null,
          checks: [
            { name: 'db', state: 'up' },
            { name: 'queue', state: 'down' },
          ],
        }),
      ),
    ),
  );
  const look = async (values: Record<string, string>) =>
    (await run({ targets: server.url, timeout: '150ms', ...values })).failure?.message;
  const yaml = (expected: string) => look({ targets: `- url: ${server.url}\n  expect-json: ${expected}` });

  const lines = 'status = a=b\n$.checks[?(@.name=="db")].state=up\nerror=null\nchecks[1].name';
  expect(await look({ 'expect-json': lines })).toBeUndefined();
  expect(await look({ 'expect-json': '$.checks[*].state=up' })).toContain(
    '$.checks[*].state: value 2 of 2 is "down", wanted "up"',
  );
  expect(await look({ 'expect-json': 'nothing' })).toContain('$.nothing is not in the answer');
  expect(await yaml('{ error: null, "$.checks[0].state": up }')).toBeUndefined();
  expect(await yaml('{ status: null }')).toContain('$.status is "a=b", wanted null');
  expect(await yaml('|\n    error\n    status=a=b')).toBeUndefined();
  expect(await yaml('|\n    error\n    nothing')).toContain('$.nothing is not in the answer');
  expect(await yaml('a-b=c')).toContain('[0].expect-json: "a-b=c" is not path or path=value');

  for (const [value, message] of [
    ['status=ok\n$[=1', /^input `expect-json`, line 2: "\$\[=1" is no JSONPath: /],
    ['db-state=ok', /^input `expect-json`, line 1: "db-state=ok" is not path or path=value$/],
    ['a=1\n$.a=2', /^input `expect-json`: "\$\.a" is given twice$/],
  ] as const) {
    expect(() => inputsOf({ targets: server.url, 'expect-json': value })).toThrow(message);
  }
});

test('of the headers only credentials are secret: the name of a host stays readable', async () => {
  const server = await up(serveHttp((_request, response) => response.writeHead(503).end('down')));
  const { failure, secrets } = await run({
    targets: `- url: ${server.url}/\n  name: app.example.org\n  headers: { X-Api-Key: key-of-yaml }`,
    headers: 'Host: app.example.org\nAuthorization: Bearer abc-123-def\nCookie: session=1234',
    timeout: '100ms',
  });
  expect(failure!.message).toContain('app.example.org is not ready');
  expect(
    ['app.example.org', 'Bearer abc-123-def', 'abc-123-def', 'session=1234', 'key-of-yaml'].map(secrets),
  ).toEqual(['app.example.org', '***', '***', '***', '***']);
});

test('resolve holds for redirects too, and an address of the target goes before it', async () => {
  const target = await up(serveHttp((request, response) => response.end(request.headers.host)));
  const server = await up(
    serveHttp((request, response) =>
      response.writeHead(302, { location: `http://${request.url!.slice(1)}:${target.port}/` }).end(),
    ),
  );
  const look = (text: string) =>
    run({
      targets: text,
      redirects: '3',
      timeout: '150ms',
      resolve: ['app', 'other']
        .flatMap((host) => [server.port, target.port].map((port) => `${host}.invalid:${port}:127.0.0.1`))
        .join('\n'),
    });
  for (const host of ['app.invalid', 'other.invalid']) {
    expect((await look(`http://app.invalid:${server.port}/${host}`)).failure).toBeUndefined();
  }
  const { failure } = await look(
    `- url: http://app.invalid/app.invalid\n  address: 127.0.0.1:${server.port}`,
  );
  expect(failure!.message).toContain(
    `the redirect leads away from the given address 127.0.0.1:${server.port}, to http://app.invalid:${target.port}`,
  );
});

test('a cancelled run ends at once with the reason of the cancelling', async () => {
  const server = await up(serveTcp(() => {}));
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Failure('lost', 'the run was cancelled')), 100);
  const { failure } = await run({ targets: server.url }, undefined, controller.signal);
  expect(failure).toMatchObject({ kind: 'lost' });
});

test('200 real services that become ready at different moments are all seen soon after', async () => {
  const started = performance.now();
  const readyAt = new Map<string, number>();
  const server = await up(
    serveHttp((request, response) => {
      const at = readyAt.get(request.url!)!;
      response.writeHead(performance.now() - started >= at ? 200 : 503).end();
    }),
  );
  const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
  for (const [index, path] of paths.entries()) readyAt.set(path, 200 + ((index * 37) % 1500));
  const { report } = await run({
    targets: paths.map((path) => `${path.slice(1)} = ${server.url}${path}`).join('\n'),
  });
  expect(report.ok).toBe(true);
  const late = report.checks
    .map(({ name, elapsedMs }) => elapsedMs - readyAt.get(`/${name}`)!)
    .sort((a, b) => a - b);
  // Interval + 100 ms is proven on a clock of its own (poll.test.ts) and measured by the benchmark; this one is shared.
  expect(late[190]).toBeLessThan(15_000);
});

test('of 1,000 real services that flap none is called ready with three successes in a row', async () => {
  const count = new Map<string, number>();
  const server = await up(
    serveHttp((request, response) => {
      const times = (count.get(request.url!) ?? 0) + 1;
      count.set(request.url!, times);
      // Two good answers, then a bad one.
      response.writeHead(times % 3 === 0 ? 500 : 200).end();
    }),
  );
  const { report } = await run({
    targets: Array.from({ length: 1000 }, (_, index) => `${server.url}/${index}`).join('\n'),
    successes: '3',
    interval: '50ms',
    timeout: '5s',
  });
  expect(report.checks.filter(({ ok }) => ok)).toEqual([]);
  expect(count.size).toBe(1000);
}, 60_000);

/** A server whose engine is played: answers docker's programs by what they contain. */
