import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestOf } from './manifest/digest.ts';
import { OCI_INDEX, OCI_MANIFEST } from './manifest/media-type.ts';
import {
  AMD64,
  ARM64,
  type StubRegistry,
  putBuild,
  putImage,
  putIndex,
  startRegistry,
} from './testing/registry-stub.ts';
import { codes, runVerify } from './testing/verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const verify = (tag: string, inputs: Record<string, string> = {}) =>
  runVerify({ inputs: { images: `${registry.host}/acme/shop:${tag}`, wait: '0', ...inputs } });

/** The registry lost what this path's end names. */
function lose(what: RegExp) {
  registry.intercept = ({ url }) =>
    what.test(url)
      ? { status: 404, body: '{"errors":[{"code":"BLOB_UNKNOWN","message":"blob unknown to registry"}]}' }
      : undefined;
}

test('a configuration that is missing is told as that, not as a missing tag', async () => {
  putBuild(registry, 'acme/shop', '1', { rev: 'x' });
  lose(/\/blobs\//);
  const run = await verify('1', { labels: 'rev=x' });
  expect(codes(run)).toEqual(['part-absent']);
  expect(run.failure!.message).toMatch(
    /is not whole: the registry lacks its configuration sha256:[0-9a-f]{64}/,
  );
});

test('an image of the index that is missing is told as that', async () => {
  putBuild(registry, 'acme/shop', '1', { rev: 'x' });
  lose(/\/manifests\/sha256:/);
  expect((await verify('1', { labels: 'rev=x' })).failure!.message).toMatch(/lacks its manifest sha256:/);
  // A reference by digest is the image itself, not a part of one.
  const absent = await verify(`1@sha256:${'0'.repeat(64)}`);
  expect(codes(absent)).not.toEqual(['part-absent']);
});

test('a part that comes a moment later is waited for', async () => {
  putBuild(registry, 'acme/shop', '1', { rev: 'x' });
  let asked = 0;
  registry.intercept = ({ url }) =>
    url.includes('/blobs/') && (asked += 1) < 4 ? { status: 404 } : undefined;
  expect((await verify('1', { labels: 'rev=x', wait: '30s' })).failure).toBeUndefined();
});

function putArtifact(tag: string, config: string, artifactType?: string) {
  registry.manifest(
    'acme/shop',
    {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      ...(artifactType ? { artifactType } : {}),
      config: registry.blob('{}', config),
      layers: [registry.blob('tgz', 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
    },
    OCI_MANIFEST,
    tag,
  );
}

test.each([
  ['a Helm chart', 'application/vnd.cncf.helm.config.v1+json', undefined, '(a Helm chart)'],
  [
    'an artifact',
    'application/vnd.oci.empty.v1+json',
    'application/vnd.acme.policy',
    'application/vnd.acme.policy',
  ],
  ['a plugin', 'application/vnd.docker.plugin.v1+json', undefined, 'application/vnd.docker.plugin.v1+json'],
])('%s is no image, whatever is asked of it', async (_name, config, artifactType, words) => {
  putArtifact('1', config, artifactType);
  const asked: Record<string, string>[] = [
    {},
    { labels: 'a=b' },
    { 'max-size': '1GB' },
    { platforms: 'linux/amd64' },
  ];
  for (const inputs of asked) {
    const run = await verify('1', inputs);
    expect(codes(run)).toEqual(['not-an-image']);
    expect(run.failure!.message).toContain(words);
  }
});

test('a layer that is listed three times is pulled and counted once', async () => {
  const layer = {
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    digest: digestOf(Buffer.from('l')),
    size: 1e6,
  };
  const config = registry.blob(
    '{"os":"linux","architecture":"amd64"}',
    'application/vnd.oci.image.config.v1+json',
  );
  registry.manifest(
    'acme/shop',
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer, layer, layer] },
    OCI_MANIFEST,
    '1',
  );
  const run = await verify('1', { 'max-size': '1.1MB' });
  expect(run.failure).toBeUndefined();
  expect(run.file.images[0]!.platforms![0]!.compressedBytes).toBe(1e6 + config.size);
});

test('an index within an index is looked into, and said to be one', async () => {
  const images = [AMD64, ARM64].map((platform) => ({
    ...putImage(registry, 'acme/shop', undefined, { platform, labels: { rev: 'x' } }),
    platform,
  }));
  const inner = images.map((image, index) => putIndex(registry, 'acme/shop', `inner-${index}`, [image]));
  putIndex(registry, 'acme/shop', '1', inner);
  const run = await verify('1', { platforms: 'linux/amd64,linux/arm64', labels: 'rev=x' });
  expect(run.failure).toBeUndefined();
  expect(run.log.join('\n')).toContain('holds an index within its index');
  let deep = putIndex(registry, 'acme/shop', 'd', [images[0]!]);
  for (let depth = 0; depth < 5; depth += 1) deep = putIndex(registry, 'acme/shop', 'deep', [deep]);
  const refused = await verify('deep', { platforms: 'linux/amd64' });
  expect(codes(refused)).toEqual(['malformed']);
  expect(refused.failure!.message).toContain('an index of indexes, too many or too deep');
  putIndex(registry, 'acme/shop', 'none', []);
  expect((await verify('none', { platforms: 'linux/amd64' })).failure!.message).toContain(
    'without any image',
  );
});

test('a tag that the registry lists three times is named once', async () => {
  putImage(registry, 'acme/shop', '1.4.2');
  registry.intercept = ({ url }) =>
    url.includes('/tags/')
      ? { status: 200, body: JSON.stringify({ tags: ['1.4.2', '1.4.2', '1.4.1', '1.4.2'] }) }
      : undefined;
  expect((await verify('1.4.3')).failure!.message).toContain('nearest of its 2 tags: 1.4.1, 1.4.2');
});

test('the digest that HEAD answers is the one whose bytes are read', async () => {
  const image = putImage(registry, 'acme/shop', '1');
  expect((await verify('1')).outputs['digests']).toEqual({ shop: image.digest });
  expect(registry.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'HEAD /v2/acme/shop/manifests/1',
    `GET /v2/acme/shop/manifests/${image.digest}`,
  ]);
  registry.intercept = ({ method }) =>
    method === 'HEAD'
      ? { status: 200, headers: { 'content-type': OCI_INDEX, 'docker-content-digest': 'sha256:no' } }
      : undefined;
  expect((await verify('1')).outputs['digests']).toEqual({ shop: image.digest });
});
