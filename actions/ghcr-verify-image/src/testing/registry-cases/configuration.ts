import { expect } from '@jest/globals';
import { OCI_MANIFEST } from '../../manifest/media-type.ts';
import { AMD64, type StubRegistry, putBuild, putImage, putIndex } from '../registry-stub.ts';
import { LABELS, type RegistryCase, on } from './registry-case.ts';

const CONFIG = 'application/vnd.oci.image.config.v1+json';

/** An image with these bytes as its configuration. */
function configured(registry: StubRegistry, body: string, size?: number): void {
  const config = { ...registry.blob(body, CONFIG), ...(size === undefined ? {} : { size }) };
  registry.manifest(
    'acme/shop',
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] },
    OCI_MANIFEST,
    '1',
  );
}

const config = (more: object) =>
  JSON.stringify({ ...AMD64, config: { Labels: LABELS }, rootfs: { type: 'layers', diff_ids: [] }, ...more });

export const CONFIGURATIONS: RegistryCase[] = [
  {
    name: 'the configuration is missing',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      on(registry, '/blobs/', { status: 404, body: '{"errors":[{"code":"BLOB_UNKNOWN"}]}' });
    },
    verdict: 'part-absent',
    says: /lacks its configuration sha256:/,
    skopeo: 'refused',
  },
  {
    name: 'the platform’s manifest is missing',
    serve({ registry }) {
      const digest = `sha256:${'4'.repeat(64)}`;
      putIndex(registry, 'acme/shop', '1', [{ mediaType: OCI_MANIFEST, digest, size: 5, platform: AMD64 }]);
    },
    verdict: 'part-absent',
    says: /lacks its manifest sha256:4/,
    skopeo: 'refused',
  },
  {
    name: 'bytes that are not those of its digest',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      on(registry, '/blobs/', { status: 200, body: config({ config: { Labels: { rev: 'x', evil: '1' } } }) });
    },
    verdict: 'digest-mismatch',
    skopeo: 'refused',
  },
  {
    name: 'a size of 5 MiB in the descriptor',
    serve: ({ registry }) => configured(registry, config({}), 5 * 2 ** 20),
    verdict: 'malformed',
    skopeo: 'taken',
    because: 'does not look at that size',
  },
  {
    name: 'more bytes than the descriptor says',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      on(registry, '/blobs/', { status: 200, body: 'x'.repeat(5 * 2 ** 20) });
    },
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'no JSON',
    serve: ({ registry }) => configured(registry, 'not json'),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'a list',
    serve: ({ registry }) => configured(registry, '[]'),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'no labels',
    serve: ({ registry }) => configured(registry, config({ config: { Labels: null } })),
    verdict: 'label-differs',
    says: /has no label rev/,
  },
  {
    name: 'a label that is an object',
    serve: ({ registry }) => configured(registry, config({ config: { Labels: { rev: {} } } })),
    verdict: 'label-differs',
  },
  {
    name: 'labels named `__proto__` and `constructor`',
    serve: ({ registry }) =>
      configured(registry, config({}).replace('"rev":"x"', '"rev":"x","__proto__":"a","constructor":"b"')),
    inputs: { labels: 'rev=x\n__proto__=a\nconstructor=b' },
    verdict: 'taken',
    holds: ({ file }) =>
      expect(Object.keys(file.images[0]!.platforms![0]!.labels!)).toEqual([
        'rev',
        '__proto__',
        'constructor',
      ]),
    skopeo: 'taken',
  },
  {
    name: 'a time that is none',
    serve: ({ registry }) => configured(registry, config({ created: 'yesterday' })),
    inputs: { 'max-age': '1d' },
    verdict: 'too-old',
    says: /does not say when it was made/,
  },
  {
    name: 'a time to come',
    serve: ({ registry }) => configured(registry, config({ created: '2031-01-01T00:00:00Z' })),
    inputs: { 'max-age': '1d' },
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'the label on one of two platforms alone',
    serve({ registry }) {
      const good = putImage(registry, 'acme/shop', undefined, { platform: AMD64, labels: LABELS });
      const platform = { os: 'linux', architecture: 'arm64' };
      const stale = putImage(registry, 'acme/shop', undefined, { platform, labels: { rev: 'old' } });
      putIndex(registry, 'acme/shop', '1', [
        { ...good, platform: AMD64 },
        { ...stale, platform },
      ]);
    },
    inputs: { platforms: '' },
    verdict: 'label-differs',
    says: /\(linux\/arm64\): the label rev is "old"/,
  },
];
