/** Draws the pictures of docs/images anew: `node test/pictures/draw.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, photograph } from './chromium.ts';
import { conceptPictures } from './concepts.ts';
import { messagePictures } from './messages.ts';
import { decodePng, encodePalette } from './palette.ts';

const folder = join(import.meta.dirname, '../../docs/images');
mkdirSync(folder, { recursive: true });
for (const { file, svg } of conceptPictures()) {
  writeFileSync(join(folder, file), svg);
  console.log(`${file}: ${svg.length} bytes`);
}
const chromium = findChromium();
if (chromium === undefined) throw new Error('Chromium is not installed (Debian: apt install chromium)');
for (const { file, html, size } of messagePictures()) {
  const png = encodePalette(decodePng(await photograph(chromium, html, size)));
  writeFileSync(join(folder, file), png);
  console.log(`${file}: ${png.length} bytes`);
}
