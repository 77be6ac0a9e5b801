import { expect, test } from '@jest/globals';
import type { RunResult } from '@deploy-actions/host';
import { type MemberOutcome, fleetFailure } from './fleet.ts';

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
    message: 'the outcome on a is not known',
  });
});
