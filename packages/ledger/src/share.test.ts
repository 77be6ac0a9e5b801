import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { containersOfColor, plainStackRuns } from './color.ts';
import { LADDER, canaryOf, liveColor, majorColor, parseShare, shareName, shares } from './share.ts';

test('the live colour has the larger part of the traffic', () => {
  expect(liveColor('green', true)).toBe('green');
  expect(liveColor('green-25', false)).toBe('blue');
  expect(liveColor('green-50', false)).toBe('green');
  expect(liveColor('blue-1', false)).toBe('green');
});

test('without a share a plain stack that runs is blue, and nothing is live where nothing runs', () => {
  for (const share of [undefined, '', 'red', 'green-0', 'green-100', 'green-']) {
    expect(liveColor(share, true)).toBe('blue');
    expect(liveColor(share, false)).toBeUndefined();
  }
});

test('the name of a share says all of it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...shares()), (share) => {
      expect(parseShare(shareName(share))).toEqual(share);
      expect(majorColor(share)).toBe(liveColor(shareName(share), false));
      expect(canaryOf(shareName(share))).toEqual(share.weight < 100 ? share : undefined);
    }),
  );
  expect(shares()).toHaveLength(2 * (LADDER.length + 1));
});

const container = (project: string, service: string, status = 'running') => ({ project, service, status });
const base = ['web', 'worker', 'db'].map((service) => container('shop', service));
const found = (list: ReturnType<typeof container>[], changing?: string[]) =>
  containersOfColor(list, 'shop', 'blue', changing).map((one) => `${one.project} ${one.service}`);

test('a plain stack is blue: those of its services that change', () => {
  expect(found(base)).toEqual(['shop web', 'shop worker', 'shop db']);
  expect(found(base, ['web'])).toEqual(['shop web']);
  expect(found([...base, container('shop-green', 'web')])).toEqual(['shop web']);
  expect(found([...base, container('shop-green', 'web')], ['worker'])).toEqual(['shop web', 'shop worker']);
  expect(found([...base, container('shop-blue', 'web')], ['worker'])).toEqual(['shop-blue web']);
  expect(containersOfColor(base, 'shop', 'green')).toEqual([]);
});

test('a plain stack runs when one of the services that change is up', () => {
  expect(plainStackRuns(base, 'shop', ['web'])).toBe(true);
  expect(plainStackRuns(base, 'shop', ['other'])).toBe(false);
  for (const [status, runs] of [
    ['restarting', true],
    ['paused', true],
    ['exited', false],
    ['created', false],
    ['dead', false],
  ] as const) {
    expect(plainStackRuns([container('shop', 'web', status), container('shop', 'db')], 'shop', ['web'])).toBe(
      runs,
    );
  }
});
