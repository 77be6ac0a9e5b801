import { expect, test } from '@jest/globals';
import type { Color } from './color.ts';
import type { HistoryEntry } from './history.ts';
import type { RecordedMigrations, ReleaseRecord } from './release-record.ts';
import { type RollbackRequest, decideRollback as decide } from './rollback-decision.ts';
import {
  by,
  deployed,
  marked,
  moved,
  releaseRecord as release,
  returned,
  rolledBack,
  rolledBackInPlace,
  standingContainer as container,
  standingWith as look,
  trafficRecord,
} from './testing/index.ts';

const request = (more: Partial<RollbackRequest> = {}): RollbackRequest => ({
  to: undefined,
  mode: 'auto',
  project: 'shop',
  isOwn: (entry) => entry.deployment_id.startsWith('7-'),
  pastMigration: false,
  runsHooks: false,
  now: 1000,
  ...more,
});

const COLORS = [container('shop-blue', 'web'), container('shop-green', 'web')];
const THREE = [release('r1', ''), release('r2', 'r1'), release('r3', 'r2')];

test('a deploy that was restored by itself leaves nothing to roll back', () => {
  const seen = look({
    releases: THREE,
    current: 'r2',
    history: [by('5-deploy', deployed('r2')), deployed('r3', { outcome: 'restored' })],
  });
  expect(decide(seen, request())).toMatchObject({
    kind: 'nothing',
    reason: expect.stringContaining('taken back by itself'),
  });
});

test('a run that failed before it deployed leaves the release before it alone', () => {
  const seen = look({ releases: THREE, current: 'r3', history: [by('5-deploy', deployed('r3'))] });
  expect(decide(seen, request())).toEqual({
    kind: 'nothing',
    reason: 'this run has changed nothing on the server',
  });
});

test('a deploy of this run goes back to exactly the release before it, and only once', () => {
  const history = [by('5-deploy', deployed('r2')), deployed('r3')];
  expect(decide(look({ releases: THREE, current: 'r3', history }), request())).toMatchObject({
    kind: 'redeploy',
    release: { id: 'r2' },
  });
  const after = [...history, ...rolledBackInPlace('r3', 'r2')];
  expect(decide(look({ releases: THREE, current: 'r2', history: after }), request()).kind).toBe('nothing');
});

test('a switch of this run goes back once; a second time nothing is done', () => {
  const history = [moved('blue', 'green', 'r3')];
  const slots: [string, string] = ['r2', 'r3'];
  expect(
    decide(look({ releases: THREE, containers: COLORS, share: 'green', slots, history }), request()),
  ).toMatchObject({ kind: 'flip', to: 'blue', release: 'r2', fromRelease: 'r3' });
  const back = [...history, rolledBack('r2', { from: 'green', to: 'blue' })];
  expect(
    decide(look({ releases: THREE, containers: COLORS, share: 'blue', slots, history: back }), request()),
  ).toMatchObject({ kind: 'nothing' });
});

test('what a later run has changed is not taken back by an earlier one', () => {
  const history = [
    moved('blue', 'green', 'r3'),
    by('8-deploy', moved('green', 'blue', 'r2')),
    by('8-deploy', moved('blue', 'green', 'r3')),
  ];
  const seen = look({ releases: THREE, containers: COLORS, share: 'green', slots: ['r2', 'r3'], history });
  expect(decide(seen, request())).toMatchObject({
    kind: 'nothing',
    reason: expect.stringContaining('later run'),
  });
});

test('a deploy to the idle colour has moved nothing, so nothing is rolled back', () => {
  const seen = look({
    releases: THREE,
    containers: COLORS,
    share: 'blue',
    slots: ['r2', 'r3'],
    history: [deployed('r3')],
  });
  expect(decide(seen, request())).toMatchObject({
    kind: 'nothing',
    reason: expect.stringContaining('does not serve'),
  });
});

test('no earlier release means that things are left alone', () => {
  const seen = look({ releases: [release('r1', '')], current: 'r1', history: [deployed('r1')] });
  expect(decide(seen, request())).toEqual({
    kind: 'nothing',
    reason: 'there is no earlier release to go back to',
  });
  expect(decide(seen, request({ to: 'previous' })).kind).toBe('nothing');
});

test('last-good skips releases that are marked bad', () => {
  const history = [by('1-d', deployed('r1')), marked('r2'), by('3-d', deployed('r3'))];
  const seen = look({ releases: THREE, current: 'r3', history });
  expect(decide(seen, request({ to: 'last-good' }))).toMatchObject({
    kind: 'redeploy',
    release: { id: 'r1' },
  });
});

test('what came back by a rollback and served until the last deploy is the previous release', () => {
  const history = [
    by('1-d', deployed('r1')),
    by('2-d', deployed('r2')),
    by('3-d', deployed('r3')),
    ...rolledBackInPlace('r3', 'r2'),
    ...rolledBackInPlace('r2', 'r3'),
    by('8-d', deployed('r4')),
  ];
  const seen = look({ releases: [...THREE, release('r4', 'r3')], current: 'r4', history });
  for (const to of ['previous', 'last-good']) {
    expect(decide(seen, request({ to }))).toMatchObject({ kind: 'redeploy', release: { id: 'r3' } });
  }
});

test('a release is found by id, version and abbreviated commit', () => {
  const sha = 'abcdef0123456789abcdef0123456789abcdef01';
  const seen = look({ releases: [release('r1', '', { sha }), release('r2', 'r1')], current: 'r2' });
  for (const to of ['r1', 'R1', 'abcdef0', sha]) {
    expect(decide(seen, request({ to }))).toMatchObject({ kind: 'redeploy', release: { id: 'r1' } });
  }
  expect(() => decide(seen, request({ to: 'r9' }))).toThrow('no release on the server is r9');
});

test('a release that stands by in the idle colour is reached by the traffic alone', () => {
  const seen = look({ releases: THREE, containers: COLORS, share: 'green', slots: ['r2', 'r3'] });
  expect(decide(seen, request({ to: 'previous' }))).toMatchObject({
    kind: 'flip',
    to: 'blue',
    release: 'r2',
  });
  const coloredThree = THREE.map((one): ReleaseRecord => ({
    ...one,
    color: one.id === 'r3' ? 'green' : 'blue',
  }));
  const again = look({ releases: coloredThree, containers: COLORS, share: 'green', slots: ['r2', 'r3'] });
  for (const more of [{ mode: 'redeploy' as const }, { runsHooks: true }]) {
    expect(decide(again, request({ to: 'r2', ...more }))).toMatchObject({ kind: 'recolor', to: 'blue' });
  }
});

test('a migration that is not reversible stands in the way, unless it changed nothing or it is allowed', () => {
  const migrated = (more: Partial<RecordedMigrations>) => [
    release('r1', ''),
    release('r2', 'r1', {
      migrations: { ran: true, reversible: false, state_before: '', state_after: '', ...more },
    }),
  ];
  const seen = (more: Partial<RecordedMigrations>) =>
    look({ releases: migrated(more), current: 'r2', history: [by('1-d', deployed('r1')), deployed('r2')] });
  expect(() => decide(seen({}), request())).toThrow('r2 changed the schema');
  expect(() => decide(seen({ state_before: 'a', state_after: 'b' }), request())).toThrow(
    'r2 changed the schema',
  );
  expect(decide(seen({ state_before: 'a', state_after: 'a' }), request()).kind).toBe('redeploy');
  expect(decide(seen({ reversible: true }), request()).kind).toBe('redeploy');
  expect(decide(seen({}), request({ pastMigration: true })).kind).toBe('redeploy');
});

test('a canary that this run left goes back to the colour that had all', () => {
  const seen = look({
    releases: THREE,
    containers: COLORS,
    share: 'green-25',
    slots: ['r2', 'r3'],
    history: [moved('blue', 'blue', 'r2', { outcome: 'failed' })],
  });
  expect(decide(seen, request())).toMatchObject({ kind: 'flip', to: 'blue' });
});

/** r1 (blue), r2 (green) and r3 (blue again) served one after the other; r3 is live. */
const colored = (more: Partial<ReleaseRecord> = {}) =>
  look({
    releases: [
      release('r1', '', { color: 'blue' }),
      release('r2', '', { color: 'green', ...more }),
      release('r3', 'r1', { color: 'blue' }),
    ],
    containers: COLORS,
    share: 'blue',
    slots: ['r3', 'r2'],
    history: [by('5-d', moved('blue', 'green', 'r2')), by('5-d', moved('green', 'blue', 'r3'))],
  });

test('with colours the release before is the one that served, not the one that was in the same colour', () => {
  for (const to of ['previous', 'last-good']) {
    expect(decide(colored(), request({ to }))).toMatchObject({ kind: 'flip', to: 'green', release: 'r2' });
  }
});

test('a release that is in neither colour is brought up in the idle one, never in place of the live one', () => {
  expect(decide(colored(), request({ to: 'r1' }))).toMatchObject({
    kind: 'recolor',
    to: 'green',
    fromRelease: 'r3',
    release: { id: 'r1' },
    reason: 'r1 was asked for; green held r2',
  });
  expect(() => decide(colored(), request({ to: 'r1', mode: 'flip' }))).toThrow(
    'is in no colour that stands by',
  );
});

test('a migration between counts in the order in which releases served', () => {
  const migrations = { ran: true, reversible: false, state_before: '', state_after: '' };
  expect(decide(colored({ migrations }), request({ to: 'previous' }))).toMatchObject({ kind: 'flip' });
  const seen = colored();
  const releases = seen.releases.map((one) => (one.id === 'r3' ? { ...one, migrations } : one));
  const confirm = { until: 1_900_000_000, from: 'green' };
  expect(() => decide({ ...seen, releases }, request({ to: 'r1' }))).toThrow(
    'r3 changed the schema after r1 was deployed, and r1 has not served since: nothing says that it runs on it. r3 goes on serving (traffic on blue); nothing was changed',
  );
  // What comes by itself is said too.
  expect(() => decide({ ...seen, releases, confirm }, request({ to: 'r1' }))).toThrow(
    'Unless the switch is confirmed, the server gives the traffic back to green by itself at 2030-03-17T17:46:40Z',
  );
  // And what the server would do by itself may be done by hand.
  expect(decide({ ...seen, releases, confirm }, request({ to: 'previous' }))).toMatchObject({
    kind: 'flip',
    release: 'r2',
  });
});

test('the plain stack that served before the first switch is what is gone back to, with its release and its migrations', () => {
  const seen = (more: Partial<ReleaseRecord> = {}) => ({
    ...look({
      releases: [release('r1', ''), release('r2', '', { color: 'green', ...more })],
      containers: [container('shop', 'web'), container('shop-green', 'web')],
      current: 'r2',
      share: 'green',
      slots: ['', 'r2'],
      history: [
        by('1-d', deployed('r1')),
        by('2-d', deployed('r2', { color: 'green' })),
        moved('blue', 'green', 'r2'),
      ],
    }),
    traffic: trafficRecord('green', { release: 'r2', previous: 'r1' }),
  });
  for (const to of [undefined, 'previous', 'r1']) {
    expect(decide(seen(), request({ to }))).toMatchObject({
      kind: 'flip',
      to: 'blue',
      release: 'r1',
      fromRelease: 'r2',
    });
  }
  const migrations = { ran: true, reversible: false, state_before: '', state_after: '' };
  // It has served on what the colour migrated.
  expect(decide(seen({ migrations }), request())).toMatchObject({ kind: 'flip', release: 'r1' });
});

test('during a canary no colour is idle, and a plain release fits into none: both are refused with what to do', () => {
  const seen = (share: string, color: Color | '') =>
    look({
      releases: [release('r1', '', { color }), release('r2', 'r1'), release('r3', 'r2')],
      containers: COLORS,
      share,
      slots: ['r2', 'r3'],
    });
  expect(() => decide(seen('green-25', 'blue'), request({ to: 'r1' }))).toThrow('a canary is on (green-25)');
  expect(() => decide(seen('green', ''), request({ to: 'r1' }))).toThrow('r1 was deployed in place');
  const alone = look({ releases: [release('r1', '', { color: 'green' }), release('r2', '')], current: 'r2' });
  expect(() => decide(alone, request({ to: 'r1' }))).toThrow('no proxy chooses between colours here');
});

test('a colour whose release is marked bad is not gone back to, unless what took it back was taken back', () => {
  const seen = (...history: HistoryEntry[]) =>
    look({
      releases: [release('r1', '')],
      containers: COLORS,
      share: 'blue',
      slots: ['r1', 'r2'],
      history: [by('5-deploy', deployed('r2')), ...history],
    });
  for (const to of ['last-good', 'previous']) {
    expect(decide(seen(marked('r2')), request({ to }))).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('green holds r2, which is marked bad'),
    });
    expect(decide(seen(marked('r2'), marked('r2', 'taken-back')), request({ to }))).toMatchObject({
      kind: 'flip',
      to: 'green',
    });
  }
});

test('what an unconfirmed switch would return to is not taken away; going there at once is', () => {
  const seen = { ...colored(), confirm: { until: 1060, from: 'green' } };
  expect(() => decide(seen, request({ to: 'r1' }))).toThrow('waits to be confirmed');
  expect(decide(seen, request({ to: 'previous' }))).toMatchObject({ kind: 'flip' });
  expect(decide(seen, request({ to: 'r1', now: 1361 }))).toMatchObject({ kind: 'recolor' });
});

/** r1 serves in blue; r2 was switched to in green and nobody confirmed it. Then perhaps r3 in green. */
const unconfirmed = (more: { then: boolean; migrations?: RecordedMigrations }) =>
  look({
    releases: [
      release('r1', '', { color: 'blue' }),
      release('r2', '', { color: 'green', ...(more.migrations ? { migrations: more.migrations } : {}) }),
      ...(more.then ? [release('r3', 'r2', { color: 'green' })] : []),
    ],
    containers: COLORS,
    share: more.then ? 'green' : 'blue',
    slots: ['r1', more.then ? 'r3' : 'r2'],
    history: [
      by('5-d', deployed('r1', { color: 'blue' })),
      by('6-d', deployed('r2', { color: 'green' })),
      by('6-d', moved('blue', 'green', 'r2')),
      by('6-d', returned('green', 'blue', 'r1')),
      ...(more.then ? [by('8-d', moved('blue', 'green', 'r3'))] : []),
    ],
  });

test('a switch that was returned is no move: its release is neither the previous one nor the last good one', () => {
  for (const to of ['previous', 'last-good']) {
    expect(decide(unconfirmed({ then: true }), request({ to }))).toMatchObject({
      kind: 'flip',
      to: 'blue',
      release: 'r1',
    });
    expect(decide(unconfirmed({ then: false }), request({ to }))).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('green holds r2, which nobody confirmed'),
    });
  }
  expect(decide(unconfirmed({ then: false }), request({ to: 'r2' }))).toMatchObject({ kind: 'flip' });
});

test('a migration of a release that was returned is no obstacle for what it was returned to', () => {
  const migrations = { ran: true, reversible: false, state_before: '', state_after: '' };
  expect(decide(unconfirmed({ then: true, migrations }), request({ to: 'previous' }))).toMatchObject({
    kind: 'flip',
    release: 'r1',
  });
});

test('during a canary, going back is going to what had all the traffic before', () => {
  const seen = (share: string) => ({ ...colored(), share });
  for (const share of ['green-25', 'green-75']) {
    for (const to of ['previous', 'last-good', 'r3']) {
      expect(decide(seen(share), request({ to }))).toMatchObject({ kind: 'flip', to: 'blue', release: 'r3' });
    }
  }
  expect(decide(seen('green-25'), request({ to: 'r2' }))).toMatchObject({ kind: 'flip', to: 'green' });
});

test('a canary that was stopped for it was the step back: no other one is made', () => {
  for (const to of ['previous', 'last-good']) {
    expect(decide(colored(), request({ to }), true)).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('r3 has all the traffic again'),
    });
  }
  expect(decide(colored(), request({ to: 'r2' }), true)).toMatchObject({ kind: 'flip', to: 'green' });
});

test('what goes back says which release it found in the colour', () => {
  expect(decide(colored(), request({ to: 'previous' }))).toMatchObject({ to: 'green', slot: 'r2' });
});
