import { expect, test } from '@jest/globals';
import { type Evidence, RULES, judge, outcomeOfRecord } from './verdict.ts';

const nothing: Evidence = { outcome: undefined, rollbackMode: undefined, jobStatus: undefined, reports: [] };
const check = { name: 'web1', ok: true, attempts: 1, elapsedMs: 1 };
const report = (kind: 'rollback' | 'switch' | 'smoke' | 'deploy', ok: boolean, checks = [check]) => ({
  kind,
  ok,
  checks,
});
const good: Evidence = { ...nothing, outcome: 'deployed', jobStatus: 'success' };

/** One case and more for each row of the table, by the row's name. */
const CASES: Record<string, [what: string, evidence: Evidence, status: string][]> = {
  'a rollback that failed': [
    [
      'its report says so',
      { ...good, rollbackMode: 'flip', reports: [report('rollback', false)] },
      'failure',
    ],
    [
      'after a restore too',
      { ...nothing, outcome: 'restored', reports: [report('rollback', false, [])] },
      'failure',
    ],
    [
      'of a cancelled job',
      { ...good, jobStatus: 'cancelled', reports: [report('rollback', false)] },
      'failure',
    ],
  ],
  'a rollback later in the run': [
    ['of a job that is green', { ...good, rollbackMode: 'flip' }, 'rolled-back'],
    ['by a redeploy', { ...good, jobStatus: 'failure', rollbackMode: 'redeploy' }, 'rolled-back'],
    ['that only its report tells of', { ...good, reports: [report('rollback', true)] }, 'rolled-back'],
    ['after the run was cancelled', { ...good, jobStatus: 'cancelled', rollbackMode: 'flip' }, 'rolled-back'],
    [
      'after a deployment whose end was not heard',
      { ...good, outcome: 'unknown', rollbackMode: 'redeploy', reports: [report('rollback', true)] },
      'rolled-back',
    ],
  ],
  'a server that was left, or lost out of sight': [
    ['left', { ...good, outcome: 'left' }, 'failure'],
    [
      'unknown, though the job was cancelled',
      { ...good, outcome: 'unknown', jobStatus: 'cancelled' },
      'failure',
    ],
  ],
  'the release before was brought back': [
    ['of a job that failed', { ...nothing, outcome: 'restored', jobStatus: 'failure' }, 'restored'],
    ['of a job that goes on by `continue-on-error`', { ...good, outcome: 'restored' }, 'restored'],
    ['when it was cancelled', { ...good, outcome: 'restored', jobStatus: 'cancelled' }, 'restored'],
    [
      'where rollback found nothing to do',
      { ...good, outcome: 'restored', rollbackMode: 'none', reports: [report('rollback', true, [])] },
      'restored',
    ],
  ],
  'cancelled on the way': [
    ['before anything', { ...nothing, jobStatus: 'cancelled' }, 'cancelled'],
    ['after it was deployed, before it was proven', { ...good, jobStatus: 'cancelled' }, 'cancelled'],
    [
      'when nothing was changed',
      { ...nothing, outcome: 'nothing-changed', jobStatus: 'cancelled' },
      'cancelled',
    ],
  ],
  'a deployment that failed': [
    ['and changed nothing', { ...nothing, outcome: 'nothing-changed', jobStatus: 'failure' }, 'failure'],
    ['in a job that goes on', { ...good, outcome: 'nothing-changed' }, 'failure'],
  ],
  'a job that failed': [
    ['before it deployed', { ...nothing, jobStatus: 'failure' }, 'failure'],
    ['after it deployed', { ...good, jobStatus: 'failure' }, 'failure'],
    [
      'where rollback was only planned',
      { ...good, jobStatus: 'failure', rollbackMode: 'flip', reports: [report('rollback', true, [])] },
      'failure',
    ],
    ['where rollback only listed', { ...good, jobStatus: 'failure', rollbackMode: 'list' }, 'failure'],
  ],
  'a step that failed, whatever the job says': [
    ['by `continue-on-error`', { ...good, reports: [report('smoke', false)] }, 'failure'],
    [
      'where nobody told the status of the job',
      { ...nothing, outcome: 'deployed', reports: [report('smoke', false)] },
      'failure',
    ],
  ],
  'deployed, and nothing failed': [
    ['in place', good, 'success'],
    ['with reports', { ...good, reports: [report('deploy', true), report('smoke', true)] }, 'success'],
  ],
  'the traffic was moved, and nothing failed': [
    [
      'of a release that stood by',
      { ...good, outcome: 'unchanged', reports: [report('switch', true)] },
      'success',
    ],
    [
      'by a run that deployed nothing',
      { ...nothing, jobStatus: 'success', reports: [report('switch', true)] },
      'success',
    ],
  ],
  'nothing was deployed, and nothing failed': [
    ['it ran already', { ...good, outcome: 'unchanged' }, 'unchanged'],
    [
      'the traffic was there already',
      { ...good, outcome: 'unchanged', reports: [report('switch', true, [])] },
      'unchanged',
    ],
    ['no step deployed', { ...nothing, jobStatus: 'success' }, 'unchanged'],
    ['the job was skipped', { ...nothing, jobStatus: 'skipped' }, 'unchanged'],
  ],
};

test('every row of the table has its cases', () => {
  expect(Object.keys(CASES)).toEqual(RULES.map(({ name }) => name));
});

test.each(
  Object.entries(CASES).flatMap(([name, cases]) =>
    cases.map(([what, evidence, status]) => [name, what, evidence, status] as const),
  ),
)('%s: %s', (name, _what, evidence, status) => {
  expect(judge(evidence)).toMatchObject({ name, status });
});

test('only what was deployed or moved is a success, and nothing of it where anything failed', () => {
  for (const outcome of [
    undefined,
    'deployed',
    'unchanged',
    'restored',
    'nothing-changed',
    'left',
    'unknown',
  ] as const)
    for (const jobStatus of [undefined, 'success', 'failure', 'cancelled', 'skipped'] as const)
      for (const rollbackMode of [undefined, 'flip', 'redeploy', 'none', 'list'] as const)
        for (const reports of [
          [],
          [report('switch', true)],
          [report('smoke', false)],
          [report('rollback', false)],
        ]) {
          const { status } = judge({ outcome, jobStatus, rollbackMode, reports });
          if (status !== 'success') continue;
          expect([jobStatus, reports.some(({ ok }) => !ok)]).toEqual([
            expect.not.stringMatching(/failure|cancelled/),
            false,
          ]);
          expect(outcome === 'deployed' || reports.length > 0).toBe(true);
          expect(rollbackMode === 'flip' || rollbackMode === 'redeploy').toBe(false);
        }
});

test('a record alone says what its step became of', () => {
  expect(outcomeOfRecord('success')).toBe('deployed');
  expect(outcomeOfRecord('restored')).toBe('restored');
  expect(outcomeOfRecord('failure')).toBe('left');
  expect(outcomeOfRecord('cancelled')).toBe('unknown');
});
