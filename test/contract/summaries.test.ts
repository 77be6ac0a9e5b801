import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { testIf } from '../../packages/tooling/src/test-if.ts';
import { documentAfter, findChromium } from '../pictures/chromium.ts';
import { type MarkdownTools, markdownPage, markdownTools } from '../pictures/markdown.ts';
import { SHOWN, type SummaryCase, summaryCases } from '../pictures/summaries.ts';

// Job summaries as GitHub shows them: a person sees at once what happened and what serves now.

const chromium = findChromium();
const elsewhere = process.platform === 'linux' ? undefined : 'the servers of these cases are Linux';
const testHere = testIf(test, elsewhere);
const testWithChromium = testIf(
  test,
  elsewhere ?? (chromium === undefined ? 'Chromium is not installed' : undefined),
);

let tools: MarkdownTools | { reason: string };
let cases: SummaryCase[] = [];

beforeAll(async () => {
  if (elsewhere === undefined) [tools, cases] = await Promise.all([markdownTools(), summaryCases()]);
}, 300_000);

interface Seen {
  heading: string;
  /** Whether the heading is the first that is seen. */
  leads: boolean;
  /** Tables that reach out of the page at its right. */
  wide: string[];
  drawings: number;
}

/** Opens the summaries in a window as wide as GitHub shows them. */
async function seen(texts: readonly string[]): Promise<{ articles: Seen[]; error: string | null }> {
  const around = `${markdownPage(tools as MarkdownTools, texts)}<pre id="seen"></pre><script>
    setTimeout(() => {
      const articles = [...document.querySelectorAll('article')].map((article) => {
        const heading = article.querySelector('h3');
        return {
          heading: heading.textContent,
          leads: article.firstElementChild === heading && heading.getBoundingClientRect().height < 100,
          wide: [...article.querySelectorAll('table')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent.slice(0, 80)),
          drawings: article.querySelectorAll('.mermaid svg').length,
        };
      });
      const error = document.body.getAttribute('data-error');
      document.getElementById('seen').textContent = encodeURIComponent(JSON.stringify({ articles, error }));
    }, 3000);
  </script>`;
  const after = await documentAfter(chromium!, around, { width: 980, height: 700 });
  const said = /<pre id="seen">([^<]+)<\/pre>/.exec(after)?.[1];
  if (said === undefined) throw new Error(`the summaries were not seen: ${after.slice(-500)}`);
  return JSON.parse(decodeURIComponent(said)) as { articles: Seen[]; error: string | null };
}

testHere('the cases are a good one and more than six bad ones', () => {
  expect(cases.filter(({ ok }) => ok).map(({ name }) => name)).toEqual(['deployed']);
  expect(cases.filter(({ ok }) => !ok).length).toBeGreaterThanOrEqual(6);
});

testHere('a summary begins with one sentence: how it went, and what serves now', () => {
  for (const { name, ok, markdown, says } of cases) {
    expect([name, markdown]).toEqual([name, expect.stringMatching(says)]);
    // A record is told with the sign of its own status, such as that of a release that was taken back.
    if (name !== 'record')
      expect([name, markdown.split('\n')[0]]).toEqual([
        name,
        expect.stringMatching(ok ? /^### ✅ / : /^### ❌ /),
      ]);
  }
});

testWithChromium(
  'in the browser the sentence is seen first, no table is cut off, and every plot is drawn',
  async () => {
    if ('reason' in tools) throw new Error(tools.reason);
    const { articles, error } = await seen(cases.map(({ markdown }) => markdown));
    expect(error).toBeNull();
    expect(articles).toHaveLength(cases.length);
    for (const [index, { name, markdown }] of cases.entries()) {
      const drawings = [...markdown.matchAll(/```mermaid/g)].length;
      expect({ name, ...articles[index]! }).toMatchObject({ name, leads: true, wide: [], drawings });
    }
  },
  120_000,
);

describe('the pictures of the documentation', () => {
  test('of the summaries and of the page are there', () => {
    const images = join(__dirname, '../../docs/images');
    const files = [...SHOWN.map(({ name }) => `summary-${name}.png`), 'deployment-page.png'];
    expect(files.filter((file) => !existsSync(join(images, file)))).toEqual([]);
  });
});
