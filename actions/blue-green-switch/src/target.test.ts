import { expect, test } from '@jest/globals';
import type { HistoryEntry } from '@deploy-actions/ledger';
import { deployed, moved, returned, rolledBack, switchConfirmed } from '@deploy-actions/ledger/testing';
import { isConfirmed, targetOf } from './target.ts';

const switched = moved('blue', 'green', 'r2');
const confirmed = switchConfirmed('green', 'r2');
const rolled = rolledBack('r1', { from: 'green', to: 'blue' });

const seen = (share: string, history: HistoryEntry[]) => ({
  server: { name: 'web1' },
  look: { share, history, traffic: undefined, confirm: undefined },
});
const target = (share: string, ...history: HistoryEntry[]) =>
  targetOf([seen(share, history)], 'idle', '7-deploy');

test('a job that is run again goes on to the colour that it moved to, also after it confirmed', () => {
  expect(target('green', switched)).toBe('green');
  expect(target('green', switched, confirmed)).toBe('green');
  // Nobody confirmed in time, but the old colour could not take the traffic back.
  expect(target('green', switched, { ...confirmed, outcome: 'failed' as const })).toBe('green');
});

test('a job whose switch was returned or rolled back moves again', () => {
  expect(target('blue', switched, returned('green', 'blue', 'r1'))).toBe('green');
  expect(target('blue', switched, rolled)).toBe('green');
  expect(target('blue', switched, confirmed, rolled)).toBe('green');
});

test('what the job deployed after it had switched is idle, and what another job moved is not its own', () => {
  expect(target('green', switched, confirmed, deployed('r3'))).toBe('blue');
  expect(target('green', { ...switched, deployment_id: '8-deploy' })).toBe('blue');
});

test('a confirmation holds while the traffic is where it was confirmed', () => {
  const holds = (share: string, ...history: HistoryEntry[]) =>
    isConfirmed(seen(share, history).look, '7-deploy');
  expect(holds('green', switched, confirmed)).toBe(true);
  expect(holds('blue', switched, confirmed)).toBe(false);
  expect(holds('green', switched)).toBe(false);
  expect(holds('green', switched, confirmed, switched)).toBe(false);
  const waiting = { ...seen('green', [switched, confirmed]).look, confirm: { until: 1, from: 'blue' } };
  expect(isConfirmed(waiting, '7-deploy')).toBe(false);
});
