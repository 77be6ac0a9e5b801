import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { pool } from '@deploy-actions/kit';
import { type Lab, type Registry, openLab } from '@deploy-actions/lab';
import { type BundleResult, runBundle } from '@deploy-actions/tooling';
import { openAttester } from '../../actions/ghcr-verify-image/src/testing/attester.ts';
import { type Fault, type FaultProxy, type ProxiedRequest, startFaultProxy } from './fault-proxy.ts';
import { type RegistryTools, makeLayout, openRegistryTools, pushLayout } from './registry-tools/tools.ts';

/** The bundle of ghcr-verify-image against a real registry, with images that real tools pushed. */

const CI = { password: 'correct-horse-battery', pull: ['acme/*', 'public/*'] };
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64', variant: 'v8' };
const NOBODY = { 'github-token': '' };
const LOGIN = { 'registry-username': 'ci', 'registry-password': CI.password, 'github-token': '' };

let lab: Lab;
let registry: Registry;
let plain: Registry;
let tools: RegistryTools;
let proxy: FaultProxy;
const digests: Record<string, string> = {};

beforeAll(async () => {
  const access = { seeded: false, users: { ci: CI }, public: ['public/*'] } as const;
  lab = await openLab({ hosts: 0, registry: { access: 'token', ...access } });
  ({ registry } = lab);
  plain = await lab.addRegistry({ access: 'plain', seeded: false });
  tools = await openRegistryTools(lab);
  const labels = { 'org.opencontainers.image.revision': REVISION };
  const made: [name: string, images: Parameters<typeof makeLayout>[2], attested?: boolean][] = [
    ['single', [{ labels }]],
    [
      'multi',
      [
        { platform: AMD64, labels },
        { platform: ARM64, labels },
      ],
    ],
    [
      'buildkit',
      [
        { platform: AMD64, labels },
        { platform: ARM64, labels },
      ],
      true,
    ],
    ['lonely', [{ platform: ARM64, labels }], true],
    ['old', [{ labels, created: '2020-02-02T00:00:00Z' }]],
    ['big', [{ labels, ballast: 20_000_000 }]],
  ];
  for (const [name, images, attested] of made)
    digests[name] = makeLayout(tools.folder, name, images, attested);
  await pool(
    [
      ...made.map(
        ([name]) =>
          () =>
            pushLayout(tools, registry, name, `acme/${name}:1`),
      ),
      () => pushLayout(tools, registry, 'single', 'acme/docker:1', 'v2s2'),
      () => pushLayout(tools, registry, 'multi', 'public/multi:1'),
      () => pushLayout(tools, plain, 'multi', 'acme/multi:1'),
    ],
    3,
    (push) => push(),
  );
  digests['docker'] = await registry.digest('acme/docker:1');
}, 900_000);

afterAll(async () => {
  await lab?.close();
});

beforeEach(async () => {
  proxy = await startFaultProxy(registry.address);
});

afterEach(async () => {
  await proxy.close();
});

function verify(inputs: Record<string, string>, env: Record<string, string> = {}): Promise<BundleResult> {
  return runBundle({
    action: 'ghcr-verify-image',
    inputs,
    env: {
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_ACTOR: 'octocat',
      GITHUB_API_URL: 'http://127.0.0.1:9',
      ...env,
    },
  });
}

interface WholeReport {
  images: {
    digest?: string;
    requests: number;
    bytes: number;
    problem?: { code: string; message: string };
    attestedBy?: { name: string };
  }[];
}

function whole(result: BundleResult): WholeReport {
  expect(result.outputs['report-file'] ?? result.log).toMatch(/\.json$/);
  return JSON.parse(readFileSync(result.outputs['report-file']!, 'utf8')) as WholeReport;
}

const codesOf = (result: BundleResult) => whole(result).images.map(({ problem }) => problem?.code);

test('a tag is moved at a real registry by who may push there, and who may only pull is told so', async () => {
  const promoted = (login: Record<string, string>) =>
    verify({
      ...login,
      images: ['multi', 'docker'].map((name) => registry.image(`acme/${name}:1`)).join('\n'),
      promote: 'staging-latest',
    });
  const refused = await promoted(LOGIN);
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('the tag staging-latest: not moved for all 2');
  expect(refused.shown).toContain('packages: write');
  await expect(registry.digest('acme/docker:staging-latest')).rejects.toThrow('404');
  const { username, password } = registry.admin;
  const moved = await promoted({
    'registry-username': username,
    'registry-password': password,
    'github-token': '',
  });
  expect([moved.exitCode, moved.exitCode === 0 ? '' : moved.shown]).toEqual([0, '']);
  const again = await verify({
    ...LOGIN,
    images: ['multi', 'docker'].map((name) => registry.image(`acme/${name}:staging-latest`)).join('\n'),
  });
  expect(JSON.parse(again.outputs['digests']!)).toEqual({
    multi: digests['multi'],
    docker: digests['docker'],
  });
});

test('every kind of image is named by the digest that its push gave it', async () => {
  const names = Object.keys(digests);
  const result = await verify({
    ...LOGIN,
    images: names.map((name) => registry.image(`acme/${name}:1`)).join('\n'),
    labels: `org.opencontainers.image.revision=${REVISION}`,
  });
  expect([result.exitCode, result.exitCode === 0 ? '' : result.shown]).toEqual([0, '']);
  expect(JSON.parse(result.outputs['images']!)).toEqual(
    Object.fromEntries(names.map((name) => [name, `${registry.address}/acme/${name}@${digests[name]}`])),
  );
  expect(result.outputs['all-verified']).toBe('true');
  expect(result.summary).toContain('`linux/arm64`');
  // As another tool sees it.
  const { username, password } = registry.admin;
  const image = `docker://${registry.image('acme/buildkit:1')}`;
  const raw = await tools.run([
    'skopeo',
    'inspect',
    '--raw',
    '--tls-verify=false',
    '--creds',
    `${username}:${password}`,
    image,
  ]);
  expect(`sha256:${createHash('sha256').update(raw).digest('hex')}`).toBe(digests['buildkit']);
});

test('a registry that asks for nothing, and a public image of one that does, need no credentials', async () => {
  const result = await verify({
    ...NOBODY,
    images: `a=${plain.image('acme/multi:1')}\nb=${registry.image('public/multi:1')}`,
  });
  expect(JSON.parse(result.outputs['digests']!)).toEqual({ a: digests['multi'], b: digests['multi'] });
});

test('wrong credentials do not hide a public image, and the log says that they are wrong', async () => {
  const result = await verify({
    ...LOGIN,
    'registry-password': 'a-stale-password',
    images: registry.image('public/multi:1'),
  });
  expect(result.exitCode).toBe(0);
  expect(result.annotations.map(({ message }) => message).join()).toContain('read without credentials');
  expect(result.shown).not.toContain('a-stale-password');
});

test('the digest of a tag costs three requests cold, all checks of a platform five, and both less than 64 KB', async () => {
  // The token service is not behind the proxy: it is counted by the report alone.
  const image = `${proxy.host}/acme/buildkit:1`;
  const tag = await verify({ ...LOGIN, images: image });
  expect(whole(tag).images[0]).toMatchObject({ requests: 3, digest: digests['buildkit'] });
  expect(proxy.requests).toHaveLength(2);
  proxy.requests.length = 0;
  const before = proxy.bytes();
  const checks = await verify({
    ...LOGIN,
    images: image,
    platforms: 'linux/arm64',
    labels: `org.opencontainers.image.revision=${REVISION}`,
    'max-size': '1GB',
    'max-age': '1h',
  });
  expect(checks.exitCode).toBe(0);
  const [{ requests, bytes }] = whole(checks).images as [WholeReport['images'][0]];
  expect(requests).toBe(5);
  expect(proxy.requests).toHaveLength(4);
  const sent = proxy.bytes() - before;
  expect(sent).toBeLessThan(64 * 1024);
  // What the report counts is what went over the wire, and the token.
  expect(bytes).toBeGreaterThan(sent);
  expect(bytes).toBeLessThan(64 * 1024);
});

test('what is not there, not ours or not as wanted is told apart', async () => {
  const label = `org.opencontainers.image.revision=${REVISION}`;
  const cases: [Record<string, string>, string, RegExp][] = [
    [
      { ...LOGIN, images: registry.image('acme/single:2'), wait: '0' },
      'tag-absent',
      /nearest of its 1 tags: 1/,
    ],
    [
      { ...LOGIN, images: registry.image('acme/missing:1'), wait: '0' },
      'image-absent',
      /has no image acme\/missing/,
    ],
    [
      { ...NOBODY, images: registry.image('acme/single:1') },
      'credentials-missing',
      /private or does not exist/,
    ],
    [
      { ...LOGIN, 'registry-password': 'a-wrong-password', images: registry.image('acme/single:1') },
      'credentials-rejected',
      /does not take/,
    ],
    [{ ...LOGIN, images: registry.image('private/secret:1') }, 'access-denied', /may not read it/],
    [
      { ...LOGIN, images: registry.image('acme/lonely:1'), platforms: 'linux/amd64' },
      'platform-missing',
      /only for linux\/arm64/,
    ],
    [
      { ...LOGIN, images: registry.image('acme/single:1'), labels: `${label}0` },
      'label-differs',
      /wanted is/,
    ],
    [
      { ...LOGIN, images: registry.image('acme/big:1'), 'max-size': '10MB' },
      'too-big',
      /has 20\.0 MB compressed/,
    ],
    [{ ...LOGIN, images: registry.image('acme/old:1'), 'max-age': '30d' }, 'too-old', /made 2020-02-02/],
  ];
  for (const [inputs, code, message] of cases) {
    const result = await verify(inputs);
    expect([codesOf(result), result.exitCode]).toEqual([[code], 1]);
    expect(result.annotations.at(-1)!.message).toMatch(message);
  }
});

type Case = [
  name: string,
  fault: (request: ProxiedRequest, nth: number) => Fault | undefined,
  code: string | undefined,
  inputs?: Record<string, string>,
];
const PAGE = '<!DOCTYPE html><h1>Unicorn!</h1>';
const HTML = { 'content-type': 'text/html' };
const blob = ({ url }: ProxiedRequest) => url.includes('/blobs/');
const FAULTS: Case[] = [
  ['401 without a challenge', () => ({ answer: 401 }), 'access-denied'],
  [
    '403 in spite of a token',
    ({ headers }) =>
      headers['authorization']
        ? { answer: 403, body: '{"errors":[{"code":"DENIED","message":"permission_denied: read_package"}]}' }
        : undefined,
    'access-denied',
  ],
  ['404 of something else', () => ({ answer: 404, headers: HTML, body: PAGE }), 'not-a-registry'],
  [
    '429 once, with Retry-After',
    (_, nth) => (nth === 1 ? { answer: 429, headers: { 'retry-after': '1' } } : undefined),
    undefined,
  ],
  ['429 once, without', (_, nth) => (nth === 1 ? { answer: 429 } : undefined), undefined],
  ['429 for an hour', () => ({ answer: 429, headers: { 'retry-after': '3600' } }), 'rate-limited'],
  [
    '500 as HTML, twice',
    (_, nth) => (nth <= 2 ? { answer: 500, headers: HTML, body: PAGE } : undefined),
    undefined,
  ],
  ['500 as HTML, always', () => ({ answer: 500, headers: HTML, body: PAGE }), 'registry-down'],
  [
    'a truncated body, once',
    (request, nth) =>
      request.method === 'GET' && nth <= 3 && request.headers['authorization'] ? { truncate: 40 } : undefined,
    undefined,
  ],
  [
    'truncated bodies, always',
    ({ method }) => (method === 'GET' ? { truncate: 10 } : undefined),
    'registry-unreachable',
  ],
  [
    'a manifest with another digest',
    ({ url, headers }) =>
      url.includes('/manifests/') && headers['authorization'] ? { corrupt: true } : undefined,
    'digest-mismatch',
  ],
  [
    'a configuration with another digest',
    (request) => (blob(request) ? { corrupt: true } : undefined),
    'digest-mismatch',
  ],
  [
    'a slow drip',
    (request) => (blob(request) ? { drip: 100 } : undefined),
    'registry-unreachable',
    { 'request-timeout': '1s' },
  ],
];

/** The faults are tried some at a time, each behind a proxy of its own: most of their time is waiting. */
let tried: Promise<BundleResult[]> | undefined;

async function tryFault([, fault, , inputs = {}]: Case): Promise<BundleResult> {
  const own = await startFaultProxy(registry.address);
  let nth = 0;
  own.fault = (request) => fault(request, (nth += 1));
  try {
    return await verify({
      ...LOGIN,
      images: `${own.host}/acme/single:1`,
      labels: `org.opencontainers.image.revision=${REVISION}`,
      wait: '0',
      ...inputs,
    });
  } finally {
    await own.close();
  }
}

test.each(FAULTS)('behind a proxy: %s', async (name, _fault, code) => {
  tried ??= pool(FAULTS, 5, tryFault);
  const result = (await tried)[FAULTS.findIndex(([other]) => other === name)]!;
  expect([codesOf(result), result.exitCode]).toEqual([[code], code === undefined ? 0 : 1]);
  expect(result.shown).not.toContain('Unicorn');
  expect(result.elapsedMs).toBeLessThan(60_000);
});

test('credentials do not follow a redirect to another origin', async () => {
  // The other origin has the bytes, and gives them to whoever asks.
  const bodies = await configsOf('acme/single', '1', await tokenFor('acme/single'));
  const store = await startFaultProxy('127.0.0.1:9');
  try {
    store.fault = ({ url }) => ({ answer: 200, body: bodies.get(url.split('/').at(-1)!) ?? '' });
    proxy.fault = (request) =>
      blob(request) ? { redirect: `http://localhost:${store.host.split(':')[1]}` } : undefined;
    const result = await verify({
      ...LOGIN,
      images: `${proxy.host}/acme/single:1`,
      labels: `org.opencontainers.image.revision=${REVISION}`,
    });
    expect(codesOf(result)).toEqual([undefined]);
    expect(store.requests).toHaveLength(1);
    expect(JSON.stringify(store.requests[0]!.headers)).not.toMatch(/authorization|bearer|correct-horse/i);
  } finally {
    await store.close();
  }
});

async function tokenFor(repository: string): Promise<string> {
  const probe = await fetch(`${registry.url}/v2/${repository}/manifests/1`);
  const realm = /realm="([^"]+)"/.exec(probe.headers.get('www-authenticate')!)![1]!;
  const service = /service="([^"]+)"/.exec(probe.headers.get('www-authenticate')!)![1]!;
  const basic = Buffer.from(`${registry.admin.username}:${registry.admin.password}`).toString('base64');
  const answer = await fetch(`${realm}?service=${service}&scope=repository:${repository}:pull`, {
    headers: { authorization: `Basic ${basic}` },
  });
  return ((await answer.json()) as { token: string }).token;
}

async function configsOf(repository: string, tag: string, token: string): Promise<Map<string, string>> {
  const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' };
  const manifest = (await (
    await fetch(`${registry.url}/v2/${repository}/manifests/${tag}`, { headers })
  ).json()) as { config: { digest: string } };
  const { digest } = manifest.config;
  return new Map([
    [digest, await (await fetch(`${registry.url}/v2/${repository}/blobs/${digest}`, { headers })).text()],
  ]);
}

test('an image that is pushed while it is waited for is found', async () => {
  const waiting = verify({ ...LOGIN, images: registry.image('acme/late:1'), wait: '1m' });
  await pushLayout(tools, registry, 'single', 'acme/late:1');
  const result = await waiting;
  expect(JSON.parse(result.outputs['digests'] ?? '{}')).toEqual({ late: digests['single'] });
}, 90_000);

test('a signature of cosign with a key is taken, and another key is not', async () => {
  const { username, password } = registry.admin;
  await tools.run(['cosign', 'generate-key-pair'], { COSIGN_PASSWORD: '' });
  const image = `${registry.address}/acme/multi@${digests['multi']}`;
  await tools.run(
    [
      ...['cosign', 'sign', '--yes', '--key', 'cosign.key', '--tlog-upload=false', '--allow-http-registry'],
      ...[`--registry-username=${username}`, `--registry-password=${password}`, image],
    ],
    { COSIGN_PASSWORD: '' },
  );
  const key = readFileSync(join(tools.folder, 'cosign.pub'), 'utf8');
  const inputs = { ...LOGIN, attestations: 'required', images: registry.image('acme/multi:1') };
  const signed = await verify({ ...inputs, 'cosign-key': key });
  expect(codesOf(signed)).toEqual([undefined]);
  expect(whole(signed).images[0]!.attestedBy).toEqual({ name: 'the key' });
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = await verify({
    ...inputs,
    'cosign-key': publicKey.export({ type: 'spki', format: 'pem' }) as string,
  });
  expect(codesOf(other)).toEqual(['attested-by-other']);
  const unsigned = await verify({ ...inputs, images: registry.image('acme/single:1'), 'cosign-key': key });
  expect(codesOf(unsigned)).toEqual(['not-attested']);
}, 60_000);

test('an attestation that oras attached is found in a registry without the referrers API', async () => {
  const attester = await openAttester();
  const bundle = await attester.attest({ digest: digests['buildkit']! });
  writeFileSync(join(tools.folder, 'bundle.json'), JSON.stringify(bundle));
  const type = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const { username, password } = registry.admin;
  await tools.run([
    ...[
      'oras',
      'attach',
      '--plain-http',
      '--username',
      username,
      '--password',
      password,
      '--artifact-type',
      type,
    ],
    `${registry.address}/acme/buildkit@${digests['buildkit']}`,
    `bundle.json:${type}`,
  ]);
  const workspace = tools.folder;
  writeFileSync(join(workspace, 'trusted-root.json'), attester.trustedRoot);
  const { attestationApi, close } = await emptyAttestationApi();
  try {
    const attested = async (inputs: Record<string, string>) =>
      await runBundle({
        action: 'ghcr-verify-image',
        workspace,
        inputs: {
          ...LOGIN,
          attestations: 'required',
          'trusted-root': 'trusted-root.json',
          images: registry.image('acme/buildkit:1'),
          ...inputs,
        },
        env: { GITHUB_REPOSITORY: 'acme/shop', GITHUB_API_URL: attestationApi },
      });
    const ours = await attested({});
    expect(codesOf(ours)).toEqual([undefined]);
    expect(ours.summary).toContain('acme/shop/.github/workflows/build.yml');
    const theirs = await attested({ 'signer-repo': 'acme/other' });
    expect(codesOf(theirs)).toEqual(['attested-by-other']);
    const none = await attested({ images: registry.image('acme/single:1') });
    expect(codesOf(none)).toEqual(['not-attested']);
  } finally {
    await close();
  }
}, 60_000);

/** GitHub's API for a repository without attestations. */
async function emptyAttestationApi() {
  const api = await startFaultProxy('127.0.0.1:9');
  api.fault = () => ({ answer: 404, body: '{"message":"Not Found"}' });
  return { attestationApi: `http://${api.host}`, close: () => api.close() };
}
