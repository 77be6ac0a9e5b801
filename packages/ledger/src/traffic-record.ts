import { FOLDER, releaseOfLink } from './folder.ts';
import { COUNT, LINE, TIME, formOf, kind, listOf, objectOf, readLines, textLike } from './form.ts';
import { ID_KIND, SHARE_KIND, orNone } from './kinds.ts';
import { liveColor } from './share.ts';

/** A route with the addresses that the proxy was prepared for. */
export interface RecordedRoute {
  name: string;
  service: string;
  /** Inside the container. */
  port: number;
  blue: readonly string[];
  green: readonly string[];
}

/** The line of `.deploy/traffic.json`: where the traffic is. */
export interface TrafficRecord {
  project: string;
  /** The kind of proxy. */
  proxy: string;
  /** Name of its container; empty on the host. */
  container: string;
  /** The name of a share. */
  share: string;
  /** RFC 3339, UTC. */
  since: string;
  /** In the colour that has the larger part. */
  release: string;
  previous: string;
  /** Rises with every change: a timer acts only as long as it is the same. */
  fence: number;
  /** Where the flags are. */
  folder: string;
  routes: readonly RecordedRoute[];
}

const ADDRESSES = listOf(textLike(/^[A-Za-z0-9._-]+:\d{1,5}$/, 'an address such as 127.0.0.1:8080'));
const ROUTES = listOf(
  objectOf<RecordedRoute>('a route with its name, service, port and the addresses of both colours', {
    name: ID_KIND,
    service: textLike(/^[a-zA-Z0-9._-]+$/, "a service's name"),
    port: kind('a port', (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536),
    blue: ADDRESSES,
    green: ADDRESSES,
  }),
);

const PROXY = textLike(/^[a-z]*$/, 'a kind of proxy');
const CONTAINER = textLike(/^(?:[a-zA-Z0-9][\w.-]*)?$/, 'the name of a container');
const PATH = textLike(/^(?:\/[^\0-\x1f\x7f]*)?$/, 'an absolute path');

/** A traffic.json; a text says what is wrong with it. */
export function parseTrafficRecord(value: unknown): TrafficRecord | string {
  const form = formOf(value);
  const record: TrafficRecord = {
    project: form.get('project', LINE, ''),
    proxy: form.get('proxy', PROXY, ''),
    container: form.get('container', CONTAINER, ''),
    share: form.get('share', SHARE_KIND),
    since: form.get('since', TIME, ''),
    release: form.get('release', orNone(ID_KIND), ''),
    previous: form.get('previous', orNone(ID_KIND), ''),
    fence: form.get('fence', COUNT),
    folder: form.get('folder', PATH, ''),
    routes: form.get('routes', ROUTES),
  };
  return form.problem() ?? record;
}

/** Reads traffic.json. Where it is there and cannot be read, nobody knows by it where the traffic is. */
export function readTraffic(text: string): { record: TrafficRecord | undefined; unread: string[] } {
  const { records, unread } = readLines(text, FOLDER.traffic, parseTrafficRecord);
  return { record: unread.length === 0 ? records[0] : undefined, unread };
}

/**
 * The release of a plain stack that counts as blue; empty where none is recorded. The link `current` leads to it until
 * green has the traffic; then the link goes along, and the record remembers what served before.
 */
export function plainRelease(record: TrafficRecord | undefined, link: string): string {
  return record && liveColor(record.share, false) === 'green' ? record.previous : releaseOfLink(link);
}
