import { escapeHtml } from '@deploy-actions/kit';
import { SCHEMES } from '../pictures/svg.ts';

/** One request of the client that asks all the while. */
export interface Sample {
  /** Milliseconds since the rehearsal began. */
  at: number;
  /** Which version answered, such as `v2`; undefined when the request failed. */
  version?: string;
  /** Milliseconds until it was answered, or had failed. */
  tookMs: number;
}

/** A moment worth a line in the picture, in milliseconds since the rehearsal began. */
export interface Mark {
  at: number;
  label: string;
}

/** A step of a release, in milliseconds since the rehearsal began. */
export interface PictureSpan {
  release: string;
  step: string;
  from: number;
  to: number;
}

export interface Series {
  version: string;
  /** Requests in each bucket. */
  counts: number[];
}

/** One colour for each version in the order of appearance, for a light page and for a dark one. */
const PALETTE = {
  light: ['#2f6fdb', '#2a9d5c', '#b8860b', '#8458c9', '#0f8b8d', '#c2571a'],
  dark: ['#4184e4', '#347d39', '#c69026', '#986ee2', '#39a0a5', '#cc6b2c'],
};
/** Narrow, so that a phone shows its words readable. */
const FRAME = { width: 640, left: 44, right: 16, top: 76, plot: 190, lineHeight: 17 };
/** Pixels of a character of 12 pixels, on the wide side. */
const CHARACTER = 6.4;

const fills = (colors: readonly string[]) =>
  colors.map((color, index) => `.v${index}{fill:${color}}`).join('');
const STYLE = `${SCHEMES}.page{fill:var(--page)}text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--text)}.title{font-size:15px;font-weight:600}.axis{fill:var(--quiet)}.grid{stroke:var(--line);stroke-opacity:.3}.mark{stroke:var(--text);stroke-dasharray:3 3}.step{fill:var(--plain);stroke:var(--line);stroke-opacity:.6}.failed{fill:var(--red-line)}${fills(PALETTE.light)}@media (prefers-color-scheme:dark){${fills(PALETTE.dark)}}`;

/** How long a bucket of a picture is, in milliseconds: whole ones from the beginning to the end, half a second at least. */
export function bucketLength(end: number): number {
  return end / Math.max(1, Math.min(160, Math.floor(end / 500)));
}

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
 * Draws requests per second by version over time as an SVG for light and dark pages: stacked areas, failed requests in
 * red on top of them, a line for each mark, a strip with the steps of each release, and below it all the notes. Text from
 * outside is escaped.
 */
export function drawTraffic(options: {
  title: string;
  samples: readonly Sample[];
  marks: readonly Mark[];
  spans?: readonly PictureSpan[];
  /** Lines that explain the picture. */
  notes?: readonly string[];
  /** Milliseconds from the beginning to the end of the picture. */
  end: number;
}): string {
  const { width, left, right, top, plot, lineHeight } = FRAME;
  const floor = top + plot;
  const bucket = bucketLength(options.end);
  const { series, failures } = bucketSamples(options.samples, options.end, bucket);
  const perSecond = 1000 / bucket;
  const totals = failures.map(
    (failed, slot) => failed + series.reduce((sum, one) => sum + one.counts[slot]!, 0),
  );
  const peak = niceCeiling(Math.max(1, ...totals) * perSecond);
  const x = (at: number) => round(left + (at / options.end) * (width - left - right));
  const y = (rate: number) => round(top + plot * (1 - rate / peak));
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
    parts.push(`<path d="${areaPath(lower, base, bucket, options.end, x, y)}" class="${look(index)}"/>`);
  }
  for (const [slot, failed] of failures.entries()) {
    if (failed === 0) continue;
    const from = x(slot * bucket);
    const wide = round(Math.max(2, x((slot + 1) * bucket) - from));
    const foot = y(base[slot]!);
    const tall = round(Math.max(4, foot - y(base[slot]! + failed * perSecond)));
    parts.push(
      `<rect x="${from}" y="${round(foot - tall)}" width="${wide}" height="${tall}" class="failed"/>`,
    );
  }
  const seconds = niceStep(options.end / 1000 / 8);
  for (let at = 0; at <= options.end / 1000; at += seconds) {
    parts.push(
      `<text x="${x(at * 1000)}" y="${floor + 18}" class="axis" text-anchor="middle">${at} s</text>`,
    );
  }
  parts.push(...drawMarks(options.marks, options.end, x));
  const strip = drawSteps(options.spans ?? [], floor + 28, (at) => x(Math.min(at, options.end)));
  const below = floor + 28 + strip.height;
  const legend = drawLegend(
    [
      ...series.map((one, index) => ({
        look: look(index),
        text: `${one.version}: ${sum(one.counts)} answers`,
      })),
      { look: 'failed', text: `failed requests: ${sum(failures)}` },
    ],
    below + 22,
  );
  const notes = (options.notes ?? []).flatMap((note) => wrap(note, (width - left - right) / CHARACTER));
  const notesTop = below + 22 + legend.height;
  const height = notesTop + notes.length * lineHeight + 12;
  const title = escapeHtml(options.title);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">
<style>${STYLE}</style>
<rect class="page" width="${width}" height="${height}" rx="8"/>
<text x="${left}" y="24" class="title">${title}</text>
${[...parts, ...strip.parts].join('\n')}
<text x="${left}" y="${below + 14}" class="axis">requests per second, by the version that answered</text>
${[
  ...legend.parts,
  ...notes.map(
    (note, index) =>
      `<text x="${left}" y="${notesTop + (index + 1) * lineHeight}" class="axis">${escapeHtml(note)}</text>`,
  ),
].join('\n')}
</svg>
`;
}

function drawMarks(marks: readonly Mark[], end: number, x: (at: number) => number): string[] {
  const { width, top, plot } = FRAME;
  const placed = marks.map(({ at, label }) => {
    const from = x(Math.min(at, end));
    return { from, label, anchor: from + 8 + label.length * CHARACTER > width ? 'end' : 'start' };
  });
  return placed.map(({ from, label, anchor }, index) => {
    // A label that goes to the right stands above the lines of those after it, one to the left above those before it.
    const passed = anchor === 'start' ? placed.slice(index + 1) : placed.slice(0, index);
    const line = top - 8 - (passed.filter((other) => other.anchor === anchor).length % 3) * 14;
    return (
      `<line x1="${from}" x2="${from}" y1="${line}" y2="${top + plot}" class="mark"/>` +
      `<text x="${anchor === 'end' ? from - 4 : from + 4}" y="${line + 4}" text-anchor="${anchor}">${escapeHtml(label)}</text>`
    );
  });
}

/** A box for each step, named where the name fits, and below them which release they are of. */
function drawSteps(
  spans: readonly PictureSpan[],
  top: number,
  x: (at: number) => number,
): { parts: string[]; height: number } {
  if (spans.length === 0) return { parts: [], height: 0 };
  const tall = 20;
  const boxes = spans.flatMap(({ step, from, to }) => {
    const wide = round(Math.max(1, x(to) - x(from)));
    const named = step.length * CHARACTER + 4 <= wide;
    return [
      `<rect x="${x(from)}" y="${top}" width="${wide}" height="${tall}" class="step"/>`,
      ...(named
        ? [
            `<text x="${round(x(from) + wide / 2)}" y="${top + 14}" text-anchor="middle">${escapeHtml(step)}</text>`,
          ]
        : []),
    ];
  });
  const releases = [...new Set(spans.map(({ release }) => release))].map((name) => {
    const first = spans.find(({ release }) => release === name)!;
    return `<text x="${x(first.from)}" y="${top + tall + 15}" class="axis">the steps of ${escapeHtml(name)}</text>`;
  });
  return { parts: [...boxes, ...releases], height: tall + 28 };
}

/** Entries from left to right, on a new line where one would not fit. */
function drawLegend(
  entries: readonly { look: string; text: string }[],
  top: number,
): { parts: string[]; height: number } {
  const { width, left, right } = FRAME;
  const parts: string[] = [];
  let [offset, line] = [left, 0];
  for (const entry of entries) {
    const wide = 36 + entry.text.length * CHARACTER;
    if (offset > left && offset + wide > width - right) [offset, line] = [left, line + 1];
    const y = top + line * 20;
    parts.push(
      `<rect x="${offset}" y="${y}" width="12" height="12" rx="2" class="${entry.look}"/>`,
      `<text x="${offset + 18}" y="${y + 10}">${escapeHtml(entry.text)}</text>`,
    );
    offset = round(offset + wide);
  }
  return { parts, height: line * 20 + 16 };
}

/** A sentence in lines of at most so many characters. */
function wrap(text: string, most: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > most) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
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

const look = (index: number) => `v${index % PALETTE.light.length}`;
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
