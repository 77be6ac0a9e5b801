import { type Follow, LONGEST_KEPT, namesOneOf } from '../follow.ts';

/** What is read of a handler in the configuration that Caddy runs by (modules http.handlers.reverse_proxy). */
interface Handler {
  handler?: unknown;
  upstreams?: { dial?: unknown }[];
  dynamic_upstreams?: { source?: unknown; name?: unknown; refresh?: unknown };
  transport?: { keep_alive?: { enabled?: unknown } };
}

/**
 * Caddy looks a name up for each connection, and keeps connections under the name that they were made by: it goes on
 * using one to a container that others have left. Without `keepalive` there is none to go on with; `dynamic a` keeps
 * them by address. `whole` is what the admin API says at `/config/`.
 */
export function followsInCaddy(whole: string, names: readonly string[]): Follow {
  let config: unknown;
  try {
    config = JSON.parse(whole);
  } catch {
    return {
      why: 'its configuration cannot be read: the admin API at 127.0.0.1:2019 does not answer within the container',
      remedy: 'Leave `admin` on (it is by default), in an image with wget',
    };
  }
  let keep = 0;
  for (const handler of handlersIn(config)) {
    const { upstreams = [], dynamic_upstreams: dynamic, transport } = handler;
    const found = upstreams.find(({ dial }) => typeof dial === 'string' && namesOneOf(dial, names));
    if (found && transport?.keep_alive?.enabled !== false) {
      return {
        why: `\`reverse_proxy ${String(found.dial)}\` keeps connections by the name, so it goes on asking a container that the name has left`,
        remedy: 'Write within it: transport http { keepalive off }',
      };
    }
    if (typeof dynamic?.name !== 'string' || !namesOneOf(dynamic.name, names)) continue;
    const refresh = refreshOf(dynamic.refresh);
    if (dynamic.source !== 'a' || refresh === undefined || refresh > LONGEST_KEPT) {
      return {
        why: `\`dynamic\` keeps the addresses of ${dynamic.name} for longer than ${LONGEST_KEPT} s`,
        remedy: 'Write within it: refresh 1s',
      };
    }
    keep = Math.max(keep, refresh + 1);
  }
  return { keep };
}

/** Seconds; Caddy writes nanoseconds, and without a word takes a minute. */
function refreshOf(value: unknown): number | undefined {
  return typeof value === 'number' ? Math.ceil(value / 1e9) : undefined;
}

/** Every `reverse_proxy` at any depth. */
function handlersIn(value: unknown): Handler[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = (value as Handler).handler === 'reverse_proxy' ? [value as Handler] : [];
  return [...own, ...Object.values(value).flatMap(handlersIn)];
}
