import { type CheckResult, type Report, formatDuration } from '@deploy-actions/kit';
import { aboutFigures, counted, figuresOf } from '../figures.ts';
import type { PastDeployment, PastOutcome } from '../metrics/deployments.ts';
import { type Story, STATUS_WORDS, kindName } from '../story.ts';
import type { RunStatus } from '../verdict.ts';
import { type Tone, bar, strip } from './drawing.ts';
import { type Markup, NOTHING, html, link } from './markup.ts';
import { table } from './table.ts';

/** Rows of one table: a page that nobody can scroll through helps nobody, and a report may have thousands. */
const MOST_ROWS = 500;

const TONES: Record<RunStatus, Tone> = {
  success: 'ok',
  unchanged: 'idle',
  restored: 'back',
  'rolled-back': 'back',
  failure: 'bad',
  cancelled: 'idle',
};

const PAST_TONES: Record<PastOutcome, Tone> = {
  success: 'ok',
  'rolled-back': 'back',
  restored: 'back',
  failure: 'bad',
};

export function headSection({ status, sentence, why, repository, warnings, links }: Story): Markup {
  return html`<header>
    <p class="quiet">${repository}</p>
    <span class="badge ${TONES[status]}">${STATUS_WORDS[status]}</span>
    <h1>${sentence}</h1>
    ${why === '' ? NOTHING : html`<p class="why">${why}</p>`}
    ${warnings.map((text) => html`<p class="warning">${text}</p>`)}
    <ul class="links">
      ${links.map(({ name, url }) => html`<li>${link(name, url)}</li>`)}
    </ul>
  </header>`;
}

export function factsSection({ record }: Story): Markup {
  const isBack = record.status === 'rolled-back';
  const facts: [name: string, value: Markup | string][] = [
    ['Environment', record.environment],
    ['Version', record.version],
    ['Commit', record.git_sha === '' ? '' : html`<code>${record.git_sha}</code>`],
    ['Ref', record.git_ref],
    ['Deployment', record.deployment_id],
    ['Release', record.release],
    ['Release before', record.previous_release],
    ['Colour', record.color],
    ['By', record.actor],
    ['Closed', record.timestamp],
    ['Duration', record.duration_ms > 0 ? formatDuration(record.duration_ms) : ''],
    ['Reason', record.reason],
    ['Backup', record.backup],
    ['Rollback', record.rollback],
    // Of what has been, there is nothing more to say.
    ['Can be rolled back', isBack ? '' : record.rollback_available ? 'yes' : 'no'],
    [
      'Approved',
      record.approvals
        .map(({ user, state, comment }) => [user, state, comment].filter(Boolean).join(', '))
        .join('; '),
    ],
    [
      'Servers',
      record.servers
        .map(
          ({ name, outcome }) =>
            `${name}: ${outcome}${isBack && outcome === 'deployed' ? ', then rolled back' : ''}`,
        )
        .join('; '),
    ],
  ];
  const rows = facts
    .filter(([, value]) => value !== '')
    .map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    );
  return html`<section><dl class="facts">${rows}</dl></section>`;
}

interface TimelineRow {
  name: string;
  ok: boolean;
  start: number;
  length: number;
  detail: string;
}

/** The reports one after another; what lies between two steps is not known, and no part of it. */
export function timelineSection({ reports, steps, record }: Story): Markup {
  const rows: TimelineRow[] = [];
  let start = 0;
  for (const report of reports) {
    rows.push({
      name: kindName(report.kind),
      ok: report.ok,
      start,
      length: report.elapsedMs,
      detail: report.summary,
    });
    if (report.kind === 'deploy') {
      let within = start;
      for (const step of steps) {
        rows.push({
          name: `· ${step.name}`,
          ok: step.ok,
          start: within,
          length: step.duration_ms,
          detail: '',
        });
        within += step.duration_ms;
      }
    }
    start += report.elapsedMs;
  }
  if (reports.length === 0)
    for (const { name, ok, duration_ms: length } of record.phases) {
      rows.push({ name, ok, start, length, detail: '' });
      start += length;
    }
  if (rows.length === 0) return NOTHING;
  const whole = Math.max(start, ...rows.map((row) => row.start + row.length));
  return html`<section>
    <h2>Timeline</h2>
    <p class="quiet">The steps one after another, without the time between them.</p>
    ${table(rows, [
      {
        title: 'Phase',
        cell: ({ name, ok }) => html`<span class="${ok ? 'ok' : 'bad'}">${ok ? '✓' : '✗'}</span> ${name}`,
      },
      { title: 'When', kind: 'bar', cell: (row) => bar(row.start, row.length, whole, row.ok ? 'ok' : 'bad') },
      { title: 'Time', kind: 'number', cell: ({ length }) => html`${formatDuration(length)}` },
      { title: 'What', cell: ({ detail }) => html`${detail}` },
    ])}
  </section>`;
}

export function servicesSection({ record }: Story): Markup {
  if (record.services_deployed.length === 0) return NOTHING;
  return html`<section>
    <h2>Services</h2>
    ${table(record.services_deployed, [
      { title: 'Service', cell: ({ service }) => html`${service}` },
      { title: 'What was done', cell: ({ action }) => html`${action}` },
      { title: 'Image', cell: ({ image }) => html`<code>${image}</code>` },
    ])}
  </section>`;
}

function stateOf({ ok, skipped, severity }: CheckResult): { sign: string; tone: Tone } {
  if (skipped) return { sign: '– skipped', tone: 'idle' };
  if (ok) return { sign: '✓ passed', tone: 'ok' };
  return severity === 'warn' ? { sign: '! warns', tone: 'back' } : { sign: '✗ failed', tone: 'bad' };
}

/** Every check, what failed first; how long each took stands beside it as a bar, measured against the slowest of its report. */
export function checksSection({ reports }: Story): Markup {
  const parts = reports.filter(({ checks }) => checks.length > 0).map(checksOf);
  return parts.length === 0
    ? NOTHING
    : html`<section>
        <h2>Checks</h2>
        ${parts}
      </section>`;
}

function checksOf(report: Report): Markup {
  const sorted = [...report.checks].sort((a, b) => Number(a.ok) - Number(b.ok));
  const shown = sorted.slice(0, MOST_ROWS);
  const left = sorted.length - shown.length + (report.omitted ?? 0);
  const slowest = Math.max(0, ...shown.map(({ elapsedMs }) => elapsedMs));
  const failed = report.checks.filter(({ ok, skipped }) => !ok && !skipped).length;
  const open = !report.ok || report.checks.length <= 12;
  const title = html`<summary>
    <strong>${kindName(report.kind)}</strong>:
    ${counted(report.checks.length + (report.omitted ?? 0), 'check')}${failed > 0 ? html`, <span class="bad">${failed} failed</span>` : NOTHING}
  </summary>`;
  const content = table(shown, [
    { title: 'Check', cell: ({ name }) => html`${name}` },
    {
      title: 'Result',
      cell: (check) => {
        const { sign, tone } = stateOf(check);
        return html`<span class="${tone}">${sign}</span>`;
      },
    },
    { title: 'Attempts', kind: 'number', cell: ({ attempts }) => html`${attempts}` },
    {
      title: 'Time',
      kind: 'number',
      cell: ({ elapsedMs }) => html`${elapsedMs > 0 ? formatDuration(elapsedMs) : ''}`,
    },
    {
      title: 'Time',
      kind: 'bar',
      cell: (check) =>
        check.elapsedMs > 0 ? bar(0, check.elapsedMs, slowest, stateOf(check).tone) : NOTHING,
    },
    {
      title: 'Detail',
      cell: ({ phase, detail }) =>
        html`${[phase ?? '', detail ?? ''].filter((one) => one !== '').join(': ')}`,
    },
  ]);
  const more =
    left > 0 ? html`<p class="quiet">… and ${left} more; the report's file has them.</p>` : NOTHING;
  return open
    ? html`<details open>${title}${content}${more}</details>`
    : html`<details>${title}${content}${more}</details>`;
}

export function logsSection({ logs }: Story): Markup {
  const parts = logs.map(
    ({ name, tail }) =>
      html`<h3>${name}</h3>
        <pre>${tail}</pre>`,
  );
  return parts.length === 0
    ? NOTHING
    : html`<section>
        <h2>The last lines of the logs</h2>
        ${parts}
      </section>`;
}

const PAST_WORDS: Record<PastOutcome, string> = {
  success: 'served',
  'rolled-back': 'rolled back',
  restored: 'restored',
  failure: 'failed',
};

/** Deployments of the past that a page lists. */
const MOST_PAST = 30;

export function pastSection({ past, metrics }: Story): Markup {
  if (past === undefined) return NOTHING;
  const last = past.slice(-MOST_PAST);
  const known = last.filter(({ durationMs }) => durationMs !== undefined);
  const durations = known.map(({ durationMs, outcome }) => ({
    value: durationMs!,
    tone: PAST_TONES[outcome],
  }));
  const chart =
    durations.length < 2
      ? NOTHING
      : html`<p class="quiet">
            How long each took, the newest on the right; the longest
            ${formatDuration(Math.max(...durations.map(({ value }) => value)))}.
          </p>
          ${strip(durations, 'Duration of the last deployments')}`;
  const figures =
    metrics === undefined
      ? NOTHING
      : html`<p class="quiet">${aboutFigures(metrics)}</p>
          <dl class="facts">
            ${figuresOf(metrics).map(
              ({ name, value }) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd>`,
            )}
          </dl>`;
  const list =
    last.length === 0
      ? html`<p class="quiet">The server tells of none.</p>`
      : table([...last].reverse(), [
          {
            title: 'When',
            cell: ({ at }) => html`${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}`,
          },
          { title: 'Version', cell: ({ version, release }) => html`${version || release}` },
          {
            title: 'Outcome',
            cell: ({ outcome }: PastDeployment) =>
              html`<span class="${PAST_TONES[outcome]}">${PAST_WORDS[outcome]}</span>`,
          },
          {
            title: 'Time',
            kind: 'number',
            cell: ({ durationMs }) => html`${durationMs === undefined ? '' : formatDuration(durationMs)}`,
          },
          { title: 'By', cell: ({ actor }) => html`${actor}` },
          { title: 'Run', cell: ({ runUrl, deploymentId }) => link(deploymentId, runUrl) },
        ]);
  return html`<section>
    <h2>The last deployments</h2>
    ${figures}${chart}${list}
  </section>`;
}
