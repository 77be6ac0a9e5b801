import { codeSpan, escapeMarkdown, markdownTable } from '@deploy-actions/kit';
import { type Row, isRed } from './checks/table.ts';

/** A server and its table. */
export interface ServerRows {
  name: string;
  rows: readonly Row[];
}

const SIGNS: Record<Row['state'], string> = {
  passed: '✅',
  told: 'ℹ️',
  warned: '⚠️',
  failed: '❌',
  unknown: '❔',
  skipped: '⏭️',
};

/** One sentence about all servers. */
export function sentenceOf(servers: readonly ServerRows[]): string {
  const unready = servers.filter(({ rows }) => rows.some(isRed));
  const warnings = warningsOf(servers);
  const also = warnings === 0 ? '' : `, with ${warnings} warning${warnings === 1 ? '' : 's'}`;
  if (unready.length === 0) {
    const names = servers.map(({ name }) => name).join(', ');
    return `${names} ${servers.length === 1 ? 'is' : 'are'} ready for a deployment${also}`;
  }
  return unready
    .map(({ name, rows }) => {
      const red = rows.filter(isRed);
      // What rests on something else that is red is told by that.
      const first = red.filter(({ state }) => state === 'failed');
      const reasons = (first.length > 0 ? first : red).map((row) => row.name);
      return `${name} is not ready, ${red.length} of ${rows.length} checks did not pass: ${reasons.join(', ')}`;
    })
    .join('; ');
}

export function warningsOf(servers: readonly ServerRows[]): number {
  return servers.flatMap(({ rows }) => rows.filter(({ state }) => state === 'warned')).length;
}

/** The job summary: a sentence and one table for each server. */
export function renderSummary(servers: readonly ServerRows[]): string {
  const text = [`### ${escapeMarkdown(sentenceOf(servers))}`];
  for (const { name, rows } of servers) {
    if (servers.length > 1) text.push(`#### ${escapeMarkdown(name)}`);
    text.push(
      markdownTable(
        ['', 'Check', 'Seen', 'What mends it'],
        rows.map((row) => [
          SIGNS[row.state],
          codeSpan(row.name),
          escapeMarkdown(row.detail),
          isRed(row) || row.state === 'warned' ? escapeMarkdown(row.remedy ?? '') : '',
        ]),
      ),
    );
  }
  return `${text.join('\n\n')}\n`;
}

/** A row as a line of the log. */
export function logLine({ name, state, detail, remedy }: Row): string {
  const mends =
    (state === 'failed' || state === 'unknown' || state === 'warned') && remedy ? ` → ${remedy}` : '';
  return `${SIGNS[state]} ${name}: ${detail}${mends}`;
}
