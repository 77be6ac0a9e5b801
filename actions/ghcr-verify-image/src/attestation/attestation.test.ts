import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { API_TOKEN, type AttestationApi, startAttestationApi } from '../testing/attestation-api.ts';
import { type Attester, attestWithKey, openAttester } from '../testing/attester.ts';
import { OCI_INDEX, OCI_MANIFEST, SIMPLE_SIGNING } from '../manifest/media-type.ts';
import { type StubRegistry, putImage, startRegistry } from '../testing/registry-stub.ts';
import { type Run, codes, runVerify } from '../testing/verify-fixture.ts';

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const COSIGN_PUB = publicKey.export({ type: 'spki', format: 'pem' }) as string;

let attester: Attester;
let registry: StubRegistry;
let api: AttestationApi;
let digest: string;

beforeAll(async () => {
  attester = await openAttester();
});
beforeEach(async () => {
  registry = await startRegistry();
  api = await startAttestationApi();
  digest = putImage(registry, 'acme/shop', '1').digest;
});
afterEach(async () => {
  expect(api.faults).toEqual([]);
  await registry.close();
  await api.close();
});

async function verify(inputs: Record<string, string> = {}): Promise<Run> {
  const keyless = inputs['cosign-key'] === undefined;
  return await runVerify({
    inputs: {
      images: `${registry.host}/acme/shop:1`,
      attestations: 'required',
      'github-token': API_TOKEN,
      ...(keyless ? { 'trusted-root': 'trusted-root.json' } : {}),
      ...inputs,
    },
    workflow: { apiUrl: api.url },
    readText: (path) =>
      path === 'trusted-root.json'
        ? Promise.resolve(attester.trustedRoot)
        : Promise.reject(new Error('ENOENT')),
  });
}

/** Pushes a bundle beside the image, as `cosign` and `attest-build-provenance` with push-to-registry do. */
function refer(bundle: unknown, subject = digest) {
  const layer = registry.blob(JSON.stringify(bundle), BUNDLE);
  const config = registry.blob('{}', 'application/vnd.oci.empty.v1+json');
  const entry = registry.manifest(
    'acme/shop',
    {
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      artifactType: BUNDLE,
      config,
      layers: [layer],
      subject: { mediaType: OCI_MANIFEST, digest: subject, size: 1 },
    },
    OCI_MANIFEST,
  );
  return { ...entry, artifactType: BUNDLE };
}

/** Lets the registry have the referrers API, with these entries. */
function serveReferrers(entries: object[]) {
  registry.intercept = ({ url }) =>
    url.includes('/referrers/')
      ? {
          status: 200,
          headers: { 'content-type': OCI_INDEX },
          body: JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries }),
        }
      : undefined;
}

test.each(['inline', 'snappy', 'json'] as const)(
  "GitHub's attestation is found and verified (%s), at two requests more",
  async (form) => {
    api.hold('acme/shop', digest, await attester.attest({ digest }), form);
    const run = await verify();
    expect(run.failure).toBeUndefined();
    expect(run.file.images[0]!.attestedBy).toMatchObject({
      name: 'acme/shop/.github/workflows/build.yml@refs/heads/main (0123456)',
      sourceRepository: 'https://github.com/acme/shop',
    });
    expect(run.summary).toContain('acme/shop/.github/workflows/build.yml');
    expect(api.requests).toHaveLength(form === 'inline' ? 1 : 2);
    expect(run.file.images[0]!.requests).toBe(form === 'inline' ? 3 : 4);
  },
);

test('a real attestation, of a public repository, holds with the embedded roots and for its signer alone', async () => {
  // Published by prefix-dev/sigstore-example; see the README beside the file.
  const file = join(__dirname, '../../../../packages/sigstore/src/fixtures/workflow-attestation.json');
  const real = 'sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f';
  api.hold('prefix-dev/sigstore-example', real, JSON.parse(readFileSync(file, 'utf8')));
  registry.intercept = ({ method }) =>
    method === 'HEAD'
      ? { status: 200, headers: { 'docker-content-digest': real, 'content-type': OCI_INDEX } }
      : undefined;
  const inputs = {
    'trusted-root': '',
    'signer-repo': 'prefix-dev/sigstore-example',
    'signer-workflow': '.github/workflows/action.yaml@refs/heads/main',
    'predicate-type': 'https://schemas.conda.org/attestations-publish-1.schema.json',
  };
  const run = await verify(inputs);
  expect(run.failure).toBeUndefined();
  expect(run.file.images[0]!.attestedBy!.name).toMatch(
    /^prefix-dev\/sigstore-example\/\.github\/workflows\/action\.yaml@refs\/heads\/main \([0-9a-f]{7}\)$/,
  );
  expect(codes(await verify({ ...inputs, 'signer-workflow': '.github/workflows/action.yml' }))).toEqual([
    'attested-by-other',
  ]);
  expect(
    codes(await verify({ ...inputs, 'signer-workflow': '.github/workflows/action.yaml@refs/heads/mai' })),
  ).toEqual(['attested-by-other']);
});

test('an attestation on a later page is found', async () => {
  api.pageSize = 2;
  for (let other = 0; other < 4; other += 1)
    api.hold('acme/shop', digest, await attester.attest({ digest, source: 'acme/other' }), 'inline');
  api.hold('acme/shop', digest, await attester.attest({ digest }), 'inline');
  const run = await verify();
  expect(run.failure).toBeUndefined();
  expect(api.requests.filter((request) => request.startsWith('api'))).toHaveLength(3);
});

test('nothing is a failure when required, and none when only wanted', async () => {
  const required = await verify();
  expect(codes(required)).toEqual(['not-attested']);
  expect(required.failure!.remedy).toContain('actions/attest-build-provenance');
  const wanted = await verify({ attestations: 'if-present' });
  expect(wanted.failure).toBeUndefined();
  expect(wanted.file.images[0]!.attestedBy).toBeUndefined();
});

test('somebody else is named, in either mode', async () => {
  const cases: [Parameters<Attester['attest']>[0], Record<string, string>, RegExp][] = [
    [
      {
        digest,
        source: 'mallory/shop',
        workflow: 'mallory/shop/.github/workflows/build.yml@refs/heads/main',
      },
      {},
      /a run of https:\/\/github\.com\/mallory\/shop, not of acme\/shop/,
    ],
    [
      {
        digest,
        source: 'acme/shop-fork',
        workflow: 'acme/shop-fork/.github/workflows/build.yml@refs/heads/main',
      },
      {},
      /acme\/shop-fork, not of acme\/shop/,
    ],
    [
      { digest, workflow: 'acme/shared/.github/workflows/build.yml@refs/heads/main' },
      {},
      /acme\/shared\/\.github\/workflows\/build\.yml, not a workflow of acme\/shop/,
    ],
    [
      { digest },
      { 'signer-workflow': '.github/workflows/release.yml' },
      /build\.yml, not acme\/shop\/\.github\/workflows\/release\.yml/,
    ],
    [
      { digest },
      { 'signer-workflow': '.github/workflows/build.yml@refs/heads/release' },
      /at refs\/heads\/main, not at refs\/heads\/release/,
    ],
    [{ digest, issuer: 'https://accounts.google.com' }, {}, /not GitHub Actions/],
    [
      { digest, issuer: 'https://token.actions.githubusercontent.com.evil.example' },
      {},
      /not GitHub Actions/,
    ],
  ];
  for (const [attestation, inputs, message] of cases) {
    serveReferrers([refer(await attester.attest(attestation))]);
    for (const attestations of ['required', 'if-present']) {
      const run = await verify({ ...inputs, attestations });
      expect(codes(run)).toEqual(['attested-by-other']);
      expect(run.failure!.message).toMatch(message);
    }
  }
});

test('a reusable workflow is taken when it is named, and the caller still must be ours', async () => {
  const workflow = 'acme/shared/.github/workflows/build.yml@refs/tags/v1';
  const inputs = { 'signer-workflow': 'acme/shared/.github/workflows/build.yml' };
  serveReferrers([refer(await attester.attest({ digest, workflow }))]);
  expect((await verify(inputs)).failure).toBeUndefined();
  expect(
    (await verify({ 'signer-workflow': 'Acme/Shared/.github/workflows/build.yml@refs/tags/v1' })).failure,
  ).toBeUndefined();
  serveReferrers([refer(await attester.attest({ digest, workflow, source: 'mallory/shop' }))]);
  expect(codes(await verify(inputs))).toEqual(['attested-by-other']);
});

test('an attestation of another image, of another type, or altered proves nothing', async () => {
  api.hold('acme/shop', digest, await attester.attest({ digest: `sha256:${'e'.repeat(64)}` }));
  const other = await verify();
  expect(codes(other)).toEqual(['attestation-invalid']);
  expect(other.failure!.message).toContain('is of something else');

  serveReferrers([refer(await attester.attest({ digest, predicateType: 'https://spdx.dev/Document/v2.3' }))]);
  const image = putImage(registry, 'acme/shop', '2', { labels: { a: 'b' } });
  serveReferrers([
    refer(
      await attester.attest({ digest: image.digest, predicateType: 'https://spdx.dev/Document/v2.3' }),
      image.digest,
    ),
  ]);
  const images = { images: `${registry.host}/acme/shop:2` };
  const type = await verify(images);
  expect(codes(type)).toEqual(['not-attested']);
  expect(type.failure!.message).toContain('of the type https://spdx.dev/Document/v2.3');
  expect((await verify({ ...images, attestations: 'if-present' })).failure).toBeUndefined();
  expect(
    (await verify({ ...images, 'predicate-type': 'https://spdx.dev/Document/v2.3' })).failure,
  ).toBeUndefined();

  const altered = structuredClone(await attester.attest({ digest: image.digest })) as {
    dsseEnvelope: { payload: string };
  };
  const payload = Buffer.from(altered.dsseEnvelope.payload, 'base64');
  payload[payload.length - 2]! ^= 1;
  altered.dsseEnvelope.payload = payload.toString('base64');
  serveReferrers([refer(altered, image.digest)]);
  expect(codes(await verify(images))).toEqual(['attestation-invalid']);
});

test('an authority that nobody here trusts is somebody else', async () => {
  const stranger = await openAttester();
  serveReferrers([refer(await stranger.attest({ digest }))]);
  expect(codes(await verify())).toEqual(['attestation-invalid']);
  const run = await runVerify({
    inputs: { images: `${registry.host}/acme/shop:1`, attestations: 'required', 'github-token': API_TOKEN },
    workflow: { apiUrl: api.url },
  });
  expect(codes(run)).toEqual(['attested-by-other']);
  expect(run.failure!.message).toContain('the embedded trust roots of 2026-10-23 do not have');
});

test('referrers are found by the API, and by the tag where there is none', async () => {
  const entry = refer(await attester.attest({ digest }));
  serveReferrers([entry]);
  expect((await verify()).failure).toBeUndefined();

  registry.intercept = undefined;
  registry.manifest(
    'acme/shop',
    { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [entry] },
    OCI_INDEX,
    digest.replace(':', '-'),
  );
  expect((await verify()).failure).toBeUndefined();
});

test('what is no list of referrers, and what refers to another image, is not taken for an attestation', async () => {
  const bundle = await attester.attest({ digest });
  // GitLab answers the image itself under the tag.
  registry.manifest(
    'acme/shop',
    {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ ...putImage(registry, 'acme/shop', undefined) }],
    },
    OCI_INDEX,
    digest.replace(':', '-'),
  );
  expect(codes(await verify())).toEqual(['not-attested']);
  serveReferrers([refer(bundle, `sha256:${'d'.repeat(64)}`)]);
  expect(codes(await verify())).toEqual(['not-attested']);
  registry.intercept = ({ url }) =>
    url.includes('/referrers/') ? { status: 303, headers: { location: '/elsewhere' } } : undefined;
  expect(codes(await verify())).toEqual(['not-attested']);
  registry.intercept = ({ url }) =>
    url.includes('/referrers/')
      ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }
      : undefined;
  expect(codes(await verify())).toEqual(['not-attested']);
});

test("a good attestation counts beside somebody's broken ones", async () => {
  serveReferrers([
    refer('not a bundle'),
    refer(await attester.attest({ digest, source: 'mallory/shop' })),
    refer(await attester.attest({ digest })),
  ]);
  expect((await verify()).failure).toBeUndefined();
});

test("GitHub's refusal says which permission is missing", async () => {
  api.status = 403;
  const run = await verify();
  expect(codes(run)).toEqual(['attestation-access']);
  expect(run.failure!.remedy).toContain('attestations: read');
});

test('a signature with a key is taken in the format of cosign 2', async () => {
  const put = (payload: object, signer = privateKey) => {
    const bytes = Buffer.from(JSON.stringify(payload));
    const layer = registry.blob(bytes, SIMPLE_SIGNING);
    const config = registry.blob('{}', 'application/vnd.oci.image.config.v1+json');
    registry.manifest(
      'acme/shop',
      {
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config,
        layers: [
          {
            ...layer,
            annotations: {
              'dev.cosignproject.cosign/signature': sign('sha256', bytes, signer).toString('base64'),
            },
          },
        ],
      },
      OCI_MANIFEST,
      `${digest.replace(':', '-')}.sig`,
    );
  };
  const payload = (of: string) => ({
    critical: {
      identity: { 'docker-reference': 'acme/shop' },
      image: { 'docker-manifest-digest': of },
      type: 'cosign container image signature',
    },
    optional: null,
  });
  const key = { 'cosign-key': COSIGN_PUB };
  expect(codes(await verify(key))).toEqual(['not-attested']);
  put(payload(digest));
  const signed = await verify(key);
  expect(signed.failure).toBeUndefined();
  expect(signed.file.images[0]!.attestedBy).toEqual({ name: 'the key' });
  expect(api.requests).toEqual([]);
  put(payload(`sha256:${'c'.repeat(64)}`));
  expect(codes(await verify(key))).toEqual(['attested-by-other']);
  put(payload(digest), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  expect(codes(await verify(key))).toEqual(['attested-by-other']);
  put({ ...payload(digest), critical: { ...payload(digest).critical, type: 'something else' } });
  expect(codes(await verify(key))).toEqual(['attested-by-other']);
});

test('a signature with a key is taken in the format of cosign 3, and no certificate in its place', async () => {
  const key = { 'cosign-key': Buffer.from(COSIGN_PUB).toString('base64') };
  serveReferrers([refer(attestWithKey(digest, privateKey))]);
  expect((await verify(key)).failure).toBeUndefined();
  serveReferrers([
    refer(attestWithKey(digest, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)),
  ]);
  expect(codes(await verify(key))).toEqual(['attested-by-other']);
  serveReferrers([refer(await attester.attest({ digest }))]);
  expect(codes(await verify(key))).toEqual(['attested-by-other']);
  // And the other way round: a key that nobody vouches for is no workflow.
  serveReferrers([refer(attestWithKey(digest, privateKey, 'https://slsa.dev/provenance/v1'))]);
  expect(codes(await verify())).toEqual(['attested-by-other']);
});

test('a trust root that cannot be read is an input error', async () => {
  const run = await verify({ 'trusted-root': 'missing.json' });
  expect(run.failure).toMatchObject({ kind: 'input', input: 'trusted-root' });
});
