import { expect, test } from '@jest/globals';
import { sha256 } from '@deploy-actions/compose';
import type { Failure } from '@deploy-actions/kit';
import { clusterAdoption } from './cluster-adoption.ts';
import { type TaskImage, readHeldStack, readTaskImages } from './held-stack.ts';

const [ONE, TWO] = ['1', '2'].map((digit) => `sha256:${digit.repeat(64)}`) as [string, string];
const TAG = 'registry.test:5000/shop/api:v1';

const specOf = (image: string) =>
  `{"Name":"shop_api","TaskTemplate":{"ContainerSpec":{"Image":"${image}","Env":["IT=\\"ContainerSpec\\":{\\"Image\\":\\"${TAG}\\"  x"],"Secrets":[{"SecretID":"s1","SecretName":"token"}],"Configs":[{"ConfigID":"c1","ConfigName":"site"}]},"Networks":[{"Target":"${'n'.repeat(25)}"}]},"Mode":{"Replicated":{"Replicas":2}}}`;

function adopted(image: string, images: readonly TaskImage[]) {
  const held = readHeldStack(`- api ${specOf(image)}\n`, `${'n'.repeat(25)} shop_default\n`);
  const { uploads, notes } = clusterAdoption(
    'shop',
    held,
    images,
    new Map([['f'.repeat(64), 'e'.repeat(64)]]),
  );
  const files = Object.fromEntries(uploads.map(({ name, content }) => [name, String(content)]));
  return { files, notes, spec: files['release-adopted/specs/api.json']! };
}

function refusal(images: readonly TaskImage[]): Failure {
  try {
    adopted(TAG, images);
  } catch (error) {
    return error as Failure;
  }
  throw new Error('it was not refused');
}

test('a service comes back by its configuration to the letter, and what it refers to is noted', () => {
  const { files, spec, notes } = adopted(`${TAG}@${ONE}`, []);
  const sum = sha256(specOf(`${TAG}@${ONE}`));
  expect(spec).toBe(specOf(`${TAG}@${ONE}`));
  expect(notes).toEqual([]);
  expect(files['release-adopted/found']).toBe(`api ${sum}\n`);
  expect(files['release-adopted/services']).toBe(`0 long free 2 ${sum} ${TAG}@${ONE} api\n`);
  expect(files['release/adopted']).toBe(`${sum} ${sum}\n${'f'.repeat(64)} ${'e'.repeat(64)}\n`);
  expect(files['release-adopted/referenced']).toBe(
    `config c1 site\nnetwork ${'n'.repeat(25)} shop_default\nsecret s1 token\n`,
  );
});

test('a tag is written with the digest of what runs, and nothing else of the configuration changes', () => {
  const images = readTaskImages(`api ${TWO} other.test/api@${TWO} registry.test:5000/shop/api@${ONE}\n`);
  const { files, spec, notes } = adopted(TAG, images);
  expect(spec).toBe(specOf(`${TAG}@${ONE}`));
  expect(notes).toEqual([expect.stringContaining(`api would come back with ${TAG}@${ONE}`)]);
  // What runs counts as what it comes back as.
  expect(files['release/adopted']).toContain(`${sha256(specOf(TAG))} ${sha256(spec)}\n`);
});

test('an image that has no digest anywhere comes back by its tag, and that is told', () => {
  const { spec, notes } = adopted(TAG, [{ service: 'api', id: ONE, digests: [] }]);
  expect(spec).toBe(specOf(TAG));
  expect(notes).toEqual([expect.stringContaining('that image has no digest')]);
});

test('a tag that means several images, or one that nobody knows, is refused by the service', () => {
  const two = [ONE, TWO].map((id) => ({
    service: 'api',
    id,
    digests: [`registry.test:5000/shop/api@${id}`],
  }));
  expect(refusal(two)).toMatchObject({ kind: 'refused', code: 'stack-not-restorable' });
  expect(refusal(two).message).toContain(
    'api runs registry.test:5000/shop/api:v1, a tag that means 2 images',
  );
  expect(refusal([]).message).toContain('runs on no server in `host`');
});

test('what is no answer of the engine’s is told as that', () => {
  expect(() => readHeldStack('- api {"Name"\n', '')).toThrow('has not the form of it');
});
