import { expect, test } from '@jest/globals';
import { fakeClock } from '@deploy-actions/kit/testing';
import type { Sample } from './budget.ts';
import { type Pace, sampleTargets } from './sampling.ts';

const PACE: Pace = { warmUp: 0, duration: 60_000, interval: 10_000, perInterval: [100] };
const answer = { ok: true, elapsedMs: 1 };

async function play(pace: Pace, ask: (target: number) => Promise<typeof answer> = async () => answer) {
  const clock = fakeClock();
  const samples: Sample[] = [];
  let intervals = 0;
  const { skipped } = await sampleTargets(ask, pace, {
    clock,
    signal: new AbortController().signal,
    onSample: (sample) => samples.push(sample),
    onInterval: () => (intervals += 1),
  });
  return { samples, intervals, skipped, took: clock.now() };
}

test('100 requests in each interval, evenly, for the whole time and no longer', async () => {
  const { samples, intervals, skipped, took } = await play(PACE);
  expect([samples.length, intervals, skipped, Math.round(took)]).toEqual([600, 6, 0, 60_000]);
  expect(samples.slice(0, 3).map(({ at }) => Math.round(at))).toEqual([0, 100, 200]);
});

test('targets take turns, each at its own pace; what is asked in the warm-up does not count', async () => {
  const pace = { ...PACE, warmUp: 5000, duration: 20_000, perInterval: [10, 1] };
  let asked = 0;
  const { samples, took } = await play(pace, async () => {
    asked += 1;
    return answer;
  });
  expect(samples.filter(({ target }) => target === 0)).toHaveLength(20);
  expect(samples.filter(({ target }) => target === 1).map(({ at }) => Math.round(at))).toEqual([0, 10_000]);
  expect([asked, Math.round(took)]).toEqual([27, 25_000]);
});

test('a service that hangs gets its requests all the same, up to 256 at a time; the others are told', async () => {
  const waiting: (() => void)[] = [];
  const hangs = () =>
    new Promise<typeof answer>((done) => {
      waiting.push(() => done(answer));
      if (waiting.length === 256) setTimeout(() => waiting.forEach((go) => go()), 50);
    });
  const { samples, skipped } = await play(PACE, hangs);
  expect([samples.length, skipped]).toEqual([256, 344]);
});

test('it ends with the reason of the signal, and with what asking throws', async () => {
  const stop = new AbortController();
  const ends = sampleTargets(
    async () => {
      stop.abort(new Error('enough'));
      return answer;
    },
    PACE,
    { clock: fakeClock(), signal: stop.signal, onSample: () => {}, onInterval: () => {} },
  );
  await expect(ends).rejects.toThrow('enough');
  await expect(play(PACE, () => Promise.reject(new Error('no server')))).rejects.toThrow('no server');
});
