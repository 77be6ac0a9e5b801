import { expect, test } from '@jest/globals';
import { imagesOf } from './recorded-images.ts';
import { deployed, rolledBack } from './testing/index.ts';

const id = (letter: string) => `sha256:${letter.repeat(64)}`;
const release = { id: 'r1', images: { api: id('1'), db: id('2') } };
const api = `registry.test/shop/api@${id('a')}`;

test('a release’s images are those that its deployment told, by digest', () => {
  const history = [
    deployed('r1', { digests: { api: `registry.test/shop/api@${id('0')}` } }),
    deployed('r1', { digests: { api, gone: id('9') } }),
    deployed('r2', { digests: { api: id('8') } }),
    rolledBack('r1', { from: 'green', to: 'blue' }),
  ];
  expect(imagesOf(release, history)).toEqual({ api, db: id('2') });
});

test('where history tells nothing of it, they are told by their ids', () => {
  expect(imagesOf(release, [])).toEqual(release.images);
  expect(imagesOf(release, [deployed('r1')])).toEqual(release.images);
});
