import { escapeHtml } from '@deploy-actions/kit';

/** One request of the client that asks all the while. */
export interface Sample {
  /** Milliseconds since the rehearsal began. */
  at: number;
  /** Which version answered, such as `v1 blue`; undefined when the request failed. */
  version?: string;
}

/** A moment worth a line in the picture. */
export interface Mark {
  at: number;
  label: string;
}

export interface Series {
  version: string;
  /** Requests in each bucket. */
  counts: number[];
}

const PALETTE = ['#2f6fdb', '#2a9d5c', '#b8860b', '#8458c9', '#0f8b8d', '#c2571a'];
const FAILED = '#d1242f';
const FRAME = { width: 960, height: 380, left: 56, right: 20, top: 74, bottom: 92 };

/** Sorts samples into buckets of `bucket` milliseconds: one series per version in order of appearance, and failures. */
export function bucketSamples(
  samples: readonly Sample[],
  end: number,
  bucket: number,
): { series: Series[]; failures: number[] } {
  const length = Math.max(1, Math.ceil(end / bucket));
  const byVersion = new Map<string, number[]>();
  const failures = new Array<number>(length).fill(0);
  for (const sample of samples) {
    const slot = Math.min(length - 1, Math.floor(sample.at / bucket));
    if (slot < 0) continue;
    if (sample.version === undefined) {
      failures[slot]! += 1;
      continue;
    }
    let counts = byVersion.get(sample.version);
    if (!counts) byVersion.set(sample.version, (counts = new Array<number>(length).fill(0)));
    counts[slot]! += 1;
  }
  return { series: [...byVersion].map(([version, counts]) => ({ version, counts })), failures };
}

/**
 * Draws requests per second by version over time as an SVG: stacked areas, failed requests as red bars that
 * start at the base line, and a line for each mark. Text from outside is escaped.
 */
export function drawTraffic(options: {
  title: string;
  samples: readonly Sample[];
  marks: readonly Mark[];
  /** Milliseconds from the beginning to the end of the picture. */
  end: number;
}): string {
  const { width, height, left, right, top, bottom } = FRAME;
  const bucket = Math.max(250, Math.ceil(options.end / 160 / 250) * 250);
  const { series, failures } = bucketSamples(options.samples, options.end, bucket);
  const perSecond = 1000 / bucket;
  const totals = failures.map(
    (failed, slot) => failed + series.reduce((sum, one) => sum + one.counts[slot]!, 0),
  );
  const peak = niceCeiling(Math.max(1, ...totals) * perSecond);
  const plotWidth = width - left - right;
  const plotHeight = height - top - bottom;
  const x = (at: number) => round(left + (at / options.end) * plotWidth);
  const y = (rate: number) => round(top + plotHeight * (1 - rate / peak));
  const parts: string[] = [];

  for (let step = 0; step <= 4; step += 1) {
    const rate = (peak * step) / 4;
    parts.push(
      `<line x1="${left}" x2="${width - right}" y1="${y(rate)}" y2="${y(rate)}" class="grid"/>`,
      `<text x="${left - 8}" y="${y(rate) + 4}" class="axis" text-anchor="end">${Math.round(rate)}</text>`,
    );
  }
  const base = new Array<number>(totals.length).fill(0);
  for (const [index, one] of series.entries()) {
    const lower = [...base];
    for (const [slot, count] of one.counts.entries()) base[slot]! += count * perSecond;
    parts.push(
      `<path d="${areaPath(lower, base, bucket, options.end, x, y)}" fill="${color(index)}" fill-opacity="0.85"/>`,
    );
  }
  for (const [slot, failed] of failures.entries()) {
    if (failed === 0) continue;
    const from = x(slot * bucket);
    const wide = Math.max(2, x(Math.min(options.end, (slot + 1) * bucket)) - from);
    const tall = Math.max(4, y(0) - y(failed * perSecond));
    parts.push(`<rect x="${from}" y="${y(0) - tall}" width="${wide}" height="${tall}" fill="${FAILED}"/>`);
  }
  const seconds = niceStep(options.end / 1000 / 8);
  for (let at = 0; at <= options.end / 1000; at += seconds) {
    parts.push(
      `<text x="${x(at * 1000)}" y="${height - bottom + 18}" class="axis" text-anchor="middle">${at} s</text>`,
    );
  }
  for (const [index, mark] of options.marks.entries()) {
    const at = x(Math.min(mark.at, options.end));
    const line = top - 8 - (index % 3) * 13;
    const anchor = at > width - 190 ? 'end' : 'start';
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${line}" y2="${height - bottom}" class="mark"/>`,
      `<text x="${anchor === 'end' ? at - 4 : at + 4}" y="${line + 4}" class="label" text-anchor="${anchor}">${escapeHtml(mark.label)}</text>`,
    );
  }
  const failed = failures.reduce((sum, count) => sum + count, 0);
  const legend = [
    ...series.map((one, index) => ({
      fill: color(index),
      text: `${one.version}: ${sum(one.counts)} answers`,
    })),
    { fill: FAILED, text: `failed requests: ${failed}` },
  ];
  let offset = left;
  for (const entry of legend) {
    parts.push(
      `<rect x="${offset}" y="${height - 42}" width="12" height="12" rx="2" fill="${entry.fill}"/>`,
      `<text x="${offset + 18}" y="${height - 32}" class="legend">${escapeHtml(entry.text)}</text>`,
    );
    offset += 40 + entry.text.length * 7;
  }
  const title = escapeHtml(options.title);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>text{font:12px system-ui,sans-serif;fill:#1f2328}.title{font-size:15px;font-weight:600}.axis{fill:#59636e;font-size:11px}.label{font-size:11px}.legend{font-size:12px}.grid{stroke:#d1d9e0;stroke-width:1}.mark{stroke:#59636e;stroke-dasharray:3 3}</style>
<rect width="${width}" height="${height}" rx="8" fill="#ffffff"/>
<text x="${left}" y="24" class="title">${title}</text>
${parts.join('\n')}
<text x="${left}" y="${height - 56}" class="axis">requests per second, by the version that answered</text>
</svg>
`;
}

function areaPath(
  lower: readonly number[],
  upper: readonly number[],
  bucket: number,
  end: number,
  x: (at: number) => number,
  y: (rate: number) => number,
): string {
  const forth: string[] = [];
  const back: string[] = [];
  for (const slot of upper.keys()) {
    const from = x(slot * bucket);
    const to = x(Math.min(end, (slot + 1) * bucket));
    forth.push(`${from},${y(upper[slot]!)}`, `${to},${y(upper[slot]!)}`);
    back.unshift(`${to},${y(lower[slot]!)}`, `${from},${y(lower[slot]!)}`);
  }
  // Steps of buckets back to back: right edge first on the way back.
  return `M${forth.join('L')}L${back.join('L')}Z`;
}

const color = (index: number) => PALETTE[index % PALETTE.length]!;
const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
const round = (value: number) => Math.round(value * 10) / 10;

function niceCeiling(value: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10]) {
    if (factor * magnitude >= value) return factor * magnitude;
  }
  return 10 * magnitude;
}

function niceStep(value: number): number {
  return [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600].find((step) => step >= value) ?? 600;
}
