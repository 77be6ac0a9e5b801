import { afterEach, expect, test } from '@jest/globals';
import type { Program, Session } from '@deploy-actions/shell';
import { type TinyServer, closedPort, serveHttp } from '../../../test/support/server.ts';
import { run } from './testing/health-rig.ts';

const servers: TinyServer[] = [];
async function up(starting: Promise<TinyServer>): Promise<TinyServer> {
  const server = await starting;
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

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
