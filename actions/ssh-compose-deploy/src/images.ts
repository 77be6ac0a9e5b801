import type { LocalImage, ServiceChange } from '@deploy-actions/compose';
import { parseReference } from '@deploy-actions/image';

/** How a service went, for the output `services`, the record and the tables. */
export interface ServiceOutcome {
  service: string;
  /** What was done; `restored`: it was changed, and brought back as it was. */
  action: ServiceChange['action'] | 'restored';
  from: string;
  to: string;
  /** Names of what changed. */
  reasons: string[];
}

/** The digest that an image reference meant on the server, where it is known. */
export function withDigest(image: string, images: readonly LocalImage[]): string {
  if (image === '' || image.includes('@sha256:')) return image;
  let wanted;
  try {
    wanted = parseReference(image);
  } catch {
    return image;
  }
  const found = images.find((one) => {
    if (one.digest === '' || one.tag !== (wanted.tag ?? 'latest')) return false;
    try {
      return parseReference(one.repository).repository === wanted.repository;
    } catch {
      return false;
    }
  });
  return found ? `${image}@${found.digest}` : image;
}

/** The reference with the digest that the server knows for its repository. */
export function digestAmong(image: string, digests: readonly string[] | undefined): string | undefined {
  if (image.includes('@sha256:')) return image;
  try {
    const { repository } = parseReference(image);
    const found = digests?.map(parseReference).find((one) => one.repository === repository);
    return found?.digest && `${image}@${found.digest}`;
  } catch {
    return undefined;
  }
}
