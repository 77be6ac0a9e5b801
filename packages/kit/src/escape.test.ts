import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { codeBlock, codeSpan, escapeHtml, escapeLog, escapeMarkdown, markdownTable } from './escape.ts';

test('no text from outside is obeyed by the runner', () => {
  const hostile = fc.array(
    fc.constantFrom(
      '::',
      ':',
      '##[',
      '#',
      '[',
      'error',
      ' ',
      '\t',
      '\n',
      '\r',
      '\u2028',
      '\u0085',
      '\u001b',
      'x',
      ']',
    ),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(hostile, (parts) => {
      const escaped = escapeLog(parts.join(''));
      for (const line of escaped.split('\n')) {
        expect(line.trimStart().startsWith('::')).toBe(false);
        expect(line).not.toContain('##[');
      }
      expect(escaped).not.toMatch(/[\r\u2028\u0085]/);
    }),
    { numRuns: 2000 },
  );
});

test('colours and plain text pass through the log unchanged', () => {
  for (const text of ['a::b', 'std::vector', '\u001b[31mred\u001b[0m', '# title', 'ä 😀'])
    expect(escapeLog(text)).toBe(text);
});

test('Markdown from outside is literal: no link, mention, image, tag, table cell or heading', () => {
  expect(escapeMarkdown('[x](http://e) @all <b> | # `c` **b** https://e.io ![i](u)')).toBe(
    '\\[x\\]\\(http:\u200b//e\\) @\u200ball &lt;b&gt; \\| \\# \\`c\\` \\*\\*b\\*\\* https:\u200b//e.io \\!\\[i\\]\\(u\\)',
  );
});

test('a number at the start of a line is shown as it is, and makes no list', () => {
  expect(escapeMarkdown('127.0.0.1')).toBe('127\\.0.0.1');
  expect(escapeMarkdown(' 1. one')).toBe(' 1\\. one');
  expect(escapeMarkdown('- item')).toBe('\\- item');
});

test('a code span and a code block cannot be left from inside', () => {
  expect(codeSpan('a `` b c')).toBe('```a `` b c```');
  expect(codeSpan('a\\|[x](y) `')).toBe('<code>a\\\\&#124;\\[x\\]\\(y\\) \\`</code>');
  expect(codeSpan('`')).toBe('`` ` ``');
  expect(codeBlock('a\n```\nb')).toBe('````\na\n```\nb\n````');
});

test('HTML is literal in content and attributes', () => {
  expect(escapeHtml(`<a href="x" id='y'>&`)).toBe('&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;');
});

test('a table keeps its shape', () => {
  expect(markdownTable(['a', 'b'], [['1', '2\n3']])).toBe('| a | b |\n| --- | --- |\n| 1 | 2<br>3 |');
});

test('text of line breaks alone takes no longer than its length', () => {
  const text = '\r'.repeat(400_000);
  expect(escapeLog(text)).toHaveLength(400_000);
  expect(escapeLog(`${text} ::error::x`)).toContain(' :\u200b:error');
});
