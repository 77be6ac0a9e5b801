import { afterEach, expect, test } from '@jest/globals';
import { Failure, parseFields, redactor, type Report } from '@deploy-actions/kit';
import { systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { type Reach, fromRunner } from '@deploy-actions/probe';
import type { Ports } from '@deploy-actions/runner';
import type { Program, Session } from '@deploy-actions/shell';
import { type TinyServer, closedPort, serveHttp, serveTcp } from '../../../test/support/server.ts';
import { fields } from './fields.ts';
import type { HealthInputs, HealthOutputs } from './fields.ts';
import { healthWait } from './health-wait.ts';

const servers: TinyServer[] = [];
async function up(starting: Promise<TinyServer>): Promise<TinyServer> {
  const server = await starting;
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

interface Run {
  outputs: HealthOutputs;
  report: Report;
  failure: Failure | undefined;
  log: string[];
  summary: string;
  /** What a text looks like once the secrets are out of it. */
  secrets: (text: string) => string;
}

function inputsOf(values: Record<string, string>): HealthInputs {
  return parseFields(fields, { input: (name) => values[name] ?? '' }) as HealthInputs;
}

async function run(
  values: Record<string, string>,
  session?: Session,
  signal = new AbortController().signal,
  variables: Record<string, string> = {},
): Promise<Run> {
  const log = memoryLog();
  const secrets = redactor();
  let summary = '';
  const ports = {
    log,
    clock: systemClock,
    redactor: secrets,
    signal,
    addSecret: (value: string) => secrets.add(value),
    summary: (text: string) => (summary += text),
    annotate: () => {},
    variables: new Map(Object.keys(variables).map((input) => [input, `DEPLOY_${input.toUpperCase()}`])),
  } as unknown as Ports;
  const reach: Reach = fromRunner();
  let written = '';
  const world = {
    runner: reach,
    server: async () => ({ session: session!, reach }),
    writeReport: (json: string) => {
      written = json;
      return '/report.json';
    },
  };
  let outputs: HealthOutputs | undefined;
  let failure: Failure | undefined;
  try {
    outputs = await healthWait(inputsOf({ ...variables, ...values }), ports, world);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
    outputs = error.outputs as HealthOutputs | undefined;
  }
  return {
    outputs: outputs!,
    report: JSON.parse(written || '{}') as Report,
    failure,
    log: log.lines,
    summary,
    secrets: (text) => secrets.redact(text),
  };
}

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
function fakeSession(answers: {
  list?: object[];
  events?: object[];
  evidence?: string;
  exec?: { code: number; stdout: string };
}): Session {
  return {
    name: 'web1',
    counts: { connections: 1, execs: 0, forwards: 0 },
    gone: new AbortController().signal,
    async run(program: Program) {
      const done = (code: number, stdout: string) => ({
        code,
        stdout: Buffer.from(stdout),
        stderr: Buffer.alloc(0),
      });
      const list = `1767225600\n${(answers.list ?? []).map((one) => JSON.stringify(one)).join('\n')}\n`;
      if (program.script.includes('docker events')) {
        program.onStdout!(Buffer.from(`looked 2026-01-01T00:00:00.5Z\n${list}listed\n`));
        const events = (answers.events ?? []).map((event) => `${JSON.stringify(event)}\n`);
        setTimeout(() => program.onStdout!(Buffer.from(events.join(''))), 150);
        for await (const _chunk of program.input as AsyncIterable<Buffer>);
        return done(0, '');
      }
      if (program.script.includes('docker logs')) return done(0, answers.evidence ?? 'null\n');
      if (program.script.includes('docker exec'))
        return done(answers.exec!.code, `running\n${answers.exec!.stdout}`);
      return done(0, list);
    },
    forward: () => Promise.reject(new Error('not here')),
    close: async () => {},
  };
}

const container = {
  id: 'c1',
  name: '/shop-api-1',
  service: 'api',
  status: 'running',
  exitCode: 0,
  oomKilled: false,
  error: '',
  health: null,
  restarts: 0,
  policy: 'no',
  finished: '0001-01-01T00:00:00Z',
};
const server = {
  host: 'deploy@web1',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----',
  project: 'shop',
};

test('a container that crashes ends the wait at once, with its last log lines and health log', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`;
  const died = {
    Action: 'die',
    Actor: {
      ID: 'c1',
      Attributes: { name: 'shop-api-1', exitCode: '3', 'com.docker.compose.service': 'api' },
    },
  };
  const { failure, report, summary } = await run(
    { ...server, targets: url },
    fakeSession({
      list: [container],
      events: [died],
      evidence: '[{"ExitCode":1,"Output":"no route"}]\nfatal: no database\n',
    }),
  );
  expect(failure!.message).toContain('shop-api-1 (service api) exited with code 3');
  expect(failure!.details).toContain('fatal: no database');
  expect(failure!.details).toContain('exit code 1: no route');
  expect(report.checks[0]).toMatchObject({ phase: 'container' });
  expect(report.elapsedMs).toBeLessThan(10_000);
  expect(summary).toContain('fatal: no database');
});

test('crashes are told from what is none: one-shot ends, old history, and a container that somebody stopped', async () => {
  const ready = await up(serveHttp((_request, response) => setTimeout(() => response.end('ok'), 300)));
  const exited = { ...container, status: 'exited' };
  const LOOKED = Date.parse('2026-01-01T00:00:00.5Z') * 1e6;
  const stopped = {
    Action: 'die',
    timeNano: LOOKED + 1e6,
    Actor: { ID: 'c1', Attributes: { exitCode: '143', 'com.docker.compose.service': 'api' } },
  };
  const harmless: Parameters<typeof fakeSession>[0][] = [
    { list: [{ ...exited, finished: '2025-12-31T23:59:59Z' }] },
    { list: [{ ...exited, exitCode: 1, finished: '2025-12-30T00:00:00Z' }] },
    { list: [{ ...exited, exitCode: 143, finished: '2025-12-31T23:59:59Z' }] },
    { list: [{ ...exited, exitCode: 1, policy: 'unless-stopped', finished: '2025-12-31T23:59:59Z' }] },
    { list: [container], events: [{ ...stopped, Actor: { ID: 'c1', Attributes: { exitCode: '0' } } }] },
    // A deployment has just replaced it, or is about to: `kill` came before it was looked at.
    { list: [container], events: [{ ...stopped, timeNano: LOOKED - 1e6 }] },
    { list: [container], events: [{ ...stopped, Action: 'kill', timeNano: LOOKED - 1e9 }, stopped] },
  ];
  for (const answers of harmless) {
    expect((await run({ ...server, targets: ready.url }, fakeSession(answers))).failure).toBeUndefined();
  }
  const crashed: [object, string][] = [
    [
      { ...exited, exitCode: 137, oomKilled: true, finished: '2025-12-31T23:59:59Z' },
      'killed for lack of memory',
    ],
    [
      { ...container, status: 'restarting', exitCode: 1, restarts: 4 },
      'exited with code 1 and is restarting (4 restarts)',
    ],
    [
      { ...container, status: 'created', error: 'exec: "nope": not found' },
      'could not be started: exec: "nope": not found',
    ],
  ];
  const reloaded = {
    ...stopped,
    Action: 'kill',
    Actor: { ID: 'c1', Attributes: { ...stopped.Actor.Attributes, signal: '1' } },
  };
  for (const events of [[stopped], [reloaded, stopped]]) {
    const died = await run({ ...server, targets: ready.url }, fakeSession({ list: [container], events }));
    expect(died.failure!.message).toContain('exited with code 143');
  }
  for (const [state, words] of crashed) {
    expect(
      (await run({ ...server, targets: ready.url }, fakeSession({ list: [state] }))).failure!.message,
    ).toContain(words);
  }
});

test('a service is ready by its own healthcheck, a command by its output', async () => {
  const healthy = fakeSession({
    list: [{ ...container, health: 'healthy' }],
    exec: { code: 0, stdout: 'PONG\n' },
  });
  expect(
    (await run({ ...server, targets: 'compose://api\nexec://api redis-cli ping -> PONG' }, healthy)).outputs
      .healthy,
  ).toBe(true);

  const starting = fakeSession({
    list: [{ ...container, health: 'starting' }],
    exec: { code: 1, stdout: 'refused' },
  });
  const { failure } = await run(
    { ...server, targets: 'compose://api\nexec://api pg_isready', timeout: '300ms' },
    starting,
  );
  expect(failure!.details).toContain('shop-api-1 is starting, wanted healthy');
  expect(failure!.details).toContain('pg_isready ended with exit code 1: refused');
  const missing = await run({ targets: 'compose://api' });
  expect(missing.failure).toMatchObject({ kind: 'input', input: 'project' });
});

test('a project that the job names for all of its steps has no containers watched, unless a target is one', async () => {
  const { project, ...rest } = server;
  const asked: string[] = [];
  const session = fakeSession({ list: [container] });
  const spied: Session = {
    ...session,
    run: (program) => {
      asked.push(program.script);
      return session.run(program);
    },
  };
  const { url } = await up(serveHttp((_request, response) => response.end('ok')));
  const none = await run({ ...rest, targets: url }, spied, undefined, { project });
  expect([none.failure, asked]).toEqual([undefined, []]);
  const one = await run({ ...rest, targets: 'compose://api' }, spied, undefined, { project });
  expect([one.failure, asked.length > 0]).toEqual([undefined, true]);
});
