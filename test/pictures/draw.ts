/** Draws the pictures of docs/images anew: `node test/pictures/draw.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, photograph } from './chromium.ts';
import { messagePictures } from './messages.ts';
import { decodePng, encodePalette } from './palette.ts';

const chromium = findChromium();
if (chromium === undefined) throw new Error('Chromium is not installed (Debian: apt install chromium)');
const folder = join(import.meta.dirname, '../../docs/images');
mkdirSync(folder, { recursive: true });
for (const { file, html, size } of messagePictures()) {
  const png = encodePalette(decodePng(await photograph(chromium, html, size)));
  writeFileSync(join(folder, file), png);
  console.log(`${file}: ${png.length} bytes`);
}
