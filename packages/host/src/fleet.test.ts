import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { systemClock } from '@deploy-actions/kit';
import { cancelRun } from './control.ts';
import { type Member, openFleet } from './fleet.ts';
import { type MemberOutcome, fleetFailure } from './outcome.ts';
import type { RunResult } from './run.ts';
import { startRun } from './start.ts';
import { type TestHost, eventually, hostsForEach, watching } from './testing/hosts.ts';

// Real processes on a busy machine.
jest.setTimeout(60_000);

const hostWith = hostsForEach(afterEach);

function member(name: string, body: string, reopenAfter = 0): Member & { host: TestHost } {
  const host = hostWith('dash');
  return {
    name,
    host,
    session: host.session(),
    operation: host.operation({ body }),
    async reopen() {
      await systemClock.sleep(reopenAfter);
      return host.session();
    },
  };
}

const WAITS = `operate() { await_go 20 || { result stopped true; fail lost lost 'no word'; }; say went; }`;

describe('a fleet', () => {
  const open = (signal = new AbortController().signal, heard: string[] = []) =>
    openFleet({
      clock: systemClock,
      signal,
      onEvent: (name, event) => event.type === 'line' && heard.push(`${name} ${event.text}`),
    });
  const ended = (fleet: ReturnType<typeof open>) =>
    fleet.until(() => fleet.runs.every(({ outcome }) => outcome !== undefined));
  const allReady = (fleet: ReturnType<typeof open>) =>
    fleet.until(() => fleet.failed() || fleet.runs.every(({ state }) => state === 'ready'));

  test('goes on when all are ready, each by its own word', async () => {
    const heard: string[] = [];
    const fleet = open(undefined, heard);
    await fleet.start([member('b', WAITS), member('a', WAITS)], 'in order');
    expect(fleet.runs.map((one) => one.member.name)).toEqual(['a', 'b']);
    await allReady(fleet);
    expect([fleet.failed(), heard]).toEqual([false, []]);
    await fleet.go();
    await ended(fleet);
    expect(heard.sort()).toEqual(['a went', 'b went']);
    expect(
      fleetFailure(
        fleet.runs.map(({ outcome }) => outcome!),
        {},
      ),
    ).toBeUndefined();
  });

  test('stops the others when one fails, and names that one', async () => {
    const fleet = open();
    await fleet.start(
      [member('a', WAITS), member('b', 'operate() { fail refused request-refused "no room"; }')],
      'in order',
    );
    await allReady(fleet);
    expect(fleet.failed()).toBe(true);
    await fleet.cancel();
    await ended(fleet);
    const failure = fleetFailure(
      fleet.runs.map(({ outcome }) => outcome!),
      {},
    );
    expect(failure).toMatchObject({ kind: 'refused', message: 'b: no room', details: 'a: no word' });
  });

  test('asks no further server for its lock when one is not to be had', async () => {
    const taken = member('a', WAITS);
    const other = taken.host.operation({ deploymentId: 'other', body: 'operate() { nap 3; }' });
    const holder = await startRun(taken.host.session(), other, watching());
    taken.operation = { ...taken.operation, lockTimeout: 200 };
    const fleet = open();
    await fleet.start([taken, member('b', WAITS)], 'in order');
    expect([fleet.runs.length, fleet.failed()]).toEqual([1, true]);
    await holder.result;
  });

  test('asks for all locks but the first one’s at once, and waits for none of those', async () => {
    const taken = member('b', WAITS);
    const other = taken.host.operation({ deploymentId: 'other', body: 'operate() { await_go 20; }' });
    const holder = await startRun(taken.host.session(), other, watching());
    await eventually(() => taken.host.read('.deploy/lock.holder') !== '', 'the holder');
    const fleet = open();
    await fleet.start([member('a', WAITS), taken, member('c', WAITS)], 'at once');
    await fleet.until(() => fleet.failed() && fleet.runs.every(({ state }) => state !== 'waiting'));
    const of = (name: string) => fleet.runs.find((one) => one.member.name === name)!;
    expect(of('b').outcome?.result?.failure).toMatchObject({ kind: 'busy', code: 'lock-held' });
    expect([of('a').outcome, of('c').outcome]).toEqual([undefined, undefined]);
    await fleet.cancel();
    await ended(fleet);
    await cancelRun(taken.host.session(), holder.reference);
    await holder.result;
  });

  test('does not ask for locks at once beside runs that were found under way', async () => {
    const [first, second] = [member('a', WAITS), member('b', WAITS)];
    const earlier = await startRun(first.host.session(), first.operation, watching());
    const taken = second.host.operation({ deploymentId: 'other', body: 'operate() { await_go 20; }' });
    const holder = await startRun(second.host.session(), taken, watching());
    await eventually(() => second.host.read('.deploy/lock.holder') !== '', 'the holder');
    const fleet = open();
    const starting = fleet.start([first, second], 'at once');
    await eventually(() => fleet.runs.length === 2, 'the second');
    await cancelRun(second.host.session(), holder.reference);
    await starting;
    expect(fleet.runs.map(({ state }) => state)).not.toContain('waiting');
    await fleet.go();
    await ended(fleet);
    expect(fleet.failed()).toBe(false);
    await Promise.all([earlier.result, holder.result]);
  });

  test('gives the word through the next connection where one has dropped', async () => {
    const fleet = open();
    const members = [member('a', WAITS), member('b', WAITS, 500)];
    await fleet.start(members, 'in order');
    await allReady(fleet);
    await members[1]!.session.close();
    await eventually(() => members[1]!.session.gone.aborted, 'the end of the session');
    await fleet.go();
    await ended(fleet);
    expect(fleet.runs.map(({ outcome }) => outcome!.result?.outcome)).toEqual(['succeeded', 'succeeded']);
  });

  test('ends its waiting with the cancellation', async () => {
    const controller = new AbortController();
    const never = open(controller.signal).until(() => false);
    controller.abort(new Error('cancelled'));
    await expect(never).rejects.toThrow('cancelled');
  });
});

const outcome = (name: string, message?: string, fields: Record<string, string> = {}): MemberOutcome => ({
  name,
  result: {
    outcome: message === undefined ? 'succeeded' : 'failed',
    ...(message === undefined ? {} : { failure: { kind: 'unhealthy', message } }),
    fields,
    phases: [],
    elapsedMs: 1,
  } as unknown as RunResult,
});

test('all well is no failure', () => {
  expect(fleetFailure([outcome('a'), outcome('b')], {})).toBeUndefined();
});

test('the server that failed by itself is the reason, not those that stopped because of it', () => {
  const failure = fleetFailure(
    [outcome('a', 'another server failed', { stopped: 'true' }), outcome('b', 'api is unhealthy')],
    { release: 'r1' },
  )!;
  expect(failure).toMatchObject({
    kind: 'unhealthy',
    message: 'b: api is unhealthy',
    outputs: { release: 'r1' },
  });
  expect(failure.details).toContain('a: another server failed');
});

test('a server that was lost is told as lost', () => {
  expect(fleetFailure([{ name: 'a', lost: new Error('gone') }], {})).toMatchObject({
    kind: 'lost',
    message: 'the outcome on a is not known: gone',
  });
});
