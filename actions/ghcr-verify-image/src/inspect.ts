import { formatReference } from '@deploy-actions/image';
import { cut, formatBytes, formatDuration, pool } from '@deploy-actions/kit';
import {
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  type PlatformDescriptor,
  checkImage,
  compressedSize,
  imagesOf,
  nestedOf,
  parseConfig,
} from './manifest/manifest.ts';
import { type Platform, formatPlatform, samePlatform } from './manifest/platform.ts';
import { Problem } from './problem.ts';
import type { Repository } from './registry/registry.ts';

/** What an image must be like; what is not named is neither checked nor fetched. */
export interface Expectation {
  platforms: Platform[];
  labels: readonly (readonly [name: string, value: string])[];
  /** Bytes, compressed, for each platform. */
  maxSize: number | undefined;
  maxSizeAction: 'fail' | 'warn';
  /** Milliseconds since the image was made. */
  maxAge: number | undefined;
}

/** One platform of an image, with what was fetched of it. */
export interface Variant {
  platform: Platform | undefined;
  /** Compressed bytes. */
  size: number | undefined;
  created: Date | undefined;
  labels: Record<string, string> | undefined;
}

export interface Inspected {
  /** Digest of what the reference itself names: the index's for a multi-platform image. */
  digest: string;
  mediaType: string;
  /** The platforms that were looked at; empty when only the digest was wanted. */
  variants: Variant[];
  warnings: string[];
}

/** A configuration is a few kilobytes; its history can make it more. */
const MAX_CONFIG = 4 * 2 ** 20;
/** Most indexes in an index, and the depth of them, that are looked into. */
const MOST_NESTED = 20;
const DEEPEST = 3;

interface Candidate {
  descriptor: PlatformDescriptor | undefined;
  platform: Platform | undefined;
  manifest: ImageManifest | undefined;
  config: ImageConfig | undefined;
}

/**
 * Looks at one image with as few requests as its expectation allows: for the digest alone one HEAD; else its
 * manifest, and of each platform concerned the manifest and the configuration where they matter. Throws
 * Problems.
 */
export async function inspect(repository: Repository, wanted: Expectation, now: Date): Promise<Inspected> {
  const needsConfig = wanted.labels.length > 0 || wanted.maxAge !== undefined;
  const needsManifest = needsConfig || wanted.maxSize !== undefined;
  if (!needsManifest && wanted.platforms.length === 0) {
    return { ...(await repository.resolve()), variants: [], warnings: [] };
  }
  const image = formatReference(repository.reference);
  const { digest, manifest } = await repository.manifest();
  if (manifest.kind === 'manifest') checkImage(manifest, image);
  const warnings: string[] = [];
  const all: Candidate[] =
    manifest.kind === 'manifest'
      ? [{ descriptor: undefined, platform: undefined, manifest, config: undefined }]
      : (await imagesWithin(repository, manifest, image, warnings)).map((descriptor) => ({
          descriptor,
          platform: descriptor.platform,
          manifest: undefined,
          config: undefined,
        }));
  if (wanted.platforms.length > 0) {
    for (const candidate of all) if (!candidate.platform) await readConfig(repository, candidate, image);
  }
  const chosen = choose(all, wanted.platforms, image);
  await pool(chosen, 4, async (candidate) => {
    if (needsManifest) await readManifest(repository, candidate, image);
    if (needsConfig) await readConfig(repository, candidate, image);
  });
  for (const candidate of chosen) warnings.push(...check(candidate, wanted, now, image));
  return {
    digest,
    mediaType: manifest.mediaType,
    variants: chosen.map(({ platform, manifest: own, config }) => ({
      platform: platform ?? config?.platform,
      size: own && compressedSize(own),
      created: config?.created,
      labels: config?.labels,
    })),
    warnings,
  };
}

/** The images of an index, those of the indexes in it included. */
async function imagesWithin(
  repository: Repository,
  outer: ImageIndex,
  image: string,
  warnings: string[],
): Promise<PlatformDescriptor[]> {
  const found: PlatformDescriptor[] = [];
  const seen = new Set<string>();
  const look = async (index: ImageIndex, depth: number): Promise<void> => {
    found.push(...imagesOf(index));
    for (const { digest } of nestedOf(index)) {
      if (seen.has(digest)) continue;
      seen.add(digest);
      if (depth >= DEEPEST || seen.size > MOST_NESTED) {
        throw new Problem('malformed', `${image} is an index of indexes, too many or too deep to look into`, {
          remedy: 'Push one index that names the images themselves.',
        });
      }
      const { manifest } = await repository.manifest(digest);
      if (manifest.kind === 'index') await look(manifest, depth + 1);
    }
  };
  await look(outer, 1);
  if (seen.size > 0)
    warnings.push(`${image} holds an index within its index, which not every version of Docker pulls`);
  return found;
}

/** The wanted platforms, or all when none is named. */
function choose(all: Candidate[], platforms: readonly Platform[], image: string): Candidate[] {
  const existing = all.flatMap(({ platform }) => (platform ? [formatPlatform(platform)] : []));
  if (all.length === 0) {
    throw new Problem('platform-missing', `${image} is an index without any image`, {
      remedy: 'Push it again; an index with nothing but attestations cannot be run.',
    });
  }
  if (platforms.length === 0) return all;
  const missing = platforms.filter(
    (wanted) => !all.some(({ platform }) => platform && samePlatform(platform, wanted)),
  );
  if (missing.length > 0) {
    throw new Problem(
      'platform-missing',
      `${image} is not there for ${missing.map(formatPlatform).join(' and ')}, only for ${cut([...new Set(existing)].join(', '), 300) || 'no known platform'}`,
      { remedy: 'Add it to `platforms` of the build, or take it out of `platforms` of this step.' },
    );
  }
  return platforms.map((wanted) => all.find(({ platform }) => platform && samePlatform(platform, wanted))!);
}

async function readManifest(
  repository: Repository,
  candidate: Candidate,
  image: string,
): Promise<ImageManifest> {
  if (candidate.manifest) return candidate.manifest;
  const { manifest } = await repository.manifest(candidate.descriptor!.digest);
  if (manifest.kind !== 'manifest') {
    throw new Problem(
      'malformed',
      `${image}: ${candidate.descriptor!.digest} should be an image, but is an index`,
    );
  }
  checkImage(manifest, image);
  return (candidate.manifest = manifest);
}

async function readConfig(repository: Repository, candidate: Candidate, image: string): Promise<ImageConfig> {
  if (candidate.config) return candidate.config;
  const { config } = await readManifest(repository, candidate, image);
  candidate.config = parseConfig(await repository.blob(config, MAX_CONFIG), image);
  candidate.platform ??= candidate.config.platform;
  return candidate.config;
}

/** Warnings about one platform; throws the Problem of what is worse. */
function check(
  { platform, manifest, config }: Candidate,
  wanted: Expectation,
  now: Date,
  image: string,
): string[] {
  const what = platform ? `${image} (${formatPlatform(platform)})` : image;
  for (const [name, value] of wanted.labels) {
    const actual = config!.labels[name];
    if (actual === value) continue;
    throw new Problem(
      'label-differs',
      actual === undefined
        ? `${what} has no label ${name}; wanted is ${shown(value)}`
        : `${what}: the label ${name} is ${shown(actual)}, wanted is ${shown(value)}`,
      {
        remedy:
          actual === undefined
            ? 'Set the label in the build (docker/metadata-action does), or take it out of `labels`.'
            : 'The tag names another build than you mean: deploy the tag of this commit, or wait for its build.',
      },
    );
  }
  if (wanted.maxAge !== undefined) checkAge(config!, wanted.maxAge, now, what);
  if (wanted.maxSize === undefined) return [];
  const size = compressedSize(manifest!);
  if (size <= wanted.maxSize) return [];
  const message = `${what} has ${formatBytes(size)} compressed, more than the ${formatBytes(wanted.maxSize)} of max-size`;
  if (wanted.maxSizeAction === 'warn') return [message];
  throw new Problem('too-big', message, { remedy: 'Make the image smaller, or raise `max-size`.' });
}

function checkAge({ created }: ImageConfig, maxAge: number, now: Date, what: string): void {
  // Reproducible builds set the beginning of 1970 or of 1980, or the commit's time.
  if (!created || created.getUTCFullYear() <= 1980) {
    throw new Problem('too-old', `${what} does not say when it was made`, {
      remedy:
        'A reproducible build leaves the time out: take `max-age` away, or set SOURCE_DATE_EPOCH in the build.',
    });
  }
  const age = now.getTime() - created.getTime();
  if (age <= maxAge) return;
  throw new Problem(
    'too-old',
    `${what} was made ${created.toISOString().slice(0, 16)}Z, ${formatDuration(age)} ago, more than the ${formatDuration(maxAge)} of max-age`,
    {
      remedy: 'Build it again, or raise `max-age`.',
    },
  );
}

/** A label's value in a message. */
function shown(value: string): string {
  return cut(JSON.stringify(value), 200);
}
