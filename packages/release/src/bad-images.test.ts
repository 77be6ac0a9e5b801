import { expect, test } from '@jest/globals';
import { badImages } from './bad-images.ts';

const line = (release: string, outcome: string, api: string) => ({
  release,
  outcome,
  bad: outcome !== 'succeeded',
  digests: { api, db: 'db@1' },
});
const services = [
  { name: 'api', image: 'api@2' },
  { name: 'db', image: 'db@1' },
];

test('an image that failed is warned of, one that succeeded before or after is not', () => {
  const history = [
    line('r1', 'succeeded', 'api@1'),
    line('r2', 'restored', 'api@2'),
    line('r3', 'succeeded', 'api@1'),
  ];
  expect(badImages(history, services)).toEqual(['the image of api was part of the release r2, which failed']);
  expect(badImages([...history, line('r4', 'succeeded', 'api@2')], services)).toEqual([]);
  expect(badImages([{ release: 'x' }], services)).toEqual([]);
});

test('a release that was rolled back is known by its digests under any name, until it is deployed again', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const deploy = line('r2', 'succeeded', `registry/api@${digest}`);
  const mark = { operation: 'rollback', release: 'r2', outcome: 'rolled-back', bad: true };
  const again = [{ name: 'api', image: `other/api:v2@${digest}` }];
  expect(badImages([deploy], again)).toEqual([]);
  const shared = { name: 'db', image: 'db@1' };
  const first = line('r1', 'succeeded', 'api@1');
  const back = { operation: 'rollback', release: 'r1', outcome: 'succeeded', bad: false };
  expect(badImages([deploy, first, deploy, mark, back], [...again, shared])).toEqual([
    'the image of api was part of the release r2, which was rolled back',
  ]);
  expect(badImages([deploy, mark, { ...mark, outcome: 'taken-back', bad: false }], again)).toEqual([]);
  expect(badImages([deploy, mark, deploy], again)).toEqual([]);
});
