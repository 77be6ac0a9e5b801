import { expect } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../manifest/media-type.ts';
import {
  AMD64,
  ARM64,
  type StubDescriptor,
  type StubRegistry,
  attestationEntry,
  putBuild,
  putImage,
  putIndex,
} from '../registry-stub.ts';
import { LABELS, type RegistryCase, type Stubs, on } from './registry-case.ts';

const IMAGE = { platform: AMD64, labels: LABELS };
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const HASH = (digit: string) => `sha256:${digit.repeat(64)}`;

function configuration(registry: StubRegistry): StubDescriptor {
  const body = { ...AMD64, config: { Labels: LABELS }, rootfs: { type: 'layers', diff_ids: [] } };
  return registry.blob(JSON.stringify(body), CONFIG);
}

/** What stands under the tag, as bytes of a type. */
const bytes =
  (body: string | object, mediaType: string) =>
  ({ registry }: Stubs): void =>
    void registry.manifest(
      'acme/shop',
      Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      mediaType,
      '1',
    );

/** A manifest of this configuration's type, with these layers. */
function artifact({ registry }: Stubs, type: string, more: object = {}): void {
  const config = registry.blob('{"name":"shop","version":"1.0.0"}', type);
  const layers = [{ mediaType: LAYER, digest: HASH('1'), size: 10 }];
  registry.manifest(
    'acme/shop',
    { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, ...more },
    OCI_MANIFEST,
    '1',
  );
}

/** An image below so many indexes. */
function nested(registry: StubRegistry, depth: number): void {
  const platform = AMD64;
  let inner: object = { ...putImage(registry, 'acme/shop', undefined, IMAGE), platform };
  for (let level = 1; level < depth; level += 1)
    inner = { ...putIndex(registry, 'acme/shop', `level-${level}`, [inner]) };
  putIndex(registry, 'acme/shop', '1', [inner]);
}

const DIGEST_ALONE = { platforms: '', labels: '' };

export const MANIFESTS: RegistryCase[] = [
  {
    name: 'an image by itself',
    serve: ({ registry }) => void putImage(registry, 'acme/shop', '1', IMAGE),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'an index with attestations',
    serve: ({ registry }) => void putBuild(registry, 'acme/shop', '1', LABELS),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Docker’s schema 2',
    serve: ({ registry }) =>
      void putImage(registry, 'acme/shop', '1', { ...IMAGE, mediaType: DOCKER_MANIFEST }),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Docker’s list',
    serve({ registry }) {
      const image = putImage(registry, 'acme/shop', undefined, { ...IMAGE, mediaType: DOCKER_MANIFEST });
      putIndex(registry, 'acme/shop', '1', [{ ...image, platform: AMD64 }], DOCKER_LIST);
    },
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Docker’s schema 1',
    serve: bytes(
      {
        schemaVersion: 1,
        name: 'acme/shop',
        tag: '1',
        architecture: 'amd64',
        fsLayers: [{ blobSum: HASH('1') }],
        history: [{ v1Compatibility: `{"id":"${'1'.repeat(64)}","architecture":"amd64","os":"linux"}` }],
      },
      'application/vnd.docker.distribution.manifest.v1+json',
    ),
    verdict: 'schema-1',
    skopeo: 'taken',
    because: 'reads what was given up in 2017',
  },
  {
    name: 'no mediaType of its own',
    serve({ registry }) {
      const config = configuration(registry);
      registry.manifest('acme/shop', { schemaVersion: 2, config, layers: [] }, OCI_MANIFEST, '1');
    },
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'Content-Type application/json, and a mediaType in the body',
    serve({ registry }) {
      const config = configuration(registry);
      const body = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
      registry.manifest('acme/shop', body, 'application/json', '1');
    },
    verdict: 'taken',
    skopeo: 'refused',
    because: 'goes by the Content-Type alone',
  },
  {
    name: 'Content-Type and mediaType that differ',
    serve: bytes({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] }, OCI_MANIFEST),
    verdict: 'malformed',
    says: /its Content-Type says .*manifest.*, its body .*index/,
    skopeo: 'refused',
  },
  {
    name: 'an index and an image at once',
    serve({ registry }) {
      const config = configuration(registry);
      const image = { ...putImage(registry, 'acme/shop', undefined, IMAGE), platform: AMD64 };
      bytes(
        { schemaVersion: 2, config, layers: [], manifests: [image] },
        OCI_MANIFEST,
      )({ registry } as Stubs);
    },
    verdict: 'malformed',
    says: /an index and an image at once/,
    skopeo: 'refused',
  },
  {
    name: 'a page of HTML',
    serve: bytes('<html>Welcome</html>', 'text/html'),
    verdict: 'malformed',
    says: /text\/html, not JSON/,
    skopeo: 'refused',
  },
  {
    name: 'JSON that ends in the middle',
    serve: bytes('{"schemaVersion":2,"conf', OCI_MANIFEST),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  { name: 'nothing at all', serve: bytes('', OCI_MANIFEST), verdict: 'malformed', skopeo: 'refused' },
  {
    name: 'more than 4 MiB',
    serve: bytes(
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [], annotations: { x: 'x'.repeat(4 * 2 ** 20) } },
      OCI_INDEX,
    ),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: '4 MiB that are packed into 4 KiB',
    serve: ({ registry }) =>
      on(registry, '/manifests/1', {
        status: 200,
        headers: { 'content-type': OCI_INDEX, 'content-encoding': 'gzip' },
        body: gzipSync(`{"schemaVersion":2,"x":"${'x'.repeat(5 * 2 ** 20)}"}`),
      }),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  {
    name: 'bytes that are not those of Docker-Content-Digest',
    serve({ registry }) {
      putImage(registry, 'acme/shop', '1', IMAGE);
      const found = registry.read('acme/shop', '1')!;
      const headers = { ...found.headers, 'docker-content-digest': HASH('2') };
      on(registry, '/manifests/1', { ...found, headers });
    },
    verdict: 'digest-mismatch',
    skopeo: 'taken',
    because: 'does not look at that field',
  },
  {
    name: 'bytes that are not those of the digest asked for',
    serve({ registry }) {
      putImage(registry, 'acme/shop', '1', IMAGE);
      on(registry, '/manifests/sha256:', () => registry.read('acme/shop', '1'));
    },
    image: `acme/shop@${HASH('3')}`,
    verdict: 'digest-mismatch',
    skopeo: 'refused',
  },
  {
    name: 'HEAD without a digest',
    serve({ registry }) {
      putImage(registry, 'acme/shop', '1', IMAGE);
      on(registry, 'HEAD ', { status: 200, headers: { 'content-type': OCI_MANIFEST } });
    },
    inputs: DIGEST_ALONE,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'HEAD that is not allowed',
    serve({ registry }) {
      putImage(registry, 'acme/shop', '1', IMAGE);
      on(registry, 'HEAD ', { status: 405 });
    },
    inputs: DIGEST_ALONE,
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'an index in an index',
    serve: ({ registry }) => nested(registry, 2),
    verdict: 'taken',
    says: /holds an index within its index/,
    skopeo: 'taken',
  },
  {
    name: 'an index below three indexes',
    serve: ({ registry }) => nested(registry, 4),
    verdict: 'malformed',
    says: /too many or too deep/,
    skopeo: 'taken',
    because: 'follows indexes to any depth',
  },
  {
    name: 'an index of attestations alone',
    serve({ registry }) {
      const image = putImage(registry, 'acme/shop', undefined, IMAGE);
      putIndex(registry, 'acme/shop', '1', [attestationEntry(registry, 'acme/shop', image)]);
    },
    inputs: { platforms: '' },
    verdict: 'platform-missing',
    says: /an index without any image/,
    skopeo: 'refused',
  },
  {
    name: 'an index without the platform',
    serve({ registry }) {
      const image = putImage(registry, 'acme/shop', undefined, { ...IMAGE, platform: ARM64 });
      putIndex(registry, 'acme/shop', '1', [{ ...image, platform: ARM64 }]);
    },
    verdict: 'platform-missing',
    says: /only for linux\/arm64/,
    skopeo: 'refused',
  },
  {
    name: 'an image by itself for another platform',
    serve: ({ registry }) => void putImage(registry, 'acme/shop', '1', { ...IMAGE, platform: ARM64 }),
    verdict: 'platform-missing',
    skopeo: 'taken',
    because: 'tells the platform and compares nothing',
  },
  {
    name: 'an index that names no platform',
    serve: ({ registry }) =>
      void putIndex(registry, 'acme/shop', '1', [putImage(registry, 'acme/shop', undefined, IMAGE)]),
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'an index that names one platform twice',
    serve({ registry }) {
      const [first, second] = ['a', 'b'].map((more) => ({
        ...putImage(registry, 'acme/shop', undefined, { ...IMAGE, labels: { ...LABELS, more } }),
        platform: AMD64,
      }));
      putIndex(registry, 'acme/shop', '1', [first!, second!]);
    },
    verdict: 'taken',
    skopeo: 'taken',
  },
  {
    name: 'a layer without a size',
    serve({ registry }) {
      const config = registry.blob('{}', CONFIG);
      const layers = [{ mediaType: LAYER, digest: HASH('1') }];
      bytes(
        { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers },
        OCI_MANIFEST,
      )({ registry } as Stubs);
    },
    verdict: 'malformed',
    says: /an entry has no size/,
    skopeo: 'taken',
    because: 'adds no sizes up',
  },
  {
    name: 'a layer three times counts once',
    serve({ registry }) {
      const config = configuration(registry);
      const layer = { mediaType: LAYER, digest: HASH('1'), size: 900_000 };
      const body = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer, layer, layer] };
      registry.manifest('acme/shop', body, OCI_MANIFEST, '1');
    },
    inputs: { 'max-size': '1MB' },
    verdict: 'taken',
    holds: ({ file }) => expect(file.images[0]!.platforms![0]!.compressedBytes).toBeLessThan(901_000),
    skopeo: 'taken',
  },
  {
    name: 'a Helm chart',
    serve: (stubs) => artifact(stubs, 'application/vnd.cncf.helm.config.v1+json'),
    verdict: 'not-an-image',
    says: /a Helm chart/,
    skopeo: 'refused',
  },
  {
    name: 'a Helm chart, of which the digest alone is wanted',
    serve: (stubs) => artifact(stubs, 'application/vnd.cncf.helm.config.v1+json'),
    inputs: DIGEST_ALONE,
    verdict: 'not-an-image',
    skopeo: 'refused',
  },
  {
    name: 'an artifact with an empty configuration',
    serve: (stubs) =>
      artifact(stubs, 'application/vnd.oci.empty.v1+json', {
        artifactType: 'application/vnd.example.policy',
      }),
    verdict: 'not-an-image',
    says: /application\/vnd\.example\.policy/,
    skopeo: 'refused',
  },
];
