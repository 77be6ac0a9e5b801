import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { colorUrls, parseImages } from '@deploy-actions/compose';
import { type Schema, validateSchema } from '@deploy-actions/document';

const digest = `sha256:${'a'.repeat(64)}`;
const schema = (path: string) => JSON.parse(readFileSync(join(__dirname, '../..', path), 'utf8')) as Schema;

test('what the images contract allows is what the input takes', async () => {
  const images = schema('compose/schema/images.schema.json');
  for (const good of [{}, { web: digest }, { web: `ghcr.io/o/web@${digest}`, 'a.b_c-d': digest }]) {
    expect(await validateSchema(images, good)).toEqual([]);
    expect(Object.fromEntries(parseImages(JSON.stringify(good)))).toEqual(good);
  }
  for (const bad of [[], { web: 1 }, { web: 'sha256:12' }, { web: null }]) {
    expect(await validateSchema(images, bad)).not.toEqual([]);
  }
});

test('color-urls is what its contract says', async () => {
  const ports = [
    { color: 'blue' as const, service: 'web', target: 80, replica: 1, port: 8080 },
    { color: 'blue' as const, service: 'api', target: 80, replica: 1, port: 18000 },
    { color: 'blue' as const, service: 'api', target: 81, replica: 1, port: 18001 },
  ];
  const urls = colorUrls(ports);
  expect(Object.keys(urls)).toEqual(['web', 'api-80', 'api-81']);
  expect(await validateSchema(schema('compose/schema/color-urls.schema.json'), urls)).toEqual([]);
});
