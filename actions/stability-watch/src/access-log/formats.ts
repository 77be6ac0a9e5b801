import { type LogFormat, type Reading, requestOf } from './line.ts';

/** A word in quotes, in which a quote is escaped by a backslash. */
const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
/** Address, user and time, as the servers of the Common Log Format begin a line; some put the host's name before them. */
const COMMON = `^[^"\\[]*\\[[^\\]"]*\\] ${QUOTED} (\\d{3}) (?:\\d+|-)`;

const COMBINED = new RegExp(`${COMMON}(?:\\s|$)`);
/** What Traefik puts behind the combined format: count of requests, router, server and time. */
const TRAEFIK_COMMON = new RegExp(
  `${COMMON} ${QUOTED} ${QUOTED} \\d+ (?:${QUOTED}|-) (?:${QUOTED}|-) (\\d+)ms\\s*$`,
);
/** nginx' error log, which its container writes beside the other one; and that container's words when it starts. */
const NGINX_OTHER =
  /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[[a-z]+\] |\/?\S*docker-entrypoint\S*: |\d+#\d+: )/;

/** Time and host of syslog, which nothing that a visitor sends comes before. */
const SYSLOG = '(?:<\\d{1,3}>)?(?:\\S+ ){0,6}?haproxy(?:\\[\\d+\\])?: (?:- )?';
const HAPROXY_BEGINS = new RegExp(`^(?:${SYSLOG})?\\S+:\\d+ \\[[^\\]]+\\] `);
/** The five times of `option httplog`, the last of which is the whole (HAProxy's manual, 8.2.3). */
const HAPROXY = new RegExp(
  `^(?:${SYSLOG})?\\S+:\\d+ \\[[^\\]]+\\] \\S+ \\S+/\\S+ -?\\d+/-?\\d+/-?\\d+/-?\\d+/\\+?(-?\\d+) (-?\\d{1,3}) \\+?-?\\d+ \\S+ \\S+ [A-Za-z-]{4} `,
);
const HAPROXY_TELLS = new RegExp(`^${SYSLOG}|^\\[(?:NOTICE|WARNING|ALERT)\\] `);

function json(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** A number, or one that is written as a text; undefined for anything else. */
function figure(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** A format of JSON lines; those that lack its keys are about something else. */
function jsonFormat(name: string, pick: (object: Record<string, unknown>) => Reading): LogFormat {
  return {
    name,
    tellsTimes: true,
    read(line) {
      const object = json(line);
      return object && pick(object);
    },
  };
}

/** By Caddy's logger for requests. Its default writes seconds; what `duration_format` makes a text of is not read. */
const CADDY = jsonFormat('Caddy JSON', (object) => {
  const logger = object['logger'];
  if (typeof logger !== 'string') return undefined;
  if (!/^http\.log\.access(?:\.|$)/.test(logger)) return 'other';
  const { status, duration } = object;
  if (typeof status !== 'number' || typeof duration !== 'number') return undefined;
  return requestOf(status, duration * 1000);
});

/** Nanoseconds, as Traefik's access log has them. */
const TRAEFIK = jsonFormat('Traefik JSON', (object) => {
  const { DownstreamStatus: status, Duration: duration } = object;
  if (status === undefined && duration === undefined)
    return 'level' in object && 'time' in object ? 'other' : undefined;
  if (typeof status !== 'number' || typeof duration !== 'number') return undefined;
  return requestOf(status, duration / 1e6);
});

/** A `log_format` of nginx that writes JSON with the names of its variables as keys; `$request_time` is in seconds. */
const NGINX_JSON: LogFormat = {
  ...jsonFormat('nginx JSON', (object) => {
    const status = figure(object['status']);
    const seconds = figure(object['request_time']);
    if (status === undefined || seconds === undefined || 'logger' in object) return undefined;
    return requestOf(status, seconds * 1000);
  }),
};

const HAPROXY_HTTP: LogFormat = {
  name: 'HAProxy httplog',
  tellsTimes: true,
  read(line) {
    const [, whole, status] = HAPROXY.exec(line) ?? [];
    if (status !== undefined) {
      const ms = Number(whole);
      return requestOf(Number(status), ms < 0 ? undefined : ms);
    }
    // Servers that go up and down, and connections that brought no request, such as a failed handshake.
    if (HAPROXY_BEGINS.test(line)) return /\] \S+: /.test(line) ? 'other' : undefined;
    return HAPROXY_TELLS.test(line) ? 'other' : undefined;
  },
};

const TRAEFIK_CLF: LogFormat = {
  name: 'Traefik common',
  tellsTimes: true,
  read(line) {
    const [, status, ms] = TRAEFIK_COMMON.exec(line) ?? [];
    return status === undefined ? undefined : requestOf(Number(status), Number(ms));
  },
};

const COMBINED_LOG: LogFormat = {
  name: 'combined',
  tellsTimes: false,
  read(line) {
    const [, status] = COMBINED.exec(line) ?? [];
    if (status !== undefined) return requestOf(Number(status), undefined);
    return NGINX_OTHER.test(line) ? 'other' : undefined;
  },
};

/** Those that are known by their lines, the ones that tell more first. */
const KNOWN: readonly LogFormat[] = [CADDY, TRAEFIK, NGINX_JSON, HAPROXY_HTTP, TRAEFIK_CLF, COMBINED_LOG];

/** What can be written in `access-log` without a format, for people. */
export const KNOWN_NAMES = KNOWN.map(({ name }) => name).join(', ');

/**
 * The format that these lines have: the one that reads the most of them, of several the one that tells more. `unknown`: none
 * reads any of them; `silent`: all of them are of programs that are known, and none is a request.
 */
export function formatOf(lines: readonly string[]): LogFormat | 'unknown' | 'silent' {
  let best: LogFormat | undefined;
  let most = 0;
  const others = new Set<string>();
  for (const format of KNOWN) {
    let count = 0;
    for (const line of lines) {
      const reading = format.read(line);
      if (reading === 'other') others.add(line);
      else if (reading !== undefined) count += 1;
    }
    if (count > most) [best, most] = [format, count];
  }
  return best ?? (lines.every((line) => others.has(line)) ? 'silent' : 'unknown');
}
