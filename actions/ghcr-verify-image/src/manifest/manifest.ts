import { DIGEST } from '@deploy-actions/image';
import { Problem } from '../problem.ts';
import { bareType, isIndex, isManifest, isSchema1 } from './media-type.ts';
import { type Platform, normalizePlatform } from './platform.ts';

/** A pointer to bytes in the registry. */
export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations: Record<string, string>;
  artifactType: string | undefined;
}

export interface PlatformDescriptor extends Descriptor {
  /** Undefined where the index does not say. */
  platform: Platform | undefined;
}

/** One image for one platform. */
export interface ImageManifest {
  kind: 'manifest';
  mediaType: string;
  artifactType: string | undefined;
  config: Descriptor;
  layers: Descriptor[];
  /** Digest of the manifest that this one says something about (OCI referrers). */
  subject: string | undefined;
}

/** One name for several images; BuildKit makes one even for a single platform. */
export interface ImageIndex {
  kind: 'index';
  mediaType: string;
  /** Every entry, also those that are no image. */
  manifests: PlatformDescriptor[];
}

type Json = Record<string, unknown>;

/**
 * Reads a manifest's bytes. The type in the answer's head and the one in the body must agree, and a body that
 * could be read as both kinds is refused (CVE-2021-41190). Throws `schema-1` or `malformed` Problems.
 */
export function parseManifest(
  bytes: Buffer,
  contentType: string | undefined,
  what: string,
): ImageManifest | ImageIndex {
  const malformed = (why: string, cause?: unknown) =>
    new Problem('malformed', `${what}: the registry's answer is no image manifest: ${why}`, {
      remedy: "Check that the name is an image's and that no proxy answers in the registry's place.",
      cause,
    });
  let body: Json;
  try {
    body = record(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw malformed(contentType ? `it is ${bareType(contentType)}, not JSON` : 'it is not JSON', error);
  }
  try {
    return readManifest(body, contentType, what, malformed);
  } catch (error) {
    throw error instanceof NotARecord ? malformed(error.message, error) : error;
  }
}

function readManifest(
  body: Json,
  contentType: string | undefined,
  what: string,
  malformed: (why: string) => Problem,
): ImageManifest | ImageIndex {
  const head = bareType(contentType);
  const own = typeof body['mediaType'] === 'string' ? body['mediaType'] : '';
  if (isSchema1(head) || isSchema1(own) || body['schemaVersion'] === 1) throw schema1(what);
  if (own !== '' && head.startsWith('application/vnd.') && own !== head) {
    throw malformed(`its Content-Type says ${head}, its body ${own}`);
  }
  if ('manifests' in body && ('layers' in body || 'config' in body)) {
    throw malformed('it is an index and an image at once');
  }
  const mediaType = own || head;
  if (isIndex(mediaType)) {
    if (!Array.isArray(body['manifests'])) throw malformed('the index has no list of manifests');
    return {
      kind: 'index',
      mediaType,
      manifests: body['manifests'].map((entry) => platformDescriptor(entry, malformed)),
    };
  }
  if (!isManifest(mediaType)) throw malformed(`its type is ${mediaType || 'not given'}`);
  if (!Array.isArray(body['layers'])) throw malformed('the image has no list of layers');
  return {
    kind: 'manifest',
    mediaType,
    artifactType: optionalText(body['artifactType']),
    config: descriptor(body['config'], malformed),
    layers: body['layers'].map((layer) => descriptor(layer, malformed)),
    subject: optionalText(record(body['subject'] ?? {})['digest']),
  };
}

/** The Problem of an image in Docker's first manifest format. */
export function schema1(what: string): Problem {
  return new Problem(
    'schema-1',
    `${what} is in Docker's schema 1, which has no digest of its configuration`,
    {
      remedy: 'Pull it and push it again with a Docker of this decade.',
    },
  );
}

/**
 * The images of an index: without the attestations that BuildKit adds (platform `unknown/unknown`, annotated
 * `vnd.docker.reference.type=attestation-manifest`) and without anything that is no image manifest.
 */
export function imagesOf(index: ImageIndex): PlatformDescriptor[] {
  return index.manifests.filter(
    ({ annotations, platform, mediaType }) =>
      annotations['vnd.docker.reference.type'] !== 'attestation-manifest' &&
      !(platform?.os === 'unknown' && platform.architecture === 'unknown') &&
      isManifest(mediaType),
  );
}

/** The entries of an index that are indexes themselves. */
export function nestedOf(index: ImageIndex): PlatformDescriptor[] {
  return index.manifests.filter(({ mediaType }) => isIndex(mediaType));
}

/** Bytes that a pull transfers for one platform: the compressed layers and the configuration, each once. */
export function compressedSize({ config, layers }: ImageManifest): number {
  const parts = new Map([config, ...layers].map(({ digest, size }) => [digest, size]));
  return [...parts.values()].reduce((sum, size) => sum + size, 0);
}

const CONFIG_TYPES = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
]);

/** Throws a `not-an-image` Problem for a chart, a signature, a policy or whatever else lives in registries too. */
export function checkImage({ config, artifactType }: ImageManifest, image: string): void {
  if (CONFIG_TYPES.has(config.mediaType)) return;
  const kind = config.mediaType.startsWith('application/vnd.cncf.helm.')
    ? ' (a Helm chart)'
    : artifactType === undefined
      ? ''
      : ` (an artifact of type ${artifactType.slice(0, 100)})`;
  throw new Problem(
    'not-an-image',
    `${image} is no container image: its configuration is ${config.mediaType.slice(0, 100) || 'of no type'}${kind}`,
    { remedy: 'Check the name and the tag; charts and other artifacts live in registries too.' },
  );
}

/** What an image's configuration says of itself. */
export interface ImageConfig {
  platform: Platform;
  created: Date | undefined;
  labels: Record<string, string>;
}

/** Reads the bytes of an image's configuration. Throws a `malformed` Problem. */
export function parseConfig(bytes: Buffer, what: string): ImageConfig {
  let body: Json;
  let labels: Json;
  try {
    body = record(JSON.parse(bytes.toString('utf8')));
    labels = record(record(body['config'] ?? {})['Labels'] ?? {});
  } catch (error) {
    throw new Problem('malformed', `${what}: the image's configuration is not JSON of its kind`, {
      cause: error,
    });
  }
  const text = (key: string) => optionalText(body[key]);
  const created = new Date(text('created') ?? NaN);
  return {
    platform: normalizePlatform(text('os') ?? 'unknown', text('architecture') ?? 'unknown', text('variant')),
    created: Number.isNaN(created.getTime()) ? undefined : created,
    labels: Object.fromEntries(
      Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
  };
}

type Malformed = (why: string) => Problem;

function descriptor(value: unknown, malformed: Malformed): Descriptor {
  const { mediaType, digest, size, annotations, artifactType } = record(value ?? {});
  if (typeof digest !== 'string' || !DIGEST.test(digest)) throw malformed('an entry has no sha256 digest');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw malformed('an entry has no size');
  return {
    mediaType: optionalText(mediaType) ?? '',
    digest,
    size,
    annotations: Object.fromEntries(
      Object.entries(record(annotations ?? {})).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    ),
    artifactType: optionalText(artifactType),
  };
}

function platformDescriptor(value: unknown, malformed: Malformed): PlatformDescriptor {
  const platform = record(record(value ?? {})['platform'] ?? {});
  const os = optionalText(platform['os']);
  const architecture = optionalText(platform['architecture']);
  return {
    ...descriptor(value, malformed),
    platform:
      os && architecture ? normalizePlatform(os, architecture, optionalText(platform['variant'])) : undefined,
  };
}

class NotARecord extends TypeError {}

function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new NotARecord('something in it is no object where one belongs');
  }
  return value as Json;
}

function optionalText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
