import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { digestOf } from './manifest/digest.ts';
import { DOCKER_MANIFEST, OCI_INDEX } from './manifest/media-type.ts';
import {
  type StubAnswer,
  type StubRegistry,
  type StubRequest,
  putBuild,
  putImage,
  startRegistry,
} from './testing/registry-stub.ts';
import { codes, leadTo, runVerify } from './testing/verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
  for (const name of ['api', 'web', 'jobs']) putImage(registry, `acme/${name}`, '2', { labels: { name } });
});
afterEach(() => registry.close());

const THREE = ['api', 'web', 'jobs'];
const promote = (inputs: Record<string, string> = {}, names: readonly string[] = THREE) =>
  runVerify({
    inputs: {
      images: names.map((name) => `${name}=${registry.host}/acme/${name}:2`).join('\n'),
      promote: 'staging-latest',
      wait: '0',
      ...inputs,
    },
  });

const puts = () => registry.requests.filter(({ method }) => method === 'PUT');
/** The digest that a tag of the stub names. */
const named = (name: string, tag = 'staging-latest') =>
  registry.read(`acme/${name}`, tag)?.headers?.['docker-content-digest'] as string | undefined;
const put = (answer: (request: StubRequest) => StubAnswer | undefined) => {
  registry.intercept = (request) => (request.method === 'PUT' ? answer(request) : undefined);
};

test('the tag names the very bytes that were verified, an index as it is, by one request for each and no blob', async () => {
  const before = putImage(registry, 'acme/api', 'staging-latest', { labels: { name: 'old' } });
  const index = putBuild(registry, 'acme/web', '2');
  const docker = putImage(registry, 'acme/jobs', '2', { mediaType: DOCKER_MANIFEST });
  const run = await promote();
  expect(run.failure?.message).toBeUndefined();
  expect(puts().map(({ url, headers }) => [url, headers['content-type']])).toEqual([
    ['/v2/acme/api/manifests/staging-latest', 'application/vnd.oci.image.manifest.v1+json'],
    ['/v2/acme/web/manifests/staging-latest', OCI_INDEX],
    ['/v2/acme/jobs/manifests/staging-latest', DOCKER_MANIFEST],
  ]);
  expect(puts().map(({ body }) => digestOf(body))).toEqual(THREE.map((name) => named(name, '2')));
  expect(registry.requests.filter(({ url }) => url.includes('/blobs/'))).toEqual([]);
  expect(run.outputs['promoted']).toEqual({
    api: { before: before.digest, digest: named('api', '2') },
    web: { before: null, digest: index.digest },
    jobs: { before: null, digest: docker.digest },
  });
  const { checks, summary } = JSON.parse(String(run.outputs['report'])) as {
    checks: { detail: string }[];
    summary: string;
  };
  expect(summary).toBe('3 images verified; the tag staging-latest: moved for all 3');
  expect(checks[0]!.detail).toContain(`names ${named('api', '2')} now (before: ${before.digest})`);
  expect(run.file.images.map(({ promotion }) => promotion?.state)).toEqual(['moved', 'moved', 'moved']);
});

test('a tag that names the image already is left alone', async () => {
  await promote();
  registry.requests.splice(0);
  const run = await promote();
  expect([run.failure, puts()]).toEqual([undefined, []]);
  expect(JSON.parse(String(run.outputs['report']))).toMatchObject({
    ok: true,
    summary: expect.stringContaining('there already for all 3'),
  });
});

test('no tag is moved where an image is not verified, or cannot be read again', async () => {
  const run = await promote({ labels: 'name=api' });
  expect([codes(run), puts()]).toEqual([[undefined, 'label-differs', 'label-differs'], []]);
  expect(run.outputs['promoted']).toBeUndefined();
  registry.intercept = ({ method, url }) =>
    method === 'GET' && url.startsWith('/v2/acme/jobs/manifests/sha256:') ? { status: 404 } : undefined;
  // With a platform the bytes are read by the tag, so what is lost is found by promote alone.
  const lost = await promote({ 'max-size': '1GB' });
  expect(lost.failure).toMatchObject({
    code: 'part-absent',
    message: expect.stringContaining('the tag staging-latest: not moved for all 3'),
  });
  expect(puts()).toEqual([]);
});

test.each([
  [401, 'nobody may push without credentials'],
  [403, 'nobody may push without credentials'],
  [405, 'does not take it (status 405'],
  [404, 'does not take it (status 404'],
  [409, 'does not take it (status 409'],
])(
  'a refusal with %i names the permission, and for which images the tag was moved',
  async (status, words) => {
    put(({ url }) => (url.includes('/acme/web/') ? { status, body: '' } : undefined));
    const run = await promote();
    expect(run.failure).toMatchObject({ kind: 'refused', code: 'push-refused' });
    expect(run.failure!.message).toContain(words);
    expect(run.failure!.remedy).toContain('`packages: write`');
    expect(run.failure!.message).toContain(
      `the tag staging-latest: moved for ${registry.host}/acme/api; not moved for ${registry.host}/acme/web, ${registry.host}/acme/jobs`,
    );
    expect([named('web'), named('jobs'), puts().length]).toEqual([undefined, undefined, 2]);
    expect(run.outputs).toMatchObject({
      'all-verified': true,
      promoted: { api: { before: null, digest: named('api') } },
      digests: { web: named('web', '2') },
    });
    expect(run.outputs['promoted']).not.toHaveProperty('web');
    expect(JSON.parse(String(run.outputs['report']))).toMatchObject({
      ok: false,
      checks: [{ ok: true }, { ok: false, phase: 'push-refused' }, { ok: false }],
    });
  },
);

test('a refusal that no right to push mends has its own remedy, and is not asked about again', async () => {
  put(() => ({
    status: 403,
    body: '{"errors":[{"code":"DENIED","message":"Resource protected by organization SAML enforcement"}]}',
  }));
  const run = await promote({}, ['api']);
  expect(run.failure).toMatchObject({
    code: 'sso-required',
    remedy: expect.stringContaining('Configure SSO'),
  });
  expect(run.failure!.message).toContain('the tag staging-latest cannot be moved');
  expect(registry.requests.at(-1)!.method).toBe('PUT');
});

const ghcr = (inputs: Record<string, string>) =>
  runVerify({
    inputs: {
      images: 'api=ghcr.io/acme/api:2',
      'github-token': 'ghs_token',
      promote: 'staging-latest',
      ...inputs,
    },
    http: leadTo(registry.host, ['ghcr.io']),
  });

test('pushing asks for a token of its own, which may push', async () => {
  registry.admit = (user) => user === 'octocat:ghs_token';
  const run = await ghcr({});
  expect(run.failure?.message).toBeUndefined();
  const scopes = registry.requests
    .filter(({ url }) => url.startsWith('/token'))
    .map(({ url }) => new URL(url, 'http://stub').searchParams.get('scope'));
  expect(scopes).toEqual(['repository:acme/api:pull', 'repository:acme/api:pull,push']);
  expect(named('api')).toBe(named('api', '2'));
});

test('a token of the job that may only read is told with the permission, whether the token service or the registry says so', async () => {
  registry.admit = (user, scope) => user === 'octocat:ghs_token' && !scope.includes('push');
  const atService = await ghcr({});
  registry.admit = (user) => user === 'octocat:ghs_token';
  put(() => ({
    status: 403,
    body: '{"errors":[{"code":"DENIED","message":"permission_denied: write_package"}]}',
  }));
  for (const run of [atService, await ghcr({})]) {
    expect(run.failure).toMatchObject({
      code: 'push-refused',
      message: expect.stringContaining("the job's token may not push there"),
      remedy: expect.stringContaining('permissions: packages: write'),
    });
    expect(named('api')).toBeUndefined();
  }
});

test('an image that everybody may read is not pushed as nobody', async () => {
  // Its token is stale: read as nobody, which is told, and not moved.
  registry.admit = (user) => user === undefined;
  const run = await ghcr({});
  expect(run.log.join('\n')).toContain('was read without credentials');
  expect([run.failure?.code, puts()]).toEqual(['push-refused', []]);
});

test('a push that meets a busy registry is repeated', async () => {
  let asked = 0;
  put(() => ((asked += 1) < 3 ? { status: asked === 1 ? 503 : 429 } : undefined));
  expect((await promote({}, ['api'])).failure?.message).toBeUndefined();
  expect([asked, named('api')]).toEqual([3, named('api', '2')]);
});

test('what was taken without an answer is found out, and what was not is told', async () => {
  put(({ body, headers }) => {
    registry.manifest('acme/api', body, headers['content-type']!, 'staging-latest');
    return { status: 201, body: 'x'.repeat(10), breaks: 'closed' };
  });
  const taken = await promote({}, ['api']);
  expect([taken.failure?.message, taken.outputs['promoted']]).toEqual([
    undefined,
    { api: { before: null, digest: named('api') } },
  ]);
  put(() => ({ status: 201, body: 'x'.repeat(10), breaks: 'closed' }));
  const lost = await promote({}, ['web', 'jobs']);
  expect(lost.failure).toMatchObject({ code: 'registry-unreachable' });
  expect(lost.failure!.message).toContain('the tag staging-latest: not moved for all 2');
  expect(lost.failure!.remedy).not.toContain('nothing was changed');
});

test('what became of the tag is called unknown when nobody says it', async () => {
  let sent = false;
  registry.intercept = ({ method, url }) => {
    sent ||= method === 'PUT';
    return sent && url.includes('staging-latest') ? { status: 503 } : undefined;
  };
  const run = await promote({}, ['api', 'web']);
  expect(run.failure!.message).toContain(
    `not known for ${registry.host}/acme/api; not moved for ${registry.host}/acme/web`,
  );
});

test('of two runs that move the tag at once, the one whose image it no longer names is told', async () => {
  let other: string | undefined;
  put(({ url, body }) => {
    if (!url.includes('/acme/api/')) return undefined;
    other = putImage(registry, 'acme/api', 'staging-latest', { labels: { name: 'of another run' } }).digest;
    return { status: 201, headers: { 'docker-content-digest': digestOf(body) } };
  });
  const run = await promote({}, ['api', 'web']);
  expect(run.failure).toMatchObject({ kind: 'refused', code: 'tag-overtaken' });
  expect(run.failure!.message).toContain(`names ${other} already: another run moves it at the same time`);
  expect(run.failure!.message).toContain(`moved, and moved on by another run, for ${registry.host}/acme/api`);
  expect(run.outputs['promoted']).toEqual({ web: { before: null, digest: named('web', '2') } });
});

test('a registry whose answers lag behind a move, or that cannot be asked again, has moved the tag', async () => {
  const before = putImage(registry, 'acme/api', 'staging-latest', { labels: { name: 'old' } });
  let asked = 0;
  registry.intercept = ({ method, url }) => {
    if (puts().length === 0 || method === 'PUT' || !url.includes('/staging-latest')) return undefined;
    asked += 1;
    return url.includes('/acme/web/')
      ? { status: 503 }
      : { status: 200, headers: { 'docker-content-digest': before.digest } };
  };
  const run = await promote({}, ['api', 'web']);
  expect(run.failure?.message).toBeUndefined();
  expect(Object.keys(run.outputs['promoted'] as object)).toEqual(['api', 'web']);
  expect(asked).toBeGreaterThan(2);
  expect(run.log.join('\n')).toContain('/acme/web:staging-latest was moved, and could not be read again');
});

test('a registry that says that it stored something else is not believed, and one that says nothing is asked', async () => {
  put(() => ({ status: 201, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }));
  const other = await promote({}, ['api']);
  expect(other.failure).toMatchObject({ code: 'digest-mismatch' });
  expect(other.failure!.message).toContain('not known for all 1');
  put(({ body, headers }) => {
    registry.manifest('acme/web', body, headers['content-type']!, 'staging-latest');
    return { status: 201 };
  });
  expect((await promote({}, ['web'])).failure?.message).toBeUndefined();
  // A page that says yes to everything.
  put(() => ({ status: 200, body: 'welcome' }));
  const page = await promote({}, ['jobs']);
  expect(page.failure!.message).toContain('does not show it');
  expect(named('jobs')).toBeUndefined();
});

test('a tag that two images of one repository would need, and what is no tag, are refused before anything is sent', async () => {
  putImage(registry, 'acme/api', '3', { labels: { name: 'three' } });
  const two = await promote({ images: `a=${registry.host}/acme/api:2\nb=${registry.host}/acme/api:3` });
  expect(two.failure!.message).toMatch(/input `promote`: .*\/acme\/api:staging-latest cannot name both/);
  // The same image by two names is one.
  const image = `${registry.host}/acme/api`;
  const same = await promote({ images: `a=${image}:2\nb=${image}@${named('api', '2')}` });
  expect([same.failure?.message, puts().length]).toEqual([undefined, 1]);
  for (const tag of ['a/b', 'a:b', '.x', 'x'.repeat(129), `sha256-${'a'.repeat(64)}.sig`]) {
    const wrong = await promote({ promote: tag });
    expect([wrong.failure?.input, puts().length]).toEqual(['promote', 1]);
  }
});
