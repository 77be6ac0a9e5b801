import { type HistoryEntry, isMove, isReturn } from './history.ts';

/** Why a release or an image is not trusted. */
export type Fault = 'was rolled back' | 'failed';

/** An image that was part of a release with a fault. */
export interface ImageMark {
  release: string;
  fault: Fault;
}

export interface Marks {
  /** By the release's id. */
  releases: ReadonlyMap<string, Fault>;
  /** By the image's digest, or its id where it has none. */
  images: ReadonlyMap<string, ImageMark>;
}

/**
 * What the history marks as bad, by one rule for releases and for images: a mark is set by a failure after anything was
 * changed and by a rollback, and is taken off when the release succeeds again, however that came about (a deploy, a
 * rollback to it, a switch to it), or when the rollback that left it is undone.
 */
export function marksOf(history: readonly HistoryEntry[]): Marks {
  const releases = new Map<string, Fault>();
  const images = new Map<string, ImageMark>();
  /** Only some lines tell digests; the others name the release, which an earlier one has told of. */
  const known = new Map<string, readonly string[]>();
  let good: readonly string[] = [];
  for (const entry of history) {
    const { release } = entry;
    const told = 'digests' in entry ? Object.values(entry.digests).map(contentOf) : [];
    if (told.length > 0) known.set(release, told);
    const digests = known.get(release) ?? [];
    if (entry.bad) {
      const fault: Fault = entry.outcome === 'rolled-back' ? 'was rolled back' : 'failed';
      releases.set(release, fault);
      for (const digest of digests) {
        // What a failed release has in common with the one that goes on is not to blame. After a rollback the line of
        // the release that came back follows, and takes off what the two have in common.
        if (fault === 'was rolled back' || !good.includes(digest)) images.set(digest, { release, fault });
      }
    } else if (entry.outcome === 'succeeded' || entry.outcome === 'taken-back') {
      releases.delete(release);
      for (const digest of digests) images.delete(digest);
      if (digests.length > 0) good = digests;
    }
  }
  return { releases, images };
}

/** The same content under another name or tag is the same image. */
export function contentOf(image: string): string {
  return image.replace(/^.*@/, '');
}

/** Releases whose last switch was returned: they are not gone back to unless they are named. */
export function returnedReleases(history: readonly HistoryEntry[]): Set<string> {
  const returned = new Set<string>();
  let last: string | undefined;
  for (const entry of history) {
    if (isReturn(entry)) {
      if (last !== undefined && last !== entry.release) returned.add(last);
      last = undefined;
    } else if (isMove(entry)) {
      returned.delete(entry.release);
      last = entry.release;
    }
  }
  return returned;
}

/** Releases that are gone back to only by name, and why. */
export function unfitReleases(history: readonly HistoryEntry[]): Map<string, string> {
  return new Map([
    ...[...returnedReleases(history)].map((id) => [id, 'nobody confirmed'] as const),
    ...[...marksOf(history).releases.keys()].map((id) => [id, 'is marked bad'] as const),
  ]);
}
