import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { DOCKER_LIST, DOCKER_MANIFEST } from './manifest/media-type.ts';
import {
  AMD64,
  ARM64,
  type StubRegistry,
  attestationEntry,
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

test('the digest of a tag costs three requests cold, and one when the registry asks for nothing', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1.4.2');
  const open = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1.4.2` } });
  expect(open.outputs['images']).toEqual({ shop: `${registry.host}/acme/shop@${digest}` });
  expect(open.outputs['digests']).toEqual({ shop: digest });
  expect(registry.requests.map(({ method }) => method)).toEqual(['HEAD']);

  registry.requests.length = 0;
  registry.admit = () => true;
  const run = await runVerify({ inputs: { images: `api=${registry.host}/acme/shop:1.4.2` } });
  expect(run.outputs).toMatchObject({
    images: { api: `${registry.host}/acme/shop@${digest}` },
    'all-verified': true,
  });
  expect(registry.requests.map(({ method, url }) => `${method} ${url.split('?')[0]}`)).toEqual([
    'HEAD /v2/acme/shop/manifests/1.4.2',
    'GET /token',
    'GET /v2/acme/shop/manifests/1.4.2',
  ]);
  expect(run.file.images[0]).toMatchObject({ requests: 3 });
  // The scope is built here: the one in the challenge is a placeholder.
  expect(registry.requests[1]!.url).toContain('scope=repository%3Aacme%2Fshop%3Apull');
});

test('platform, labels, size and age together cost five requests and some kilobytes', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1.4.2', {
    'org.opencontainers.image.revision': 'abc123',
  });
  registry.admit = () => true;
  const run = await runVerify({
    inputs: {
      images: `${registry.host}/acme/shop:1.4.2`,
      platforms: 'linux/amd64',
      labels: 'org.opencontainers.image.revision=abc123',
      'max-size': '50MB',
      'max-age': '2h',
    },
  });
  expect(run.failure).toBeUndefined();
  const [image] = run.file.images;
  expect(image!.digest).toBe(digest);
  expect(image!.requests).toBe(5);
  expect(registry.requests).toHaveLength(5);
  expect(image!.bytes).toBeLessThan(64 * 1024);
  expect(image!.platforms).toEqual([
    expect.objectContaining({
      platform: 'linux/amd64',
      labels: { 'org.opencontainers.image.revision': 'abc123' },
    }),
  ]);
  expect(run.summary).toContain('`abc123`');
  expect(run.summary).toContain('`linux/amd64`');
  expect(run.summary).toContain('1 h 00 m');
});

test('several names stand for one image, which is verified once', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1');
  const ref = `${registry.host}/acme/shop:1`;
  const run = await runVerify({
    inputs: { images: `backend, worker=${ref}\n# a comment\nscheduler=${ref}` },
  });
  const name = `${registry.host}/acme/shop@${digest}`;
  expect(run.outputs['images']).toEqual({ backend: name, worker: name, scheduler: name });
  expect(registry.requests).toHaveLength(1);
});

test('images may be written as YAML', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1');
  const run = await runVerify({
    inputs: { images: `backend: ${registry.host}/acme/shop:1\n"a,b": "${registry.host}/acme/shop:1"\n` },
  });
  expect(Object.keys(run.outputs['images'] as object)).toEqual(['backend', 'a', 'b']);
  expect(Object.values(run.outputs['digests'] as object)).toEqual([digest, digest, digest]);
  const wrong = await runVerify({
    inputs: { images: `backend: ${registry.host}/acme/shop:1\nworker: ghcr.io/Acme/Shop:1\n` },
  });
  expect(wrong.failure).toMatchObject({
    kind: 'input',
    message: expect.stringMatching(/line 2.*capital letters/),
  });
});

test('a single-platform image, one in an index and one in Docker schema 2 are understood alike', async () => {
  const plain = putImage(registry, 'acme/plain', '1', { platform: ARM64 });
  const inner = putImage(registry, 'acme/index', undefined, { platform: ARM64 });
  const indexed = putIndex(registry, 'acme/index', '1', [
    { ...inner, platform: ARM64 },
    attestationEntry(registry, 'acme/index', inner),
  ]);
  const nameless = putIndex(registry, 'acme/nameless', '1', [
    putImage(registry, 'acme/nameless', undefined, { platform: ARM64 }),
  ]);
  const docker = putImage(registry, 'acme/docker', '1', { platform: ARM64, mediaType: DOCKER_MANIFEST });
  const list = putIndex(registry, 'acme/list', '1', [{ ...docker, platform: ARM64 }], DOCKER_LIST);
  registry.manifest('acme/list', { schemaVersion: 2 }, DOCKER_LIST);
  const images = ['plain', 'index', 'nameless', 'docker', 'list']
    .map((name) => `${registry.host}/acme/${name}:1`)
    .join('\n');
  const run = await runVerify({ inputs: { images, platforms: 'linux/arm64/v8' } });
  expect(codes(run)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(run.outputs['digests']).toEqual({
    plain: plain.digest,
    index: indexed.digest,
    nameless: nameless.digest,
    docker: docker.digest,
    list: list.digest,
  });
  const missing = await runVerify({ inputs: { images, platforms: 'linux/amd64' } });
  expect(codes(missing)).toEqual(Array(5).fill('platform-missing'));
  expect(missing.file.images.map(({ problem }) => problem!.message)).toEqual(
    Array(5).fill(expect.stringMatching(/only for linux\/arm64$/)),
  );
});

test("BuildKit's attestations are no platforms", async () => {
  putBuild(registry, 'acme/shop', '1');
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1`, platforms: 'linux/riscv64' },
  });
  expect(run.failure!.message).toContain('is not there for linux/riscv64, only for linux/amd64, linux/arm64');
});

test('schema 1 is refused by name', async () => {
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 1, name: 'acme/old', fsLayers: [] }));
  registry.manifest('acme/old', bytes, 'application/vnd.docker.distribution.manifest.v1+prettyjws', '1');
  const image = `${registry.host}/acme/old:1`;
  expect(codes(await runVerify({ inputs: { images: image } }))).toEqual(['schema-1']);
  expect(codes(await runVerify({ inputs: { images: image, platforms: 'linux/amd64' } }))).toEqual([
    'schema-1',
  ]);
});

test('a label that differs shows both values, on whichever platform it is', async () => {
  const good = putImage(registry, 'acme/shop', undefined, { platform: AMD64, labels: { rev: 'new' } });
  const stale = putImage(registry, 'acme/shop', undefined, { platform: ARM64, labels: { rev: 'old' } });
  putIndex(registry, 'acme/shop', '1', [
    { ...good, platform: AMD64 },
    { ...stale, platform: ARM64 },
  ]);
  const images = `${registry.host}/acme/shop:1`;
  const run = await runVerify({ inputs: { images, labels: 'rev=new' } });
  expect(codes(run)).toEqual(['label-differs']);
  expect(run.failure!.message).toContain('(linux/arm64): the label rev is "old", wanted is "new"');
  expect(codes(await runVerify({ inputs: { images, labels: 'rev=new', platforms: 'linux/amd64' } }))).toEqual(
    [undefined],
  );
  const absent = await runVerify({ inputs: { images, labels: 'other=x' } });
  expect(absent.failure!.message).toContain('has no label other');
});

test('too big fails or warns, as told; too old and of unknown age fail', async () => {
  putImage(registry, 'acme/shop', '1', { layerSizes: [600e6, 500e6], created: '2026-11-01T12:00:00Z' });
  putImage(registry, 'acme/shop', 'epoch', { created: '1970-01-01T00:00:00Z' });
  const images = `${registry.host}/acme/shop:1`;
  const big = await runVerify({ inputs: { images, 'max-size': '1GB' } });
  expect(codes(big)).toEqual(['too-big']);
  expect(big.failure!.message).toContain('has 1.1 GB compressed, more than the 1.0 GB of max-size');
  const warned = await runVerify({ inputs: { images, 'max-size': '1GB', 'max-size-action': 'warn' } });
  expect(warned.failure).toBeUndefined();
  expect(warned.log.filter((line) => line.startsWith('warning: '))).toHaveLength(1);
  const old = await runVerify({ inputs: { images, 'max-age': '7d' } });
  expect(codes(old)).toEqual(['too-old']);
  expect(old.failure!.message).toContain('20 d ago');
  expect(codes(await runVerify({ inputs: { images, 'max-age': '30d' } }))).toEqual([undefined]);
  const epoch = await runVerify({ inputs: { images: `${registry.host}/acme/shop:epoch`, 'max-age': '7d' } });
  expect(epoch.failure!.message).toContain('does not say when it was made');
});

test('an absent tag names the nearest ones, an absent image is told apart', async () => {
  for (const tag of ['1.4.1', '1.4.20', 'latest', 'sha-0123456']) putBuild(registry, 'acme/shop', tag);
  const run = await runVerify({
    inputs: { images: `a=${registry.host}/acme/shop:1.4.2\nb=${registry.host}/acme/shpo:1.4.2`, wait: '0' },
  });
  expect(codes(run)).toEqual(['tag-absent', 'image-absent']);
  expect(run.failure!.message).toMatch(
    /has no tag 1\.4\.2; nearest of its 4 tags: 1\.4\.20, 1\.4\.1; and 1 more of 2 images$/,
  );
  expect(run.failure!.details).toContain('has no image acme/shpo');
  expect(run.outputs).toMatchObject({ 'all-verified': false });
  expect(run.outputs).not.toHaveProperty('images');
});

test('an image that is still being pushed is waited for, and no longer than told', async () => {
  let asked = 0;
  registry.intercept = ({ method }) => {
    if (method !== 'HEAD') return undefined;
    asked += 1;
    if (asked === 5) putBuild(registry, 'acme/shop', '1');
    return undefined;
  };
  const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1`, wait: '1m' } });
  expect(run.failure).toBeUndefined();
  expect(run.sleeps.length).toBe(4);
  expect(run.log.some((line) => line.includes('is not there yet; waiting'))).toBe(true);

  const never = await runVerify({ inputs: { images: `${registry.host}/acme/other:1`, wait: '1m' } });
  expect(codes(never)).toEqual(['image-absent']);
  const slept = never.sleeps.reduce((sum, ms) => sum + ms, 0);
  expect(slept).toBeGreaterThan(50_000);
  expect(slept).toBeLessThanOrEqual(60_000);
});

test('nothing from outside gets into the summary as Markdown or HTML', async () => {
  putImage(registry, 'acme/shop', '1', { labels: { 'org.opencontainers.image.revision': '`|<b>x' } });
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1`, labels: 'org.opencontainers.image.revision=good' },
  });
  expect(run.summary).not.toContain('<b>');
  expect(run.summary.split('\n').filter((line) => line.startsWith('|'))).toHaveLength(3);
});

test('inputs that say nothing together are refused before any request', async () => {
  const image = `${registry.host}/acme/shop:1`;
  const cases: [Record<string, string>, RegExp][] = [
    [{ images: '# nothing' }, /names no image/],
    [{ images: `a=${image}\na=ghcr.io/x/y:1` }, /line 2: the name "a" is given twice \(first in line 1\)/],
    [{ images: 'ghcr.io/Acme/shop:1' }, /line 1.*capital letters/],
    [{ images: 'https://ghcr.io/acme/shop' }, /begins with a scheme/],
    [{ images: image, 'signer-repo': 'acme/shop' }, /`signer-repo`: has no effect/],
    [{ images: image, attestations: 'maybe' }, /not one of none, if-present, required/],
    [{ images: image, platforms: 'amd64' }, /"amd64" is not a platform/],
    [{ images: image, 'registry-username': 'me' }, /`registry-password`: is missing/],
    [{ images: image, 'registry-password': 'secret-password' }, /`registry-username`: is missing/],
    [
      {
        images: image,
        registry: 'ghcr.io',
        'registry-username': 'me',
        'registry-password': 'secret-password',
      },
      /no image comes from ghcr.io/,
    ],
    [
      {
        images: image,
        'cosign-key': '-----BEGIN PRIVATE KEY-----\nMIG\n-----END PRIVATE KEY-----',
        attestations: 'required',
      },
      /holds a private key/,
    ],
  ];
  for (const [inputs, message] of cases) {
    const { failure } = await runVerify({ inputs });
    expect(failure).toMatchObject({ kind: 'input', message: expect.stringMatching(message) });
  }
  expect(registry.requests).toEqual([]);
});
