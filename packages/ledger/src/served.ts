import { COLORS } from './color.ts';
import { type HistoryEntry, isMove, isReturn } from './history.ts';
import { releaseIdInColor } from './identity.ts';
import { unfitReleases } from './marks.ts';
import { type ReleaseRecord, changesSchema } from './release-record.ts';

/**
 * The releases that served, up to the one that serves now, without those that were left again. In place that is the
 * chain of `previous`; with colours a release's `previous` is only what was in its colour before. A switch that was
 * returned is none.
 */
export function servedReleases(history: readonly HistoryEntry[]): string[] {
  let served: string[] = [];
  let before = served;
  for (const entry of history) {
    if (servesSince(entry) === undefined) continue;
    if (isReturn(entry)) served = before;
    before = served;
    const at = served.indexOf(entry.release);
    served = [...(at === -1 ? served : served.slice(0, at)), entry.release];
  }
  return served;
}

/** What is known of an application's past: of its history perhaps only the end. */
export interface Past {
  history: readonly HistoryEntry[];
  /** The releases that are kept, in the order in which they were made. */
  releases: readonly ReleaseRecord[];
}

/** What served before a release did; empty for the first. */
export function predecessors({ history, releases }: Past): (id: string) => string {
  const served = servedReleases(history);
  return (id) => {
    const own = releases.find((one) => one.id === id);
    const before = own?.color ? served[served.lastIndexOf(id) - 1] : undefined;
    return before ?? own?.previous ?? '';
  };
}

/**
 * The release that served before `current` and may be gone back to without being named; undefined where there is none.
 * Marked ones, and those that nobody confirmed, are passed over.
 */
export function releaseBefore(current: string, past: Past): ReleaseRecord | undefined {
  const unfit = unfitReleases(past.history);
  const before = predecessors(past);
  const seen = new Set([current]);
  for (let id = before(current); !seen.has(id); id = before(id)) {
    seen.add(id);
    const candidate = past.releases.find((one) => one.id === id);
    if (!candidate) return undefined;
    if (!unfit.has(id)) return candidate;
  }
  return undefined;
}

/**
 * The one rule for old code on a newer schema: a release runs on the schema as it is if it has served since the last change
 * of it. So these stand in the way of going to a release: the changes by releases that were deployed after it, and since
 * which it has not served. With colours what had the traffic while the other colour migrated has served on the new schema
 * from then on, so that the traffic may go back to it: by hand, by a canary's gate, and by a switch that nobody confirmed.
 */
export function schemaChanges(to: string, past: Past): ReleaseRecord[] {
  const created = past.releases.find(({ id }) => id === to)?.created ?? '';
  return past.releases.filter(
    (one) =>
      one.id !== to && one.created > created && changesSchema(one) && !servedSince(one, past).includes(to),
  );
}

/**
 * The changes of the schema that a release was made for and that are gone: commands of the user's took the data back to an
 * older release since it last served, and a rollback runs no migrations. Deploying it again does.
 */
export function undoneChanges(to: string, { history, releases }: Past): ReleaseRecord[] {
  const created = (id: string) => releases.find((one) => one.id === id)?.created;
  const own = created(to);
  if (own === undefined) return [];
  const served = history.findLastIndex((entry) => servesSince(entry) === to);
  const oldest = history
    .slice(served + 1)
    .flatMap((entry) =>
      'data_taken_back' in entry ? (created(originOf(entry.release, releases)) ?? []) : [],
    )
    .sort()[0];
  if (oldest === undefined) return [];
  return releases.filter((one) => one.created > oldest && one.created <= own && changesSchema(one));
}

/** The release that was brought up in the other colour under another id; itself where it was not. */
function originOf(id: string, releases: readonly ReleaseRecord[]): string {
  const origin = releases.find(
    (one) =>
      one.color !== '' && one.id !== id && COLORS.some((color) => releaseIdInColor(one.id, color) === id),
  );
  return origin?.id ?? id;
}

/** What has served since a release migrated, oldest first. Empty texts: a plain stack that no record tells of. */
function servedSince(release: ReleaseRecord, { history, releases }: Past): string[] {
  const own = history.findIndex((entry) => entry.release === release.id);
  const later = history.findIndex((entry) => entry.at >= release.created);
  const at = own !== -1 ? own : later !== -1 ? later : history.length;
  const served = history.slice(at).flatMap((entry) => servesSince(entry) ?? []);
  // In place the migrations ran under what the release then took the place of, for moments only.
  if (release.color === '') return served;
  const before = history.slice(0, at).findLast((entry) => servesSince(entry) !== undefined);
  if (before) return [before.release, ...served];
  // Nothing is told of the time before the first colour: a plain stack had the traffic.
  const earlier = releases.filter(({ created }) => created < release.created);
  return earlier.some(({ color }) => color !== '') ? served : [earlier.at(-1)?.id ?? '', ...served];
}

/** The release that serves by an entry of the history; undefined where it moves nothing. */
function servesSince(entry: HistoryEntry): string | undefined {
  const inPlace = entry.operation === 'deploy' && entry.color === '' && entry.outcome === 'succeeded';
  return entry.release !== '' && (inPlace || isMove(entry) || isReturn(entry)) ? entry.release : undefined;
}
