import { expect, test } from '@jest/globals';
import { deployed, rolledBackInPlace } from '@deploy-actions/ledger/testing';
import { badImages } from './bad-images.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const images = (api: string) => ({ digests: { api, db: 'db@1' } });

test('an image that failed is warned of, one that succeeded before or after is not', () => {
  const history = [
    deployed('r1', images('api@1')),
    deployed('r2', { ...images('api@2'), outcome: 'restored' }),
    deployed('r3', images('api@1')),
  ];
  const services = [
    { name: 'api', image: 'api@2' },
    { name: 'db', image: 'db@1' },
  ];
  expect(badImages(history, services)).toEqual(['the image of api was part of the release r2, which failed']);
  expect(badImages([...history, deployed('r4', images('api@2'))], services)).toEqual([]);
});

test('a release that was rolled back is known by its digests under any name', () => {
  const history = [
    deployed('r1', images('api@1')),
    deployed('r2', images(`registry/api@${digest}`)),
    ...rolledBackInPlace('r2', 'r1'),
  ];
  expect(
    badImages(history, [
      { name: 'api', image: `other/api:v2@${digest}` },
      { name: 'db', image: 'db@1' },
    ]),
  ).toEqual(['the image of api was part of the release r2, which was rolled back']);
});
