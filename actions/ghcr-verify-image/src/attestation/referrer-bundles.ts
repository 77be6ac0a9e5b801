import type { Descriptor } from '../manifest/manifest.ts';
import { SIGSTORE_BUNDLE } from '../manifest/media-type.ts';
import type { Repository } from '../registry/registry.ts';

const MAX_BUNDLE = 16 * 2 ** 20;
/** Anyone who may push can add referrers: more than this are not looked at. */
const MOST = 30;

/**
 * The Sigstore bundles that refer to a digest in its own repository, one by one: by the referrers API, and
 * where there is none by the tag `sha256-<hex>`, which on some registries is something else (GitLab answers
 * the subject itself). Whether each one really refers to the digest is checked.
 * Source: OCI distribution-spec 1.1, "Listing Referrers" and "Referrers Tag Schema".
 */
export async function* referrerBundles(
  repository: Repository,
  digest: string,
  predicateTypes: readonly string[],
): AsyncGenerator<unknown, void, void> {
  const index = (await repository.referrers(digest)) ?? (await taggedIndex(repository, digest));
  const candidates = (index?.manifests ?? []).filter(({ artifactType, annotations }) => {
    const predicate = annotations['dev.sigstore.bundle.predicateType'];
    // A list made by an older tool may name no artifactType: then its manifest tells.
    return (
      (artifactType === undefined || artifactType.startsWith(SIGSTORE_BUNDLE)) &&
      (predicate === undefined || predicateTypes.includes(predicate))
    );
  });
  for (const candidate of candidates.slice(0, MOST)) {
    const layer = await bundleLayer(repository, candidate, digest);
    if (!layer) continue;
    const bytes = await repository.blob(layer, MAX_BUNDLE);
    let bundle: unknown;
    try {
      bundle = JSON.parse(bytes.toString('utf8'));
    } catch {
      // The one that judges bundles says that this is none, and goes on to the next.
      bundle = undefined;
    }
    yield bundle;
  }
}

async function taggedIndex(repository: Repository, digest: string) {
  const found = await repository.find(digest.replace(':', '-'));
  return found?.manifest.kind === 'index' && found.digest !== digest ? found.manifest : undefined;
}

async function bundleLayer(
  repository: Repository,
  candidate: Descriptor,
  digest: string,
): Promise<Descriptor | undefined> {
  const { manifest } = await repository.manifest(candidate.digest);
  if (manifest.kind !== 'manifest' || manifest.subject !== digest) return undefined;
  return manifest.layers.find(({ mediaType }) => mediaType.startsWith(SIGSTORE_BUNDLE));
}
