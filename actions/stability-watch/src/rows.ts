import { quantile } from '@deploy-actions/kit';
import type { Sample } from './budget.ts';

/** What happened in an interval. */
export interface Row {
  /** Milliseconds from the end of the warm-up to the interval's end. */
  untilMs: number;
  requests: number;
  errors: number;
  /** Milliseconds of the good answers; undefined without one. */
  p50Ms: number | undefined;
  p95Ms: number | undefined;
  /** Restarts, crashes and OOM kills. */
  restarts: number;
}

/** The samples and incidents of a watch in rows of one interval each; the last may be shorter. */
export function rowsOf(
  samples: readonly Sample[],
  incidentsAt: readonly number[],
  interval: number,
  elapsedMs: number,
): Row[] {
  const count = Math.max(1, Math.ceil(elapsedMs / interval));
  const place = (at: number) => Math.min(count - 1, Math.max(0, Math.floor(at / interval)));
  const times: number[][] = Array.from({ length: count }, () => []);
  const rows = times.map((_, index): Row => ({
    untilMs: Math.min(elapsedMs, (index + 1) * interval),
    requests: 0,
    errors: 0,
    p50Ms: undefined,
    p95Ms: undefined,
    restarts: 0,
  }));
  for (const { at, ok, elapsedMs: took } of samples) {
    const row = rows[place(at)]!;
    row.requests += 1;
    if (!ok) row.errors += 1;
    else if (took !== undefined) times[place(at)]!.push(took);
  }
  for (const at of incidentsAt) rows[place(at)]!.restarts += 1;
  for (const [index, row] of rows.entries()) {
    row.p50Ms = quantile(times[index]!, 0.5);
    row.p95Ms = quantile(times[index]!, 0.95);
  }
  return rows;
}
