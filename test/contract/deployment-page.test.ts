import { describe, expect, test } from '@jest/globals';
import { renderPage } from '../../actions/deployment-record/src/page/page.ts';
import { storyOf, storySaying } from '../../actions/deployment-record/src/testing/story.ts';
import { testIf } from '../../packages/tooling/src/test-if.ts';
import { documentAfter, findChromium, photograph } from '../pictures/chromium.ts';
import { decodePng } from '../pictures/palette.ts';

const chromium = findChromium();
const testWithChromium = testIf(test, chromium === undefined ? 'Chromium is not installed' : undefined);

interface Seen {
  /** Of the document, in pixels. */
  width: number;
  /** Elements that reach out of the screen at its right. */
  outside: string[];
  requests: string[];
  attacked: boolean;
  counts: Record<string, number>;
}

/** The page in a frame of a width, as a script around it sees it: the page's own policy forbids it every script. */
async function seen(page: string, width: number): Promise<Seen> {
  const around = `<!doctype html><body style="margin:0"><iframe id="page" style="border:0" width="${width}" height="900"></iframe><pre id="seen"></pre>
<script>
  const frame = document.getElementById('page');
  frame.onload = () => {
    const { document: inner, performance, attacked } = frame.contentWindow;
    const of = (selector) => inner.querySelectorAll(selector).length;
    const outside = [...inner.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > ${width} + 0.5 && !one.closest('thead'));
    document.getElementById('seen').textContent = encodeURIComponent(JSON.stringify({
      width: inner.documentElement.scrollWidth,
      outside: outside.slice(0, 5).map((one) => one.outerHTML.slice(0, 200)),
      requests: performance.getEntriesByType('resource').map((one) => one.name),
      attacked: attacked === true,
      counts: { script: of('script'), img: of('img'), frames: of('iframe,object,embed'), handlers: [...inner.querySelectorAll('*')].filter((one) => [...one.attributes].some(({ name }) => name.startsWith('on'))).length, odd: [...inner.querySelectorAll('a')].filter((one) => !/^https?:$/.test(one.protocol)).length, links: of('a'), rows: of('tr') },
    }));
  };
  frame.srcdoc = decodeURIComponent('${encodeURIComponent(page).replaceAll("'", '%27')}');
</script>`;
  const after = await documentAfter(chromium!, around, { width: Math.max(width, 500), height: 900 });
  const said = /<pre id="seen">([^<]+)<\/pre>/.exec(after)?.[1];
  if (said === undefined) throw new Error(`the page was not seen: ${after.slice(-500)}`);
  return JSON.parse(decodeURIComponent(said)) as Seen;
}

/** How light a picture is, from 0 to 255. */
function lightness(png: Buffer): number {
  const { rgb } = decodePng(png);
  return rgb.reduce((sum, byte) => sum + byte, 0) / rgb.length;
}

describe('the page of a deployment in a browser', () => {
  for (const width of [360, 1024])
    testWithChromium(
      `has everything within ${width} pixels, no script, and asks for nothing`,
      async () => {
        const found = await seen(renderPage(storyOf()), width);
        expect(found).toMatchObject({
          width,
          outside: [],
          requests: [],
          counts: { script: 0, img: 0, frames: 0, handlers: 0, odd: 0 },
        });
        expect(found.counts['links']).toBeGreaterThan(10);
        expect(found.counts['rows']).toBeGreaterThan(30);
      },
      120_000,
    );

  testWithChromium(
    'shows as text what others wrote as an attack, also at 360 pixels',
    async () => {
      const attack =
        '"></style></pre><img src=x onerror="attacked=true"><script>attacked=true</script><a href="javascript:attacked=true">x</a>';
      const found = await seen(renderPage(storySaying(attack)), 360);
      expect(found).toMatchObject({
        width: 360,
        outside: [],
        requests: [],
        attacked: false,
        counts: { script: 0, img: 0, frames: 0, handlers: 0, odd: 0, links: 0 },
      });
    },
    120_000,
  );

  testWithChromium(
    "is light or dark as the reader's system is",
    async () => {
      const page = renderPage(storyOf());
      const size = { width: 800, height: 600 };
      expect(lightness(await photograph(chromium!, page, size))).toBeGreaterThan(200);
      expect(lightness(await photograph(chromium!, page, { ...size, dark: true }))).toBeLessThan(80);
    },
    120_000,
  );
});
