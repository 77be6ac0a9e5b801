import { type CheckResult, type Report, formatDuration } from '@deploy-actions/kit';
import { clip, literal, literalLine } from './literal.ts';
import { type Detail, ICONS, type Link, type Notice, alarming } from './record.ts';

/**
 * A notice as a sequence of parts, without any dialect: what renderers turn into HTML or blocks, and what is
 * cut when it does not fit. Texts are `literal` already.
 */
export interface Layout {
  icon: string;
  title: string;
  text: string;
  facts: Fact[];
  rows: Row[];
  /** How many rows were left out. */
  rowsCut: number;
  details: string;
  /** Whether the notice's details are not shown whole. */
  detailsCut: boolean;
  /** The run first, where there is one. */
  links: Link[];
}

/** A name and its value; `code` values are for copying (a hash, an id). */
export interface Fact {
  name: string;
  value: string;
  code: boolean;
}

/** One line of a list: a phase, a report, or a failed check below its report. */
export interface Row {
  icon: string;
  text: string;
  nested: boolean;
  /** 2 stays longest. */
  weight: 0 | 1 | 2;
}

/** Longest parts, in UTF-16 units, before any messenger's own limits: no one reads a title of a kilobyte. */
const LONGEST = { title: 140, factName: 60, fact: 300, row: 400, link: 60 };
const MOST_FACTS = 24;

export function layout(notice: Notice, detail: Detail = 'full'): Layout {
  const full = detail === 'full';
  const rows = [...(full ? phaseRows(notice) : []), ...reportRows(notice.reports, full)];
  return {
    icon: ICONS[notice.status],
    title: clip(literalLine(notice.title), LONGEST.title),
    text: literal(notice.message).trim(),
    facts: facts(notice),
    rows,
    rowsCut: 0,
    details: full ? literal(notice.details).replace(/^\n+|\s+$/g, '') : '',
    detailsCut: false,
    links: [...(notice.run ? [notice.run] : []), ...notice.links].map(({ name, url }) => ({
      name: clip(literalLine(name), LONGEST.link) || 'link',
      url,
    })),
  };
}

function facts(notice: Notice): Fact[] {
  const { commit } = notice;
  const all: Fact[] = [
    { name: 'Environment', value: notice.environment, code: false },
    { name: 'Version', value: notice.version, code: true },
    { name: 'Deployment', value: notice.deploymentId, code: true },
    { name: 'Branch', value: notice.ref, code: true },
    { name: 'Commit', value: commit ? commit.sha.slice(0, 7) : '', code: true },
    { name: 'Change', value: commit?.subject ?? '', code: false },
    { name: 'Author', value: commit?.author ?? '', code: false },
    { name: 'By', value: notice.actor === commit?.author ? '' : notice.actor, code: false },
    {
      name: 'Elapsed',
      value: notice.elapsedMs === undefined ? '' : formatDuration(notice.elapsedMs),
      code: false,
    },
    ...notice.fields.map(([name, value]) => ({ name, value, code: false })),
  ];
  return all
    .map(({ name, value, code }) => ({
      name: clip(literalLine(name), LONGEST.factName),
      value: clip(literalLine(value), LONGEST.fact),
      code,
    }))
    .filter(({ name, value }) => name !== '' && value !== '')
    .slice(0, MOST_FACTS);
}

const PHASE_ICONS = { running: '⏳', done: '✅', failed: '❌', cancelled: '🚫' } as const;

function phaseRows(notice: Notice): Row[] {
  return notice.phases.map((phase) => ({
    icon: PHASE_ICONS[phase.state],
    text: row(`${phase.name} (${formatDuration(phase.elapsedMs)})`),
    nested: false,
    weight: 2,
  }));
}

const KIND_NAMES: Readonly<Record<string, string>> = {
  prepare: 'Prepare',
  preflight: 'Preflight',
  health: 'Health',
  smoke: 'Smoke',
  watch: 'Watch',
  switch: 'Switch',
  rollback: 'Rollback',
  verify: 'Verify',
  deploy: 'Deploy',
  pull: 'Pull',
  record: 'Record',
  backup: 'Backup',
} satisfies Record<Report['kind'], string>;

function reportRows(reports: readonly Report[], full: boolean): Row[] {
  return reports.flatMap((report) => {
    const time = report.elapsedMs > 0 ? ` (${formatDuration(report.elapsedMs)})` : '';
    const head: Row = {
      icon: report.ok ? '✅' : '❌',
      text: row(`${KIND_NAMES[report.kind] ?? report.kind}: ${report.summary}${time}`),
      nested: false,
      weight: 2,
    };
    // A report that is well says so in one line; what failed or warns is said one by one.
    const checks = full ? report.checks.filter((check) => !check.ok && !check.skipped) : [];
    return [head, ...checks.map(checkRow)];
  });
}

function checkRow(check: CheckResult): Row {
  const warning = check.severity === 'warn';
  const phase = check.phase ? ` [${check.phase}]` : '';
  const detail = check.detail ? `: ${check.detail}` : '';
  return {
    icon: warning ? '⚠️' : '❌',
    text: row(`${check.name}${phase}${detail}`),
    nested: true,
    weight: warning ? 0 : 1,
  };
}

const row = (text: string) => clip(literalLine(text), LONGEST.row);

/**
 * Cuts a layout until it fits, least needed first: details (whole lines), rows (warnings, then checks, then
 * the rest), text, facts, links, title. The first link is never cut: the way to the run always survives. Each
 * stage keeps as much as fits. `fits` must hold for a layout that has nothing but its icon and its first link.
 */
export function fit(whole: Layout, notice: Notice, fits: (layout: Layout) => boolean): Layout {
  if (fits(whole)) return whole;
  const keep = alarming(notice.status) ? 'tail' : 'head';
  const stages: { size: number; shrink: (from: Layout, size: number) => Layout }[] = [
    {
      size: whole.details.length,
      shrink: (from, size) => ({
        ...from,
        details: clip(whole.details, size, keep),
        detailsCut: size < whole.details.length,
      }),
    },
    { size: whole.rows.length, shrink: (from, size) => ({ ...from, ...fewerRows(whole.rows, size) }) },
    { size: whole.text.length, shrink: (from, size) => ({ ...from, text: clip(whole.text, size) }) },
    { size: whole.facts.length, shrink: (from, size) => ({ ...from, facts: whole.facts.slice(0, size) }) },
    {
      size: whole.links.length,
      shrink: (from, size) => ({ ...from, links: whole.links.slice(0, Math.max(1, size)) }),
    },
    { size: whole.title.length, shrink: (from, size) => ({ ...from, title: clip(whole.title, size) }) },
  ];
  let current = whole;
  for (const { size, shrink } of stages) {
    const least = shrink(current, 0);
    if (!fits(least)) {
      current = least;
      continue;
    }
    let low = 0;
    let high = size;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (fits(shrink(current, middle))) low = middle;
      else high = middle - 1;
    }
    return shrink(current, low);
  }
  return current;
}

function fewerRows(rows: readonly Row[], size: number): Pick<Layout, 'rows' | 'rowsCut'> {
  if (size >= rows.length) return { rows: [...rows], rowsCut: 0 };
  const order = rows.map((_, index) => index).sort((a, b) => rows[b]!.weight - rows[a]!.weight || a - b);
  const kept = new Set(order.slice(0, size));
  return { rows: rows.filter((_, index) => kept.has(index)), rowsCut: rows.length - size };
}

/** The line below a list whose end was cut. */
export const cutRowsLine = (count: number): string =>
  `… ${count} more ${count === 1 ? 'line' : 'lines'}, see the run`;
