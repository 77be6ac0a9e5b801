import { parseRetryAfter } from '@deploy-actions/http';

/** What a limit is read from. Header names are in lower case. */
export interface LimitedAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
}

/** A secondary limit that names no time lasts at least this long. */
const AT_LEAST = 60_000;

/**
 * Milliseconds to wait before the same request may be sent again, when this answer is a rate limit; undefined for every other
 * answer, also for a 403 that means a missing permission. A limited request was not carried out, so any may be repeated.
 * Source: docs.github.com "Rate limits for the REST API": `retry-after` first, else `x-ratelimit-reset` when nothing remains,
 * else at least a minute.
 */
export function limitDelay(answer: LimitedAnswer, now: Date): number | undefined {
  if (answer.status !== 403 && answer.status !== 429) return undefined;
  const { headers } = answer;
  const asked = parseRetryAfter(headers['retry-after'], now);
  if (asked !== undefined) return asked;
  const reset = headers['x-ratelimit-reset'] ?? '';
  if (headers['x-ratelimit-remaining'] === '0' && /^\d{1,12}$/.test(reset)) {
    // The second named is the first that is free again; clocks differ by a moment.
    return Math.max(0, Number(reset) * 1000 - now.getTime()) + 1000;
  }
  if (answer.status === 429) return AT_LEAST;
  return /\b(secondary rate limit|abuse detection|rate limit exceeded)\b/i.test(
    answer.body.subarray(0, 4096).toString('utf8'),
  )
    ? AT_LEAST
    : undefined;
}
