import { expect, test } from '@jest/globals';
import { applyImages, parseImages } from './images.ts';
import type { ComposeModel } from './model.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const other = `sha256:${'b'.repeat(64)}`;
const model = (images: Record<string, string | undefined>): ComposeModel => ({
  name: 'shop',
  services: Object.fromEntries(
    Object.entries(images).map(([name, image]) => [name, { image, build: { context: '.' } }]),
  ),
});

test('images come as JSON or as lines', () => {
  const wanted = [
    ['web', `ghcr.io/o/web@${digest}`],
    ['api', other],
  ];
  expect([...parseImages(JSON.stringify(Object.fromEntries(wanted)))]).toEqual(wanted);
  expect([...parseImages(wanted.map((pair) => pair.join('=')).join('\n'))]).toEqual(wanted);
  expect(() => parseImages('{"web": 1}')).toThrow('is not a text');
  expect(() => parseImages('{"web"')).toThrow('is not valid JSON');
  expect(() => parseImages('web=a:1\nweb=a:2')).toThrow('given twice');
  expect(() => parseImages('web')).toThrow('is not service=reference');
});

test('a bare digest takes the repository of the service, a full reference replaces the image, and build is dropped', () => {
  const { model: placed } = applyImages(
    model({ web: 'ghcr.io/o/web:v1', db: 'postgres:16', api: undefined }),
    new Map([
      ['web', digest],
      ['api', `ghcr.io/o/api@${other}`],
    ]),
    'named',
  );
  expect(placed.services).toEqual({
    web: { image: `ghcr.io/o/web@${digest}` },
    db: { image: 'postgres:16' },
    api: { image: `ghcr.io/o/api@${other}` },
  });
});

test('a service of the same repository takes the same digest, and the log says so', () => {
  const { model: placed, notes } = applyImages(
    model({ web: 'ghcr.io/o/app:v1', worker: 'ghcr.io/o/app:v1', db: 'postgres:16' }),
    new Map([['web', digest]]),
    'named',
  );
  expect(placed.services['worker']!.image).toBe(`ghcr.io/o/app@${digest}`);
  expect(notes).toEqual(['worker takes the image of web: it is of the same repository']);
});

test('two digests of one repository leave a third service in doubt', () => {
  expect(() =>
    applyImages(
      model({ web: 'ghcr.io/o/app', worker: 'ghcr.io/o/app', cron: 'ghcr.io/o/app' }),
      new Map([
        ['web', digest],
        ['worker', other],
      ]),
      'named',
    ),
  ).toThrow('the image of cron is not clear');
});

test('an unknown service is an error that names the known ones', () => {
  expect(() => applyImages(model({ web: 'a' }), new Map([['wep', digest]]), 'named')).toThrow(
    expect.objectContaining({
      message: expect.stringContaining('"wep" is not a service'),
      remedy: expect.stringContaining('web'),
    }),
  );
});

test('digests are required where they were promised', () => {
  const images = new Map([['web', 'ghcr.io/o/web:v2']]);
  const services = model({ web: 'ghcr.io/o/web:v1', db: 'postgres:16' });
  expect(() => applyImages(services, images, 'named')).toThrow('the image of web is not pinned by digest');
  expect(() => applyImages(services, new Map(), 'all')).toThrow('not pinned by digest');
  expect(applyImages(services, images, 'off').model.services['web']!.image).toBe('ghcr.io/o/web:v2');
});

test('a service that is only built is refused with what to do', () => {
  expect(() => applyImages(model({ web: undefined }), new Map(), 'named')).toThrow(
    'nothing is built on the server',
  );
});
