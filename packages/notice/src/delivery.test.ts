import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { fakeClock } from '@deploy-actions/kit/testing';
import { type Answer, type DeliveryRequest, type Post, judgeStatus, openCourier } from './delivery.ts';

/** A server that does in memory, on a clock of the test's, what its script says. */
type Step =
  | { status: number; after?: number }
  | { hang: true; accepted: boolean }
  | { cut: true; accepted: boolean }
  | { refused: true };

function server(clock: ReturnType<typeof fakeClock>, script: Step[]) {
  const taken: string[] = [];
  const at: number[] = [];
  let early = 0;
  let notBefore = 0;
  const post: Post = {
    async request(request) {
      at.push(clock.now());
      if (clock.now() < notBefore) early += 1;
      const step = script.shift() ?? { status: 200 };
      const accept = () => taken.push(String(request.body));
      if ('hang' in step) {
        if (step.accepted) accept();
        clock.advance(request.deadline);
        throw Object.assign(new Error('no answer in time'), { sent: true });
      }
      if ('cut' in step) {
        if (step.accepted) accept();
        throw Object.assign(new Error('connection reset'), { sent: true });
      }
      if ('refused' in step) throw Object.assign(new Error('connection refused'), { sent: false });
      clock.advance(5);
      if (step.status === 200) accept();
      if (step.after !== undefined) notBefore = clock.now() + step.after * 1000;
      const headers: Record<string, string> =
        step.after === undefined ? {} : { 'retry-after': String(step.after) };
      return { status: step.status, headers, body: Buffer.from('{}') } satisfies Answer;
    },
  };
  return { post, taken, at, early: () => early };
}

const request = (body = 'x', over: Partial<DeliveryRequest<string>> = {}): DeliveryRequest<string> => ({
  name: 'send',
  url: 'http://127.0.0.1/secret-token/send',
  body,
  judge: (answer) => judgeStatus(answer) ?? { kind: 'done', value: 'ok' },
  ...over,
});

/** A generator of numbers that is the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('of 1,000 messages that each meet up to three 429 or 503, none is lost, doubled or early', async () => {
  const random = seeded(42);
  let requests = 0;
  for (let index = 0; index < 1000; index += 1) {
    const clock = fakeClock();
    const script = Array.from({ length: Math.floor(random() * 4) }, (): Step =>
      random() < 0.5
        ? { status: 429, after: 1 + Math.floor(random() * 15) }
        : { status: 503, ...(random() < 0.3 ? { after: 1 + Math.floor(random() * 5) } : {}) },
    );
    const faults = script.length;
    const { post, taken, at, early } = server(clock, script);
    const courier = openCourier({ post, clock, deadline: 60_000, random });
    await expect(courier.deliver(request(`message ${index}`))).resolves.toBe('ok');
    expect(taken).toEqual([`message ${index}`]);
    expect(early()).toBe(0);
    expect(at.length).toBe(faults + 1);
    expect(courier.attempts()).toBe(faults + 1);
    requests += at.length;
  }
  expect(requests).toBeGreaterThan(2000);
});

test('a server that hangs is given up within the deadline, and asked twice at most', async () => {
  for (const deadline of [1000, 5000, 60_000, 600_000]) {
    const clock = fakeClock();
    const { post, at } = server(
      clock,
      Array.from({ length: 50 }, () => ({ hang: true as const, accepted: false })),
    );
    const error = await openCourier({ post, clock, deadline })
      .deliver(request())
      .catch((one: unknown) => one);
    expect(error).toBeInstanceOf(Failure);
    expect(clock.now()).toBeLessThanOrEqual(deadline + 1000);
    expect(at.length).toBeLessThanOrEqual(2);
  }
});

test('where a message may have been taken, it is sent once more and never a third time', async () => {
  for (const accepted of [true, false]) {
    for (const step of [
      { hang: true as const, accepted },
      { cut: true as const, accepted },
      { status: 500 },
      { status: 502 },
      { status: 504 },
      { status: 520 },
    ]) {
      const clock = fakeClock();
      const { post, taken, at } = server(clock, [step, step, step, step]);
      const error = await openCourier({ post, clock, deadline: 60_000 })
        .deliver(request())
        .catch((one: unknown) => one);
      expect((error as Failure).message).toMatch(/no clear answer twice/);
      expect(at.length).toBe(2);
      expect(taken.length).toBeLessThanOrEqual(2);
    }
  }
  const clock = fakeClock();
  const { post, taken } = server(clock, [
    { cut: true, accepted: false },
    { status: 429, after: 2 },
  ]);
  await openCourier({ post, clock, deadline: 60_000 }).deliver(request());
  expect(taken.length).toBe(1);
});

test('an edit, which changes nothing the second time, is repeated until the deadline', async () => {
  const clock = fakeClock();
  const { post, at } = server(
    clock,
    Array.from({ length: 6 }, () => ({ cut: true as const, accepted: true })),
  );
  await openCourier({ post, clock, deadline: 60_000 }).deliver(request('x', { repeatable: true }));
  expect(at.length).toBe(7);
});

test('a connection that never stood is tried again until the deadline', async () => {
  const clock = fakeClock();
  const { post, taken } = server(
    clock,
    Array.from({ length: 5 }, () => ({ refused: true as const })),
  );
  await openCourier({ post, clock, deadline: 60_000 }).deliver(request());
  expect(taken.length).toBe(1);
  const down = server(fakeClock(), []);
  down.post.request = async () => await Promise.reject(new Error('connection refused'));
  const error = await openCourier({ post: down.post, clock: fakeClock(), deadline: 10_000 })
    .deliver(request())
    .catch((one: unknown) => one);
  expect((error as Failure).message).toMatch(
    /not delivered within 10\.0 s after \d+ attempts: connection refused/,
  );
});

test('when the server asks for more time than there is, it is not asked again', async () => {
  const clock = fakeClock();
  const { post, at } = server(clock, [{ status: 429, after: 120 }]);
  const error = await openCourier({ post, clock, deadline: 60_000 })
    .deliver(request())
    .catch((one: unknown) => one);
  expect((error as Failure).message).toMatch(/asks to wait 2 m 00 s/);
  expect(at.length).toBe(1);
});

test('a Retry-After that is a date is obeyed', async () => {
  const clock = fakeClock();
  const times: number[] = [];
  const post: Post = {
    request: () => {
      times.push(clock.now());
      const date = new Date(clock.wall().getTime() + 7000).toUTCString();
      const first = times.length === 1;
      return Promise.resolve({
        status: first ? 503 : 200,
        headers: (first ? { 'retry-after': date } : {}) as Record<string, string>,
        body: Buffer.from(''),
      });
    },
  };
  await openCourier({ post, clock, deadline: 60_000 }).deliver(request());
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(6999);
});

test('a Retry-After is obeyed also where the message may have been taken', async () => {
  const clock = fakeClock();
  const { post, at, early } = server(clock, [{ status: 500, after: 7 }]);
  await openCourier({ post, clock, deadline: 60_000 }).deliver(request());
  expect([at.length, early()]).toEqual([2, 0]);
});

test('all requests of one notice share the deadline', async () => {
  const clock = fakeClock();
  const { post } = server(clock, [
    { status: 429, after: 20 },
    { status: 200 },
    { status: 429, after: 20 },
    { status: 200 },
    { status: 429, after: 25 },
  ]);
  const courier = openCourier({ post, clock, deadline: 60_000, random: () => 0 });
  await courier.deliver(request('one'));
  await courier.deliver(request('two'));
  await expect(courier.deliver(request('three'))).rejects.toThrow(/not delivered within 1 m 00 s/);
});

test('a redirect is refused: it would carry the message, and perhaps a secret, elsewhere', async () => {
  const clock = fakeClock();
  const { post, at } = server(clock, [{ status: 302 }]);
  await expect(openCourier({ post, clock, deadline: 60_000 }).deliver(request())).rejects.toThrow(
    /redirects \(status 302\)/,
  );
  expect(at.length).toBe(1);
});

test('a cancelled run is given up within seconds', async () => {
  const clock = fakeClock();
  const controller = new AbortController();
  const post: Post = {
    request: () => {
      controller.abort(new Error('cancelled'));
      return Promise.resolve({ status: 503, headers: {}, body: Buffer.from('') });
    },
  };
  const courier = openCourier({ post, clock, deadline: 60_000, signal: controller.signal });
  await expect(courier.deliver(request())).rejects.toThrow(/not delivered/);
  expect(clock.now()).toBeLessThanOrEqual(10_000);
});
