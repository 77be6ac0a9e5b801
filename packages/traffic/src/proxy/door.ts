/** An address that a proxy listens on for the site. */
export interface Door {
  port: number;
  /** The only address that it listens on; undefined: every one. */
  address?: string;
  tls: boolean;
  /** The name that the site is asked by; undefined: any. */
  host?: string;
  /** A path of the site that leads to the application. */
  path: string;
}

/** Where the site is asked on the server itself: whatever the URL's name resolves to, the proxy there answers. */
export interface FrontDoor {
  url: string;
  /** `host:port` that is connected to instead. */
  connect: string;
}

/**
 * Where the proxy is asked. What the user says wins; the configuration then only tells the port, where the URL names
 * none and nothing listens on the usual one. `published`: of a proxy in a container, container port -> host port.
 */
export function frontDoor(
  doors: readonly Door[],
  published: ReadonlyMap<number, number> | undefined,
  verifyUrl: string | undefined,
): FrontDoor | undefined {
  // Where the site has both, a plain request is often sent on to the other.
  const reachable = doors
    .flatMap((door) => {
      const connect = connectTo(door, published);
      return connect === undefined ? [] : [{ door, connect }];
    })
    .sort((a, b) => Number(b.door.tls) - Number(a.door.tls));
  if (verifyUrl === undefined) {
    const [best] = reachable;
    return best && { url: urlOf(best.door), connect: best.connect };
  }
  const { protocol, port } = new URL(verifyUrl);
  const usual = connectOf(verifyUrl);
  if (port !== '') return { url: verifyUrl, connect: usual };
  const sameKind = reachable.filter(({ door }) => door.tls === (protocol === 'https:'));
  const chosen = sameKind.find(({ connect }) => portOf(connect) === portOf(usual)) ?? sameKind[0];
  return { url: verifyUrl, connect: chosen?.connect ?? usual };
}

/**
 * Where a prepared site is asked for `verifyUrl`: by the user's URL, at the address that its preparation proved. The port
 * of the URL is the public one, which a load balancer or a forwarded port may have in front of the server; only where the
 * URL speaks another protocol than was proven is the server asked at the URL's own port.
 */
export function doorFor(prepared: FrontDoor | undefined, verifyUrl: string): FrontDoor;
export function doorFor(prepared: FrontDoor, verifyUrl: string | undefined): FrontDoor;
export function doorFor(
  prepared: FrontDoor | undefined,
  verifyUrl: string | undefined,
): FrontDoor | undefined;
export function doorFor(
  prepared: FrontDoor | undefined,
  verifyUrl: string | undefined,
): FrontDoor | undefined {
  if (verifyUrl === undefined) return prepared && { url: prepared.url, connect: prepared.connect };
  if (prepared === undefined) return { url: verifyUrl, connect: connectOf(verifyUrl) };
  const isProven = new URL(verifyUrl).protocol === new URL(prepared.url).protocol;
  return { url: verifyUrl, connect: isProven ? prepared.connect : connectOf(verifyUrl) };
}

/** The server asks itself, at the URL's port. */
function connectOf(url: string): string {
  const { protocol, port } = new URL(url);
  return `127.0.0.1:${port || (protocol === 'https:' ? 443 : 80)}`;
}

function connectTo(door: Door, published: ReadonlyMap<number, number> | undefined): string | undefined {
  if (published === undefined) return `${door.address ?? '127.0.0.1'}:${door.port}`;
  const port = published.get(door.port);
  return port === undefined ? undefined : `127.0.0.1:${port}`;
}

const portOf = (connect: string) => connect.slice(connect.lastIndexOf(':') + 1);

function urlOf({ tls, host, port, address, path }: Door): string {
  const usual = tls ? 443 : 80;
  return `${tls ? 'https' : 'http'}://${host ?? address ?? '127.0.0.1'}${port === usual ? '' : `:${port}`}${path}`;
}

/** A name that a request can have: of a wildcard, one that it takes; undefined for a pattern and for `_`. */
export function plainHost(name: string): string | undefined {
  const host = name.replace(/^\*\./, 'www.').replace(/^\./, '').toLowerCase();
  return /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*\.?$/.test(host)
    ? host.replace(/\.$/, '')
    : undefined;
}
