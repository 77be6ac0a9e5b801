import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Failure } from '@deploy-actions/kit';
import {
  AMD64,
  ARM64,
  type StubAnswer,
  type StubRegistry,
  putBuild,
  startRegistry,
} from '../testing/registry-stub.ts';
import { NOW, codes, leadTo, runVerify } from '../testing/verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

test('from ghcr.io the digest costs two requests, since its token service is known', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1.4.2');
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
  for (const tag of tags) putBuild(registry, 'acme/shop', tag);
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

test('bytes that are not what their digest says are a failure of their own', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1', { rev: 'x' });
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
  const { digest } = putBuild(registry, 'acme/shop', '1');
  registry.intercept = ({ method }) =>
    method === 'HEAD' ? { status: 200, headers: { 'content-type': 'application/json' } } : undefined;
  const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1` } });
  expect(run.outputs['digests']).toEqual({ shop: digest });
});

test('stale credentials do not hide a public image, and the log says so', async () => {
  putBuild(registry, 'acme/shop', '1');
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
  putBuild(registry, 'acme/shop', '1');
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
  const { digest } = putBuild(registry, 'acme/shop', '1');
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
  putBuild(registry, 'acme/shop', '1');
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
  putBuild(registry, 'acme/shop', '1', { rev: 'x' });
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
    putBuild(registry, 'acme/shop', '1', { rev: 'x' });
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
    putBuild(registry, 'public/tool', '1');
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
  putBuild(registry, 'acme/shop', '1');
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
  putBuild(registry, 'acme/shop', '1');
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
