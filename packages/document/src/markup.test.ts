import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { XPathError, queryMarkup } from './markup.ts';

const page = `<!DOCTYPE html>
<html><head><title>Shop &amp; more</title><script>if (a < b) "</div>"</script></head>
<body class=main><p>One<p>Two<br>lines<ul><li class=a>One<li class="a b" data-x='1'>Two</ul>
<table><tr><td>1<td>2<tr><td>3</table><form><input name=csrf value="t&quot;k"></form></body></html>`;

test('a page is asked as it is written, with its optional end tags', () => {
  const cases: [string, unknown][] = [
    ['//title', 'Shop & more'],
    ['count(//li)', 2],
    ["//li[@class='a']", 'One'],
    ["//li[contains(@class, 'a')]", ['One', 'Two']],
    ['string(//input/@value)', 't"k'],
    ['//p[2]', 'Twolines'],
    ['count(//tr)', 2],
    ['//tr[1]/td', ['1', '2']],
    ['boolean(//h1)', false],
    ['//h1', undefined],
    ['normalize-space(//body/p[1])', 'One'],
    ['//body/@class', 'main'],
  ];
  for (const [expression, wanted] of cases)
    expect([expression, queryMarkup(page, 'html', expression)]).toEqual([expression, wanted]);
});

test('XML keeps its names, self-closing elements and CDATA', () => {
  const xml = '<?xml version="1.0"?><Root a="1"><Item/><Item><![CDATA[<x>]]></Item><!-- no --></Root>';
  expect(queryMarkup(xml, 'xml', '/Root/@a')).toBe('1');
  expect(queryMarkup(xml, 'xml', '//Item')).toEqual(['', '<x>']);
  expect(queryMarkup(xml, 'xml', 'count(//item)')).toBe(0);
});

test('a broken expression is refused, a broken page is not', () => {
  expect(() => queryMarkup(page, 'html', '//li[')).toThrow(XPathError);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>/="\'&;!-[] abplitd') }), (text) => {
      const count = queryMarkup(text, 'html', 'count(//*)');
      expect(typeof count).toBe('number');
    }),
    { numRuns: 1000 },
  );
});
