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

/**
 * Which of several managers of a cluster knows best what serves: the first, unless the last change that another one tells of is
 * later than all that the first knows. So it is where the first was left out of a deployment, or was down at its end. Each
 * has a history of its own, and tells the same deployment by the same id and release.
 */
export function bestKnowing(histories: readonly (readonly HistoryEntry[])[]): number {
  const changes = histories.map((history) => history.filter((entry) => servesSince(entry) !== undefined));
  const isToldBy = (own: readonly HistoryEntry[], { operation, deployment_id, release }: HistoryEntry) =>
    own.some(
      (one) => one.operation === operation && one.deployment_id === deployment_id && one.release === release,
    );
  // A deployment that found all as it was told each server of it what serves.
  const heard = histories.map(
    (history) =>
      history.findLast(
        (entry) =>
          servesSince(entry) !== undefined || (entry.operation === 'deploy' && entry.outcome === 'unchanged'),
      )?.at ?? '',
  );
  return changes.reduce((best, own, index) => {
    const last = own.at(-1);
    if (last === undefined || isToldBy(changes[best]!, last)) return best;
    return last.at > heard[best]! ? index : best;
  }, 0);
}

/** What is known of an application's past: of its history perhaps only the end. */
export interface Past {
  history: readonly HistoryEntry[];
  /** The releases that are kept, in the order in which they were made. */
  releases: readonly ReleaseRecord[];
  /** When data of a backup came back, and when these had been saved: see RestoreEntry. Default: never. */
  dataReturns?: readonly { at: string; data_saved: string }[];
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
 * The changes of the schema that a release was made for and that are gone: since it last served, the data were taken back to
 * an older release, or to what they were when a backup was begun, and a rollback runs no migrations. Deploying it again
 * does. Of what happened within one second, the order is not known: then it counts as gone.
 */
export function undoneChanges(to: string, { history, releases, dataReturns = [] }: Past): ReleaseRecord[] {
  const created = (id: string) => releases.find((one) => one.id === id)?.created;
  const own = created(to);
  if (own === undefined) return [];
  const served = history.findLastIndex((entry) => servesSince(entry) === to);
  const since = history[served]?.at ?? '';
  const byCommands = history
    .slice(served + 1)
    .flatMap((entry) =>
      'data_taken_back' in entry ? (created(originOf(entry.release, releases)) ?? []) : [],
    )
    .sort()[0];
  const byBackup = dataReturns.flatMap(({ at, data_saved }) => (at >= since ? [data_saved] : [])).sort()[0];
  return releases.filter(
    (one) =>
      one.created <= own &&
      changesSchema(one) &&
      ((byCommands !== undefined && one.created > byCommands) ||
        (byBackup !== undefined && one.created >= byBackup)),
  );
}

/** Whether the data were taken back for a release when it came back last, and nothing else has served since. */
export function dataCameWith(release: string, history: readonly HistoryEntry[]): boolean {
  for (const entry of history.toReversed()) {
    // A mark moves nothing.
    if (entry.outcome === 'rolled-back' || entry.outcome === 'taken-back') continue;
    if (entry.release !== release || entry.outcome !== 'succeeded') return false;
    if ('data_taken_back' in entry) return true;
  }
  return false;
}

/** The release that was brought up in the other colour under another id; itself where it was not. */
export function originOf(id: string, releases: readonly ReleaseRecord[]): string {
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
