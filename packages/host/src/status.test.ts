import { expect, test } from '@jest/globals';
import { holderText, readStatus } from './status.ts';

const PATH = '/srv/shop';
const HOLDER = {
  pid: '4711',
  actor: 'octo cat',
  url: 'https://github.example/o/r/actions/runs/7/attempts/2',
  since: '2026-01-01T00:00:00Z',
  run: `${PATH}/.deploy/runs/7-deploy/deploy-1`,
};

const frames = (list: readonly (readonly [string, string])[]) =>
  list.map(([type, text]) => `${type} ${Buffer.byteLength(text)}\n${text}\n`).join('');

const held = (change: Partial<typeof HOLDER> = {}) =>
  readStatus(
    PATH,
    frames([
      ['lock', 'held'],
      [
        'holder',
        Object.entries({ ...HOLDER, ...change })
          .map((line) => line.join(' '))
          .join('\n'),
      ],
    ]),
  ).lock;

test('who holds the lock is told with the run, and as a sentence', () => {
  expect(held()).toMatchObject({
    actor: 'octo cat',
    runUrl: HOLDER.url,
    since: HOLDER.since,
    run: HOLDER.run,
  });
  expect(holderText(held())).toMatch(
    /^the lock is held by octo cat since 2026-01-01T00:00:00Z \(https:\/\/github.example/,
  );
});

test.each([
  ['url', 'javascript:alert(1)', 'runUrl'],
  ['url', 'https://ci.test/1) [more](https://evil.test', 'runUrl'],
  ['url', 'https://ci.test/<img>', 'runUrl'],
  ['since', 'yesterday', 'since'],
  ['since', '2026-01-01T00:00:00Z`id`', 'since'],
  ['actor', 'octo\u001b[31m', 'actor'],
  ['run', '/etc/passwd', 'run'],
  ['run', `${PATH}/.deploy/runs/../../x/deploy-1`, 'run'],
] as const)('a holder whose %s is %j does not say it', (key, value, told) => {
  const lock = held({ [key]: value })!;
  expect(lock[told]).toBe('');
  expect(holderText(lock)).toMatch(/^the lock is held by (?:octo cat|somebody)/);
  expect(holderText(lock)).not.toContain(value);
});

test('runs outside of the application, and what no run has, are left out', () => {
  const { runs, order } = readStatus(
    PATH,
    frames([
      ['order', 'deploy 7 1\n$(id) 8 1\nother 99999999999999999999 1\n'],
      ['run', '/srv/other/.deploy/runs/1-deploy/deploy-1'],
      ['run', `${PATH}/.deploy/runs/<b>/deploy-1`],
      ['run', `${PATH}/.deploy/runs/7-deploy/deploy-1`],
      ['state', 'interrupted'],
      ['began', 'at noon'],
      ['event', '2026-01-01T00:00:00Z **up**'],
    ]),
  );
  expect(order).toEqual({ deploy: { number: 7, attempt: 1 } });
  expect(runs).toMatchObject([
    { reference: { deploymentId: '7-deploy' }, state: 'interrupted', began: '', lastEvent: '' },
  ]);
});
