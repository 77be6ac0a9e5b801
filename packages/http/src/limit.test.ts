import { expect, jest, test } from '@jest/globals';
import { Limit, TimeLimit, limited, orEnded } from './limit.ts';

/** Work that lasts until its limit ends. */
const untilEnded = (limit: Limit): Promise<never> => orEnded(new Promise<never>(() => {}), limit);

test('work ends with the time limit, the signal, or the outer limit, whichever is first', async () => {
  await expect(limited(undefined, 5, untilEnded)).rejects.toEqual(new TimeLimit(5));

  const reason = new Error('cancelled');
  const stop = new AbortController();
  const waiting = limited(stop.signal, 60_000, untilEnded);
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);

  const inner = limited(undefined, 5, (outer) => limited(outer, 60_000, untilEnded));
  await expect(inner).rejects.toEqual(new TimeLimit(5));
});

test('what has ended already starts nothing', async () => {
  const reason = new Error('cancelled');
  const work = jest.fn(untilEnded);
  await expect(limited(AbortSignal.abort(reason), 60_000, work)).rejects.toBe(reason);
  const ended = new Limit();
  ended.end(reason);
  await expect(limited(ended, 60_000, work)).rejects.toBe(reason);
  expect(work).not.toHaveBeenCalled();
});

test('a thousand limits add one listener to their signal', async () => {
  const { signal } = new AbortController();
  const listen = jest.spyOn(signal, 'addEventListener');
  await Promise.all(Array.from({ length: 1000 }, () => limited(signal, 60_000, async () => {})));
  expect(listen).toHaveBeenCalledTimes(1);
});

test('a limit that ended once keeps its reason, and calls nobody who left', () => {
  const limit = new Limit();
  const [stays, leaves] = [jest.fn(), jest.fn()];
  limit.onEnd(stays);
  limit.onEnd(leaves)();
  limit.end('first');
  limit.end('second');
  expect(limit.reason).toBe('first');
  expect(stays).toHaveBeenCalledTimes(1);
  expect(leaves).not.toHaveBeenCalled();
});
