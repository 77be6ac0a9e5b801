import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { nextPage } from './link.ts';

test('the next page is one of the same origin', () => {
  const page = 'https://r.example/v2/a/tags/list?n=1';
  expect(nextPage('</v2/a/tags/list?n=1&last=b>; rel="next"', page)?.href).toBe(
    'https://r.example/v2/a/tags/list?n=1&last=b',
  );
  expect(nextPage('<https://r.example/1>; rel="prev", <https://r.example/3>; rel=next', page)?.href).toBe(
    'https://r.example/3',
  );
  for (const link of [
    undefined,
    '',
    '<https://evil.example/3>; rel="next"',
    '<x>; rel="last"',
    '<http://[>; rel="next"',
    '<x>; title="rel=next"',
  ]) {
    expect(nextPage(link, page)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (link) => void nextPage(link, page)));
});

test.each([
  ['<'.repeat(60_000)],
  ['<a>'.repeat(20_000)],
  ['<a>;rel="'.repeat(6000)],
  [`<a>;${' '.repeat(60_000)}x`],
  [`<a>;rel="${'next '.repeat(12_000)}`],
  [`<a>${'; a=b'.repeat(12_000)}`],
])('a value of 60 KB is read in a moment', (link) => {
  const started = performance.now();
  nextPage(link, 'https://r.example/v2/');
  expect(performance.now() - started).toBeLessThan(200);
});
