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
