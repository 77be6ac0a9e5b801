import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { escapeHtml } from '@deploy-actions/kit';
import { storyOf, storySaying } from '../testing/story.ts';
import { watchedIntervals } from '../watched.ts';
import { html, link, textOf } from './markup.ts';
import { renderPage } from './page.ts';

const ATTACKS = [
  '<img src=x onerror=alert(1)>',
  '"><script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '</pre></title></td><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  'javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  '<!-- --><base href=//evil.example>',
];

test.each(ATTACKS)('stands as text wherever others may write it: %s', (attack) => {
  const page = renderPage(storySaying(attack));
  const plain = renderPage(storySaying('plain'));
  // The same elements and attributes as with a harmless text, but for links, which that text is none of either.
  const skeleton = (text: string, said: string) => text.replaceAll(escapeHtml(said), '');
  expect(skeleton(page, attack)).toBe(skeleton(plain, 'plain'));
  expect(page.split(escapeHtml(attack)).length).toBeGreaterThan(60);
  expect(page).not.toMatch(/<script|<img|<base|<iframe|<svg onload/i);
});

test('a page has no script, asks for nothing, and its policy allows its own style alone', () => {
  const page = renderPage(storyOf());
  const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(page)!;
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page)!;
  expect(policy).toBe(
    `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`,
  );
  expect(page).not.toMatch(/<script|\ssrc=|\sstyle=|@import|url\(|<link|<object|<embed|<form/i);
  const addresses = [...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
  expect(addresses.length).toBeGreaterThan(10);
  expect(addresses.every((address) => address.startsWith('https://'))).toBe(true);
});

test('characters that hide or turn round a text are seen', () => {
  expect(textOf(html`${'a\u202eb\u0000c\u2066'}`)).toBe('a\ufffdb\ufffdc\ufffd');
});

test('an address that is none of the web is no link', () => {
  for (const url of [
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    '//evil.example',
    'https://a b',
    '',
  ])
    expect([url, textOf(link('name', url))]).toEqual([url, 'name']);
  expect(textOf(link('a<b', 'https://example.org/?a=1&b=2'))).toBe(
    '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer nofollow">a&lt;b</a>',
  );
});

test('latencies are plotted where something measured them, the slowest first, each with its figures', () => {
  const latency = { answers: 200, p50Ms: 20, p90Ms: 60, p95Ms: 80, p99Ms: 300, maxMs: 1000 };
  const watch = { kind: 'watch', ok: true, summary: 'stable', elapsedMs: 60_000 } as const;
  const check = { ok: true, attempts: 200, elapsedMs: 60_000 };
  const checks = [
    { ...check, name: 'fast', latency: { ...latency, p95Ms: 70 } },
    { ...check, name: '<slow>', latency },
    { ...check, name: 'unmeasured' },
  ];
  const plotOf = (story: ReturnType<typeof storyOf>) =>
    /<h2>Latencies<[\s\S]*?<\/section>/.exec(renderPage(story))?.[0];
  const plot = plotOf({ ...storyOf(), reports: [{ ...watch, checks }] })!;
  expect([...plot.matchAll(/data-label="What">([^<]*)</g)].map(([, name]) => name)).toEqual([
    'Watch: &lt;slow&gt;',
    'Watch: fast',
  ]);
  for (const figure of ['200', '20 ms', '60 ms', '80 ms', '300 ms', '1.0 s'])
    expect(plot).toContain(`>${figure}<`);
  // On a scale of powers 20 of 1000 ms are 434 of 1000 wide; the slowest fills the row.
  expect([...plot.matchAll(/ width="(\d+)"/g)].slice(0, 3).map(([, width]) => width)).toEqual([
    '1000',
    '634',
    '434',
  ]);
  expect(
    plotOf({ ...storyOf(), reports: [{ ...watch, checks: [{ ...check, name: 'a' }] }] }),
  ).toBeUndefined();
  // Smoke checks ask once each, and are a distribution together.
  const smoke = [...Array(10).keys()].map((index) => ({
    name: `c${index}`,
    ok: true,
    attempts: 1,
    elapsedMs: 10 * (index + 1),
  }));
  expect(plotOf({ ...storyOf(), reports: [{ ...watch, kind: 'smoke', checks: smoke }] })).toContain(
    'Smoke: 10 checks',
  );
});

test('a report of thousands of checks leaves a page that can be read', () => {
  const story = storyOf();
  const checks = [...Array(5000).keys()].map((index) => ({
    name: `c${index}`,
    ok: index !== 4999,
    attempts: 1,
    elapsedMs: 5,
  }));
  const page = renderPage({ ...story, reports: [{ ...story.reports[0]!, checks }] });
  expect(page).toContain('>c4999<');
  expect(page).toContain('… and 4500 more');
  expect(page.length).toBeLessThan(500_000);
});

test('what a watch saw is drawn over its time, and a watch that tells no figures is left out', () => {
  const page = renderPage(storyOf());
  expect(page).toContain('Watched for 5 m 00 s');
  expect(page).toContain('3 errors in 3000 requests');
  expect(page).toContain('95 % of the good answers within 62 ms or less');
  expect(page).toContain('1 restart');
  expect(renderPage(storyOf({ watched: [] }))).not.toContain('Watched for');
  const day = Array.from({ length: 8640 }, (_, index) => ({
    untilMs: (index + 1) * 10_000,
    requests: 1,
    errors: 0,
    restarts: 0,
    p95Ms: undefined,
  }));
  const long = renderPage(storyOf({ watched: day }));
  expect(long).toContain('0 errors in 8640 requests');
  expect(long.length - renderPage(storyOf({ watched: [] })).length).toBeLessThan(60_000);
});

test('figures of a watch are taken in their form alone', () => {
  const row = { untilMs: 10, requests: 3, errors: 0, restarts: 0, p95Ms: 7 };
  const quick = { untilMs: 20, requests: 1, errors: 1, restarts: 0 };
  expect(watchedIntervals([{ kind: 'watch', intervals: [row, quick] }])).toEqual([
    row,
    { ...quick, p95Ms: undefined },
  ]);
  for (const wrong of [
    { ...row, errors: '<b>' },
    { ...row, requests: -1 },
    { ...row, p95Ms: null },
    null,
    'x',
  ])
    expect(watchedIntervals([{ kind: 'watch', intervals: [row, wrong] }])).toEqual([]);
  expect(watchedIntervals([{ kind: 'smoke', intervals: [row] }, null, 7])).toEqual([]);
});
