import { type ConnectOptions, type Endpoint, authority } from './connect.ts';
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
    url = new URL(utf8(location), hop.url);
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

/** A header's bytes as the text that was meant: a Location in raw UTF-8 is one, where it can be. */
function utf8(latin1: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(latin1, 'latin1'));
  } catch {
    return latin1;
  }
}

interface HopCookie {
  host: string;
  name: string;
  value: string;
  path: string;
  secure: boolean;
}

/**
 * The cookies that redirects set, for the requests that follow them and no longer: a server that asks whether cookies are
 * kept redirects in a circle otherwise. Only the host that set one gets it (RFC 6265, section 5; a Domain is not looked at).
 */
function hopCookies() {
  const kept = new Map<string, HopCookie>();
  return {
    keep({ url }: Hop, { headers }: Answered): void {
      for (const [header, text] of headers) {
        if (header !== 'set-cookie') continue;
        const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
        const at = pair.indexOf('=');
        if (at < 1) continue;
        const of = (name: string) =>
          attributes.find((one) => one.toLowerCase().split('=')[0] === name)?.replace(/^[^=]*=?/, '');
        const named = of('path');
        const path = named?.startsWith('/') ? named : url.pathname.replace(/\/[^/]*$/, '') || '/';
        const cookie = { host: url.hostname, name: pair.slice(0, at), value: pair.slice(at + 1), path };
        const key = JSON.stringify([cookie.host, cookie.path, cookie.name]);
        const gone = Number(of('max-age') ?? 1) <= 0 || Date.parse(of('expires') ?? '') < Date.now();
        if (gone) kept.delete(key);
        else kept.set(key, { ...cookie, secure: of('secure') !== undefined });
      }
    },
    send(hop: Hop): Hop {
      const due = [...kept.values()].filter(
        ({ host, path, secure }) =>
          host === hop.url.hostname &&
          (hop.url.pathname === path ||
            hop.url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)) &&
          (!secure || hop.url.protocol === 'https:'),
      );
      if (due.length === 0) return hop;
      const names = new Set(due.map(({ name }) => name));
      const given = hop.headers
        .filter(([name]) => name === 'cookie')
        .flatMap(([, value]) => value.split(/;\s*/))
        .filter((pair) => pair !== '' && !names.has(pair.split('=')[0]!.trim()));
      const cookie = [...given, ...due.map(({ name, value }) => `${name}=${value}`)].join('; ');
      return { ...hop, headers: [...hop.headers.filter(([name]) => name !== 'cookie'), ['cookie', cookie]] };
    },
  };
}

/** The address of a host and port that are not to be resolved, or undefined. */
export type AddressFor = (endpoint: Endpoint) => string | undefined;

/**
 * How the hop of a redirect is connected to. What is given holds for the first one's host; elsewhere only `family`, `ca`
 * and `dial` do. An address that is known for the hop's own host and port goes before. Throws HttpError of phase
 * `redirect` when the scheme or port changes and the given address has a port: where the other one is nobody has said.
 */
export function connectAt(
  hop: URL,
  first: URL,
  given: ConnectOptions = {},
  addressFor?: AddressFor,
): ConnectOptions {
  if (hop === first || hop.origin === first.origin) return given;
  const endpoint = endpointOf(hop);
  const sameHost = hop.hostname === first.hostname;
  const address = addressFor?.(endpoint);
  if (address !== undefined) {
    const { family, ca, dial } = given;
    return sameHost ? { ...given, address, addressPort: undefined } : { family, ca, dial, address };
  }
  if (!sameHost) return { family: given.family, ca: given.ca, dial: given.dial };
  if (given.addressPort === undefined) return given;
  const { host, port } = endpointOf(first);
  throw new HttpError(
    `${authority(host, port)}: the redirect leads away from the given address ` +
      `${authority(given.address ?? host, given.addressPort)}, to ${hop.protocol}//${authority(endpoint.host, endpoint.port)}`,
    { phase: 'redirect', sent: true },
  );
}

/** What decides whether a redirect follows: the status and every header, names in lower case. */
interface Answered {
  status: number;
  headers: readonly [name: string, value: string][];
}

/**
 * Asks, and follows at most `most` redirects; with 0 a redirect itself is the answer. Throws HttpError
 * of phase `redirect` for a circle, for too many, and as `nextHop` does.
 */
export async function followHops<A extends Answered>(
  first: Hop,
  most: number,
  ask: (hop: Hop) => Promise<A>,
): Promise<{ answer: A; hop: Hop; redirects: number }> {
  if (most === 0) return { answer: await ask(first), hop: first, redirects: 0 };
  let hop = first;
  const cookies = hopCookies();
  const seen = new Set<string>();
  const changed = new Set<string>();
  for (let redirects = 0; ; redirects += 1) {
    const answer = await ask(cookies.send(hop));
    cookies.keep(hop, answer);
    const location = answer.headers.find(([name]) => name === 'location')?.[1];
    if (!isRedirect(answer.status) || location === undefined) return { answer, hop, redirects };
    const { host, port } = endpointOf(hop.url);
    const where = authority(host, port);
    const details = { phase: 'redirect', status: answer.status, sent: true } as const;
    const asked = `${hop.method} ${hop.url.href}`;
    // A cookie may change every answer, also of whom was asked before it; once for each that sets one.
    if (!changed.has(asked) && answer.headers.some(([name]) => name === 'set-cookie')) {
      changed.add(asked);
      seen.clear();
    } else seen.add(asked);
    hop = nextHop(hop, answer.status, location, where);
    if (seen.has(`${hop.method} ${hop.url.href}`)) {
      throw new HttpError(`${where}: redirects go round in a circle, ${redirects + 1} of them`, details);
    }
    if (redirects + 1 > most) throw new HttpError(`${where}: more than ${most} redirects`, details);
  }
}
