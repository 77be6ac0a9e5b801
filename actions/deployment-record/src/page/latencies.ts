import { type Latency, type Report, formatDuration, latencyOf } from '@deploy-actions/kit';
import { counted } from '../figures.ts';
import { kindName } from '../story.ts';
import { percentiles } from './drawing.ts';
import { type Markup, NOTHING, html } from './markup.ts';
import { table } from './table.ts';

interface Measured extends Latency {
  name: string;
}

/** Rows of the plot; the slowest ones, where there are more. */
const MOST_ROWS = 40;

/** Of so many checks on the times of each make a distribution of all. */
const FEWEST = 5;

/** How long answers took, as percentiles on one scale, of everything that measured several. */
export function latenciesSection({ reports }: { reports: readonly Report[] }): Markup {
  const all = reports.flatMap((report) => [...ofChecks(report), ...ofAllChecks(report)]);
  if (all.length === 0) return NOTHING;
  const shown = [...all].sort((a, b) => b.p95Ms - a.p95Ms).slice(0, MOST_ROWS);
  const slowest = Math.max(...shown.map(({ maxMs }) => maxMs));
  const left = all.length - shown.length;
  const time = (ms: number) => html`${formatDuration(ms)}`;
  return html`<section>
    <h2>Latencies</h2>
    <p class="quiet">
      Of good answers: full to the median, half to the 95th of a hundred, thin to the slowest; the scale is
      logarithmic, to ${formatDuration(slowest)}.
    </p>
    ${table(shown, [
      { title: 'What', cell: ({ name }) => html`${name}` },
      { title: 'Percentiles', kind: 'bar', cell: (one) => percentiles(one, slowest) },
      { title: 'Answers', kind: 'number', cell: ({ answers }) => html`${answers}` },
      { title: 'p50', kind: 'number', cell: ({ p50Ms }) => time(p50Ms) },
      { title: 'p90', kind: 'number', cell: ({ p90Ms }) => time(p90Ms) },
      { title: 'p95', kind: 'number', cell: ({ p95Ms }) => time(p95Ms) },
      { title: 'p99', kind: 'number', cell: ({ p99Ms }) => time(p99Ms) },
      { title: 'Slowest', kind: 'number', cell: ({ maxMs }) => time(maxMs) },
    ])}
    ${left > 0 ? html`<p class="quiet">… and ${left} faster ones.</p>` : NOTHING}
  </section>`;
}

function ofChecks({ kind, checks }: Report): Measured[] {
  return checks.flatMap(({ name, latency }) =>
    latency ? [{ ...latency, name: `${kindName(kind)}: ${name}` }] : [],
  );
}

/** Smoke checks ask once each: it is all of them that make a distribution. One that was tried again took its waiting too. */
function ofAllChecks({ kind, checks, omitted = 0 }: Report): Measured[] {
  if (kind !== 'smoke' || omitted > 0) return [];
  const once = checks.filter(({ ok, attempts, elapsedMs }) => ok && attempts === 1 && elapsedMs > 0);
  const latency = once.length < FEWEST ? undefined : latencyOf(once.map(({ elapsedMs }) => elapsedMs));
  return latency ? [{ ...latency, name: `${kindName(kind)}: ${counted(once.length, 'check')}` }] : [];
}
