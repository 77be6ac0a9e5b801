import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { XPathError, openMarkup, queryMarkup } from './markup.ts';

interface Page {
  page: string;
  kind: 'html' | 'xml';
  text: string;
  /** Without an answer where the expression selects nothing. */
  answers: { xpath: string; answer?: unknown }[];
}

/** Expressions over pages of our own, with the answers of libxml2 2.9.14 (`xmllint --html --xpath`). */
const pages = JSON.parse(readFileSync(join(__dirname, 'fixtures/xpath/libxml2.json'), 'utf8')) as Page[];

test.each(pages.flatMap((page) => page.answers.map((one) => [page.page, one.xpath, page, one] as const)))(
  '%s: %s is answered as libxml2 answers it',
  (_page, xpath, { text, kind }, { answer }) => {
    expect(queryMarkup(text, kind, xpath)).toEqual(answer);
  },
);

test('the documents say how many expressions are answered as libxml2 answers them', () => {
  const text = readFileSync(join(__dirname, '../../../docs/conformance.md'), 'utf8');
  const row = (kind: string) =>
    pages.filter((page) => page.kind === kind).reduce((sum, { answers }) => sum + answers.length, 0);
  const block = /<!-- xpath -->(.*?)<!-- \/xpath -->/s.exec(text)?.[1] ?? '';
  const counts = [...block.matchAll(/^\| (HTML|XML) +\| +(\d+) \|/gm)].map(([, kind, count]) => [
    kind,
    count,
  ]);
  expect(counts).toEqual([
    ['HTML', String(row('html'))],
    ['XML', String(row('xml'))],
  ]);
});

test('where libxml2 and HTML differ, HTML holds for tags, texts and entities', () => {
  const cases: [page: string, expression: string, answer: unknown][] = [
    ['<script>if (a < b) "</div>"</script>', 'string(//script)', 'if (a < b) "</div>"'],
    ['<title>a <b>c</title>', '//title', 'a <b>c'],
    ['<textarea><i>x</i></textarea>', '//textarea', '<i>x</i>'],
    ['<p>&eacute &hearts; &lang;', '//p', 'é ♥ ⟨'],
    ['<p>&unknown; &#x80;', '//p', '&unknown; €'],
    ['<body><p>a</body></html><p>b', '//body/p', ['a', 'b']],
    ['<body><p>a</p></body>\n</html>\n', 'string(//body)', 'a'],
    ['<video><source src=a><source src=b></video>', 'count(//video/source)', 2],
    ['<p title=it\'s data-a="1>2">x', '//p/@title', "it's"],
    ['<p title=it\'s data-a="1>2">x', '//p/@data-a', '1>2'],
    ['<p a=1 A=2 a=3>x', '//p/@a', '1'],
    ['<h1>a</h1>b<!-- c --><?d e?>', 'count(//node())', 7],
    ['', '//p', undefined],
    ['<body a=1><body b=2>x', 'count(//body/@*)', 2],
    ['<div><span>a</div>b</span>', 'string(//div)', 'a'],
    ['<p>a<table><tr><td>b</span></table>c', '//td', 'b'],
  ];
  for (const [page, expression, answer] of cases)
    expect([page, expression, queryMarkup(page, 'html', expression)]).toEqual([page, expression, answer]);
});

test('XML has namespaces; the prefixes are those of the document, and _ is its default', () => {
  const feed = pages.find(({ page }) => page === 'feed')!.text;
  const ask = (xpath: string) => queryMarkup(feed, 'xml', xpath);
  expect(ask('//_:entry/_:title')).toEqual(['a', 'b']);
  expect(ask('sum(//x:n)')).toBe(3);
  expect(ask('//entry')).toBeUndefined();
  expect(() => ask('//y:n')).toThrow('the document has no namespace with the prefix "y"');
  const twice = '<a xmlns:p="urn:1"><p:b/><c xmlns:p="urn:2"><p:b/></c></a>';
  expect(() => queryMarkup(twice, 'xml', '//p:b')).toThrow('several namespaces with the prefix "p"');
  expect(queryMarkup(twice, 'xml', 'count(//*[local-name()="b"])')).toBe(2);
  const defaults = '<a xmlns="urn:1"><b>1</b><c xmlns="urn:2"><b>2</b></c></a>';
  expect(queryMarkup(defaults, 'xml', '//_:b')).toBe('1');
});

test('XML that is not well-formed is refused, and so are entities of its own', () => {
  const laughs = `<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><l>&b;</l>`;
  const cases: [text: string, message: string][] = [
    ['<a><b></a>', 'not well-formed'],
    ['<a/><b/>', 'not well-formed'],
    ['', 'not well-formed'],
    ['<a>&nbsp;</a>', 'not well-formed'],
    ['<p:a/>', 'not well-formed'],
    [laughs, '<!ENTITY …> of its own'],
    [
      '<!DOCTYPE a SYSTEM "file:///etc/passwd" [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
      '<!ENTITY …>',
    ],
    ['<!DOCTYPE a [<!ATTLIST a id ID #IMPLIED>]><a id="x"/>', '<!ATTLIST …>'],
  ];
  for (const [text, message] of cases) {
    expect(() => queryMarkup(text, 'xml', '/*')).toThrow(XPathError);
    expect(() => queryMarkup(text, 'xml', '/*')).toThrow(message);
  }
  expect(queryMarkup('<!DOCTYPE a SYSTEM "a.dtd"><a>&lt;</a>', 'xml', '/a')).toBe('<');
});

test('what XPath 1.0 does not have is refused by name', () => {
  for (const [expression, message] of [
    ['//li[', 'parse error'],
    ['$x', '$x'],
    ['foo()', 'foo'],
    ['//x:y', 'prefix "x"'],
    ['//a/namespace::*', 'namespace'],
    ['//p ! upper-case(.)', 'Unexpected character !'],
    ['', 'unspecified'],
  ] as const) {
    expect(() => queryMarkup('<p>', 'html', expression)).toThrow(XPathError);
    expect(() => queryMarkup('<p>', 'html', expression)).toThrow(message);
  }
});

test('a page is read once for all questions', () => {
  const page = openMarkup('<p>a<p>b', 'html');
  expect([page.query('//p[1]'), page.query('count(//p)'), page.query('//h1')]).toEqual(['a', 2, undefined]);
});

test('a page that was made to exhaust somebody ends in an error, soon', () => {
  const started = performance.now();
  expect(() => queryMarkup('<div>'.repeat(100_000), 'html', '//div')).toThrow('nested deeper than 500');
  expect(() => queryMarkup('<a>'.repeat(100_000), 'xml', '//a')).toThrow('nested deeper than 500');
  expect(queryMarkup('<p a="'.repeat(20_000), 'html', 'count(//p)')).toBe(0);
  expect(queryMarkup('</p>'.repeat(200_000), 'html', 'count(//*)')).toBe(0);
  expect(queryMarkup('&amp'.repeat(200_000), 'html', 'string-length(//p)')).toBe(200_000);
  expect(() => queryMarkup('<p>x'.repeat(20_000), 'html', '//p[count(preceding::p) > 1000000000]')).toThrow(
    XPathError,
  );
  expect(performance.now() - started).toBeLessThan(60_000);
});

test('a broken page is never refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>/="\'&;!-[] abplitd') }), (text) => {
      const count = queryMarkup(text, 'html', 'count(//*)');
      expect(typeof count).toBe('number');
    }),
    { numRuns: 1000 },
  );
});
