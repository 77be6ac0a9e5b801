import {
  type Hop,
  HttpError,
  type HttpRequest,
  authority,
  endpointOf,
  isRedirect,
  nextHop,
} from '@deploy-actions/http';
import type { Reach } from '@deploy-actions/probe';
import type { Answer } from './answer.ts';
import type { CookieJar } from './cookie-jar.ts';

/** Largest answer that a check can look at. */
const BODY_LIMIT = 64 * 2 ** 20;

/**
 * Sends a request and follows its redirects one by one, so that each answer's cookies are kept and the next
 * request has those that belong to it: a login answers with a cookie and a redirect, most often. What else may
 * go along is nextHop's rule. Throws HttpError.
 */
export async function ask(
  request: HttpRequest,
  jar: CookieJar,
  reach: Reach,
  signal: AbortSignal,
): Promise<Answer> {
  const first = new URL(request.url);
  let hop: Hop = {
    method: request.method ?? 'GET',
    url: first,
    headers: Object.entries(request.headers ?? {}).map(([name, value]) => [
      name.toLowerCase(),
      String(value),
    ]),
    body: request.body === undefined ? undefined : Buffer.from(request.body as Uint8Array),
  };
  const deadline = performance.now() + (request.deadline ?? 30_000);
  const most = request.redirects ?? 0;
  let total = 0;
  for (let redirects = 0; ; redirects += 1) {
    const { family, ca } = request.connect ?? {};
    const response = await reach.request({
      method: hop.method,
      url: hop.url,
      headers: Object.fromEntries(hop.headers),
      ...(hop.body === undefined ? {} : { body: hop.body }),
      connect: hop.url.origin === first.origin ? request.connect : { family, ca },
      deadline: Math.max(1, deadline - performance.now()),
      redirects: 0,
      maxBytes: BODY_LIMIT,
      signal,
    });
    total += response.timings.total;
    for (const [name, value] of response.headerList) if (name === 'set-cookie') jar.keep(hop.url, value);
    const location = response.headers['location'];
    if (most === 0 || !isRedirect(response.status) || location === undefined) {
      const timings = { ...response.timings, total };
      return {
        response: { ...response, redirects, timings },
        exec: undefined,
        durationMs: total,
        method: hop.method,
      };
    }
    const { host, port } = endpointOf(hop.url);
    const where = authority(host, port);
    if (redirects === most) {
      throw new HttpError(`${where}: more than ${most} redirects`, {
        phase: 'redirect',
        status: response.status,
        sent: true,
      });
    }
    hop = nextHop(hop, response.status, location, where);
    const cookies = jar.header(hop.url);
    const others = hop.headers.filter(([name]) => name !== 'cookie');
    hop = { ...hop, headers: cookies === '' ? others : [...others, ['cookie', cookies]] };
  }
}
