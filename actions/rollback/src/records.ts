import type { Look } from '@deploy-actions/traffic';

/** A line of history.jsonl, as far as a rollback looks at it. */
export interface HistoryEntry {
  operation: string;
  deployment_id: string;
  release: string;
  outcome: string;
  bad: boolean;
  at: string;
  run_url: string;
  /** Of a deploy: the colour that it went to; empty in place. */
  color: string;
  /** Of a switch: shares. */
  from: string | undefined;
  to: string | undefined;
}

/** A release that is still on the server. */
export interface RecordedRelease {
  id: string;
  version: string;
  sha: string;
  created: string;
  previous: string;
  color: string;
  images: Readonly<Record<string, string>>;
  migrations: { ran: boolean; reversible: boolean; stateBefore: string; stateAfter: string };
}

export function historyOf(look: Pick<Look, 'history'>): HistoryEntry[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return look.history.map((line) => ({
    operation: text(line['operation']),
    deployment_id: text(line['deployment_id']),
    release: text(line['release']),
    outcome: text(line['outcome']),
    bad: line['bad'] === true,
    at: text(line['at']),
    run_url: text(line['run_url']),
    color: text(line['color']),
    from: typeof line['from'] === 'string' ? line['from'] : undefined,
    to: typeof line['to'] === 'string' ? line['to'] : undefined,
  }));
}

export function releasesOf(look: Pick<Look, 'releases'>): RecordedRelease[] {
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  return look.releases
    .map((one) => {
      const migrations = (one['migrations'] ?? {}) as Record<string, unknown>;
      return {
        id: text(one['id']),
        version: text(one['version']),
        sha: text(one['sha']),
        created: text(one['created']),
        previous: text(one['previous']),
        color: text(one['color']),
        images: (one['images'] ?? {}) as Record<string, string>,
        migrations: {
          ran: migrations['ran'] === true,
          reversible: migrations['reversible'] === true,
          stateBefore: text(migrations['state_before']),
          stateAfter: text(migrations['state_after']),
        },
      };
    })
    .filter((one) => one.id !== '')
    .sort((a, b) => (a.created < b.created ? -1 : a.created > b.created ? 1 : 0));
}

/** Releases that a line of the history marks, unless a later deploy of the same release was well. */
export function badReleases(history: readonly HistoryEntry[]): Set<string> {
  const bad = new Set<string>();
  for (const entry of history) {
    if (entry.bad) bad.add(entry.release);
    else if (entry.outcome === 'taken-back') bad.delete(entry.release);
    else if (entry.outcome === 'succeeded' && entry.operation === 'deploy') bad.delete(entry.release);
  }
  return bad;
}

/** A switch that nobody confirmed: the server took it back, by a timer or when a confirmation came too late. */
function isReturn(entry: HistoryEntry): boolean {
  return entry.outcome === 'returned';
}

function isMove(entry: HistoryEntry): boolean {
  const moves = entry.operation === 'switch' || entry.operation === 'rollback';
  return moves && entry.outcome === 'succeeded' && entry.release !== '';
}

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

/** What served before a release did; empty for the first. */
export function predecessors(look: Look, releases: readonly RecordedRelease[]): (id: string) => string {
  const served = servedReleases(historyOf(look));
  return (id) => {
    const own = releases.find((one) => one.id === id);
    const before = own?.color ? served[served.lastIndexOf(id) - 1] : undefined;
    return before ?? own?.previous ?? '';
  };
}
