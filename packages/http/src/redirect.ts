import { authority } from './connect.ts';
import { HttpError } from './error.ts';
import { endpointOf } from './proxy.ts';

/** Headers that say nothing about who asks: the only ones that follow a redirect to another origin. */
const HARMLESS = new Set([
  'accept',
  'accept-language',
  'accept-encoding',
  'user-agent',
  'cache-control',
  'pragma',
  'range',
  'content-type',
]);

export interface Hop {
  method: string;
  url: URL;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
}

/** Whether a status with a Location header is a redirect that a client may follow (RFC 9110, section 15.4). */
export function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * The request that follows a redirect. Method and body change as the Fetch standard says (HTTP-redirect
 * fetch). To another origin only harmless headers go along: no Authorization, no Cookie, no header of the
 * caller's own, and no body, which may hold a secret as well. From https to http it is never followed.
 */
export function nextHop(hop: Hop, status: number, location: string, where: string): Hop {
  const fail = (why: string) =>
    new HttpError(`${where}: redirect (${status}) ${why}`, { phase: 'redirect', status, sent: true });
  let url: URL;
  try {
    url = new URL(location, hop.url);
  } catch {
    throw fail('to something that is not a URL');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw fail(`to ${url.protocol} is not followed`);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:')
    throw fail('from https to http is not followed');
  url.username = '';
  url.password = '';
  url.hash = '';
  const toGet =
    (status === 303 && hop.method !== 'GET' && hop.method !== 'HEAD') ||
    ((status === 301 || status === 302) && hop.method === 'POST');
  const method = toGet ? 'GET' : hop.method;
  const body = toGet ? undefined : hop.body;
  const sameOrigin = url.origin === hop.url.origin;
  if (!sameOrigin && body !== undefined)
    throw fail('would carry the body to another origin and is not followed');
  const headers = hop.headers.filter(
    ([name]) => (sameOrigin || HARMLESS.has(name)) && !(body === undefined && name.startsWith('content-')),
  );
  return { method, url, headers: sameOrigin ? headers : headers.filter(([name]) => name !== 'host'), body };
}

/** What decides whether a redirect follows: the status and every header, names in lower case. */
interface Answered {
  status: number;
  headers: readonly [name: string, value: string][];
}

/**
 * Asks, and follows at most `most` redirects; with 0 a redirect itself is the answer. `ask` is told whether the hop is
 * on the first one's origin. Throws HttpError of phase `redirect` for a circle, for too many, and as `nextHop` does.
 */
export async function followHops<A extends Answered>(
  first: Hop,
  most: number,
  ask: (hop: Hop, isFirstOrigin: boolean) => Promise<A>,
): Promise<{ answer: A; hop: Hop; redirects: number }> {
  let hop = first;
  const seen = new Set<string>();
  for (let redirects = 0; ; redirects += 1) {
    const answer = await ask(hop, hop.url.origin === first.url.origin);
    const location = answer.headers.find(([name]) => name === 'location')?.[1];
    if (most === 0 || !isRedirect(answer.status) || location === undefined) return { answer, hop, redirects };
    const { host, port } = endpointOf(hop.url);
    const where = authority(host, port);
    const details = { phase: 'redirect', status: answer.status, sent: true } as const;
    seen.add(`${hop.method} ${hop.url.href}`);
    hop = nextHop(hop, answer.status, location, where);
    if (seen.has(`${hop.method} ${hop.url.href}`)) {
      throw new HttpError(`${where}: redirects go round in a circle, ${redirects + 1} of them`, details);
    }
    if (redirects + 1 > most) throw new HttpError(`${where}: more than ${most} redirects`, details);
  }
}
