import { expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { refusedReport } from './report.ts';

test('a rollback that is refused says so, why, and what to do', () => {
  const refused = new Failure('refused', 'a migration has changed the schema since', {
    remedy: 'Set allow-past-migration: true where the old code runs on it.',
  });
  expect(refusedReport(refused, 12)).toEqual({
    kind: 'rollback',
    ok: false,
    summary:
      'nothing was rolled back: a migration has changed the schema since. Set allow-past-migration: true where the old code runs on it.',
    elapsedMs: 12,
    checks: [],
  });
});

test('one that was cut off does not claim that nothing was done', () => {
  const lost = new Failure('lost', 'the run was cancelled; it goes on by itself on web1 (in up)');
  expect(refusedReport(lost, 1).summary).toBe(
    'the rollback was cut off: the run was cancelled; it goes on by itself on web1 (in up)',
  );
});
