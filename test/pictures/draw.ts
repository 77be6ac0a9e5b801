/** Draws the pictures of docs/images anew: `node test/pictures/draw.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderPage } from '../../actions/deployment-record/src/page/page.ts';
import { storyOf } from '../../actions/deployment-record/src/testing/story.ts';
import { findChromium, photograph } from './chromium.ts';
import { conceptPictures } from './concepts.ts';
import { markdownPage, markdownTools } from './markdown.ts';
import { messagePictures } from './messages.ts';
import { decodePng, encodePalette } from './palette.ts';
import { SHOWN, summaryCases } from './summaries.ts';

const folder = join(import.meta.dirname, '../../docs/images');
mkdirSync(folder, { recursive: true });
for (const { file, svg } of conceptPictures()) {
  writeFileSync(join(folder, file), svg);
  console.log(`${file}: ${svg.length} bytes`);
}
const chromium = findChromium();
if (chromium === undefined)
  throw new Error('Chromium is not installed (Debian: apt install chromium fonts-noto-color-emoji)');
const tools = await markdownTools();
if ('reason' in tools) throw new Error(tools.reason);
const summaries = (await summaryCases()).flatMap(({ name, markdown }) => {
  const shown = SHOWN.find((one) => one.name === name);
  if (shown === undefined) return [];
  return [
    {
      file: `summary-${name}.png`,
      html: markdownPage(tools, [markdown]),
      size: { width: 860, height: shown.height, drawsFor: 5000 },
    },
  ];
});
const page = {
  file: 'deployment-page.png',
  html: renderPage(storyOf()),
  size: { width: 860, height: 1000 },
};
for (const { file, html, size } of [...messagePictures(), ...summaries, page]) {
  const png = encodePalette(decodePng(await photograph(chromium, html, size)));
  writeFileSync(join(folder, file), png);
  console.log(`${file}: ${png.length} bytes`);
}
