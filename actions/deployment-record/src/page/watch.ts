import { formatDuration } from '@deploy-actions/kit';
import { counted } from '../figures.ts';
import type { WatchedInterval } from '../watched.ts';
import { strip } from './drawing.ts';
import { type Markup, NOTHING, html } from './markup.ts';

/** Columns of a plot at most: more are not told apart. */
const MOST_COLUMNS = 120;

/** What stability-watch saw, over its time: errors, the time of 95 % of the good answers, and restarts where there were any. */
export function watchSection(watched: readonly WatchedInterval[]): Markup {
  if (watched.length < 2) return NOTHING;
  const columns = joined(watched);
  const total = (pick: (one: WatchedInterval) => number) => columns.reduce((sum, one) => sum + pick(one), 0);
  const errors = total((one) => one.errors);
  const restarts = total((one) => one.restarts);
  const slowest = Math.max(...columns.map((one) => one.p95Ms ?? 0));
  return html`<section>
    <h2>Watched for ${formatDuration(columns.at(-1)!.untilMs)}</h2>
    ${plot(
      `${counted(errors, 'error')} in ${counted(
        total((one) => one.requests),
        'request',
      )}`,
      columns,
      (one) => one.errors,
    )}
    ${plot(
      `95 % of the good answers within ${formatDuration(slowest)} or less`,
      columns,
      (one) => one.p95Ms ?? 0,
    )}
    ${restarts > 0 ? plot(counted(restarts, 'restart'), columns, (one) => one.restarts) : NOTHING}
  </section>`;
}

function plot(
  title: string,
  columns: readonly WatchedInterval[],
  pick: (one: WatchedInterval) => number,
): Markup {
  const bars = columns.map((one) => ({
    value: pick(one),
    tone: one.errors + one.restarts > 0 ? ('bad' as const) : ('ok' as const),
  }));
  return html`<p class="quiet">${title}</p>
    ${strip(bars, title)}`;
}

/** Neighbours joined until they are few enough: counts are added, of times the longest stays. */
function joined(watched: readonly WatchedInterval[]): WatchedInterval[] {
  const size = Math.ceil(watched.length / MOST_COLUMNS);
  const columns: WatchedInterval[] = [];
  for (let i = 0; i < watched.length; i += size) {
    const some = watched.slice(i, i + size);
    const sum = (pick: (one: WatchedInterval) => number) => some.reduce((all, one) => all + pick(one), 0);
    const times = some.flatMap(({ p95Ms }) => (p95Ms === undefined ? [] : [p95Ms]));
    columns.push({
      untilMs: some.at(-1)!.untilMs,
      requests: sum((one) => one.requests),
      errors: sum((one) => one.errors),
      restarts: sum((one) => one.restarts),
      p95Ms: times.length > 0 ? Math.max(...times) : undefined,
    });
  }
  return columns;
}
