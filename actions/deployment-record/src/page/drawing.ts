import { type Markup, html } from './markup.ts';

export type Tone = 'ok' | 'bad' | 'back' | 'idle';

const WIDTH = 1000;

/** A bar that stands from `start` for `length`, of a whole of `whole`; all in the same unit. What is shorter than a line is one. */
export function bar(start: number, length: number, whole: number, tone: Tone): Markup {
  const scale = whole > 0 ? WIDTH / whole : 0;
  const width = Math.max(4, Math.round(length * scale));
  const x = Math.min(Math.round(start * scale), WIDTH - width);
  return html`<svg class="row" viewBox="0 0 ${WIDTH} 14" preserveAspectRatio="none" aria-hidden="true">
    <rect class="${tone}" x="${x}" y="0" width="${width}" height="14"></rect>
  </svg>`;
}

/**
 * Percentiles as three bars in one another, on a logarithmic scale from 1 ms to `most`: as high as the row to the median, half
 * as high to the 95th, a line to the slowest.
 */
export function percentiles(
  { p50Ms, p95Ms, maxMs }: { p50Ms: number; p95Ms: number; maxMs: number },
  most: number,
): Markup {
  const whole = Math.log(Math.max(2, most));
  const width = (ms: number) => Math.max(4, Math.round((WIDTH * Math.log(Math.max(1, ms))) / whole));
  const rect = (ms: number, height: number, tone: Tone) =>
    html`<rect
      class="${tone}"
      x="0"
      y="${(14 - height) / 2}"
      width="${width(ms)}"
      height="${height}"
    ></rect>`;
  return html`<svg class="row" viewBox="0 0 ${WIDTH} 14" preserveAspectRatio="none" aria-hidden="true">
    ${rect(maxMs, 2, 'idle')} ${rect(p95Ms, 6, 'back')} ${rect(p50Ms, 14, 'ok')}
  </svg>`;
}

/** Columns side by side, as high as their value. */
export function strip(columns: readonly { value: number; tone: Tone }[], title: string): Markup {
  const highest = Math.max(1, ...columns.map(({ value }) => value));
  const step = WIDTH / Math.max(columns.length, 10);
  const rects = columns.map(({ value, tone }, index) => {
    const height = Math.max(4, Math.round((60 * value) / highest));
    const x = Math.round(index * step);
    return html`<rect
      class="${tone}"
      x="${x}"
      y="${62 - height}"
      width="${Math.max(4, Math.round(step * 0.7))}"
      height="${height}"
    ></rect>`;
  });
  return html`<svg
    class="strip"
    viewBox="0 0 ${WIDTH} 64"
    preserveAspectRatio="none"
    role="img"
    aria-label="${title}"
  >
    ${rects}
  </svg>`;
}
