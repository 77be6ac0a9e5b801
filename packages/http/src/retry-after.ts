/**
 * Milliseconds that a server asks to wait, from a Retry-After value: seconds or an HTTP date (RFC 9110,
 * section 10.2.3). Undefined when it is missing or neither; a date in the past is 0.
 */
export function parseRetryAfter(value: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  // Date.parse takes far more than HTTP dates: all of those name the day and the month.
  if (!/^[A-Za-z]{3,9},? /.test(text)) return undefined;
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
