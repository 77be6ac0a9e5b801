import { expect, test } from '@jest/globals';
import { renderAttachment } from './attachment.ts';
import { literal, unguard } from './literal.ts';
import { hostileTexts } from './testing/hostile.ts';
import { sampleNotice } from './testing/sample.ts';

/** The text of an attachment, split at its code block as CommonMark 0.31, "Fenced code blocks", reads it. */
function split(text: string): { before: string; code: string; after: string } {
  const lines = text.split('\n');
  const open = lines.findIndex((line) => /^`{3,}$/.test(line));
  const fence = lines[open] ?? '';
  const close = lines.findIndex(
    (line, index) => index > open && new RegExp(`^ {0,3}\`{${fence.length},} *$`).test(line),
  );
  return {
    before: lines.slice(0, open).join('\n'),
    code: lines.slice(open + 1, close).join('\n'),
    after: lines.slice(close + 1).join('\n'),
  };
}

const textOf = (details: string) =>
  renderAttachment(sampleNotice('failure', { details })).attachments[0]!.text;

const FENCES = 'a log\n```\n@channel\n```\n````\n@here\n~~~\n    @all <!channel>';

test('a log below a list stays code to its end, whatever fences it holds', () => {
  const { before, code, after } = split(textOf(FENCES));
  // Straight below a list's row an indented line would be the row's paragraph.
  expect(before).toMatch(/\n- .+\n$/);
  expect(unguard(code)).toBe(FENCES);
  expect(after).toMatch(/^\n\[Deploy/);
  for (const text of hostileTexts) {
    if (literal(text).trim() === '') continue;
    const shown = split(textOf(`x\n${text}\ny`));
    expect(unguard(shown.code)).toBe(`x\n${literal(text)}\ny`);
    expect(shown.after).toMatch(/^\n\[Deploy/);
  }
});

test('a log calls nobody, not even where a server reads mentions before Markdown', () => {
  expect(textOf(FENCES)).not.toMatch(/@\w|<[!@#]/);
  for (const text of hostileTexts) expect(split(textOf(`x ${text}`)).code).not.toMatch(/@\w|<[!@#]|<\w+:/);
});
