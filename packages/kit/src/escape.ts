/**
 * Makes text from outside safe to print to the Actions log. The runner obeys `::name …::` at the start of a
 * line after any white space, and `##[name]` anywhere in a line (actions/runner ActionCommand.cs); a lone CR
 * may start a line. The marker is broken up by a zero-width space, so that a reader sees the text as it was.
 * Other control characters (also ESC, but for colour sequences) become U+FFFD.
 */
export function escapeLog(text: string): string {
  return text
    .replace(/\r\n/g, '\n')
    .replace(/\r/g, '\n')
    .replace(/\u001b(?!\[[\d;]*m)/g, '\ufffd')
    .replace(/[\0-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u0085\u2028\u2029]/g, '\ufffd')
    .replace(/^([^\S\n]*):(?=:)/gm, '$1:\u200b')
    .replace(/##(?=\[)/g, '##\u200b');
}

/** Text as a literal in GitHub Markdown, on one line, also inside a table cell. */
export function escapeMarkdown(text: string): string {
  return (
    text
      .replace(/[\0-\x1f\x7f]+/g, ' ')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
      .replace(/^(\s*)([-=])/, '$1\\$2')
      // A digit cannot be escaped: the backslash before it would be shown.
      .replace(/^(\s*\d+)\./, '$1\\.')
      .replace(/@(?=[a-z0-9])/gi, '@\u200b')
      .replace(/(https?|ftp):(?=\/\/)/gi, '$1:\u200b')
      .replace(/\bwww\.(?=\S)/gi, 'www\u200b.')
  );
}

/** Text as a code span in GitHub Markdown that no backtick inside can end; safe in a table cell. */
export function codeSpan(text: string): string {
  const line = text.replace(/[\0-\x1f\x7f]+/g, ' ');
  if (line.trim() === '') return '';
  // A table's row is cut into cells before code spans are seen, and a backslash before the bar may be escaped itself.
  if (line.includes('|')) return `<code>${escapeMarkdown(line).replace(/\\\|/g, '&#124;')}</code>`;
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  const pad = line.startsWith('`') || line.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${line}${pad}${fence}`;
}

/** Text as a fenced code block in Markdown that nothing inside can end. */
export function codeBlock(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.replace(/\n$/, '')}\n${fence}`;
}

/** Markdown that is folded away below a title; the title is Markdown without a line break, or HTML. */
export function folded(title: string, markdown: string): string {
  return `<details><summary>${title}</summary>\n\n${markdown}\n\n</details>`;
}

/** Text as a literal in HTML, in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');
}

/** A GitHub Markdown table; cells are Markdown already (escape them with the functions above). */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/\n/g, '<br>')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
