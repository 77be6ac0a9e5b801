import { escapeHtml } from '@deploy-actions/kit';

/** A part of a drawing, in the user units of its picture. */
export type Shape = string;

/** Where a box stands. */
export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The colours of both schemes. GitHub shows an SVG as an image, in which the reader's system decides; the page itself has
 * no say.
 */
export const SCHEMES = `
svg{--page:#fff;--text:#1f2328;--quiet:#59636e;--line:#59636e;--plain:#f6f8fa;--blue:#ddf4ff;--blue-line:#0969da;--green:#dafbe1;--green-line:#1a7f37;--red-line:#cf222e}
@media (prefers-color-scheme:dark){svg{--page:#0d1117;--text:#f0f6fc;--quiet:#9198a1;--line:#9198a1;--plain:#151b23;--blue:#0c2d6b;--blue-line:#58a6ff;--green:#04260f;--green-line:#3fb950;--red-line:#ff7b72}}
`.replaceAll('\n', '');

const STYLE = `
.page{fill:var(--page)}
text{font:15px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--text)}
.title{font-weight:600;font-size:17px}.strong{font-weight:600}.quiet{fill:var(--quiet);font-size:14px}.bad{fill:var(--red-line);font-weight:600}
.box{fill:var(--plain);stroke:var(--line)}.blue{fill:var(--blue);stroke:var(--blue-line)}.green{fill:var(--green);stroke:var(--green-line)}.red{fill:var(--page);stroke:var(--red-line)}
.faded{opacity:.55}
.arrow{fill:none;stroke:var(--line);stroke-width:1.5}.traffic{fill:none;stroke:var(--text);stroke-width:4}.dashed{stroke-dasharray:5 4}.head{fill:var(--text)}
`.replaceAll('\n', '');

/** A picture of `width` by `height` with a name for those who do not see it. */
export function drawing(
  size: { width: number; height: number },
  title: string,
  shapes: readonly Shape[],
): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeHtml(title)}">
<style>${SCHEMES}${STYLE}</style>
<rect class="page" width="${size.width}" height="${size.height}" rx="8"/>
${shapes.join('\n')}
</svg>
`;
}

/** One line of text; `anchor` is where its x is. */
export function text(
  x: number,
  y: number,
  words: string,
  look: string = '',
  anchor: 'start' | 'middle' | 'end' = 'start',
): Shape {
  return `<text x="${x}" y="${y}"${look && ` class="${look}"`}${anchor === 'start' ? '' : ` text-anchor="${anchor}"`}>${escapeHtml(words)}</text>`;
}

/** A box with its name and a second line below it, in the middle. */
export function box({ x, y, width, height }: Place, look: string, name: string, below?: string): Shape {
  const middle = x + width / 2;
  const center = y + height / 2;
  return [
    `<g class="holds">`,
    `<rect class="${look}" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    text(middle, center + (below === undefined ? 5 : -3), name, 'strong', 'middle'),
    ...(below === undefined ? [] : [text(middle, center + 16, below, 'quiet', 'middle')]),
    `</g>`,
  ].join('');
}

/** A straight arrow, its head at the end. */
export function arrow(from: readonly [number, number], to: readonly [number, number], look = 'arrow'): Shape {
  const angle = Math.atan2(to[1] - from[1], to[0] - from[0]);
  const size = look.includes('traffic') ? 12 : 9;
  const at = (turn: number, length: number) =>
    `${round(to[0] - length * Math.cos(angle + turn))},${round(to[1] - length * Math.sin(angle + turn))}`;
  const [stemX, stemY] = at(0, size - 2).split(',');
  return `<line class="${look}" x1="${from[0]}" y1="${from[1]}" x2="${stemX}" y2="${stemY}"/><polygon class="head" points="${to[0]},${to[1]} ${at(0.45, size)} ${at(-0.45, size)}"/>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
