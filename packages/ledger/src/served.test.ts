import { describe, expect, test } from '@jest/globals';
import { marksOf, unfitReleases } from './marks.ts';
import {
  bestKnowing,
  dataCameWith,
  releaseBefore,
  schemaChanges,
  servedReleases,
  undoneChanges,
} from './served.ts';
import {
  deployed,
  marked,
  moved,
  redeployed,
  releaseRecord,
  returned,
  rolledBack,
  rolledBackInPlace,
} from './testing/index.ts';

const bad = (history: Parameters<typeof marksOf>[0]) => [...marksOf(history).releases.keys()];

test('a release that came back by a rollback is no longer marked: what served until the last deploy is the one before', () => {
  const history = [
    deployed('r1'),
    deployed('r2'),
    deployed('r3'),
    ...rolledBackInPlace('r3', 'r2'),
    ...rolledBackInPlace('r2', 'r3'),
    deployed('r4'),
  ];
  expect(bad(history)).toEqual(['r2']);
  const releases = [
    releaseRecord('r1'),
    releaseRecord('r2', 'r1'),
    releaseRecord('r3', 'r2'),
    releaseRecord('r4', 'r3'),
  ];
  expect(servedReleases(history)).toEqual(['r1', 'r2', 'r3', 'r4']);
  expect(releaseBefore('r4', { history, releases })?.id).toBe('r3');
});

test.each([
  ['a deploy', deployed('r2')],
  ['a switch to it', moved('blue', 'green', 'r2')],
  ['a rollback to it by the traffic', rolledBack('r2', { from: 'blue', to: 'green' })],
  ['a rollback to it in place', rolledBack('r2', { previous: 'r1' })],
  ['bringing it up again', redeployed('r2')],
  ['taking the rollback back', marked('r2', 'taken-back')],
])('%s takes a mark off', (_, entry) => {
  for (const before of [marked('r2'), deployed('r2', { outcome: 'restored' })]) {
    expect(bad([before])).toEqual(['r2']);
    expect(bad([before, entry])).toEqual([]);
  }
});

test.each([
  deployed('r2', { outcome: 'failed', bad: false }),
  deployed('r2', { outcome: 'interrupted' }),
  deployed('r2', { outcome: 'unchanged' }),
  moved('blue', 'blue', 'r2', { outcome: 'failed' }),
  deployed('r1'),
])('what proves nothing of a release leaves its mark: $operation $outcome $release', (entry) => {
  expect(bad([marked('r2'), entry])).toEqual(['r2']);
});

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const images = (api: string) => ({
  digests: { api: `registry/api@${digest(api)}`, db: `db@${digest('d')}` },
});

test('an image is marked with its release and is no longer when the release succeeds', () => {
  const two = deployed('r2', images('b'));
  const marks = (...history: Parameters<typeof marksOf>[0][number][]) =>
    [...marksOf([deployed('r1', images('a')), ...history]).images].map(
      ([image, { release }]) => `${image[7]} ${release}`,
    );
  // What it has in common with the release that goes on is not to blame.
  expect(marks({ ...two, outcome: 'restored', bad: true })).toEqual(['b r2']);
  expect(marks(two, ...rolledBackInPlace('r2', 'r1'))).toEqual(['b r2']);
  expect(marks(two, ...rolledBackInPlace('r2', 'r1'), ...rolledBackInPlace('r1', 'r2'))).toEqual(['a r1']);
  expect(marks(two, marked('r2'), deployed('r3', images('b')))).toEqual([]);
});

test('a release that nobody confirmed is gone back to only by name, until a switch to it stays', () => {
  const history = [moved('blue', 'green', 'r2'), returned('green', 'blue', 'r1')];
  expect(unfitReleases(history)).toEqual(new Map([['r2', 'nobody confirmed']]));
  expect(unfitReleases([...history, moved('blue', 'green', 'r2')])).toEqual(new Map());
});

test('what was left again, or was returned, is not what served before', () => {
  expect(
    servedReleases([
      deployed('r1'),
      moved('blue', 'green', 'r2'),
      rolledBack('r1', { from: 'green', to: 'blue' }),
      moved('blue', 'green', 'r3'),
      deployed('r4', { color: 'blue' }),
    ]),
  ).toEqual(['r1', 'r3']);
  expect(
    servedReleases([
      moved('green', 'blue', 'r1'),
      moved('blue', 'green', 'r2'),
      moved('green', 'blue', 'r1'),
      moved('blue', 'green', 'r2'),
      returned('green', 'blue', 'r1'),
      moved('blue', 'green', 'r3'),
    ]),
  ).toEqual(['r1', 'r3']);
});

test('the way back ends where records go in a circle or stop', () => {
  const circle = [releaseRecord('r1', 'r2'), releaseRecord('r2', 'r1')];
  expect(releaseBefore('r2', { history: [marked('r1')], releases: circle })).toBeUndefined();
  expect(releaseBefore('r1', { history: [], releases: [releaseRecord('r1', 'r0')] })).toBeUndefined();
});

const MIGRATED = { migrations: { ran: true, reversible: false, state_before: '', state_after: '' } };
const changes = (to: string, past: Parameters<typeof schemaChanges>[1]) =>
  schemaChanges(to, past).map(({ id }) => id);

test('every change of the schema after a release counts, unless it changed nothing or can be undone', () => {
  const way = (more: Partial<typeof MIGRATED.migrations>) => {
    const migrations = { ...MIGRATED.migrations, ...more };
    return {
      history: [deployed('r1'), deployed('r2'), deployed('r3')],
      releases: [
        releaseRecord('r1'),
        releaseRecord('r2', 'r1', { migrations }),
        releaseRecord('r3', 'r2', { migrations }),
      ],
    };
  };
  expect(changes('r1', way({}))).toEqual(['r2', 'r3']);
  expect(changes('r1', { ...way({}), history: [] })).toEqual(['r2', 'r3']);
  expect(changes('r2', way({}))).toEqual(['r3']);
  expect(changes('nowhere', way({}))).toEqual(['r2', 'r3']);
  expect(changes('r1', way({ state_before: 'a', state_after: 'b' }))).toEqual(['r2', 'r3']);
  expect(changes('r1', way({ state_before: 'a', state_after: 'a' }))).toEqual([]);
  expect(changes('r1', way({ reversible: true }))).toEqual([]);
});

test('to a later release only the changes after it count, whatever an earlier one changed', () => {
  const releases = [
    releaseRecord('r1'),
    releaseRecord('r2', 'r1', MIGRATED),
    releaseRecord('r3', 'r2', MIGRATED),
    releaseRecord('r4', 'r3'),
  ];
  const history = [
    deployed('r1'),
    deployed('r2'),
    deployed('r3'),
    deployed('r4'),
    ...rolledBackInPlace('r4', 'r1'),
  ];
  expect(changes('r4', { history, releases })).toEqual([]);
  expect(changes('r3', { history, releases })).toEqual([]);
  expect(changes('r2', { history, releases })).toEqual(['r3']);
  // It serves on that schema now, since somebody brought it back.
  expect(changes('r1', { history, releases })).toEqual([]);
});

test('what was migrated after a backup was begun is gone where its data came back since the release served', () => {
  const releases = [
    releaseRecord('r1'),
    releaseRecord('r2', 'r1', MIGRATED),
    releaseRecord('r3', 'r2', MIGRATED),
  ];
  const history = [
    deployed('r1'),
    deployed('r2'),
    deployed('r3', { at: '2026-01-03T10:00:00Z' }),
    ...rolledBackInPlace('r3', 'r1', { at: '2026-01-05T10:00:00Z' }),
  ];
  const undone = (to: string, at: string, data_saved: string) =>
    undoneChanges(to, { history, releases, dataReturns: [{ at, data_saved }] }).map(({ id }) => id);
  expect(undone('r3', '2026-01-05T09:00:00Z', '2026-01-01T12:00:00Z')).toEqual(['r2', 'r3']);
  expect(undone('r3', '2026-01-05T09:00:00Z', '2026-01-02T12:00:00Z')).toEqual(['r3']);
  expect(undone('r3', '2026-01-05T09:00:00Z', '2026-01-04T12:00:00Z')).toEqual([]);
  // Before it served, and so before its migrations ran.
  expect(undone('r3', '2026-01-03T09:00:00Z', '2026-01-01T12:00:00Z')).toEqual([]);
  expect(undoneChanges('r3', { history, releases })).toEqual([]);
});

test('the data came with a release where they were taken back for it, and nothing else has served since', () => {
  const back = rolledBackInPlace('r2', 'r1', { data_taken_back: true });
  expect(dataCameWith('r1', [deployed('r1'), deployed('r2'), ...back])).toBe(true);
  expect(dataCameWith('r1', [deployed('r2'), ...back, deployed('r3')])).toBe(false);
  expect(dataCameWith('r1', rolledBackInPlace('r2', 'r1'))).toBe(false);
  // With colours it stood by first.
  const stood = redeployed('r1-blue', { data_taken_back: true });
  const flipped = rolledBack('r1-blue', { from: 'green', to: 'blue' });
  expect(dataCameWith('r1-blue', [stood, marked('r2'), flipped])).toBe(true);
});

describe('with colours, what had the traffic while the other colour migrated', () => {
  const blue = (id: string, more = {}) => releaseRecord(id, '', { color: 'blue', ...more });
  const green = (id: string, more = {}) => releaseRecord(id, '', { color: 'green', ...more });

  test('has served on the new schema, and may be gone back to', () => {
    const history = [
      moved('green', 'blue', 'r1'),
      deployed('r2', { color: 'green' }),
      moved('blue', 'green', 'r2'),
    ];
    expect(changes('r1', { history, releases: [blue('r1'), green('r2', MIGRATED)] })).toEqual([]);
    // Also where only the switch is told of, and before it.
    expect(
      changes('r1', { history: [history[0]!, history[2]!], releases: [blue('r1'), green('r2', MIGRATED)] }),
    ).toEqual([]);
    expect(
      changes('r1', { history: history.slice(0, 2), releases: [blue('r1'), green('r2', MIGRATED)] }),
    ).toEqual([]);
  });

  test('may be gone back to where it was a plain stack, with or without a record', () => {
    const history = [deployed('r2', { color: 'green' }), moved('blue', 'green', 'r2')];
    expect(changes('r1', { history, releases: [releaseRecord('r1'), green('r2', MIGRATED)] })).toEqual([]);
    expect(changes('', { history, releases: [green('r2', MIGRATED)] })).toEqual([]);
  });

  test('is not what served before that', () => {
    const history = [
      moved('green', 'blue', 'r1'),
      deployed('r2', { color: 'green' }),
      moved('blue', 'green', 'r2'),
      deployed('r3', { color: 'blue' }),
      moved('green', 'blue', 'r3'),
    ];
    const releases = [blue('r1'), green('r2'), blue('r3', MIGRATED)];
    expect(changes('r1', { history, releases })).toEqual(['r3']);
    expect(changes('r2', { history, releases })).toEqual([]);
  });

  test('is what a switch that nobody confirmed gives the traffic back to: one rule for both', () => {
    const history = [
      moved('green', 'blue', 'r1'),
      deployed('r2', { color: 'green' }),
      moved('blue', 'green', 'r2'),
    ];
    const releases = [blue('r1'), green('r2', MIGRATED), green('r3')];
    const returnedTo = { history: [...history, returned('green', 'blue', 'r1')], releases };
    expect(changes('r1', { history, releases })).toEqual([]);
    expect(changes('r1', returnedTo)).toEqual([]);
    const then = [...returnedTo.history, deployed('r3', { color: 'green' }), moved('blue', 'green', 'r3')];
    expect(changes('r1', { history: then, releases })).toEqual([]);
  });
});

test('what the data were taken back from is gone back to only by deploying it again', () => {
  const releases = [
    releaseRecord('r1'),
    releaseRecord('r2', 'r1', MIGRATED),
    releaseRecord('r3', 'r2'),
    releaseRecord('r4', 'r3', MIGRATED),
  ];
  const deploys = ['r1', 'r2', 'r3', 'r4'].map((id) => deployed(id));
  const undone = (to: string, ...history: (typeof deploys)[number][] | object[]) =>
    undoneChanges(to, { history: [...deploys, ...(history as typeof deploys)], releases }).map(
      ({ id }) => id,
    );
  const down = (release: string, previous: string) =>
    rolledBack(release, { previous, data_taken_back: true });
  // With nothing but the traffic, or the containers, the schema stays.
  expect(undone('r4', ...rolledBackInPlace('r4', 'r1'))).toEqual([]);
  expect(undone('r4', down('r1', 'r4'))).toEqual(['r2', 'r4']);
  expect(undone('r3', down('r1', 'r4'))).toEqual(['r2']);
  expect(undone('r1', down('r1', 'r4'))).toEqual([]);
  // Only r4's own change was undone: r3 and r2 run on what is left.
  expect(undone('r4', down('r3', 'r4'))).toEqual(['r4']);
  expect(undone('r2', down('r3', 'r4'))).toEqual([]);
  // It has served since, because somebody said that it may, or was deployed again.
  expect(undone('r4', down('r1', 'r4'), rolledBack('r4', { previous: 'r1' }))).toEqual([]);
  // Also where the older release did not come up after that.
  expect(
    undone('r4', rolledBack('r1', { previous: 'r4', outcome: 'restored', data_taken_back: true })),
  ).toEqual(['r2', 'r4']);
  // In the other colour it has another id.
  const colored = [...releases.slice(1), releaseRecord('r1-blue', '', { color: 'blue' })];
  const history = [...deploys, redeployed('r1-green', { data_taken_back: true })];
  expect(undoneChanges('r4', { history, releases: colored }).map(({ id }) => id)).toEqual(['r2', 'r4']);
});

describe('of several managers the first knows best what serves', () => {
  const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00Z`;
  const r = (number: number, minute = number) =>
    deployed(`r${number}`, { deployment_id: `${number}-deploy`, at: at(minute) });

  test.each([
    [
      'where the others tell of the same, a moment later',
      [
        [r(1), r(2)],
        [r(1, 3), r(2, 4)],
      ],
      0,
    ],
    ['where another one was left out', [[r(1), r(2)], [r(1)], []], 0],
    ['unless it was left out itself', [[r(1)], [r(1, 2), r(3)]], 1],
    ['unless it is new', [[], [r(1)]], 1],
    ['and what failed says nothing', [[r(1)], [r(1), deployed('r2', { outcome: 'failed', at: at(9) })]], 0],
    [
      'and a deployment that found all as it was told it',
      [
        [r(1), deployed('r3', { outcome: 'unchanged', at: at(5) })],
        [r(1), r(2)],
      ],
      0,
    ],
    [
      'unless it did not hear of a rollback',
      [
        [r(1), r(2)],
        [r(1), r(2), ...rolledBackInPlace('r2', 'r1').map((one) => ({ ...one, at: at(9) }))],
      ],
      1,
    ],
    [
      'and of those that know more, the one that knows most leads',
      [[r(1)], [r(1), r(2)], [r(1), r(2), r(3)]],
      2,
    ],
  ] as const)('%s', (_, histories, best) => {
    expect(bestKnowing(histories)).toBe(best);
  });
});
