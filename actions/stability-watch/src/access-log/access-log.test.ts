import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { type LogStretch, parseLogPlace } from '@deploy-actions/probe';
import type { Session } from '@deploy-actions/shell';
import { localSession } from '@deploy-actions/shell/testing';
import { run } from '../testing/rig.ts';
import { type AnsweredRequest, openAccessLog } from './access-log.ts';
import { parseTemplate } from './template.ts';

const left: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of left.splice(0)) await end();
});

const combined = (status: number) =>
  `10.0.0.1 - - [27/Nov/2026:21:24:02 +0000] "GET / HTTP/1.1" ${status} 157 "-" "curl"\n`;
const timed = (status: number, seconds: string) => combined(status).replace('\n', ` ${seconds}\n`);
const TIMED =
  '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" $request_time';

/** A server with a log of these lines, to which the proxy adds those others as soon as the watch has begun. */
function logging(before: string, after: string): { session: Session; file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'access-log-'));
  const file = path.join(folder, 'access.log');
  writeFileSync(file, before);
  const local = localSession({ name: 'web1' });
  left.push(async () => {
    await local.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let asked = 0;
  const session: Session = {
    ...local,
    async run(program) {
      const outcome = await local.run(program);
      asked += 1;
      // The first question opens the log, the second one begins to count.
      if (asked === 2) appendFileSync(file, after);
      return outcome;
    },
  };
  return { session, file };
}

const SERVER = {
  host: 'deploy@web1',
  'ssh-key': '-----BEGIN OPENSSH PRIVATE KEY-----\nYQ==\n-----END OPENSSH PRIVATE KEY-----',
  duration: '1s',
  interval: '1s',
};
const watch = ({ session, file }: ReturnType<typeof logging>, more: Record<string, string> = {}) =>
  run({ ...SERVER, 'access-log': file, ...more }, session);

test('what the log had before the watch is past; what comes is counted, with the rate that it allows to say', async () => {
  const { outputs, failure, report, summary } = await watch(
    logging(combined(500).repeat(50), combined(200).repeat(299) + combined(404)),
  );
  expect(failure).toBeUndefined();
  expect(outputs).toMatchObject({ stable: true, requests: 300, errors: 0, 'p95-ms': undefined });
  expect(summary).toContain('0 of 300 requests failed: the error rate is below 1 %');
  expect(report.checks).toMatchObject([
    { name: expect.stringMatching(/^access log \/.*access\.log$/), ok: true, attempts: 300 },
  ]);
  expect(report.intervals).toMatchObject([{ requests: 300, errors: 0 }]);
});

test('the error that spends the budget ends it, by the limits of every other target', async () => {
  const bad = combined(200).repeat(30) + combined(502).repeat(4);
  const { failure, outputs } = await watch(logging('', bad), { duration: '60s' });
  expect(failure!.message).toMatch(
    /access log \S+: 4 of 34 requests failed \(12 %\), more than 3 and more than 1 %/,
  );
  expect(failure!.message).toContain('the last one: status 502');
  expect(outputs!['elapsed-ms']).toBeLessThan(30_000);
  const rate = await watch(logging('', bad), { 'max-error-rate': '20%', 'min-requests': '30' });
  expect(rate.failure).toBeUndefined();
  const few = await watch(logging('', bad), { 'max-error-rate': '20%' });
  expect(few.failure!.message).toContain('max-error-rate is judged from 100 requests on, and the access log');
});

test('times are judged where the lines tell them, and refused by name where they do not', async () => {
  const lines = timed(200, '0.010').repeat(90) + timed(200, '1.500').repeat(20);
  const limits = { 'access-log-format': TIMED, 'max-p95': '1s' };
  const slow = await watch(logging('', lines), limits);
  expect(slow.failure!.message).toContain('20 of 110 answers (18 %) took longer than 1000 ms');
  const fine = await watch(logging(timed(200, '9.000'), timed(200, '0.020').repeat(120)), limits);
  expect([fine.failure, fine.outputs!['p95-ms']]).toEqual([undefined, 20]);
  const few = await watch(logging('', timed(200, '0.020').repeat(20)), limits);
  expect(few.failure!.message).toContain('max-p95 is judged from 100 answers on, and the access log');
  const without = await watch(logging(combined(200), ''), { 'max-p95': '1s' });
  expect(without.failure).toMatchObject({ kind: 'input', input: 'max-p95' });
  expect(without.failure!.message).toContain('(combined) have none');
});

test('no request is no data, and so are lines that nobody understands', async () => {
  const none = await watch(logging(combined(200), ''));
  expect(none.failure!.message).toMatch(/no data after .*: \S+access\.log had no request/);
  const warned = await watch(logging(combined(200), ''), { 'on-no-data': 'warn' });
  expect([warned.failure, warned.warnings]).toEqual([undefined, [expect.stringContaining('had no request')]]);
  const odd = await watch(logging(combined(200), combined(200).repeat(100) + 'garbage\n'.repeat(4)));
  expect(odd.failure!.message).toContain('4 lines of');
  const borne = await watch(logging(combined(200), `${combined(200).repeat(100)}garbage\n`));
  expect([borne.failure, borne.report.checks[0]!.detail]).toEqual([
    undefined,
    expect.stringContaining('1 lines could not be read'),
  ]);
});

test.each([
  ['hello\nworld\n', {}, 'access-log', 'in none of the formats that are known: Caddy JSON'],
  [combined(200), { 'access-log-format': '$status $request_time' }, 'access-log-format', 'no line of'],
])('lines %j are refused before anything is asked, by the plan too', async (before, more, input, words) => {
  for (const plan of ['false', 'true']) {
    const { failure } = await watch(logging(before, ''), { ...more, plan, targets: 'http://127.0.0.1:1/' });
    expect(failure).toMatchObject({ kind: 'input', input, message: expect.stringContaining(words) });
    expect(failure!.message + String(failure!.remedy)).not.toContain('hello');
  }
});

test('a log without a server, a format without a log, and a log that is not there are refused by name', async () => {
  const wrong: [Record<string, string>, string][] = [
    [{ 'access-log': '/var/log/x.log' }, '`access-log` is a log on a server'],
    [{ 'access-log-format': '$status', targets: 'http://127.0.0.1:1/' }, 'is given without `access-log`'],
    [{ 'access-log': 'auto' }, 'is no place of a log'],
  ];
  for (const [inputs, words] of wrong) expect((await run(inputs)).failure!.message).toContain(words);
  const { session } = logging('', '');
  const gone = await run({ ...SERVER, 'access-log': '/nowhere/access.log' }, session);
  expect(gone.failure).toMatchObject({
    kind: 'input',
    message: expect.stringContaining('there is no such file'),
  });
});

test('a plan reads the format of the log, and counts nothing', async () => {
  const { failure, log, outputs } = await watch(logging(combined(200), combined(500).repeat(9)), {
    plan: 'true',
  });
  expect([failure, outputs!.stable]).toEqual([undefined, undefined]);
  expect(log).toMatch(/nothing is asked: the access log \S+ for 1\.0 s/);
});

test('a baseline of a log is compared with the same log later', async () => {
  const errors = combined(200).repeat(190) + combined(500).repeat(10);
  const first = logging('', errors);
  const before = await watch(first, { 'baseline-only': 'true' });
  expect(before.outputs).toMatchObject({ stable: true, errors: 10 });
  const log = logging('', errors);
  const baseline = String(before.outputs!.baseline).replaceAll(first.file, log.file);
  expect((await watch(log, { baseline, 'max-consecutive-errors': '10' })).failure).toBeUndefined();
});

/** A log that is opened on one line and then gives these stretches, at these times. */
async function played(
  stretches: [at: number, lines: string[], more?: Partial<LogStretch>][],
  first = [combined(200)],
) {
  let now = 0;
  const waiting = [...stretches];
  const read = async (): Promise<LogStretch> => {
    const [, lines, more] = waiting.shift()!;
    return { lines, gaps: [], behind: 0, ...more };
  };
  const log = await openAccessLog(
    parseLogPlace('/var/log/x.log'),
    { begin: async () => first, read },
    { format: undefined, wantsTimes: false },
    () => now,
  );
  const requests: AnsweredRequest[] = [];
  for (const [at] of stretches) {
    now = at;
    await log.look(false, (request) => requests.push(request), new AbortController().signal);
  }
  return { requests, missing: log.missing(300_000), detail: log.detail() };
}

test('traffic that stops midway is no data; a quiet site is not', async () => {
  const busy = await played([
    [10_000, Array<string>(50).fill(combined(200))],
    [20_000, []],
  ]);
  expect(busy.missing).toEqual([
    expect.stringMatching(/had no request for the last 4 m 50 s, and 50 before that/),
  ]);
  const quiet = await played([
    [150_000, [combined(200), combined(200)]],
    [290_000, []],
  ]);
  expect(quiet.missing).toEqual([]);
});

test('requests that their clients gave up are no answers: they are told, and where they are the most nothing is known', async () => {
  const few = await played([[290_000, [...Array<string>(50).fill(combined(200)), combined(499)]]]);
  expect([few.requests.length, few.missing, few.detail]).toEqual([
    50,
    [],
    '1 were given up by their clients',
  ]);
  const most = await played([[290_000, [combined(200), ...Array<string>(9).fill(combined(499))]]]);
  expect(most.missing).toEqual([
    expect.stringContaining('most requests in /var/log/x.log were given up by their clients'),
  ]);
});

test('gaps, and what was left unread, are told', async () => {
  const { missing } = await played([
    [290_000, [combined(200)], { gaps: ['was rotated, and more'], behind: 7 }],
  ]);
  expect(missing).toEqual([
    '/var/log/x.log was rotated, and more',
    '/var/log/x.log grew faster than it could be read: its last lines were not counted',
  ]);
});

test('an empty log is known by its first lines, and those must be of a known form too', async () => {
  const { requests } = await played([[290_000, [combined(200)]]], []);
  expect(requests).toEqual([{ status: 200, ms: undefined }]);
  await expect(played([[290_000, ['hello']]], [])).rejects.toThrow('in none of the formats');
  const format = parseTemplate('$status $request_time');
  const reads = { begin: async () => [], read: async () => ({ lines: ['x'], gaps: [], behind: 0 }) };
  const log = await openAccessLog(parseLogPlace('/x.log'), reads, { format, wantsTimes: true }, () => 0);
  await expect(log.look(false, () => {}, new AbortController().signal)).rejects.toThrow(
    'no line of /x.log is as',
  );
});
