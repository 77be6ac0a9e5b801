import { expect, test } from '@jest/globals';
import { isConfirmed, targetOf } from './target.ts';

const line = (
  operation: string,
  from: string,
  to: string,
  outcome = 'succeeded',
  deployment = '7-deploy',
) => ({
  operation,
  deployment_id: deployment,
  from,
  to,
  outcome,
});
const switched = line('switch', 'blue', 'green');
const confirmed = line('confirm', 'green', 'green', 'confirmed');

const seen = (share: string, history: ReturnType<typeof line>[]) => ({
  server: { name: 'web1' },
  look: { share, history, traffic: undefined, confirm: undefined },
});
const target = (share: string, ...history: ReturnType<typeof line>[]) =>
  targetOf([seen(share, history)], 'idle', '7-deploy');

test('a job that is run again goes on to the colour that it moved to, also after it confirmed', () => {
  expect(target('green', switched)).toBe('green');
  expect(target('green', switched, confirmed)).toBe('green');
  // Nobody confirmed in time, but the old colour could not take the traffic back.
  expect(target('green', switched, line('confirm', 'green', 'green', 'failed'))).toBe('green');
});

test('a job whose switch was returned or rolled back moves again', () => {
  expect(target('blue', switched, line('confirm', 'green', 'blue', 'returned'))).toBe('green');
  expect(target('blue', switched, line('rollback', 'green', 'blue'))).toBe('green');
  expect(target('blue', switched, confirmed, line('rollback', 'green', 'blue'))).toBe('green');
});

test('what the job deployed after it had switched is idle, and what another job moved is not its own', () => {
  expect(target('green', switched, confirmed, { ...line('deploy', '', ''), outcome: 'succeeded' })).toBe(
    'blue',
  );
  expect(target('green', line('switch', 'blue', 'green', 'succeeded', '8-deploy'))).toBe('blue');
});

test('a confirmation holds while the traffic is where it was confirmed', () => {
  const holds = (share: string, ...history: ReturnType<typeof line>[]) =>
    isConfirmed(seen(share, history).look, '7-deploy');
  expect(holds('green', switched, confirmed)).toBe(true);
  expect(holds('blue', switched, confirmed)).toBe(false);
  expect(holds('green', switched)).toBe(false);
  expect(holds('green', switched, confirmed, switched)).toBe(false);
  const waiting = { ...seen('green', [switched, confirmed]).look, confirm: { until: 1, from: 'blue' } };
  expect(isConfirmed(waiting, '7-deploy')).toBe(false);
});
