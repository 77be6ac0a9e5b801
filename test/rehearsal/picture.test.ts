import { expect, test } from '@jest/globals';
import { bucketLength, bucketSamples, drawTraffic } from './picture.ts';

test('every request stands in the picture once, by version or as a failure', () => {
  const samples = [
    { at: 0, tookMs: 5, version: 'v1' },
    { at: 999, tookMs: 5, version: 'v1' },
    { at: 1000, tookMs: 5, version: 'v2' },
    { at: 1500, tookMs: 5 },
    { at: 2500, tookMs: 5, version: 'v2' },
  ];
  expect(bucketSamples(samples, 2500, 1000)).toEqual({
    series: [
      { version: 'v1', counts: [2, 0, 0] },
      { version: 'v2', counts: [0, 1, 1] },
    ],
    failures: [0, 1, 0],
  });
});

test('the picture names versions, marks and failures, and nothing from outside becomes markup', () => {
  const svg = drawTraffic({
    title: 'A <b> title',
    samples: [
      { at: 10, tookMs: 5, version: 'v1 <script>' },
      { at: 400, tookMs: 5 },
    ],
    marks: [{ at: 100, label: 'switch & verify' }],
    notes: ['a dip & why'],
    end: 1000,
  });
  expect(svg).toContain('a dip &amp; why');
  expect(svg).toContain('A &lt;b&gt; title');
  expect(svg).toContain('v1 &lt;script&gt;: 1 answers');
  expect(svg).toContain('failed requests: 1');
  expect(svg).toContain('switch &amp; verify');
  expect(svg).not.toContain('<script>');
  expect(svg).not.toContain('NaN');
});

test('a steady rate has no dip at the end of the picture, wherever that falls', () => {
  const samples = Array.from({ length: 183 }, (_, index) => ({ at: index * 10, tookMs: 5, version: 'v1' }));
  const bucket = bucketLength(1820);
  const [series] = bucketSamples(samples, 1820, bucket).series;
  expect(series!.counts.every((count) => count >= 60 && count <= 62)).toBe(true);
  expect(series!.counts).toHaveLength(3);
});

test('failed requests stand on what was answered, so that they are no dip', () => {
  const svg = drawTraffic({
    title: 'T',
    samples: [
      ...Array.from({ length: 30 }, (_, index) => ({ at: index * 10, tookMs: 5, version: 'v1' })),
      ...Array.from({ length: 10 }, (_, index) => ({ at: 300 + index * 10, tookMs: 5 })),
    ],
    marks: [],
    end: 500,
  });
  // 80 requests a second are the whole height of 190: 60 answered, 20 failed above them.
  expect(svg).toContain('<rect x="44" y="76" width="580" height="47.5" class="failed"/>');
  expect(svg).toContain('M44,123.5L624,123.5L624,266L44,266Z');
});

test('no mark goes through the label of another one', () => {
  const label = 'v2 takes the traffic';
  const svg = drawTraffic({
    title: 'T',
    samples: [{ at: 1, tookMs: 5, version: 'v1' }],
    marks: [100, 250, 800, 900].map((at) => ({ at, label })),
    end: 1000,
  });
  const lines = [...svg.matchAll(/<line x1="([\d.]+)" x2="\1" y1="([\d.]+)"/g)].map(([, x, y]) => [+x!, +y!]);
  const labels = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" text-anchor="(start|end)">v2 takes/g)].map(
    ([, x, y, anchor]) => {
      const [at, wide] = [+x!, label.length * 6.4];
      return { from: anchor === 'end' ? at - wide : at, to: anchor === 'end' ? at : at + wide, y: +y! };
    },
  );
  expect([lines.length, labels.length]).toEqual([4, 4]);
  for (const { from, to, y } of labels)
    expect(lines.filter(([x, top]) => x! > from && x! < to && top! < y)).toEqual([]);
});

test('below the traffic stand the steps of each release, named where there is room, and long notes go on in a new line', () => {
  const svg = drawTraffic({
    title: 'T',
    samples: [{ at: 1, tookMs: 5, version: 'v1' }],
    marks: [],
    spans: [
      { release: 'v2', step: 'deploy', from: 0, to: 400 },
      { release: 'v2', step: 'switch', from: 400, to: 410 },
      { release: 'v3', step: 'watch', from: 500, to: 1000 },
    ],
    notes: [`${'a dip and why '.repeat(9)}at last`],
    end: 1000,
  });
  expect(svg.match(/class="step"/g)).toHaveLength(3);
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)</g)].map(([, text]) => text!);
  expect(texts).toEqual(expect.arrayContaining(['deploy', 'watch', 'the steps of v2', 'the steps of v3']));
  expect(texts).not.toContain('switch');
  expect(texts.filter((text) => text.includes('a dip')).length).toBe(2);
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(90);
});

test('the picture is for light pages and for dark ones', () => {
  const svg = drawTraffic({
    title: 'T',
    samples: [{ at: 1, tookMs: 5, version: 'v1' }],
    marks: [],
    end: 1000,
  });
  const [style, drawn] = svg.split('</style>');
  expect(style).toContain('@media (prefers-color-scheme:dark)');
  expect(drawn).not.toMatch(/fill="#|stroke="#/);
});
