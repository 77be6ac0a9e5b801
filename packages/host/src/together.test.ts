import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { Failure, systemClock } from '@deploy-actions/kit';
import { memoryLog } from '@deploy-actions/kit/testing';
import { changed } from './define-program.ts';
import type { Member } from './fleet.ts';
import { fleetFailure, outcomeText } from './outcome.ts';
import { startRun } from './start.ts';
import { type TestHost, eventually, hostsForEach } from './testing/hosts.ts';
import {
  ALL_OR_NONE,
  ALONE,
  type Protocol,
  type TogetherOptions,
  afterTheEndOf,
  runTogether,
} from './together.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

/** Servers with a folder in common, where each writes down what it does, in order. */
function serversOf(bodies: Record<string, string>) {
  const hosts: Record<string, TestHost> = {};
  const told = () => common.read('told').split('\n').filter(Boolean);
  const common = hostWith('dash');
  const members = Object.entries(bodies).map(([name, body]): Member => {
    const host = (hosts[name] = hostWith('dash'));
    return {
      name,
      session: host.session(),
      reopen: () => Promise.resolve(host.session()),
      operation: host.operation({
        body,
        parameters: { told: path.join(common.path, 'told'), name, target: 'new' },
      }),
    };
  });
  return { members, hosts, told, common };
}

const options = (more: Partial<TogetherOptions> = {}) => ({
  clock: systemClock,
  log: memoryLog(),
  signal: new AbortController().signal,
  ...more,
});

const TELL = `mkdir -p "$(dirname "$told")"; tell() { echo "$name $1" >>"$told"; }`;
const GO = `await_go 30 || { result stopped true; fail lost lost 'nothing was changed'; }`;
const PROCEED = `phase ready; await_word 30 'the others' || { result stopped true; fail lost lost 'nothing was changed'; }`;
/** In batches: between \`begin\` and \`done\` a server is being changed. */
const BATCHED = `operate() { ${TELL}; ${PROCEED}; tell begin; phase up; tell done; phase all-ready; ${GO}; tell kept; }`;

const batches = (parallel: number, first?: string): Protocol => ({
  steps: [
    { step: 'meet', at: { phase: 'ready' }, go: false },
    {
      step: 'proceed',
      parallel,
      until: { phase: 'all-ready', state: 'ready' },
      ...(first === undefined
        ? {}
        : { first: { name: first, at: { phase: 'up' as const }, word: () => Promise.resolve('migrated') } }),
    },
    { step: 'meet', at: { phase: 'all-ready', state: 'ready' }, go: true },
  ],
});

test('one at a time, each is done before the next begins, and none keeps it before all are done', async () => {
  const { members, told } = serversOf({ c: BATCHED, a: BATCHED, b: BATCHED });
  const outcomes = await runTogether(members, batches(1), options());
  expect(outcomes.map(({ name }) => name)).toEqual(['c', 'a', 'b']);
  expect(fleetFailure(outcomes, {})).toBeUndefined();
  expect(told().slice(0, 6)).toEqual(['c begin', 'c done', 'a begin', 'a done', 'b begin', 'b done']);
  expect(told().slice(6).sort()).toEqual(['a kept', 'b kept', 'c kept']);
});

test('the first one counts among those that are changed at once', async () => {
  const body = BATCHED.replace(
    'tell done',
    `both() { [ "$(grep -c begin "$told")" -ge 2 ]; }; wait_until 30 'two to have begun' both; tell done`,
  );
  const { members, told } = serversOf({ a: body, b: body, c: body });
  await runTogether(members, batches(2, 'b'), options());
  const lines = told();
  expect(lines[0]).toBe('b begin');
  let at = 0;
  const most = lines.map((line) => (line.endsWith('begin') ? ++at : line.endsWith('done') ? --at : at));
  expect(Math.max(...most)).toBe(2);
});

test('the others hear what became of the first', async () => {
  const first = `operate() { ${PROCEED}; phase up; phase all-ready; ${GO}; }`;
  const other = `operate() { ${TELL}; ${PROCEED}; tell "$(cat "$run/proceed")"; phase up; phase all-ready; ${GO}; }`;
  const { members, told } = serversOf({ a: other, b: first });
  await runTogether(members, batches(9, 'b'), options());
  expect(told()).toEqual(['a migrated']);
});

test('where one fails, those that wait have changed nothing, and those that are done give it back', async () => {
  const failing = `operate() { ${PROCEED}; fail unhealthy unhealthy 'it is not well'; }`;
  const reverting = BATCHED.replace(
    GO,
    `if await_go 30; then tell kept; else tell reverted; result stopped true; fail lost lost reverted; fi; false`,
  ).replace('; tell kept; }', '; }');
  const { members, told } = serversOf({ a: reverting, b: failing, c: BATCHED });
  const outcomes = await runTogether(members, batches(1), options());
  expect(fleetFailure(outcomes, {})).toMatchObject({ kind: 'unhealthy', message: 'b: it is not well' });
  expect(told()).toEqual(['a begin', 'a done', 'a reverted']);
});

test('what gives back is not taken for one that is done', async () => {
  const restoring = `operate() { ${PROCEED}; phase restore; nap 0.5; fail unhealthy unhealthy 'it is not well'; }`;
  const { members, told } = serversOf({ a: BATCHED, b: restoring });
  const outcomes = await runTogether(members, batches(2), options());
  expect(outcomes.map((one) => one.result?.outcome)).toEqual(['failed', 'failed']);
  expect(told()).not.toContain('a kept');
});

const FLIP = `operate() { ${TELL}; [ "$target" = old ] || ${GO}; tell "$target"; result to "$target"; }`;

const FLIPS: Protocol = {
  ...ALL_OR_NONE,
  undo: ({ operation }) => ({
    ...operation,
    program: changed(operation.program, { target: 'old' }),
    inputHash: 'b'.repeat(64),
  }),
};

test('what went well is undone where another server failed', async () => {
  const { members, told } = serversOf({
    a: FLIP,
    b: `operate() { ${GO}; fail remote command-failed 'the proxy is gone'; }`,
  });
  const log = memoryLog();
  const outcomes = await runTogether(members, FLIPS, options({ log }));
  expect(told()).toEqual(['a new', 'a old']);
  expect(outcomes.map(outcomeText)).toEqual([
    'done, and undone because another server failed',
    'the proxy is gone',
  ]);
  expect(fleetFailure(outcomes, {})).toMatchObject({ kind: 'remote', message: 'b: the proxy is gone' });
  expect(log.lines).toContain('a: goes back to how it was, because another server failed');
});

test('what could not be undone is told', async () => {
  const { members } = serversOf({
    a: FLIP.replace(
      'tell "$target";',
      `tell "$target"; [ "$target" = new ] || fail remote command-failed 'no way back';`,
    ),
    b: `operate() { ${GO}; fail remote command-failed 'the proxy is gone'; }`,
  });
  const log = memoryLog();
  const outcomes = await runTogether(members, FLIPS, options({ log }));
  expect(outcomes[0]).toMatchObject({ undone: false });
  expect(log.lines).toContain(
    'warning: a could not go back to how it was (no way back): run the action again',
  );
});

test('nothing is undone where all is well', async () => {
  const { members, told } = serversOf({ a: FLIP, b: FLIP });
  const outcomes = await runTogether(members, FLIPS, options());
  expect(outcomes.map(({ undone }) => undone)).toEqual([undefined, undefined]);
  expect(told().sort()).toEqual(['a new', 'b new']);
});

test('one server waits for nobody, and its lines carry no name', async () => {
  const { members } = serversOf({ a: `operate() { phase up; say hello; }` });
  const log = memoryLog();
  await runTogether(members, ALL_OR_NONE, options({ log }));
  expect(log.lines[0]).toMatch(/^> Bring up what changed \(at /);
  expect(log.lines[1]).toBe('hello');
});

test('each for itself, the failure of one does not stop another', async () => {
  const { members, told } = serversOf({
    a: `operate() { fail refused request-refused 'no'; }`,
    b: `operate() { ${TELL}; tell done; }`,
  });
  const outcomes = await runTogether(members, ALONE, options());
  expect(outcomes.map((one) => one.result?.outcome)).toEqual(['failed', 'succeeded']);
  expect(told()).toEqual(['b done']);
});

test('a cancellation stops all of several servers, and says where things stand', async () => {
  const { members, hosts } = serversOf({ a: FLIP, b: `operate() { nap 20; }` });
  const controller = new AbortController();
  const running = runTogether(members, ALL_OR_NONE, options({ signal: controller.signal }));
  const outcome = running.catch((error: unknown) => error);
  await eventually(() => hosts['a']!.read('.deploy/runs/run-1/deploy-1/state') === 'ready\n', 'a is ready');
  controller.abort(new Failure('lost', 'the run was cancelled (SIGINT)'));
  expect(await outcome).toMatchObject({
    kind: 'lost',
    message:
      'the run was cancelled (SIGINT); it was asked to stop: what had been changed is restored, unless it had just begun what may not be ended',
  });
  await eventually(() => hosts['a']!.read('.deploy/runs/run-1/deploy-1/result') !== '', 'a has ended');
});

test('a run that a cancellation meets while it is being started is stopped all the same', async () => {
  const controller = new AbortController();
  const { members, hosts, told } = serversOf({ a: `operate() { ${TELL}; nap 5; tell done; }` });
  const [member] = members;
  const { session } = member!;
  member!.session = {
    ...session,
    run(program) {
      // The exec that starts it is under way.
      queueMicrotask(() => controller.abort(new Failure('lost', 'the run was cancelled (SIGINT)')));
      return session.run(program);
    },
  };
  await expect(
    runTogether(members, ALL_OR_NONE, options({ signal: controller.signal })),
  ).rejects.toMatchObject({ kind: 'lost' });
  await eventually(
    () => existsSync(path.join(hosts['a']!.path, '.deploy/runs/run-1/deploy-1/cancel')),
    'the word',
  );
  expect(told()).toEqual([]);
});

test('a cancellation leaves alone what is better finished, on a single server', async () => {
  const { members, hosts, common } = serversOf({
    a: `operate() { phase up; wait_until 30 'the test' test -f "$told" || fail lost lost 'cancelled'; }`,
  });
  const log = memoryLog();
  const controller = new AbortController();
  const protocol: Protocol = { steps: [], stops: ({ phase }) => phase !== 'up' };
  const outcome = runTogether(members, protocol, options({ log, signal: controller.signal })).catch(
    (error: unknown) => error,
  );
  await eventually(() => log.lines.some((line) => line.startsWith('> Bring up')), 'the phase');
  controller.abort(new Failure('lost', 'the run was cancelled (SIGINT)'));
  expect(await outcome).toMatchObject({
    message: expect.stringContaining('it goes on by itself on a (in up)'),
  });
  mkdirSync(common.path, { recursive: true });
  writeFileSync(path.join(common.path, 'told'), '');
  await eventually(() => hosts['a']!.read('.deploy/runs/run-1/deploy-1/result').includes('succeeded'), 'a');
});

test('a runner that is gone leaves no server at a gate for longer than its silence', async () => {
  const gate = (body: string) => `runner_patience=1; ${body}`;
  for (const [body, phase] of [
    [gate(`operate() { ${PROCEED}; }`), 'ready'],
    [gate(`operate() { phase all-ready; ${GO}; }`), 'all-ready'],
    [gate(`operate() { touch "$run/proceed"; ${PROCEED}; phase all-ready; ${GO}; }`), 'all-ready'],
  ] as const) {
    const host = hostWith('dash');
    // Started, and nobody says anything any more.
    const run = await startRun(host.session(), host.operation({ body }), { clock: systemClock });
    const began = Date.now();
    const result = await run.result;
    expect(result.failure).toMatchObject({ kind: 'lost', message: 'nothing was changed' });
    expect(result.phases.at(-1)!.name).toBe(phase);
    expect(Date.now() - began).toBeLessThan(15_000);
    expect(host.read('.deploy/runs/run-1/deploy-1/log')).toContain('has not been heard of for 1 s');
  }
});

test('servers at a gate hear that the runner is there, for as long as another one takes', async () => {
  const waiting = `runner_patience=2; ${BATCHED}`;
  const { members, told } = serversOf({
    a: waiting,
    b: waiting.replace('tell begin;', 'tell begin; nap 5;'),
  });
  const outcomes = await runTogether(members, batches(2), options({ aliveEvery: 200 }));
  expect(fleetFailure(outcomes, {})).toBeUndefined();
  expect(told().slice(-2).sort()).toEqual(['a kept', 'b kept']);
});

test('a run that has changed nothing gives way sooner to one that waits, where the runner is silent', async () => {
  const host = hostWith('dash');
  const body = `wanted_patience=1; operate() { ${PROCEED}; }`;
  const silent = await startRun(host.session(), host.operation({ body }), { clock: systemClock });
  await eventually(() => host.read('.deploy/runs/run-1/deploy-1/phase').startsWith('ready'), 'the gate');
  const next = await startRun(
    host.session(),
    host.operation({ body: 'operate() { :; }', deploymentId: 'run-2' }),
    { clock: systemClock },
  );
  expect((await next.result).outcome).toBe('succeeded');
  expect((await silent.result).failure).toMatchObject({ kind: 'lost', message: 'nothing was changed' });
});

/** One that goes to its end by itself, and another that hears its word. */
const AFTER_A: Protocol = {
  steps: [{ step: 'meet', at: { phase: 'ready' }, go: false }, afterTheEndOf('a', ['to', 'before'])],
};
const HEARS = `operate() { ${TELL}; ${PROCEED}; tell "hears [$(cat "$run/proceed")]"; }`;

test('where nobody knows how the first one ended, the others hear an empty word, and nobody tells them to give up', async () => {
  const { members, told } = serversOf({
    a: `operate() { ${TELL}; ${PROCEED}; tell begin; kill -KILL $$; }`,
    b: HEARS,
  });
  const outcomes = await runTogether(members, AFTER_A, options());
  expect(fleetFailure(outcomes, {})).toMatchObject({ kind: 'lost' });
  expect(told()).toEqual(['a begin', 'b hears []']);
});

test('where another one dies meanwhile, the others hear how the first one ended all the same', async () => {
  const { members, told } = serversOf({
    a: `operate() { ${TELL}; ${PROCEED}; tell begin; wait_until 30 'the stop' cancelled; result to new; }`,
    b: HEARS,
    c: `operate() { ${TELL}; phase ready; begun() { grep -q begin "$told"; }; wait_until 30 'a' begun; kill -KILL $$; }`,
  });
  const outcomes = await runTogether(members, AFTER_A, options());
  expect(fleetFailure(outcomes, {})).toMatchObject({ kind: 'lost', message: expect.stringMatching(/^c: /) });
  expect(told()).toEqual(['a begin', 'b hears [new ]']);
});
