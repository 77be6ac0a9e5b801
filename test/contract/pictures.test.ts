import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testIf } from '../../packages/tooling/src/test-if.ts';
import { documentAfter, findChromium, photograph } from '../pictures/chromium.ts';
import { conceptPictures } from '../pictures/concepts.ts';
import { messagePictures } from '../pictures/messages.ts';
import { decodePng, encodePalette } from '../pictures/palette.ts';

const chromium = findChromium();
const testWithChromium = testIf(test, chromium === undefined ? 'Chromium is not installed' : undefined);
const images = join(__dirname, '../../docs/images');

test('every picture of the messages is in docs/images, and small', () => {
  for (const { file, size } of messagePictures()) {
    const path = join(images, file);
    expect({ file, there: existsSync(path) }).toEqual({ file, there: true });
    expect(statSync(path).size).toBeLessThan(80_000);
    const header = readFileSync(path);
    expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([size.width, size.height]);
  }
});

testWithChromium(
  'the pages render: every message stands in its column, with room below',
  async () => {
    // One page of each dialect: a browser takes its time to start.
    for (const { html, size } of messagePictures().slice(0, 2)) {
      const bitmap = decodePng(await photograph(chromium!, html, size));
      expect([bitmap.width, bitmap.height]).toEqual([size.width, size.height]);
      // The last rows are empty: nothing is cut off.
      expect(bitmap.rgb.subarray(-size.width * 3 * 4).every((byte) => byte === 255)).toBe(true);
      expect(encodePalette(bitmap).length).toBeGreaterThan(10_000);
    }
  },
  120_000,
);

describe.each(conceptPictures())('$file', ({ file, svg }) => {
  test('is in docs/images as it is drawn, with a name for those who do not see it', () => {
    expect(readFileSync(join(images, file), 'utf8')).toBe(svg);
    expect(svg).toMatch(/role="img" aria-label="[^"]{60,}"/);
  });

  testWithChromium(
    'keeps every word within its box and the picture, and readable on a phone',
    async () => {
      // A phone shows a picture at 360 pixels less the margins of the page.
      const page = `<!doctype html><body style="margin:0;width:328px">${svg.replace(/width="\d+" height="\d+" viewBox/, 'style="width:328px" viewBox')}<pre id="seen"></pre><script>
        const inside = (inner, outer) => inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom;
        const rect = (one) => one.getBoundingClientRect();
        const texts = [...document.querySelectorAll('svg text')];
        const seen = {
          texts: texts.length,
          outside: texts.filter((one) => !inside(rect(one), rect(one.closest('.holds') ?? document.querySelector('svg')))).map((one) => one.textContent),
          unboxed: texts.filter((one) => { const held = one.closest('.holds'); return held && !inside(rect(one), rect(held.querySelector('rect'))); }).map((one) => one.textContent),
          smallest: Math.min(...texts.map((one) => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)),
        };
        document.getElementById('seen').textContent = JSON.stringify(seen);
      </script>`;
      const after = await documentAfter(chromium!, page, { width: 500, height: 900 });
      const seen = JSON.parse(/<pre id="seen">([^<]+)</.exec(after)![1]!) as Record<string, unknown>;
      expect(seen).toMatchObject({ outside: [], unboxed: [] });
      expect(seen['texts']).toBeGreaterThan(10);
      expect(seen['smallest']).toBeGreaterThanOrEqual(10);
    },
    120_000,
  );

  testWithChromium(
    "is light or dark as the reader's system is",
    async () => {
      const page = `<!doctype html><body style="margin:0">${svg}`;
      const size = { width: 440, height: 560 };
      const [light, dark] = [
        await photograph(chromium!, page, size),
        await photograph(chromium!, page, { ...size, dark: true }),
      ].map(
        (png) => decodePng(png).rgb.reduce((sum, byte) => sum + byte, 0) / (size.width * size.height * 3),
      );
      expect(light).toBeGreaterThan(200);
      expect(dark).toBeLessThan(80);
    },
    120_000,
  );
});
