import {
  type Report,
  codeBlock,
  escapeMarkdown,
  folded,
  formatDuration,
  markdownTable,
} from '@deploy-actions/kit';
import type { Row } from './rows.ts';
import type { Seen } from './seen.ts';

const SHOWN_ROWS = 60;

/** What of a watch the summary tells of. */
type Shown = Pick<Seen, 'targets' | 'scope' | 'missing' | 'evidence'>;

/** The job summary: the sentence first, then plots, what was counted of each target, and a row for each interval. */
export function summaryOf(seen: Shown, report: Report, rows: readonly Row[]): string {
  const checks = report.checks.map(({ name, ok, attempts, detail }) => [
    ok ? '✅' : '❌',
    escapeMarkdown(name),
    String(attempts),
    escapeMarkdown(detail ?? ''),
  ]);
  return [
    `### ${report.ok ? '✅' : '❌'} stability-watch: ${escapeMarkdown(report.summary)}`,
    '',
    ...(report.ok ? seen.missing.map((one) => `⚠️ Not seen: ${escapeMarkdown(one)}\n`) : []),
    ...plots(rows, seen.targets.length > 0),
    markdownTable(['', 'What', 'Requests', 'Seen'], checks.slice(0, SHOWN_ROWS)),
    '',
    ...table(rows, seen),
    ...seen.evidence.flatMap((text) => [folded('Logs', codeBlock(text)), '']),
  ].join('\n');
}

function table(rows: readonly Row[], { scope, targets }: Shown): string[] {
  const shown = rows.slice(-SHOWN_ROWS);
  const time = (ms: number | undefined) => (ms === undefined ? '–' : formatDuration(ms));
  const intervals = markdownTable(
    [
      'Until',
      ...(targets.length > 0 ? ['Requests', 'Errors', 'p50', 'p95'] : []),
      ...(scope ? ['Restarts'] : []),
    ],
    shown.map((row) => [
      formatDuration(row.untilMs),
      ...(targets.length > 0
        ? [String(row.requests), String(row.errors), time(row.p50Ms), time(row.p95Ms)]
        : []),
      ...(scope ? [String(row.restarts)] : []),
    ]),
  );
  const cut = shown.length < rows.length ? `\n\n_the last ${shown.length} of ${rows.length}_` : '';
  return [folded(`${rows.length} ${rows.length === 1 ? 'interval' : 'intervals'}`, `${intervals}${cut}`), ''];
}

/** Points that a plot has at most: more of them are not told apart. */
const POINTS = 60;

/** Seen on a light and on a dark page; Mermaid's own first colour is hardly seen on either. */
const RED = '#cf222e';
const BLUE = '#218bff';

/** Plots as Mermaid draws them in a job summary. Only figures and words of our own stand in them. */
function plots(rows: readonly Row[], asked: boolean): string[] {
  if (!asked || rows.length < 2) return [];
  const points = merged(rows);
  const until = points.map(({ untilMs }) => Math.round(untilMs / 1000));
  const plot = (title: string, axis: string, most: number, colors: string, series: string[]) => [
    codeBlock(
      [
        `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "${colors}"}}}}%%`,
        'xychart-beta',
        `  title "${title}"`,
        `  x-axis "seconds" [${until.join(', ')}]`,
        // From zero: by itself the axis begins where the figures do, and little looks like much.
        `  y-axis "${axis}" 0 --> ${Math.max(1, Math.ceil(most))}`,
        ...series.map((one) => `  ${one}`),
      ].join('\n'),
      'mermaid',
    ),
    '',
  ];
  const figures = (pick: (row: Row) => number) =>
    `[${points.map((row) => Math.round(pick(row))).join(', ')}]`;
  const most = (pick: (row: Row) => number) => Math.max(...points.map(pick));
  return [
    ...plot(
      'Errors (bars) and restarts (line)',
      'count',
      most(({ errors, restarts }) => Math.max(errors, restarts)),
      `${RED}, ${BLUE}`,
      [`bar ${figures(({ errors }) => errors)}`, `line ${figures(({ restarts }) => restarts)}`],
    ),
    ...plot(
      'Time of 95 % of the good answers',
      'ms',
      most(({ p95Ms }) => p95Ms ?? 0),
      BLUE,
      [`line ${figures(({ p95Ms }) => p95Ms ?? 0)}`],
    ),
  ];
}

/** Neighbouring rows joined until they are few enough: counts are added, of times the longest stays. */
function merged(rows: readonly Row[]): Row[] {
  const size = Math.ceil(rows.length / POINTS);
  const joined: Row[] = [];
  for (let i = 0; i < rows.length; i += size) {
    const some = rows.slice(i, i + size);
    const sum = (pick: (row: Row) => number) => some.reduce((total, row) => total + pick(row), 0);
    joined.push({
      ...some.at(-1)!,
      requests: sum(({ requests }) => requests),
      errors: sum(({ errors }) => errors),
      restarts: sum(({ restarts }) => restarts),
      p95Ms: Math.max(0, ...some.map(({ p95Ms }) => p95Ms ?? 0)),
    });
  }
  return joined;
}
