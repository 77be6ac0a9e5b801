import { expect, test } from '@jest/globals';
import { type Look, parseLook } from '@deploy-actions/traffic';
import { type Request, crossedMigrations, decide } from './decision.ts';
import { historyOf, releasesOf, servedReleases } from './records.ts';

type Line = Record<string, unknown>;

const release = (id: string, previous: string, more: Line = {}) => ({
  id,
  version: id.toUpperCase(),
  sha: `${id}0000000000000000000000000000000000000000`.slice(0, 40),
  created: `2026-01-0${id.slice(1)}T00:00:00Z`,
  previous,
  ...more,
});

const container = (project: string, service: string, more: Line = {}) => ({
  id: `${project}-${service}`,
  name: `/${project}-${service}-1`,
  labels: { 'com.docker.compose.project': project, 'com.docker.compose.service': service },
  status: 'running',
  health: 'healthy',
  ...more,
});

function look(fields: {
  history?: Line[];
  releases?: Line[];
  containers?: Line[];
  current?: string;
  share?: string;
  slots?: [string, string];
}): Look {
  const lines = (list: Line[] = []) => list.map((one) => JSON.stringify(one)).join('\n');
  return parseLook({
    history: lines(fields.history),
    releases: lines(fields.releases),
    containers: lines(fields.containers),
    current: fields.current ? `releases/${fields.current}` : '',
    mechanism_share: fields.share ?? '',
    slot_blue: fields.slots?.[0] ?? '',
    slot_green: fields.slots?.[1] ?? '',
  });
}

const request = (more: Partial<Request> = {}): Request => ({
  to: undefined,
  mode: 'auto',
  project: 'shop',
  isOwn: (entry) => entry.deployment_id.startsWith('7-'),
  pastMigration: false,
  runsHooks: false,
  now: 1000,
  ...more,
});

const deployed = (id: string, deployment = '7-deploy', outcome = 'succeeded') => ({
  operation: 'deploy',
  deployment_id: deployment,
  release: id,
  outcome,
  bad: outcome !== 'succeeded',
});
const moved = (from: string, to: string, deployment = '7-deploy', operation = 'switch') => ({
  operation,
  deployment_id: deployment,
  release: '',
  from,
  to,
  outcome: 'succeeded',
  bad: false,
});

const COLORS = [container('shop-blue', 'web'), container('shop-green', 'web')];
const THREE = [release('r1', ''), release('r2', 'r1'), release('r3', 'r2')];

test('a deploy that was restored by itself leaves nothing to roll back', () => {
  const seen = look({
    releases: THREE,
    current: 'r2',
    history: [deployed('r2', '5-deploy'), deployed('r3', '7-deploy', 'restored')],
  });
  expect(decide(seen, request())).toMatchObject({
    kind: 'nothing',
    reason: expect.stringContaining('taken back by itself'),
  });
});

test('a run that failed before it deployed leaves the release before it alone', () => {
  const seen = look({ releases: THREE, current: 'r3', history: [deployed('r3', '5-deploy')] });
  expect(decide(seen, request())).toEqual({
    kind: 'nothing',
    reason: 'this run has changed nothing on the server',
  });
});

test('a deploy of this run goes back to exactly the release before it, and only once', () => {
  const history = [deployed('r2', '5-deploy'), deployed('r3')];
  expect(decide(look({ releases: THREE, current: 'r3', history }), request())).toMatchObject({
    kind: 'redeploy',
    release: { id: 'r2' },
  });
  const after = [
    ...history,
    { operation: 'rollback', deployment_id: '7-deploy', release: 'r2', outcome: 'succeeded', bad: false },
  ];
  expect(decide(look({ releases: THREE, current: 'r2', history: after }), request()).kind).toBe('nothing');
});

test('a switch of this run goes back once; a second time nothing is done', () => {
  const history = [moved('blue', 'green')];
  const slots: [string, string] = ['r2', 'r3'];
  expect(
    decide(look({ releases: THREE, containers: COLORS, share: 'green', slots, history }), request()),
  ).toMatchObject({ kind: 'flip', to: 'blue', release: 'r2', fromRelease: 'r3' });
  const back = [...history, moved('green', 'blue', '7-deploy', 'rollback')];
  expect(
    decide(look({ releases: THREE, containers: COLORS, share: 'blue', slots, history: back }), request()),
  ).toMatchObject({ kind: 'nothing' });
});

test('what a later run has changed is not taken back by an earlier one', () => {
  const history = [
    moved('blue', 'green'),
    moved('green', 'blue', '8-deploy'),
    moved('blue', 'green', '8-deploy'),
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
  const history = [
    deployed('r1', '1-d'),
    { ...deployed('r2', '2-d'), bad: true, outcome: 'rolled-back' },
    deployed('r3', '3-d'),
  ];
  const seen = look({ releases: THREE, current: 'r3', history });
  expect(decide(seen, request({ to: 'last-good' }))).toMatchObject({
    kind: 'redeploy',
    release: { id: 'r1' },
  });
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
  const coloredThree = THREE.map((one) => ({ ...one, color: one.id === 'r3' ? 'green' : 'blue' }));
  const again = look({ releases: coloredThree, containers: COLORS, share: 'green', slots: ['r2', 'r3'] });
  for (const more of [{ mode: 'redeploy' as const }, { runsHooks: true }]) {
    expect(decide(again, request({ to: 'r2', ...more }))).toMatchObject({ kind: 'recolor', to: 'blue' });
  }
});

test('a migration that is not reversible stands in the way, unless it changed nothing or it is allowed', () => {
  const migrated = (more: Line) => [
    release('r1', ''),
    release('r2', 'r1', {
      migrations: { ran: true, reversible: false, state_before: '', state_after: '', ...more },
    }),
  ];
  const seen = (more: Line) =>
    look({ releases: migrated(more), current: 'r2', history: [deployed('r1', '1-d'), deployed('r2')] });
  expect(() => decide(seen({}), request())).toThrow('r2 changed the schema');
  expect(() => decide(seen({ state_before: 'a', state_after: 'b' }), request())).toThrow(
    'r2 changed the schema',
  );
  expect(decide(seen({ state_before: 'a', state_after: 'a' }), request()).kind).toBe('redeploy');
  expect(decide(seen({ reversible: true }), request()).kind).toBe('redeploy');
  expect(decide(seen({}), request({ pastMigration: true })).kind).toBe('redeploy');
});

test('every migration between two releases counts, and a circle of records ends', () => {
  const migrations = { ran: true, reversible: false, state_before: '', state_after: '' };
  const chain = releasesOf(
    look({
      releases: [
        release('r1', 'r3'),
        release('r2', 'r1', { migrations }),
        release('r3', 'r2', { migrations }),
      ],
    }),
  );
  expect(crossedMigrations(chain, 'r3', 'r1').map((one) => one.id)).toEqual(['r3', 'r2']);
  expect(crossedMigrations(chain, 'r3', 'nowhere').map((one) => one.id)).toEqual(['r3', 'r2']);
});

test('a canary that this run left goes back to the colour that had all', () => {
  const seen = look({
    releases: THREE,
    containers: COLORS,
    share: 'green-25',
    slots: ['r2', 'r3'],
    history: [{ ...moved('blue', 'blue'), outcome: 'failed' }],
  });
  expect(decide(seen, request())).toMatchObject({ kind: 'flip', to: 'blue' });
});

/** r1 (blue), r2 (green) and r3 (blue again) served one after the other; r3 is live. */
const colored = (more: Line = {}) => {
  const served = (id: string, from: string, to: string) => ({ ...moved(from, to, '5-d'), release: id });
  return look({
    releases: [
      release('r1', '', { color: 'blue' }),
      release('r2', '', { color: 'green', ...more }),
      release('r3', 'r1', { color: 'blue' }),
    ],
    containers: COLORS,
    share: 'blue',
    slots: ['r3', 'r2'],
    history: [served('r2', 'blue', 'green'), served('r3', 'green', 'blue')],
  });
};

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
  expect(() => decide(colored({ migrations }), request({ to: 'r1' }))).toThrow('r2 changed the schema');
  expect(decide(colored({ migrations }), request({ to: 'previous' }))).toMatchObject({ kind: 'flip' });
});

test('what was left again is not what served before', () => {
  const entry = (operation: string, id: string) => ({
    ...moved('blue', 'green', '5-d', operation),
    release: id,
  });
  const history = [
    deployed('r1', '1-d'),
    entry('switch', 'r2'),
    entry('rollback', 'r1'),
    entry('switch', 'r3'),
    { ...deployed('r4', '6-d'), color: 'blue' },
  ];
  expect(servedReleases(historyOf(look({ history })))).toEqual(['r1', 'r3']);
});

test('during a canary no colour is idle, and a plain release fits into none: both are refused with what to do', () => {
  const seen = (share: string, color: string) =>
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
  const mark = { operation: 'rollback', release: 'r2', outcome: 'rolled-back', bad: true };
  const seen = (history: Line[]) =>
    look({
      releases: [release('r1', '')],
      containers: COLORS,
      share: 'blue',
      slots: ['r1', 'r2'],
      history: [deployed('r2', '5-deploy'), ...history],
    });
  for (const to of ['last-good', 'previous']) {
    expect(decide(seen([mark]), request({ to }))).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining('green holds r2, which is marked bad'),
    });
    const taken = { ...mark, outcome: 'taken-back', bad: false };
    expect(decide(seen([mark, taken]), request({ to }))).toMatchObject({ kind: 'flip', to: 'green' });
  }
});

test('what an unconfirmed switch would return to is not taken away; going there at once is', () => {
  const seen = { ...colored(), confirm: { until: 1060, from: 'green' } };
  expect(() => decide(seen, request({ to: 'r1' }))).toThrow('waits to be confirmed');
  expect(decide(seen, request({ to: 'previous' }))).toMatchObject({ kind: 'flip' });
  expect(decide(seen, request({ to: 'r1', now: 1361 }))).toMatchObject({ kind: 'recolor' });
});

const returned = (id: string, from: string, to: string, deployment = '6-d') => ({
  ...moved(from, to, deployment, 'confirm'),
  release: id,
  outcome: 'returned',
});

/** r1 serves in blue; r2 was switched to in green and nobody confirmed it. Then perhaps r3 in green. */
const unconfirmed = (more: { then: boolean; migrations?: Line }) =>
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
      { ...deployed('r1', '5-d'), color: 'blue' },
      { ...deployed('r2', '6-d'), color: 'green' },
      { ...moved('blue', 'green', '6-d'), release: 'r2' },
      returned('r1', 'green', 'blue'),
      ...(more.then ? [{ ...moved('blue', 'green', '8-d'), release: 'r3' }] : []),
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

test('what served before a returned switch served before the next one, also where both were there earlier', () => {
  const entry = (id: string, from: string, to: string) => ({ ...moved(from, to, '5-d'), release: id });
  const history = [
    entry('r1', 'green', 'blue'),
    entry('r2', 'blue', 'green'),
    entry('r1', 'green', 'blue'),
    entry('r2', 'blue', 'green'),
    returned('r1', 'green', 'blue'),
    entry('r3', 'blue', 'green'),
  ];
  expect(servedReleases(historyOf(look({ history })))).toEqual(['r1', 'r3']);
});

test('a migration of a release that was returned stays in the way', () => {
  const migrations = { ran: true, reversible: false, state_before: '', state_after: '' };
  expect(() => decide(unconfirmed({ then: true, migrations }), request({ to: 'previous' }))).toThrow(
    'r2 changed the schema',
  );
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
