import { imageId } from '@deploy-actions/compose';
import { shortImage } from '@deploy-actions/image';
import {
  type Check,
  SEE_MORE,
  type Seen,
  type Verdict,
  failed,
  failedBy,
  listed,
  ofRelease,
  passed,
  unknown,
} from './check.ts';

/** The images of the release. */
export const IMAGES: readonly Check[] = [
  {
    name: 'images',
    judge: (seen) =>
      ofRelease(seen, ({ config }) => {
        const failure = seen.obstacles?.images;
        if (failure) return failedBy(failure);
        const services = Object.keys(config.services);
        const missing = missingImages(seen);
        return missing.length === 0
          ? passed(`those of ${listed(services)} are on the server`)
          : judgeMissing(seen, missing);
      }),
  },
];

function judgeMissing({ registry }: Seen, missing: readonly string[]): Verdict {
  const names = listed(missing.map(shortImage));
  if (registry === undefined) return unknown(`${names}: the registry was not asked`, SEE_MORE);
  if ('failure' in registry)
    return unknown(
      `${names}: the registry could not be asked: ${registry.failure.message}`,
      registry.failure.remedy ?? SEE_MORE,
    );
  const refused = [...registry.is.refused.values()];
  const [first] = refused;
  return first === undefined
    ? passed(`in the registry, to be pulled: ${names}`)
    : failed(refused.map(({ message }) => message).join('; '), first.remedy);
}

/** References of the release that the server has no image of, each once. */
export function missingImages({ facts, obstacles }: Pick<Seen, 'facts' | 'obstacles'>): string[] {
  if (!('is' in facts.release) || obstacles === undefined) return [];
  const { images } = facts.release.is;
  const references = Object.values(obstacles.model.services).flatMap(({ image }) => image ?? []);
  return [...new Set(references)].filter((reference) => imageId(reference, images) === undefined);
}
