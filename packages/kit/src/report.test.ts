import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redactor } from './redact.ts';
import { type Report, cut, publishReport, reportJson } from './report.ts';

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
      const json = reportJson(report, redactor(), limit);
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

const seen = (detail: string): Report => ({
  kind: 'verify',
  ok: true,
  summary: detail,
  elapsedMs: 12026,
  checks: [{ name: 'api', ok: true, attempts: 1, elapsedMs: 2026, detail }],
});

test.each([
  ['2026', 'the PIN is 2026, in 12026 ms', 'the PIN is ***, in 1*** ms'],
  ['true', 'it is true', 'it is ***'],
  ['name', 'a name', 'a ***'],
  ['"\\}]', 'odd "\\}] text', 'odd *** text'],
  ['line\nbreak', 'a line\nbreak', 'a ***'],
])('a report stays JSON with its figures when a secret is %j', (secret, detail, clean) => {
  let written = '';
  const { report } = publishReport(
    seen(detail),
    redactor([secret]),
    (json) => {
      written = json;
      return '/report.json';
    },
    { ...seen(detail), bytes: 12026, labels: { year: detail } },
  );
  expect(JSON.parse(report)).toEqual(seen(clean));
  expect(JSON.parse(written)).toEqual({ ...seen(clean), bytes: 12026, labels: { year: clean } });
});

test('a secret is taken out before a text is cut, wherever the cut falls', () => {
  const secret = 'S3cr3t-0123456789-abcdefghijklmnop';
  const secrets = redactor([secret]);
  for (let before = 260; before <= 310; before += 1) {
    const long = seen(`${'x'.repeat(before)}${secret}${'y'.repeat(60_000)}`);
    const json = reportJson(long, secrets);
    for (let length = 4; length <= secret.length; length += 1)
      expect(json).not.toContain(secret.slice(0, length));
  }
});
