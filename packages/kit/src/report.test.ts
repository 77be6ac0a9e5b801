import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Report, cut, reportJson } from './report.ts';

const check = fc.record({
  name: fc.string({ maxLength: 400, unit: 'grapheme' }),
  ok: fc.boolean(),
  attempts: fc.nat(),
  elapsedMs: fc.nat(),
  detail: fc.string({ maxLength: 2000, unit: 'grapheme' }),
});

test('a report fits its limit and counts what it left out', () => {
  fc.assert(
    fc.property(fc.array(check, { maxLength: 40 }), fc.integer({ min: 400, max: 6000 }), (checks, limit) => {
      const report: Report = { kind: 'health', ok: false, summary: 'two of many', elapsedMs: 5, checks };
      const json = reportJson(report, limit);
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(limit);
      const parsed = JSON.parse(json) as Report;
      expect(parsed.checks.length + (parsed.omitted ?? 0)).toBe(checks.length);
      const kept = parsed.checks.map((one) => one.ok);
      if (parsed.omitted) expect(kept).toEqual([...kept].sort((a, b) => Number(a) - Number(b)));
    }),
    { numRuns: 200 },
  );
});

test('text is never cut inside a surrogate pair', () => {
  expect(cut('ab😀cd', 4)).toBe('ab…');
  expect(cut('ab😀cd', 5)).toBe('ab😀…');
  expect(cut('abc', 3)).toBe('abc');
});
