interface Cookie {
  name: string;
  value: string;
  host: string;
  /** Also for hosts below it. */
  below: boolean;
  path: string;
  secure: boolean;
}

/** Cookies of one journey, as a browser would keep them for its duration (RFC 6265, sections 5.3 and 5.4). */
export interface CookieJar {
  keep(url: URL, setCookie: string): void;
  /** Value of the Cookie header for a URL; empty when there is none. */
  header(url: URL): string;
}

export function cookieJar(): CookieJar {
  let cookies: Cookie[] = [];
  return {
    keep(url, setCookie) {
      const [pair, ...rest] = setCookie.split(';').map((part) => part.trim());
      const at = pair!.indexOf('=');
      if (at < 1) return;
      const attributes = new Map(
        rest.map((part) => {
          const [key, ...value] = part.split('=');
          return [key!.toLowerCase(), value.join('=')] as const;
        }),
      );
      const domain = attributes.get('domain')?.replace(/^\./, '').toLowerCase();
      // A domain that does not cover the host is not its to set; one without a dot would be everybody's.
      if (
        domain &&
        ((domain !== url.hostname && !url.hostname.endsWith(`.${domain}`)) || !domain.includes('.'))
      ) {
        if (domain !== url.hostname) return;
      }
      const asked = attributes.get('path') ?? '';
      const cookie: Cookie = {
        name: pair!.slice(0, at),
        value: pair!.slice(at + 1),
        host: domain || url.hostname,
        below: Boolean(domain),
        path: asked.startsWith('/') ? asked : url.pathname.replace(/\/[^/]*$/, '') || '/',
        secure: attributes.has('secure'),
      };
      cookies = cookies.filter(
        (one) => one.name !== cookie.name || one.host !== cookie.host || one.path !== cookie.path,
      );
      const age = attributes.get('max-age');
      const expires = attributes.get('expires');
      const gone =
        age !== undefined ? Number(age) <= 0 : expires !== undefined && Date.parse(expires) < Date.now();
      if (!gone) cookies.push(cookie);
    },
    header(url) {
      return cookies
        .filter(({ host, below }) => url.hostname === host || (below && url.hostname.endsWith(`.${host}`)))
        .filter(
          ({ path }) =>
            url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`),
        )
        .filter(
          ({ secure }) =>
            !secure || url.protocol === 'https:' || /^(localhost|127\.|\[::1\])/.test(url.hostname),
        )
        .sort((a, b) => b.path.length - a.path.length)
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ');
    },
  };
}
