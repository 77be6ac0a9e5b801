import { shortImage } from '@deploy-actions/image';
import type { ServiceChange } from '@deploy-actions/compose';
import type { RunResult } from '@deploy-actions/host';
import {
  codeBlock,
  codeSpan,
  cut,
  escapeHtml,
  escapeMarkdown,
  folded,
  formatDuration,
  markdownTable,
} from '@deploy-actions/kit';
import type { ServiceOutcome } from './images.ts';

/** The plan as text lines for the log: names, digests and names of changed keys. */
export function planLines(changes: readonly ServiceChange[]): string[] {
  const width = Math.max(...changes.map((change) => change.service.length));
  return changes.map((change) => {
    const images =
      change.from === change.to
        ? shortImage(change.to)
        : [shortImage(change.from), shortImage(change.to)].filter(Boolean).join(' -> ');
    const why = change.reasons.length > 0 ? ` (${change.reasons.join(', ')})` : '';
    return `${change.service.padEnd(width)}  ${change.action.padEnd(8)}  ${images}${why}`;
  });
}

/** The same as a Markdown table. */
export function servicesMarkdown(changes: readonly ServiceOutcome[]): string {
  return markdownTable(
    // The images are long: they come last, where a narrow page cuts nothing else off.
    ['Service', 'Action', 'Because of', 'Image'],
    changes.map((change) => [
      codeSpan(change.service),
      change.action,
      change.reasons.map((reason) => codeSpan(reason)).join(', '),
      imageCell(shortImage(change.from), shortImage(change.to)),
    ]),
  );
}

/** The image that stays, or below each other the one before and the one after. */
function imageCell(before: string, after: string): string {
  if (before === after || before === '' || after === '') return codeSpan(after || before);
  return `${codeSpan(before)}<br>→ ${codeSpan(after)}`;
}

/** Phases with their durations, one column for each server. */
export function phasesMarkdown(results: readonly { name: string; result: RunResult | undefined }[]): string {
  const phases: string[] = [];
  for (const { result } of results) {
    for (const { name } of result?.phases ?? []) if (!phases.includes(name)) phases.push(name);
  }
  const several = results.length > 1;
  const cell = (result: RunResult | undefined, phase: string) => {
    const times = (result?.phases ?? []).filter((one) => one.name === phase);
    return times.length === 0 ? '' : formatDuration(times.reduce((sum, one) => sum + one.ms, 0));
  };
  return markdownTable(
    ['Phase', ...results.map(({ name }) => (several ? escapeMarkdown(name) : 'Duration'))],
    [
      ...phases.map((phase) => [phase, ...results.map(({ result }) => cell(result, phase))]),
      [
        '**total**',
        ...results.map(({ result }) => (result ? `**${formatDuration(result.elapsedMs)}**` : 'not known')),
      ],
    ],
  );
}

/** What happened on each server. */
export function serversMarkdown(rows: readonly { name: string; outcome: string; detail: string }[]): string {
  return markdownTable(
    ['Server', 'Outcome', 'Detail'],
    rows.map((row) => [codeSpan(row.name), escapeMarkdown(row.outcome), escapeMarkdown(row.detail)]),
  );
}

/** What of the failed containers' state and last lines fits a summary, in UTF-16 units. */
const MOST_DETAILS = 20_000;

/** The evidence of a failure, folded away below its one line. */
export function detailsMarkdown(server: string, details: string): string {
  return folded(
    `State and last lines of what failed on ${escapeHtml(server)}`,
    codeBlock(cut(details, MOST_DETAILS)),
  );
}
