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
  // 80 requests a second are the whole height of 214: 60 answered, 20 failed above them.
  expect(svg).toContain('<rect x="56" y="74" width="884" height="53.5" class="failed"/>');
  expect(svg).toContain('M56,127.5L940,127.5L940,288L56,288Z');
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
