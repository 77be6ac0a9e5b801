import { type Hop, type HttpRequest, connectAt, followHops } from '@deploy-actions/http';
import type { Reach } from '@deploy-actions/probe';
import type { Answer } from '../answer/answer.ts';
import type { CookieJar } from './cookie-jar.ts';

/** Largest answer that a check can look at. */
const BODY_LIMIT = 64 * 2 ** 20;

/**
 * Sends a request and follows its redirects one by one, so that each answer's cookies are kept and the next
 * request has those that belong to it: a login answers with a cookie and a redirect, most often. What else may
 * go along is followHops' rule. Throws HttpError.
 */
export async function ask(
  request: HttpRequest,
  jar: CookieJar,
  reach: Reach,
  signal: AbortSignal,
): Promise<Answer> {
  const first: Hop = {
    method: request.method ?? 'GET',
    url: new URL(request.url),
    headers: Object.entries(request.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
    body: request.body === undefined ? undefined : Buffer.from(request.body as Uint8Array),
  };
  const deadline = performance.now() + (request.deadline ?? 30_000);
  let total = 0;
  const { answer, hop, redirects } = await followHops(first, request.redirects ?? 0, async (one) => {
    const cookies = one === first ? '' : jar.header(one.url);
    const others = one === first ? one.headers : one.headers.filter(([name]) => name !== 'cookie');
    const response = await reach.request({
      method: one.method,
      url: one.url,
      headers: Object.fromEntries(cookies === '' ? others : [...others, ['cookie', cookies]]),
      ...(one.body === undefined ? {} : { body: one.body }),
      connect: connectAt(one.url, first.url, request.connect),
      deadline: Math.max(1, deadline - performance.now()),
      redirects: 0,
      maxBytes: BODY_LIMIT,
      signal,
    });
    total += response.timings.total;
    for (const [name, value] of response.headerList) if (name === 'set-cookie') jar.keep(one.url, value);
    return { response, status: response.status, headers: response.headerList };
  });
  const timings = { ...answer.response.timings, total };
  return {
    response: { ...answer.response, redirects, timings },
    exec: undefined,
    durationMs: total,
    method: hop.method,
  };
}
