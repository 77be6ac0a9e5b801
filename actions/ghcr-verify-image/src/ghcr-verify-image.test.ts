import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import { DOCKER_LIST, DOCKER_MANIFEST } from './media-type.ts';
import {
  type StubAnswer,
  type StubRegistry,
  attestationEntry,
  putImage,
  putIndex,
  startRegistry,
} from './registry-stub.ts';
import { NOW, codes, leadTo, runVerify } from './verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };

/** A multi-platform image as docker/build-push-action pushes it. */
function putBuild(
  repository: string,
  tag: string,
  labels: Record<string, string> = {},
  created = '2026-11-21T11:00:00Z',
) {
  const entries = [AMD64, ARM64].flatMap((platform) => {
    const image = putImage(registry, repository, undefined, {
      platform,
      labels,
      created,
      layerSizes: [40e6, 2e6],
    });
    return [{ ...image, platform }, attestationEntry(registry, repository, image)];
  });
  return putIndex(registry, repository, tag, entries);
}

test('the digest of a tag costs three requests cold, and one when the registry asks for nothing', async () => {
  const { digest } = putBuild('acme/shop', '1.4.2');
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
    'HEAD /v2/acme/shop/manifests/1.4.2',
  ]);
  expect(run.file.images[0]).toMatchObject({ requests: 3 });
  // The scope is built here: the one in the challenge is a placeholder.
  expect(registry.requests[1]!.url).toContain('scope=repository%3Aacme%2Fshop%3Apull');
});

test('platform, labels, size and age together cost five requests and some kilobytes', async () => {
  const { digest } = putBuild('acme/shop', '1.4.2', { 'org.opencontainers.image.revision': 'abc123' });
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

test('from ghcr.io the digest costs two requests, since its token service is known', async () => {
  const { digest } = putBuild('acme/shop', '1.4.2');
  registry.admit = (user) => user === 'octocat:ghs_job_token_1234';
  const asked: string[] = [];
  const run = await runVerify({
    inputs: { images: 'ghcr.io/acme/shop:1.4.2', 'github-token': 'ghs_job_token_1234' },
    http: leadTo(registry.host, ['ghcr.io'], asked),
  });
  expect(run.outputs['images']).toEqual({ shop: `ghcr.io/acme/shop@${digest}` });
  expect(asked).toEqual([
    'GET https://ghcr.io/token?service=ghcr.io&scope=repository%3Aacme%2Fshop%3Apull',
    'HEAD https://ghcr.io/v2/acme/shop/manifests/1.4.2',
  ]);
});

test('one token serves all tags of a repository', async () => {
  const tags = Array.from({ length: 12 }, (_, index) => `1.0.${index}`);
  for (const tag of tags) putBuild('acme/shop', tag);
  registry.admit = () => true;
  const run = await runVerify({
    inputs: {
      images: tags.map((tag, index) => `s${index}=${registry.host}/acme/shop:${tag}`).join('\n'),
      concurrency: '4',
    },
  });
  expect(run.failure).toBeUndefined();
  expect(registry.requests.filter(({ url }) => url.startsWith('/token'))).toHaveLength(1);
});

test('several names stand for one image, which is verified once', async () => {
  const { digest } = putBuild('acme/shop', '1');
  const ref = `${registry.host}/acme/shop:1`;
  const run = await runVerify({
    inputs: { images: `backend, worker=${ref}\n# a comment\nscheduler=${ref}` },
  });
  const name = `${registry.host}/acme/shop@${digest}`;
  expect(run.outputs['images']).toEqual({ backend: name, worker: name, scheduler: name });
  expect(registry.requests).toHaveLength(1);
});

test('images may be written as YAML', async () => {
  const { digest } = putBuild('acme/shop', '1');
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
  putBuild('acme/shop', '1');
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
  for (const tag of ['1.4.1', '1.4.20', 'latest', 'sha-0123456']) putBuild('acme/shop', tag);
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
    if (asked === 5) putBuild('acme/shop', '1');
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

test('bytes that are not what their digest says are a failure of their own', async () => {
  const { digest } = putBuild('acme/shop', '1', { rev: 'x' });
  const images = `${registry.host}/acme/shop:1`;
  const tampered = (match: (url: string) => boolean) => {
    registry.intercept = ({ url }) => {
      if (!match(url)) return undefined;
      return {
        status: 200,
        headers: {
          'content-type': 'application/vnd.oci.image.index.v1+json',
          'docker-content-digest': digest,
        },
        body: '{"schemaVersion":2,"manifests":[]}',
      };
    };
  };
  tampered((url) => url.endsWith('/manifests/1'));
  expect(codes(await runVerify({ inputs: { images, platforms: 'linux/amd64' } }))).toEqual([
    'digest-mismatch',
  ]);
  tampered((url) => url.includes('/manifests/sha256:'));
  expect(codes(await runVerify({ inputs: { images, labels: 'rev=x' } }))).toEqual(['digest-mismatch']);
  tampered((url) => url.includes('/blobs/'));
  expect(codes(await runVerify({ inputs: { images, labels: 'rev=x' } }))).toEqual(['digest-mismatch']);
  registry.intercept = undefined;
  const other = `sha256:${'0'.repeat(64)}`;
  tampered((url) => url.includes('/manifests/'));
  expect(
    codes(await runVerify({ inputs: { images: `${registry.host}/acme/shop@${other}`, wait: '0' } })),
  ).toEqual(['digest-mismatch']);
});

test('a registry that answers HEAD without a digest is asked for the bytes', async () => {
  const { digest } = putBuild('acme/shop', '1');
  registry.intercept = ({ method }) =>
    method === 'HEAD' ? { status: 200, headers: { 'content-type': 'application/json' } } : undefined;
  const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1` } });
  expect(run.outputs['digests']).toEqual({ shop: digest });
});

test('stale credentials do not hide a public image, and the log says so', async () => {
  putBuild('acme/shop', '1');
  registry.admit = (user) => user === undefined;
  const run = await runVerify({
    inputs: {
      images: `${registry.host}/acme/shop:1`,
      'registry-username': 'me',
      'registry-password': 'stale-password',
    },
  });
  expect(run.failure).toBeUndefined();
  expect(
    run.log.some((line) =>
      /^warning: .*is public and was read without credentials, since they were denied/.test(line),
    ),
  ).toBe(true);
  expect(run.log.join('\n')).not.toContain('stale-password');
});

test('where everybody gets a token, denied credentials are still what is told about a private image', async () => {
  putBuild('acme/shop', '1');
  // As Docker Hub does it: a token without rights for nobody.
  registry.intercept = ({ url, headers }) => {
    if (!url.startsWith('/token')) return headers['authorization'] ? { status: 401 } : undefined;
    return headers['authorization'] ? { status: 401 } : { status: 200, body: '{"token":"of-nobody"}' };
  };
  registry.admit = () => true;
  const inputs = {
    images: `${registry.host}/acme/shop:1`,
    'registry-username': 'me',
    'registry-password': 'stale-password',
  };
  const run = await runVerify({ inputs });
  expect(codes(run)).toEqual(['credentials-rejected']);
  expect(run.log.filter((line) => line.startsWith('warning: '))).toEqual([]);
});

test('a registry that takes a password itself, without tokens, is given it', async () => {
  const { digest } = putBuild('acme/shop', '1');
  registry.intercept = ({ headers }) =>
    headers['authorization'] === `Basic ${Buffer.from('AWS:the-password').toString('base64')}`
      ? undefined
      : {
          status: 401,
          headers: {
            'www-authenticate': 'Basic realm="https://registry.example/",service="ecr.amazonaws.com"',
          },
        };
  const inputs = {
    images: `${registry.host}/acme/shop:1`,
    'registry-username': 'AWS',
    'registry-password': 'the-password',
  };
  expect((await runVerify({ inputs })).outputs['digests']).toEqual({ shop: digest });
  expect(codes(await runVerify({ inputs: { ...inputs, 'registry-password': 'another-password' } }))).toEqual([
    'credentials-rejected',
  ]);
  expect(codes(await runVerify({ inputs: { images: inputs.images } }))).toEqual(['credentials-missing']);
});

test('a token without the right to this image is access denied, not a wrong password', async () => {
  putBuild('acme/shop', '1');
  registry.admit = () => true;
  registry.intercept = ({ url, headers }) =>
    headers['authorization']?.startsWith('Bearer') && !url.startsWith('/token')
      ? {
          status: 401,
          headers: {
            'www-authenticate': `Bearer realm="http://${registry.host}/token",service="stub",error="insufficient_scope"`,
          },
          body: '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
        }
      : undefined;
  const inputs = {
    images: `${registry.host}/acme/shop:1`,
    'registry-username': 'me',
    'registry-password': 'the-password',
  };
  expect(codes(await runVerify({ inputs }))).toEqual(['access-denied']);
});

test('an expired token is replaced once, without a word', async () => {
  putBuild('acme/shop', '1', { rev: 'x' });
  registry.admit = () => true;
  let blobs = 0;
  registry.intercept = ({ url, headers }) => {
    if (!url.includes('/blobs/') || blobs++ > 0) return undefined;
    expect(headers['authorization']).toMatch(/^Bearer token-1/);
    return {
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="http://${registry.host}/token",service="stub"` },
    };
  };
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1`, labels: 'rev=x', platforms: 'linux/amd64' },
  });
  expect(run.failure).toBeUndefined();
});

test('credentials go to their registry alone, and never along a redirect to another origin', async () => {
  const store = await startRegistry();
  try {
    putBuild('acme/shop', '1', { rev: 'x' });
    registry.admit = (user) => user === 'me:the-password';
    registry.intercept = ({ url }) =>
      url.includes('/blobs/')
        ? { status: 307, headers: { location: `http://localhost:${store.host.split(':')[1]}/data${url}` } }
        : undefined;
    store.intercept = ({ url }) => {
      const digest = url.split('/').at(-1)!;
      return { status: 200, headers: {}, body: bodies.get(digest) ?? '' };
    };
    const bodies = new Map<string, string>();
    for (const platform of [AMD64, ARM64]) {
      const body = JSON.stringify({
        ...platform,
        created: '2026-11-21T11:00:00Z',
        config: { Labels: { rev: 'x' } },
        rootfs: { type: 'layers', diff_ids: [] },
      });
      bodies.set(registry.blob(body).digest, body);
    }
    putBuild('public/tool', '1');
    store.admit = () => true;
    const run = await runVerify({
      inputs: {
        images: `${registry.host}/acme/shop:1`,
        labels: 'rev=x',
        'registry-username': 'me',
        'registry-password': 'the-password',
      },
    });
    expect(run.failure).toBeUndefined();
    expect(store.requests).toHaveLength(2);
    for (const { headers } of store.requests) {
      expect(headers['authorization']).toBeUndefined();
      expect(JSON.stringify(headers)).not.toMatch(/token-|the-password/);
    }
    const both = await runVerify({
      inputs: {
        images: `a=${registry.host}/acme/shop:1\nb=localhost:1/public/tool:1`,
        'registry-username': 'me',
        'registry-password': 'the-password',
      },
    });
    expect(both.failure).toMatchObject({ kind: 'input', input: 'registry' });
  } finally {
    await store.close();
  }
});

test("the job's token goes to GitHub's registry and nowhere else", async () => {
  putBuild('acme/shop', '1');
  const users: (string | undefined)[] = [];
  registry.admit = (user) => {
    users.push(user);
    return true;
  };
  await runVerify({
    inputs: {
      images: `a=docker.io/acme/shop:1\nb=${registry.host}/acme/shop:1\nc=ghcr.io/acme/shop:1`,
      'github-token': 'ghs_job_token_1234',
    },
    http: leadTo(registry.host, ['ghcr.io', 'registry-1.docker.io', 'auth.docker.io']),
  });
  expect(users.filter((user) => user?.includes('ghs_job_token_1234'))).toHaveLength(1);
  expect(users).toHaveLength(3);
});

test('a token service in plain HTTP gets no credentials', async () => {
  registry.intercept = () => ({
    status: 401,
    headers: { 'www-authenticate': 'Bearer realm="http://evil.example/token",service="x"' },
  });
  const run = await runVerify({
    inputs: {
      images: `${registry.host}/acme/shop:1`,
      'registry-username': 'me',
      'registry-password': 'the-password',
    },
  });
  expect(codes(run)).toEqual(['malformed']);
  expect(run.failure!.message).toContain('no https address');
});

test('busy and broken answers are repeated after the delay that the server names', async () => {
  putBuild('acme/shop', '1');
  const answers: StubAnswer[] = [
    { status: 429, headers: { 'retry-after': '7' } },
    { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>Unicorn!</html>' },
    {
      status: 429,
      headers: {},
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1.16676ms, allowed: 44000/minute"}]}',
    },
  ];
  registry.intercept = () => answers.shift();
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1`, platforms: 'linux/amd64' },
  });
  expect(run.failure).toBeUndefined();
  expect(run.sleeps).toEqual([7000, 1000, 2000]);
});

test('a limit that lasts is told with its end; a denial is never repeated', async () => {
  registry.intercept = () => ({ status: 429, headers: { 'retry-after': '3600' } });
  const limited = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1` } });
  expect(codes(limited)).toEqual(['rate-limited']);
  expect(limited.failure!.message).toContain(
    `until ${new Date(NOW + 3_600_000).toISOString().slice(0, 19)}Z`,
  );
  expect(limited.sleeps).toEqual([]);

  registry.requests.length = 0;
  registry.intercept = () => ({ status: 403, body: '{"errors":[{"code":"DENIED","message":"denied"}]}' });
  const denied = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1` } });
  expect(codes(denied)).toEqual(['credentials-missing']);
  expect(denied.sleeps).toEqual([]);
  // HEAD, and GET for the reason.
  expect(registry.requests).toHaveLength(2);
});

test('a registry that is not there, and one that is something else, are told apart', async () => {
  const gone = await startRegistry();
  await gone.close();
  registry.intercept = () => ({
    status: 404,
    headers: { 'content-type': 'text/html' },
    body: '<html>nginx</html>',
  });
  const run = await runVerify({
    inputs: { images: `a=${gone.host}/acme/shop:1\nb=${registry.host}/acme/shop:1`, wait: '0' },
  });
  expect(codes(run)).toEqual(['registry-unreachable', 'not-a-registry']);
  expect(run.failure!.kind).toBe('lost');
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

test('a cancelled run ends at once, with the reason', async () => {
  const controller = new AbortController();
  registry.intercept = () => {
    controller.abort(new Failure('lost', 'the run was cancelled (SIGINT)'));
    return { status: 503 };
  };
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1` },
    signal: controller.signal,
  });
  expect(run.failure).toMatchObject({ kind: 'lost', message: 'the run was cancelled (SIGINT)' });
  expect(registry.requests).toHaveLength(1);
});
