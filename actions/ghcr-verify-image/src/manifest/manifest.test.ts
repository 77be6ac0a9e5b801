import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { imagesOf, parseConfig, parseManifest } from './manifest.ts';
import { OCI_INDEX, OCI_MANIFEST } from './media-type.ts';
import { nearest } from '../nearest.ts';
import { formatPlatform, normalizePlatform, parsePlatform, samePlatform } from './platform.ts';
import { Problem } from '../problem.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest, size: 3 };
const parse = (value: unknown, type?: string) => parseManifest(Buffer.from(JSON.stringify(value)), type, 'x');

test('a manifest without a mediaType of its own takes that of the answer', () => {
  expect(parse({ schemaVersion: 2, config, layers: [] }, `${OCI_MANIFEST}; charset=utf-8`)).toMatchObject({
    kind: 'manifest',
    mediaType: OCI_MANIFEST,
  });
});

test('two meanings at once are refused (CVE-2021-41190)', () => {
  expect(() => parse({ mediaType: OCI_INDEX, manifests: [], layers: [] }, OCI_INDEX)).toThrow(
    /index and an image at once/,
  );
  expect(() => parse({ mediaType: OCI_INDEX, manifests: [] }, OCI_MANIFEST)).toThrow(/Content-Type says/);
});

test('whatever a registry sends is understood or a Problem', () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string(),
      fc.integer(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(
        fc.constantFrom(
          'mediaType',
          'manifests',
          'layers',
          'config',
          'digest',
          'size',
          'platform',
          'annotations',
          'subject',
          'Labels',
          'os',
        ),
        tie('value'),
      ),
    ),
  })).value;
  const type = fc.constantFrom(OCI_INDEX, OCI_MANIFEST, 'text/html', undefined);
  fc.assert(
    fc.property(json, type, (value, contentType) => {
      for (const read of [
        () => parse(value, contentType),
        () => parseConfig(Buffer.from(JSON.stringify(value)), 'x'),
      ]) {
        try {
          read();
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
        }
      }
    }),
    { numRuns: 1000 },
  );
});

test('attestations and foreign entries of an index are no images', () => {
  const entry = (extra: object) => ({ mediaType: OCI_MANIFEST, digest, size: 1, ...extra });
  const index = parse({
    mediaType: OCI_INDEX,
    manifests: [
      entry({ platform: { os: 'linux', architecture: 'amd64' } }),
      entry({ platform: { os: 'unknown', architecture: 'unknown' } }),
      entry({ annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } }),
      entry({ mediaType: 'application/vnd.example+json' }),
    ],
  });
  expect(
    index.kind === 'index' && imagesOf(index).map(({ platform }) => platform && formatPlatform(platform)),
  ).toEqual(['linux/amd64']);
});

test('platforms are the same in all of their spellings', () => {
  const same: [string, string][] = [
    ['linux/arm64', 'linux/arm64/v8'],
    ['linux/arm64', 'Linux/aarch64'],
    ['linux/amd64', 'linux/x86_64'],
    ['linux/arm', 'linux/arm/v7'],
    ['linux/armhf', 'linux/arm/7'],
    ['linux/386', 'linux/i386'],
  ];
  for (const [a, b] of same) expect(samePlatform(parsePlatform(a), parsePlatform(b))).toBe(true);
  expect(samePlatform(parsePlatform('linux/arm/v6'), parsePlatform('linux/arm/v7'))).toBe(false);
  expect(samePlatform(parsePlatform('linux/amd64/v3'), parsePlatform('linux/amd64'))).toBe(false);
  expect(formatPlatform(normalizePlatform('linux', 'arm'))).toBe('linux/arm/v7');
});

test('the nearest tags come first, and what is unlike does not come', () => {
  expect(nearest('1.4.2', ['2.0.0', '1.4.1', '1.4.20', 'v1.4.2', 'main'])[0]).toMatch(
    /^(v1\.4\.2|1\.4\.20|1\.4\.1)$/,
  );
  expect(nearest('1.4.2', ['completely-different', 'sha-0123456789'])).toEqual([]);
  expect(nearest('sha-1234567', ['sha-1234566', 'latest', 'main'])).toEqual(['sha-1234566']);
  expect(nearest('x', [])).toEqual([]);
});
