import { createHash } from 'node:crypto';
import type { Color } from '@deploy-actions/ledger';
import type { FrontDoor } from './proxy/door.ts';

/** One way into the application: a service's port that the proxy sends requests to. */
export interface Route {
  /** `[a-z0-9][a-z0-9._-]{0,62}` */
  name: string;
  service: string;
  /** The port inside the container. */
  port: number;
  /** Where the proxy reaches each colour: `127.0.0.1:30101`, one per replica, or `web-blue:8080`. */
  blue: readonly string[];
  green: readonly string[];
  /** Addresses of the plain stack that the user's configuration names today, such as `127.0.0.1:8080`. */
  plain: readonly string[];
}

/**
 * One application behind one proxy: what the proxy's configuration is written from, how programs on the server reach it,
 * and what `.deploy/proxy.json` keeps. Values are of checked character sets.
 */
export interface Site {
  project: string;
  /** The proxy, by its name in the registry. */
  kind: string;
  /** Name of the proxy's container; empty on the host. In one, colours are names that it resolves anew each time. */
  container: string;
  /** The user's file on the server, and as the proxy sees it. */
  configFile: string;
  configInside: string;
  routes: readonly Route[];
  /** The folder of the flags (or of the map), the same for the proxy; absolute. */
  folder: string;
  /** Whose traffic it is when no flag can be read: written into the configuration when it is installed. */
  fallback: Color;
  /** Response header with the colour that answered; undefined: only for requests with the probe's token. */
  header: string | undefined;
  /** A cookie of the proxy's own that keeps a visitor on one side of a canary. */
  sticky: string | undefined;
  /** Lets the probe, and nobody else, choose the colour by the request header `X-Deploy-Probe: <token>-<colour>`. */
  token: string;
  /** The configuration knows weights below 100. */
  canary: boolean;
  /** The runtime socket on the server, and as the proxy sees it; empty: none. */
  socket: string;
  socketInside: string;
  /** The folder that the proxy watches for files of ours; empty: none. */
  watched: string;
  /** The file that a canary's requests are logged to, on the server and as the proxy sees it; empty: none. */
  canaryLog: string;
  canaryLogInside: string;
  /** Why there is none; empty where there is one, or no canary. */
  canaryWhy: string;
  /** What the proxy's own files repeat of the user's. */
  copied?: CopiedParts;
}

/** A site with the address by which it is asked, as `.deploy/proxy.json` keeps it. */
export interface PreparedSite extends Site, FrontDoor {}

/** Parts of a user's file that a proxy's own files repeat, as they are written there. */
export interface CopiedParts {
  /** The routers that lead to a route. */
  routers: readonly { route: string; settings: Readonly<Record<string, unknown>> }[];
  /** By route: what its load balancer has besides its servers. */
  balancers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** The probe's request header. */
export const PROBE_HEADER = 'X-Deploy-Probe';

/** The response header for probes of a site whose header is turned off. */
export const DEFAULT_HEADER = 'X-Deploy-Color';

/** Longest name part that is kept as it is: nginx holds variable names in buckets of 64 bytes. */
const LONGEST = 16;

/** A short name of letters, digits and underscores, different for different projects (and routes). */
export function identifier(...parts: readonly string[]): string {
  const plain = parts.join('_').replace(/[^a-z0-9]/g, '_');
  if (parts.length === 1 && plain === parts[0] && plain.length <= LONGEST) return plain;
  const digest = createHash('sha256').update(parts.join('/')).digest('hex').slice(0, 6);
  return `${plain.slice(0, LONGEST)}_${digest}`;
}

export function addressesOf(route: Route, color: Color): readonly string[] {
  return color === 'blue' ? route.blue : route.green;
}
