import { expect, test } from '@jest/globals';
import { parseRetryAfter } from './retry-after.ts';

test('Retry-After is understood as seconds and as a date, and nothing else', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  expect(parseRetryAfter('120', now)).toBe(120_000);
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
  expect(parseRetryAfter('Thursday, 01-Jan-26 00:00:05 GMT', now)).toBe(5000);
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
  for (const text of [undefined, '', 'soon', '-5', '2026-01-01', 'Blursday, 99 Foo']) {
    expect(parseRetryAfter(text, now)).toBeUndefined();
  }
});
