import { codeSpan, escapeMarkdown } from '@deploy-actions/kit';
import type { Collected } from './collect.ts';
import { type Entry, GROUPS, GROUP_TITLES } from './entry.ts';

/** A notice holds no more than this beside its own lines. */
export const NOTES_LIMIT = 3000;

export interface NotesPlace {
  /** Such as `https://github.com/org/shop`. */
  page: string;
  sha: string;
}

function heading({ previous, total, entries }: Collected): string {
  const commits = `${total} ${total === 1 ? 'commit' : 'commits'}`;
  if (previous === '')
    return `The first version: ${commits}${entries.length < total ? ', merges left out' : ''}`;
  return total === 0 ? `Nothing new since ${previous}` : `${commits} since ${previous}`;
}

function grouped(entries: readonly Entry[]): [title: string, entries: readonly Entry[]][] {
  return GROUPS.map((group): [string, readonly Entry[]] => [
    GROUP_TITLES[group],
    entries.filter((entry) => entry.group === group),
  ]).filter(([, list]) => list.length > 0);
}

/** The notes as plain text for a notice: at most `limit` characters, cut between two lines, and then how many are left out. */
export function plainNotes(collected: Collected, limit = NOTES_LIMIT): string {
  const lines = grouped(collected.entries).flatMap(([title, entries]) => [
    { text: `\n${title}`, entry: false },
    ...entries.map((entry) => ({ text: plainLine(entry), entry: true })),
  ]);
  let text = heading(collected);
  let shown = 0;
  for (const line of lines) {
    // Room for the last line, which counts what is left out.
    if (text.length + line.text.length + 1 > limit - 20) {
      const left = collected.entries.length - shown;
      return `${text.replace(/\n\n[^\n]*$/, (end) => (/\n• /.test(end) ? end : ''))}\n… and ${left} more`;
    }
    text += `\n${line.text}`;
    if (line.entry) shown += 1;
  }
  return text;
}

function plainLine({ scope, text, author, number }: Entry): string {
  const by = [author, number === undefined ? '' : `#${number}`].filter((one) => one !== '').join(', ');
  const short = text.length > 200 ? `${text.slice(0, 199).toWellFormed()}…` : text;
  return `• ${scope === '' ? '' : `${scope}: `}${short}${by === '' ? '' : ` (${by})`}`;
}

/** The notes in Markdown, whole. What people wrote is literal in it, and calls nobody. */
export function markdownNotes(collected: Collected, place: NotesPlace): string {
  const parts = [`${escapeMarkdown(heading(collected))}.`];
  for (const [title, entries] of grouped(collected.entries)) {
    const lines = entries.map((entry) => markdownLine(entry, place.page));
    parts.push(`### ${title}\n\n${lines.join('\n')}`);
  }
  const authors = [...new Set(collected.entries.map(({ author }) => author).filter((name) => name !== ''))];
  if (authors.length > 0) parts.push(`By ${authors.sort().map(escapeMarkdown).join(', ')}.`);
  if (collected.previous !== '') {
    const range = `${encodeURIComponent(collected.previous)}...${place.sha}`;
    parts.push(`[All changes](${place.page}/compare/${range})`);
  }
  return `${parts.join('\n\n')}\n`;
}

function markdownLine({ scope, text, author, number, sha }: Entry, page: string): string {
  const link =
    number === undefined
      ? `[${codeSpan(sha.slice(0, 7))}](${page}/commit/${sha})`
      : `[#${number}](${page}/pull/${number})`;
  const by = author === '' ? '' : `, ${escapeMarkdown(author)}`;
  return `- ${scope === '' ? '' : `**${escapeMarkdown(scope)}:** `}${escapeMarkdown(text)} (${link}${by})`;
}
