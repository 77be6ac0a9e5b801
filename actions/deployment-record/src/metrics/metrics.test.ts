import { expect, test } from '@jest/globals';
import { rigGitHub, shaOf } from '@deploy-actions/github/testing';
import {
  deployed,
  marked,
  moved,
  returned,
  rolledBack,
  rolledBackInPlace,
  switchConfirmed,
} from '@deploy-actions/ledger/testing';
import { pastDeployments } from './deployments.ts';
import { median, metricsOf } from './dora.ts';
import { leadTimes } from './lead-time.ts';

/** A moment of the first day; each hour counts up. */
const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString().replace('.000', '');
const outcomes = (past: ReturnType<typeof pastDeployments>) =>
  past.map(({ release, outcome }) => `${release} ${outcome}`);

test('deployments in place are those that changed something, and an attempt that was repeated counts once', () => {
  const past = pastDeployments(
    [
      deployed('r1'),
      deployed('r1', { outcome: 'unchanged' }),
      deployed('r2', { outcome: 'restored', sha: shaOf('a') }),
      deployed('r2-1', { outcome: 'restored', sha: shaOf('a') }),
      deployed('r3', { outcome: 'failed', bad: false }),
      deployed('r4', { environment: 'staging' }),
      deployed('r5'),
    ],
    'production',
  );
  expect(outcomes(past)).toEqual(['r1 success', 'r2-1 restored', 'r3 failure', 'r5 success']);
  expect(past.map(({ reached }) => reached)).toEqual([true, false, false, true]);
});

test('what was restored never reached the visitors: it is an attempt, and no failed change', () => {
  const history = [...Array(12)].map((_, index) =>
    deployed(`r${index}`, index === 3 ? { outcome: 'restored' } : {}),
  );
  expect(metricsOf(pastDeployments(history, ''), Date.parse(at(24)))).toMatchObject({
    deployments: 11,
    attempts: 1,
    failed: { count: 0, share: 0 },
  });
});

test('a line that does not say when it was is no deployment, marks no other one, and ends no failure at no time', () => {
  const failing = { outcome: 'failed', bad: true } as const;
  expect(pastDeployments([deployed('r1', { ...failing, at: '' })], '')).toEqual([]);
  const past = pastDeployments(
    [
      deployed('r1', { outcome: 'restored' }),
      deployed('r2', { ...failing, at: '' }),
      deployed('r3', failing),
      deployed('r4'),
      ...rolledBackInPlace('r4', 'r3', { at: '' }),
    ],
    '',
  );
  expect(past.map(({ release, reached }) => [release, reached])).toEqual([
    ['r1', false],
    ['r3', true],
    ['r4', true],
  ]);
  expect(past.at(-1)).toMatchObject({ outcome: 'rolled-back', recoveredAt: undefined });
});

test('with colours the switch is the deployment, and the steps of a canary are one', () => {
  const past = pastDeployments(
    [
      deployed('r1', { color: 'blue' }),
      moved('green', 'blue', 'r1'),
      deployed('r2', { color: 'green', duration_ms: 7000 }),
      moved('blue', 'green-10', 'r1'),
      moved('green-10', 'green-50', 'r2'),
      moved('green-50', 'green', 'r2'),
      switchConfirmed('green', 'r2'),
      deployed('r3', { color: 'blue' }),
    ],
    'production',
  );
  expect(outcomes(past)).toEqual(['r1 success', 'r2 success']);
  expect(past[1]!.durationMs).toBe(7000);
});

test('a rollback, in place or by the traffic, or a switch that nobody confirmed, is of the deployment that it left', () => {
  const inPlace = [
    deployed('r1', { at: at(1) }),
    deployed('r2', { at: at(2) }),
    ...rolledBackInPlace('r2', 'r1', { at: at(3) }),
  ];
  const [, second] = pastDeployments(inPlace, '');
  expect(second).toMatchObject({ outcome: 'rolled-back', recoveredAt: Date.parse(at(3)) });
  const flipped = [
    moved('green', 'blue', 'r1'),
    moved('blue', 'green', 'r2'),
    marked('r2'),
    rolledBack('r1', { from: 'green', to: 'blue' }),
  ];
  expect(outcomes(pastDeployments(flipped, ''))).toEqual(['r1 success', 'r2 rolled-back']);
  const back = [moved('green', 'blue', 'r1'), moved('blue', 'green', 'r2'), returned('green', 'blue', 'r1')];
  expect(outcomes(pastDeployments(back, ''))).toEqual(['r1 success', 'r2 rolled-back']);
  expect(outcomes(pastDeployments([...inPlace, marked('r2', 'taken-back')], ''))).toEqual([
    'r1 success',
    'r2 success',
  ]);
});

test('what is left failing is over with the next success, and that one is rework within a day', () => {
  const past = pastDeployments(
    [
      deployed('r1', { at: at(1) }),
      deployed('r2', { at: at(2), outcome: 'failed' }),
      deployed('r3', { at: at(5) }),
      deployed('r4', { at: at(9) }),
    ],
    '',
  );
  expect(past[1]).toMatchObject({ outcome: 'failure', reached: true, recoveredAt: Date.parse(at(5)) });
  expect(metricsOf(past, Date.parse(at(24)))).toMatchObject({
    deployments: 4,
    failed: { count: 1 },
    recoveryMs: 3 * 3_600_000,
    rework: { count: 1 },
  });
});

test('below ten deployments there are counts, and no rate', () => {
  const nine = [...Array(9)].map((_, index) => deployed(`r${index}`, { at: at(index) }));
  const few = metricsOf(
    pastDeployments([...nine, ...rolledBackInPlace('r8', 'r7', { at: at(9) })], ''),
    Date.parse(at(168)),
  );
  expect(few).toMatchObject({
    deployments: 9,
    perWeek: undefined,
    rolledBack: { count: 1, share: undefined },
    failed: { share: undefined },
  });
  const ten = metricsOf(
    pastDeployments(
      [...nine, deployed('r9', { at: at(9) }), ...rolledBackInPlace('r9', 'r8', { at: at(10) })],
      '',
    ),
    Date.parse(at(168)),
  );
  expect(ten).toMatchObject({
    deployments: 10,
    perWeek: 10,
    rolledBack: { count: 1, share: 0.1 },
    failed: { share: 0.1 },
  });
});

test('the lead time is from each commit to the deployment that brought it, merges left out', async () => {
  const rig = await rigGitHub({
    commits: [
      { sha: shaOf('1'), message: 'a', committedAt: at(0) },
      { sha: shaOf('2'), message: 'b', committedAt: at(1) },
      { sha: shaOf('3'), message: 'c', committedAt: at(3) },
      { sha: shaOf('4'), message: 'merge', committedAt: at(3), parents: [shaOf('3'), shaOf('1')] },
    ],
  });
  try {
    const past = pastDeployments(
      [
        deployed('r1', { sha: shaOf('1'), at: at(1) }),
        deployed('r2', { sha: shaOf('4'), at: at(5) }),
        deployed('r3', { sha: 'x', at: at(6) }),
      ],
      '',
    );
    expect(await leadTimes(rig.api, past)).toEqual([4 * 3_600_000, 2 * 3_600_000]);
    expect(rig.stub.violations).toEqual([]);
    expect(rig.stub.requests).toHaveLength(1);
  } finally {
    await rig.close();
  }
});

test('the median is of what is there', () => {
  expect([median([]), median([3]), median([9, 1]), median([5, 1, 3])]).toEqual([undefined, 3, 5, 3]);
});
