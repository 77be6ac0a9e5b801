import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { testIf } from '../../packages/tooling/src/test-if.ts';
import { findChromium, photograph } from '../pictures/chromium.ts';
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
