import { Failure } from '@deploy-actions/kit';
import type { CopiedParts, PreparedSite, Route } from './site.ts';

/** What each text of `.deploy/proxy.json` must look like: some go into programs, URLs and configurations. */
const FORMS: Readonly<Record<string, RegExp>> = {
  kind: /^[a-z][a-z0-9-]{0,40}$/,
  container: /^(?:[A-Za-z0-9][A-Za-z0-9_.-]*)?$/,
  configFile: /^\/[^\0\r\n]*$/,
  configInside: /^\/[^\0\r\n]*$/,
  folder: /^\/[A-Za-z0-9._/-]+$/,
  fallback: /^(?:blue|green)$/,
  token: /^[0-9a-f]{24}$/,
  url: /^https?:\/\/[^\s"\\]+$/,
  connect: /^(?:[A-Za-z0-9_.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}$/,
  socket: /^(?:\/[^\0\r\n]*)?$/,
  watched: /^(?:\/[^\0\r\n]*)?$/,
  canaryLog: /^(?:\/var\/log\/deploy-actions\/[a-z0-9][a-z0-9._-]*\.log)?$/,
  canaryWhy: /^[^\0\r\n]{0,600}$/,
};

const HEADER = /^[A-Za-z0-9-]{1,60}$/;
const COOKIE = /^[A-Za-z0-9_]{1,32}$/;
const ADDRESS = /^[A-Za-z0-9_.-]+:\d{1,5}$/;

/**
 * The record `.deploy/proxy.json`, once its form is checked; undefined where there is none. Throws a `refused` Failure
 * that names what is wrong.
 */
export function preparedSite(value: Readonly<Record<string, unknown>> | undefined): PreparedSite | undefined {
  if (value === undefined) return undefined;
  const text = (name: string): string => {
    const found = value[name] ?? '';
    if (typeof found !== 'string' || !FORMS[name]!.test(found)) throw wrong(name);
    return found;
  };
  const optional = (name: string, form: RegExp): string | undefined => {
    const found = value[name] ?? undefined;
    if (found !== undefined && (typeof found !== 'string' || !form.test(found))) throw wrong(name);
    return found;
  };
  const routes = value['routes'];
  if (!Array.isArray(routes) || routes.length === 0) throw wrong('routes');
  // It stood under the name of its proxy before.
  const copied = (value['copied'] ?? value[text('kind')]) as CopiedParts | undefined;
  return {
    // Named by whoever asks; a record lies in the folder of its own application.
    project: typeof value['project'] === 'string' ? value['project'] : '',
    kind: text('kind'),
    container: text('container'),
    configFile: text('configFile'),
    configInside: text('configInside'),
    routes: routes.map(routeOf),
    folder: text('folder'),
    fallback: text('fallback') === 'green' ? 'green' : 'blue',
    header: optional('header', HEADER),
    sticky: optional('sticky', COOKIE),
    token: text('token'),
    // Before this was noted, every configuration knew all weights.
    canary: value['canary'] !== false,
    socket: text('socket'),
    socketInside: '',
    watched: text('watched'),
    canaryLog: text('canaryLog'),
    canaryLogInside: '',
    canaryWhy: text('canaryWhy'),
    url: text('url'),
    connect: text('connect'),
    ...(copied && { copied }),
  };
}

function routeOf(value: unknown): Route {
  const route = value as Partial<Record<keyof Route, unknown>> | null;
  const name = (one: unknown) => typeof one === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(one);
  const addresses = (one: unknown) =>
    Array.isArray(one) && one.every((address) => typeof address === 'string' && ADDRESS.test(address));
  const isRoute =
    name(route?.name) &&
    name(route?.service) &&
    Number.isInteger(route?.port) &&
    [route?.blue, route?.green, route?.plain].every(addresses);
  if (!isRoute) throw wrong('routes');
  return route as Route;
}

function wrong(name: string): Failure {
  return new Failure('refused', `\`${name}\` in .deploy/proxy.json is not what install writes there`, {
    remedy: 'Run blue-green-switch once with install: true, which writes it anew.',
  });
}
