import { expect, test } from '@jest/globals';
import { bucketSamples, drawTraffic } from './picture.ts';

test('every request stands in the picture once, by version or as a failure', () => {
  const samples = [
    { at: 0, version: 'v1' },
    { at: 999, version: 'v1' },
    { at: 1000, version: 'v2' },
    { at: 1500 },
    { at: 2500, version: 'v2' },
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
    samples: [{ at: 10, version: 'v1 <script>' }, { at: 400 }],
    marks: [{ at: 100, label: 'switch & verify' }],
    end: 1000,
  });
  expect(svg).toContain('A &lt;b&gt; title');
  expect(svg).toContain('v1 &lt;script&gt;: 1 answers');
  expect(svg).toContain('failed requests: 1');
  expect(svg).toContain('switch &amp; verify');
  expect(svg).not.toContain('<script>');
  expect(svg).not.toContain('NaN');
});
