import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BundleError, type Trust, embeddedTrust, parseTrust, verifyBundle } from './index.ts';

interface BundleJson {
  verificationMaterial: Record<string, unknown> & {
    tlogEntries: Record<string, unknown>[];
    timestampVerificationData?: { rfc3161Timestamps?: unknown[] };
  };
  dsseEnvelope: { payload: string; payloadType: string; signatures: { sig: string }[] };
}

const read = (name: string) =>
  JSON.parse(readFileSync(join(__dirname, 'fixtures', `${name}.json`), 'utf8')) as BundleJson;

function faultOf(value: unknown, trust: Trust): string {
  try {
    verifyBundle(value, { trust });
    return 'none';
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return `${error.fault}: ${error.message}`;
  }
}

test("npm's provenance of a published package verifies offline, and says who signed what", async () => {
  const { signer, statement } = verifyBundle(read('npm-provenance'), { trust: await embeddedTrust() });
  expect(signer).toMatchObject({
    subject: 'https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main',
    issuer: 'https://token.actions.githubusercontent.com',
    sourceRepository: 'https://github.com/sigstore/sigstore-js',
    sourceDigest: expect.stringMatching(/^[0-9a-f]{40}$/),
    sourceRef: 'refs/heads/main',
    runUrl: expect.stringContaining('https://github.com/sigstore/sigstore-js/actions/runs/'),
  });
  expect(statement.predicateType).toBe('https://slsa.dev/provenance/v1');
  // The integrity that npm has for sigstore 2.0.0, in the lock file of whoever uses it.
  const integrity = Buffer.from(statement.subjects[0]!.slice('sha512:'.length), 'hex').toString('base64');
  expect(integrity).toBe(
    'RtTi90xIdzFmQAAKb9+Ki1nx4IR2Z5c+mFn3dN0xuPHgk3gTt3f7ZqKsZ9UFQP40ZAlm7un8LMyjhwgrTIXNPA==',
  );
});

test('attestations of each of the instances and logs in use verify', async () => {
  const trust = await embeddedTrust();
  const subject = 'sha256:54303491a8418fbed24344b513546182c29b43bf282ceb433af65e2299f9271f';
  expect(verifyBundle(read('workflow-attestation'), { trust })).toMatchObject({
    signer: { sourceRepository: 'https://github.com/prefix-dev/sigstore-example' },
    statement: { subjects: [subject] },
  });
  const staging = parseTrust(readFileSync(join(__dirname, 'fixtures/staging-root.json'), 'utf8'), 'staging');
  expect(verifyBundle(read('rekor-v2-attestation'), { trust: staging })).toMatchObject({
    signer: { subject: 'jku@goto.fi', sourceRepository: undefined },
    statement: { subjects: [subject] },
  });
  const release = verifyBundle(read('github-release'), { trust });
  expect(release.signer?.subject).toBe('https://dotcom.releases.github.com');
  expect(release.statement.subjects.length).toBeGreaterThan(3);
});

test("what Sigstore's staging instance certified is refused, though its organization has the same name", async () => {
  expect(faultOf(read('rekor-v2-attestation'), await embeddedTrust())).toMatch(/^untrusted: /);
});

test('one altered byte of what is signed is noticed, wherever it is', async () => {
  const trust = await embeddedTrust();
  const original = read('workflow-attestation');
  const bytes = Buffer.from(original.dsseEnvelope.payload, 'base64');
  const altered = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
    const copy = Buffer.from(bytes);
    copy[at]! ^= change;
    return copy.toString('base64');
  });
  fc.assert(
    fc.property(altered, (payload) => {
      const bundle = structuredClone(original);
      bundle.dsseEnvelope.payload = payload;
      expect(faultOf(bundle, trust)).toMatch(/^(altered|untrusted): /);
    }),
    { numRuns: 50 },
  );
});

test('an altered signature, log entry, time stamp or certificate is noticed', async () => {
  const trust = await embeddedTrust();
  const flip = (base64: string, at = 20) => {
    const bytes = Buffer.from(base64, 'base64');
    bytes[bytes.length - at]! ^= 1;
    return bytes.toString('base64');
  };
  const signature = read('workflow-attestation');
  signature.dsseEnvelope.signatures[0]!.sig = flip(signature.dsseEnvelope.signatures[0]!.sig);
  expect(faultOf(signature, trust)).not.toMatch(/^none/);

  const certificate = read('workflow-attestation');
  const material = certificate.verificationMaterial as unknown as { certificate: { rawBytes: string } };
  material.certificate.rawBytes = flip(material.certificate.rawBytes);
  expect(faultOf(certificate, trust)).not.toMatch(/^none/);

  const log = read('workflow-attestation');
  log.verificationMaterial.tlogEntries[0]!['integratedTime'] = '1756728840';
  expect(faultOf(log, trust)).not.toMatch(/^none/);

  const stamp = read('github-release');
  const [first] = stamp.verificationMaterial.timestampVerificationData!.rfc3161Timestamps as [
    { signedTimestamp: string },
  ];
  first.signedTimestamp = flip(first.signedTimestamp);
  expect(faultOf(stamp, trust)).not.toMatch(/^none/);
});

test('without its log entry or its time stamp a bundle proves nothing', async () => {
  const trust = await embeddedTrust();
  const logless = read('workflow-attestation');
  logless.verificationMaterial.tlogEntries = [];
  expect(faultOf(logless, trust)).toMatch(/^untrusted: /);
  const timeless = read('github-release');
  timeless.verificationMaterial.timestampVerificationData = { rfc3161Timestamps: [] };
  expect(faultOf(timeless, trust)).toMatch(/^untrusted: .*timestamp/);
});

test('trust that had ended when it was signed is no trust', async () => {
  const root = JSON.parse(readFileSync(join(__dirname, 'trust/public-good.2026-10-23.json'), 'utf8')) as {
    certificateAuthorities: { validFor: { end?: string } }[];
  };
  for (const authority of root.certificateAuthorities) authority.validFor.end = '2024-01-01T00:00:00Z';
  const expired = parseTrust(JSON.stringify(root), 'trust.json');
  expect(faultOf(read('npm-provenance'), expired)).toBe('none');
  expect(faultOf(read('workflow-attestation'), expired)).toMatch(
    /^untrusted: it does not hold with trust\.json: .*certificate chain/,
  );
});

test('an issuer that the roots do not have is named', async () => {
  const publicGood = readFileSync(join(__dirname, 'trust/public-good.2026-10-23.json'), 'utf8');
  expect(faultOf(read('github-release'), parseTrust(publicGood, 'trust.json'))).toMatch(
    /^unknown-issuer: .*"GitHub, Inc\."/,
  );
});

test('an envelope with two signatures, a signed file and nonsense are refused, not misread', async () => {
  const trust = await embeddedTrust();
  expect(faultOf(read('two-signatures'), trust)).toMatch(/^malformed: /);
  expect(faultOf(read('message-signature'), trust)).toMatch(/^malformed: it signs a file/);
  for (const value of [
    null,
    1,
    'x',
    [],
    {},
    { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json' },
  ]) {
    expect(faultOf(value, trust)).toMatch(/^malformed: /);
  }
});

test('a keyless bundle is not taken for one of a key', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const trust = await embeddedTrust();
  expect(() => verifyBundle(read('workflow-attestation'), { trust, key: publicKey })).toThrow(
    /not with the key/,
  );
});

test('trust roots are read one a line too, as gh prints them', () => {
  const texts = ['public-good', 'github'].map((name) =>
    JSON.stringify(JSON.parse(readFileSync(join(__dirname, `trust/${name}.2026-10-23.json`), 'utf8'))),
  );
  expect(parseTrust(`${texts.join('\n')}\n`, 'roots.jsonl').roots).toHaveLength(2);
  expect(() => parseTrust('{', 'roots.json')).toThrow('roots.json is not JSON');
  expect(() => parseTrust('{}', 'roots.json')).toThrow('roots.json is no Sigstore trust root');
});
