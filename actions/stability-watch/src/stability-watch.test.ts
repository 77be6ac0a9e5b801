import { afterEach, expect, test } from '@jest/globals';
import type { Program, Session } from '@deploy-actions/shell';
import { type TinyServer, serveHttp } from '../../../test/support/server.ts';
import { run } from './testing/rig.ts';

const servers: TinyServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** A server of which the requests with these numbers, from 1, fail. */
async function serving(fails: (request: number) => boolean): Promise<string> {
  let count = 0;
  const server = await serveHttp((_request, response) => {
    count += 1;
    response.statusCode = fails(count) ? 500 : 200;
    response.end('ok');
  });
  servers.push(server);
  return server.url;
}

const SHORT = { duration: '1s', interval: '1s' };
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
  policy: 'unless-stopped',
  started: '2026-01-01T00:00:00Z',
  finished: '0001-01-01T00:00:00Z',
};
const SERVER = {
  host: 'deploy@web1',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----',
  project: 'shop',
};

/** A session to a server whose engine lists these containers and tells of these events, 100 ms after the start. */
function engine(list: object[], events: object[] = [], ends = false, log = '', own = ''): Session {
  return {
    name: 'web1',
    counts: { connections: 1, execs: 0, forwards: 0 },
    gone: new AbortController().signal,
    async run(program: Program) {
      const done = (stdout: string) => ({
        code: 0,
        stdout: Buffer.from(stdout),
        stderr: Buffer.alloc(0),
      });
      const listed = `1767225600\n${list.map((one) => JSON.stringify(one)).join('\n')}\n`;
      if (program.script.includes('docker events')) {
        program.onStdout!(Buffer.from(`looked 2026-01-01T00:00:00.5Z\n${listed}listed\n`));
        setTimeout(() => {
          const lines = events.map((event) => `${JSON.stringify(event)}\n`).join('');
          program.onStdout!(Buffer.from(ends ? `${lines}ended\n` : lines));
        }, 100);
        for await (const _chunk of program.input as AsyncIterable<Buffer>);
        return done('');
      }
      if (program.script.includes('own_stops')) return done(own);
      const mark = program.args?.[2];
      if (program.script.includes('read_logs()'))
        return done(
          `${mark} now 1767225600\n${program.args![3] === '' ? '' : `${mark} log c1 /shop-api-1 api\n${log}\n${mark} end 0\n\n`}`,
        );
      if (program.script.includes('docker logs')) return done('null\nfatal: no database\n');
      return done(listed);
    },
    forward: () => Promise.reject(new Error('not here')),
    close: async () => {},
  };
}

test('a quiet service is stable, and the summary says what could have been seen', async () => {
  const { outputs, failure, summary, report } = await run({ ...SHORT, targets: await serving(() => false) });
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ stable: true, errors: 0, requests: 100, reason: undefined });
  expect(outputs!['p95-ms']).toBeGreaterThanOrEqual(0);
  expect(summary).toMatch(/stable for \d[^:]* m?s: 0 of 100 requests failed: the error rate is below 3 %/);
  expect(report).toMatchObject({ kind: 'watch', ok: true, intervals: [{ requests: 100, errors: 0 }] });
});

test('it ends at the error that spends the budget, with the reason and what the answer was', async () => {
  const url = await serving((request) => request % 10 === 0);
  const { outputs, failure, report } = await run({ targets: `shop = ${url}`, interval: '1s' });
  expect(failure).toMatchObject({ kind: 'unhealthy' });
  expect(failure!.message).toContain('shop: 4 of 40 requests failed (10 %), more than 3 and more than 1 %');
  expect(failure!.message).toContain('the last one: status 500');
  expect(failure!.remedy).toContain('Take the release back');
  expect(outputs).toMatchObject({ stable: false, errors: 4, requests: 40 });
  expect(outputs!['elapsed-ms']).toBeLessThan(5000);
  expect(report.checks).toMatchObject([{ name: 'shop', ok: false }]);
});

test('a baseline is measured to its end whatever is wrong, and what is wrong is told then and by the watch that uses it', async () => {
  const url = await serving((request) => request % 10 === 0);
  const measured = await run({ ...SHORT, targets: `shop = ${url}`, 'baseline-only': 'true' });
  expect([measured.failure, measured.outputs!.requests]).toEqual([undefined, 100]);
  expect(measured.outputs).toMatchObject({ stable: true, errors: 10 });
  expect(measured.report.summary).toContain('it is wrong already: shop: 4 of 40 requests failed');
  const baseline = String(measured.outputs!.baseline);
  const after = await run({ ...SHORT, targets: `shop = ${url}`, baseline });
  expect([after.failure, after.outputs!.errors]).toEqual([undefined, 10]);
  const worse = await serving((request) => request % 2 === 0);
  const found = await run({ ...SHORT, targets: `shop = ${worse}`, baseline });
  expect(found.failure!.message).toContain('before, 10 of 100 did');
  const warnings = [measured, after].map((one) => one.warnings.join());
  expect(warnings).toEqual([
    expect.stringContaining('wrong already, before any change: shop: 4 of 40'),
    expect.stringContaining('in the baseline already: shop: 4 of 40'),
  ]);
  // A limit of one's own is kept, whatever was before.
  const strict = await run({ ...SHORT, targets: `shop = ${url}`, baseline, 'max-errors': '3' });
  expect(strict.failure!.message).toContain('max-errors is 3');
});

test('a baseline from elsewhere, or to be made and used at once, is refused before anything is asked', async () => {
  const url = await serving(() => false);
  const { outputs } = await run({ ...SHORT, targets: url, 'baseline-only': 'true' });
  const baseline = String(outputs!.baseline);
  const both = await run({ ...SHORT, targets: url, baseline, 'baseline-only': 'true' });
  expect(both.failure!.message).toContain('are given both');
  const elsewhere = await run({ ...SHORT, targets: url, baseline: baseline.replace('"runner"', '"ssh"') });
  expect(elsewhere.failure!.message).toContain('was measured by way of ssh, and this watch asks by runner');
  const nothing = await run({ ...SERVER, ...SHORT, 'baseline-only': 'true' }, engine([container]));
  expect(nothing.failure!.message).toContain('has nothing to measure');
});

test('a container that crashes ends it at once, with its log; the sentence names it', async () => {
  const died = {
    Action: 'die',
    Actor: {
      ID: 'c1',
      Attributes: { name: 'shop-api-1', exitCode: '3', 'com.docker.compose.service': 'api' },
    },
  };
  const { failure, outputs, summary } = await run(
    { ...SERVER, targets: await serving(() => false) },
    engine([container], [died]),
  );
  expect(failure!.message).toContain('shop-api-1 (service api) exited with code 3');
  expect(failure!.details).toContain('fatal: no database');
  expect(outputs!['elapsed-ms']).toBeLessThan(5000);
  expect(summary.split('\n')[0]).toContain('exited with code 3');
  const borne = await run({ ...SERVER, ...SHORT, 'max-restarts': '1' }, engine([container], [died]));
  expect([borne.failure, borne.outputs!.stable]).toEqual([undefined, true]);
});

test('what a run of ours stops is noted, by its journal; what somebody else stops ends the watch', async () => {
  const about = (more: object) => ({
    ID: 'c1',
    Attributes: { name: 'shop-api-1', 'com.docker.compose.service': 'api', ...more },
  });
  const timeNano = Date.parse('2026-01-01T10:00:20Z') * 1e6;
  const stop = [
    { Action: 'kill', timeNano, Actor: about({ signal: '15' }) },
    { Action: 'die', timeNano, Actor: about({ exitCode: '143' }) },
  ];
  const journal = (project: string) =>
    `run deploy-2 lives ${project}\n2026-01-01T10:00:00Z locked\n2026-01-01T10:00:10Z phase:up\nend\n`;
  const watch = (own: string, more: Record<string, string> = {}) =>
    run({ ...SERVER, ...SHORT, path: '/srv/shop', ...more }, engine([container], stop, false, '', own));
  const ours = await watch(journal('shop'));
  expect([ours.failure, ours.report.checks[0]!.detail]).toEqual([
    undefined,
    'shop-api-1 (service api) was stopped by deploy-2',
  ]);
  const others: [string, string][] = [
    [journal('other'), 'was stopped by somebody: no run in /srv/shop was at work that does'],
    ['end\n', 'was stopped by somebody: no run in /srv/shop'],
    ['closed\n', 'whether a run in /srv/shop did it is not known: its .deploy cannot be read'],
  ];
  for (const [own, words] of others) {
    const { failure } = await watch(own);
    expect([own, failure?.kind, failure?.message]).toEqual([
      own,
      'unhealthy',
      expect.stringContaining(words),
    ]);
    expect(failure!.remedy).toContain('See who or what stopped it');
  }
  const { path: _none, ...rest } = { ...SERVER, ...SHORT, path: '' };
  const blind = await run(rest, engine([container], stop));
  expect(blind.failure!.message).toContain('name its folder in `path`');
  expect((await watch('end\n', { 'max-restarts': '1' })).failure).toBeUndefined();
});

test('what could not be seen fails, or warns by on-no-data', async () => {
  const none = await run({ ...SERVER, ...SHORT }, engine([]));
  expect(none.failure!.message).toMatch(/no data after .* s: project shop runs no container/);
  expect(none.outputs!.stable).toBe(false);
  const restarted = await run({ ...SERVER, ...SHORT }, engine([container], [], true));
  expect(restarted.failure!.message).toContain('the engine ended its events');
  const warned = await run({ ...SERVER, ...SHORT, 'on-no-data': 'warn' }, engine([]));
  expect([warned.failure, warned.warnings]).toEqual([undefined, ['project shop runs no container']]);
});

test('a server that is lost in the middle fails the watch, and says so in its outputs', async () => {
  const gone = new AbortController();
  const session = { ...engine([container]), gone: gone.signal };
  setTimeout(() => gone.abort(new Error('the connection to web1 is lost')), 200);
  const { failure, outputs } = await run({ ...SERVER }, session);
  expect(failure!.message).toContain('the watch was cut off');
  expect(failure!.message).toContain('the connection to web1 is lost');
  expect(outputs!.stable).toBe(false);
});

test('a watch that could not see what it judges is refused before it asks anything', async () => {
  const targets = 'http://127.0.0.1:1/';
  const wrong: [Record<string, string>, string][] = [
    [{}, 'there is nothing to watch'],
    [{ targets, 'max-p95': '1s', 'requests-per-interval': '1' }, '`max-p95` is judged from 100 requests on'],
    [{ targets, 'max-error-rate': '1%', duration: '5s' }, '`max-error-rate` is judged from 100 requests on'],
    [{ ...SERVER, 'max-p95': '1s' }, '`max-p95` needs `targets`'],
    [{ targets: 'compose://api' }, 'compose://api needs the input `project`'],
    [{ targets, project: 'shop' }, '`project` is given without `host`'],
    [{ targets, services: 'api' }, '`services` needs the input `project`'],
    [
      { ...SERVER, targets: 'compose://api', 'max-p95': '1s' },
      '`max-p95` needs `targets` that are asked over',
    ],
    [{ targets, 'log-patterns': 'panic' }, '`log-patterns` needs the inputs `project` and `host`'],
    [{ targets, 'log-patterns': '/(/' }, 'is no regular expression'],
    [{ targets, 'max-disk': '85%' }, '`max-disk` is about a server'],
    [{ targets, 'max-error-rate': '5' }, '"5" is not a share'],
    [{ targets: '- url: http://127.0.0.1:1/\n  retries: 3' }, 'retries'],
  ];
  for (const [inputs, words] of wrong) {
    const { failure } = await run(inputs);
    expect([failure?.kind, failure?.message]).toEqual(['input', expect.stringContaining(words)]);
  }
});

test('plan asks nothing, and finds the mistakes that the watch would', async () => {
  let asked = 0;
  const targets = await serving(() => {
    asked += 1;
    return false;
  });
  const session = { ...engine([container]), run: () => Promise.reject(new Error('must not be asked')) };
  const { failure, outputs, log } = await run({ ...SERVER, plan: 'true', targets }, session);
  expect([failure, asked, outputs!.stable]).toEqual([undefined, 0, undefined]);
  expect(log).toContain('and the containers of shop for 5 m 00 s, 3000 requests');
  const wrong: [Record<string, string>, string][] = [
    [{ targets, duration: 'five minutes' }, 'duration'],
    [{ targets: 'health = shop.example.org' }, 'targets'],
    [{ targets, 'max-p95': '1s', 'requests-per-interval': '1' }, 'max-p95'],
  ];
  for (const [inputs, input] of wrong)
    expect((await run({ plan: 'true', ...inputs })).failure).toMatchObject({ kind: 'input', input });
});

test("a job's project for all steps asks for no server; with a host its containers are watched", async () => {
  const targets = await serving(() => false);
  const { project, ...rest } = SERVER;
  expect((await run({ ...SHORT, targets }, undefined, { project })).outputs!.stable).toBe(true);
  const { report } = await run({ ...SHORT, targets }, engine([container]), { project, ...rest });
  expect(report.checks.map(({ name }) => name)).toContain('containers of shop');
});

test('a strict count says how often it will blame a service that is fine', async () => {
  const { log } = await run({ ...SHORT, targets: await serving(() => false), 'max-errors': '0' });
  expect(log).toContain('fails once in a thousand requests is blamed in 9.5 % of the watches');
});

test('a line that a container logs after the start ends it; what the pattern could not search is no data', async () => {
  const logged = (text: string) => engine([container], [], false, text);
  const patterns = { 'log-patterns': '/PANIC/i\nout of memory' };
  const quiet = await run({ ...SERVER, ...SHORT, ...patterns }, logged('ready\n'));
  expect([quiet.failure, quiet.report.checks[1]!.detail]).toEqual([
    undefined,
    expect.stringMatching(/\d+ lines searched/),
  ]);
  const { failure, outputs } = await run({ ...SERVER, ...patterns }, logged('ready\npanic: <b>no route\n'));
  expect(failure!.message).toContain(
    'shop-api-1 (service api) logged "panic: <b>no route", which log-patterns has as /PANIC/i',
  );
  expect(outputs!['elapsed-ms']).toBeLessThan(30_000);
  const slow = await run(
    { ...SERVER, ...SHORT, 'log-patterns': '/^(a|a)*$/' },
    logged(`${'a'.repeat(60)}b\n`),
  );
  expect(slow.failure!.message).toContain('the pattern /^(a|a)*$/ ended after');
});

test('the load of the server: memory at two looks in a row, disks at each, processors over the whole', async () => {
  const load = (cpu: string, free: number, used: number) =>
    `cpu ${cpu}\nMemTotal: 1000 kB\nMemAvailable: ${free} kB\ndisk /dev/sda1 100 ${used} ${100 - used} ${used}% /\n`;
  let tick = 0;
  const loaded = (free: number, used: number) => ({
    ...engine([container]),
    run: async () => {
      tick += 100;
      return {
        code: 0,
        stdout: Buffer.from(load(`${tick * 9} 0 0 ${tick} 0 0 0 0`, free, used)),
        stderr: Buffer.alloc(0),
      };
    },
  });
  const { project, ...server } = SERVER;
  expect(project).toBe('shop');
  const limits = { 'max-memory': '90%', 'max-disk': '85%' };
  expect((await run({ ...server, ...SHORT, ...limits }, loaded(500, 85))).outputs!.stable).toBe(true);
  expect((await run({ ...server, ...limits }, loaded(500, 86))).failure!.message).toContain(
    '/ of web1 is 86 % full, and max-disk is 85 %',
  );
  expect((await run({ ...server, ...SHORT, ...limits }, loaded(50, 10))).failure!.message).toContain(
    '95 % of the memory of web1 is taken',
  );
  expect((await run({ ...server, ...SHORT, 'max-cpu': '80%' }, loaded(500, 10))).failure!.message).toContain(
    'the processors of web1 were busy for 90 % of the watch',
  );
});

test('the summary has a plot of each figure, and nothing that was said by others is Markdown in it', async () => {
  const url = await serving((request) => request === 1);
  const { summary } = await run({ duration: '2s', interval: '1s', targets: `a <b>|x = ${url}` });
  expect(summary).toMatch(
    /```mermaid\n%%\{init: .*\}%%\nxychart-beta\n {2}title "Errors \(bars\) and restarts \(line\)"/,
  );
  expect(summary).toMatch(/ {2}y-axis "count" 0 --> \d+\n/);
  expect(summary).toMatch(/bar \[1, 0\]/);
  expect(summary).not.toContain('<b>');
});
