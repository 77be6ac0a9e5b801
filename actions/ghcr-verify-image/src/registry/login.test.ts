import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type StubAnswer, type StubRegistry, putBuild, startRegistry } from '../testing/registry-stub.ts';
import { codes, runVerify } from '../testing/verify-fixture.ts';

let registry: StubRegistry;
beforeEach(async () => {
  registry = await startRegistry();
});
afterEach(() => registry.close());

const SECRET = { 'registry-username': 'me', 'registry-password': 'the-password' };

/** Whether a password, a token or any authorization came to this stub. */
function leaked(store: StubRegistry): string[] {
  return store.requests.flatMap(({ headers }) => headers['authorization'] ?? []);
}

test.each([
  ['a blob', 'blobs', 'Bearer realm="http://{store}/token",service="x"', 1],
  ['a blob, by a Basic challenge', 'blobs', 'Basic realm="x"', 1],
  ['a manifest', 'manifests', 'Bearer realm="http://{store}/token",service="x"', 1],
  ['a manifest, by two redirects', 'manifests', 'Bearer realm="http://{store}/token",service="x"', 2],
  [
    'a blob, by two redirects and to both',
    'blobs',
    'Bearer realm="http://{store}/token", Basic realm="x"',
    2,
  ],
])('a challenge of whoever a redirect names gets nothing: %s', async (_what, kind, challenge, redirects) => {
  const store = await startRegistry();
  try {
    putBuild(registry, 'acme/shop', '1', { rev: 'x' });
    registry.admit = (user) => user === 'me:the-password';
    registry.intercept = ({ url, headers }) =>
      url.includes(`/${kind}/`) && headers['authorization'] !== undefined
        ? { status: 307, headers: { location: `http://${store.host}/first${url}` } }
        : undefined;
    store.intercept = ({ url }): StubAnswer =>
      redirects === 2 && url.startsWith('/first')
        ? { status: 302, headers: { location: url.replace('/first', '/second') } }
        : {
            status: url.startsWith('/token') ? 200 : 401,
            headers: { 'www-authenticate': challenge.replace('{store}', store.host) },
            body: '{"token":"of-the-thief"}',
          };
    const run = await runVerify({
      inputs: {
        images: `${registry.host}/acme/shop:1`,
        labels: 'rev=x',
        platforms: 'linux/amd64',
        ...SECRET,
      },
    });
    expect(codes(run)).toEqual(['storage-refused']);
    expect(run.failure!.message).toContain(
      `sends the ${kind.slice(0, -1)} request on to http://${store.host}`,
    );
    expect(store.requests).toHaveLength(redirects);
    expect(leaked(store)).toEqual([]);
  } finally {
    await store.close();
  }
});

test('a challenge of whoever the tag list is redirected to gets nothing, and the absent tag is told', async () => {
  const store = await startRegistry();
  try {
    putBuild(registry, 'acme/shop', '1');
    registry.admit = (user) => user === 'me:the-password';
    registry.intercept = ({ url, headers }) =>
      url.includes('/tags/') && headers['authorization'] !== undefined
        ? { status: 307, headers: { location: `http://${store.host}${url}` } }
        : undefined;
    store.intercept = () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
    const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:2`, wait: '0', ...SECRET } });
    expect(codes(run)).toEqual(['tag-absent']);
    expect(store.requests).toHaveLength(1);
    expect(leaked(store)).toEqual([]);
  } finally {
    await store.close();
  }
});

test('a token service elsewhere is what registries have, and gets the password by the registry’s own word', async () => {
  const service = await startRegistry();
  try {
    const { digest } = putBuild(registry, 'acme/shop', '1');
    service.intercept = ({ headers }) =>
      headers['authorization'] === `Basic ${Buffer.from('me:the-password').toString('base64')}`
        ? { status: 200, body: '{"token":"good"}' }
        : { status: 401 };
    registry.intercept = ({ headers }) =>
      headers['authorization'] === 'Bearer good'
        ? undefined
        : { status: 401, headers: { 'www-authenticate': `Bearer realm="http://${service.host}/auth"` } };
    const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1`, ...SECRET } });
    expect(run.outputs['digests']).toEqual({ shop: digest });
  } finally {
    await service.close();
  }
});

test('Bearer and Basic in one header: the token is fetched, and the password given where that fails', async () => {
  const { digest } = putBuild(registry, 'acme/shop', '1');
  const good = `Basic ${Buffer.from('me:the-password').toString('base64')}`;
  for (const challenge of [
    'Bearer, Basic realm="x"',
    'Bearer realm="http://{host}/no-such-service", Basic realm="x"',
    'Basic realm="x", Bearer realm="ftp://nowhere/"',
  ]) {
    registry.intercept = ({ url, headers }) => {
      if (url.startsWith('/no-such-service')) return { status: 404 };
      return headers['authorization'] === good
        ? undefined
        : { status: 401, headers: { 'www-authenticate': challenge.replace('{host}', registry.host) } };
    };
    const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1`, ...SECRET } });
    expect([challenge, run.outputs['digests']]).toEqual([challenge, { shop: digest }]);
  }
});

test.each([401, 403])(
  'credentials that were given and never asked for are not asked for again (%i)',
  async (status) => {
    registry.intercept = () => ({ status, headers: { 'www-authenticate': 'Negotiate' } });
    const run = await runVerify({ inputs: { images: `${registry.host}/acme/shop:1`, ...SECRET } });
    expect(codes(run)).toEqual(['access-denied']);
    expect(run.failure!.message).toContain('says no without asking for the credentials that were given');
    expect(run.failure!.remedy).not.toContain('Give registry-username');
    expect(leaked(registry)).toEqual([]);
  },
);
