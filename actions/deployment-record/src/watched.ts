/** One interval of a watch, as the `report-file` of stability-watch tells it. */
export interface WatchedInterval {
  /** Milliseconds from the beginning of the watch to the interval's end. */
  untilMs: number;
  requests: number;
  errors: number;
  restarts: number;
  /** Milliseconds within which 95 % of the good answers came; undefined without one. */
  p95Ms: number | undefined;
}

/** A day of a second each: what is more is no watch. */
const MOST_INTERVALS = 86_400;

/** The intervals of the last watch among the reports; none where it does not tell them, or not in their form. */
export function watchedIntervals(wholes: readonly unknown[]): WatchedInterval[] {
  const watch = wholes.flatMap(asObject).findLast(({ kind }) => kind === 'watch');
  const rows = watch?.['intervals'];
  if (!Array.isArray(rows) || rows.length > MOST_INTERVALS) return [];
  const read = rows.flatMap(asObject).flatMap(interval);
  return read.length === rows.length ? read : [];
}

function interval(row: Record<string, unknown>): WatchedInterval[] {
  const { untilMs, requests, errors, restarts, p95Ms } = row;
  if (![untilMs, requests, errors, restarts].every(isFigure)) return [];
  if (p95Ms !== undefined && !isFigure(p95Ms)) return [];
  return [{ untilMs, requests, errors, restarts, p95Ms } as WatchedInterval];
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function asObject(value: unknown): Record<string, unknown>[] {
  return typeof value === 'object' && value !== null ? [value as Record<string, unknown>] : [];
}
