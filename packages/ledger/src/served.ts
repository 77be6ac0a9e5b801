import { type HistoryEntry, isMove, isReturn } from './history.ts';
import { returnedReleases, unfitReleases } from './marks.ts';
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
    const inPlace = entry.operation === 'deploy' && entry.color === '' && entry.outcome === 'succeeded';
    if (entry.release === '' || !(inPlace || isMove(entry) || isReturn(entry))) continue;
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
 * The releases on the way from one back to another that changed the schema, so that nothing says that the old code runs
 * on it. One that nobody confirmed is no step of the way, but what it did to the schema stays.
 */
export function schemaChanges(from: string, to: string, past: Past): ReleaseRecord[] {
  const { history, releases } = past;
  const find = (id: string) => releases.find((one) => one.id === id);
  const before = predecessors(past);
  const crossed = new Set<ReleaseRecord>();
  const seen = new Set<string>();
  for (let at = find(from); at && at.id !== to && !seen.has(at.id); at = find(before(at.id))) {
    seen.add(at.id);
    if (changesSchema(at)) crossed.add(at);
  }
  const created = (id: string) => find(id)?.created ?? '';
  const returned = returnedReleases(history);
  for (const one of releases) {
    if (!returned.has(one.id) || one.id === to || !changesSchema(one)) continue;
    if (one.created > created(to) && one.created <= created(from)) crossed.add(one);
  }
  return [...crossed];
}
