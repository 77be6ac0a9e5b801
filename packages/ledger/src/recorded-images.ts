import type { HistoryEntry } from './history.ts';
import type { ReleaseRecord } from './release-record.ts';

/**
 * The images of a release by service: by digest as the deployment told them, which is what summaries show; by the id
 * where history has no digest of it any more.
 */
export function imagesOf(
  release: Pick<ReleaseRecord, 'id' | 'images'>,
  history: readonly HistoryEntry[],
): Record<string, string> {
  const told = history.findLast(
    (entry) => entry.release === release.id && 'digests' in entry && Object.keys(entry.digests).length > 0,
  );
  const digests = told !== undefined && 'digests' in told ? told.digests : {};
  return Object.fromEntries(
    Object.entries(release.images).map(([service, id]) => [
      service,
      Object.hasOwn(digests, service) ? digests[service]! : id,
    ]),
  );
}
