import { expect, test } from '@jest/globals';
import { type HistoryEntry, readHistory } from '@deploy-actions/ledger';
import { deploymentsUntilFull } from './disk-trend.ts';

function after(...free: number[]): readonly HistoryEntry[] {
  const lines = free.map((bytes, index) =>
    JSON.stringify({
      operation: 'deploy',
      deployment_id: `run-${index}`,
      release: '',
      outcome: 'succeeded',
      free_bytes: bytes,
    }),
  );
  const { records, unread } = readHistory(lines.join('\n'));
  expect(unread).toEqual([]);
  return records;
}

test('the middle one of the differences tells, so that one clean-up or one large image is no trend', () => {
  expect(deploymentsUntilFull(after(100, 90, 80, 70), 70, 10)).toBe(6);
  expect(deploymentsUntilFull(after(100, 90, 95, 85, 75), 75, 0)).toBe(7);
  expect(deploymentsUntilFull(after(100, 20, 19, 18), 18, 0)).toBe(18);
});

test('too few deployments, or a disk that does not fill, make no trend; a full one has room for none', () => {
  expect(deploymentsUntilFull(after(100, 50, 10), 10, 0)).toBeUndefined();
  expect(deploymentsUntilFull(after(100, 100, 100, 100), 100, 0)).toBeUndefined();
  expect(deploymentsUntilFull(after(100, 90, 80, 70), 5, 10)).toBe(0);
});
