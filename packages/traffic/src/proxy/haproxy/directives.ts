import { COLORS, type Color } from '@deploy-actions/ledger';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from '../../site.ts';
import { leadsTo, parametersOf, serversOf } from './reading.ts';
import type { Section } from './syntax.ts';

/** The map's name in the site's folder: one line, `<project> <share>`. */
export const HAPROXY_MAP = 'haproxy.map';

/** What a `listen` section passes on to its colours: nothing that would run twice for one request. */
const FOR_SERVERS =
  /^(mode|balance|hash-type|option|timeout|retries|retry-on|http-reuse|default-server|fullconn|cookie)$/;

/** The name of a route's backends, without their colour. */
export const backendOf = (site: Site, route: Route) => `deploy_${identifier(site.project, route.name)}`;

/** The variable of a request that has its colour. */
export const colorOf = (site: Site) => `txn.deploy_${identifier(site.project)}_color`;

/** A backend for each colour, with the settings of the section that held the servers. */
export function backendLines(target: Section, route: Route, site: Site): string[] {
  const id = backendOf(site, route);
  const name = `deploy_${identifier(site.project)}`;
  const header = site.header ?? DEFAULT_HEADER;
  const settings = target.lines.filter(
    ({ words: [keyword] }) =>
      !/^server/.test(keyword!) && (target.kind === 'backend' || FOR_SERVERS.test(keyword!)),
  );
  const model = serversOf(target).find((line) => leadsTo(line, route))!;
  const parameters = withoutIdentity(parametersOf(model));
  // What is asked when nobody else is there, such as a page that says so, stands behind both.
  const reserves = serversOf(target).filter((line) => !leadsTo(line, route) && isReserve(line.words));
  const lines = site.container === '' ? [] : resolverLines(id);
  for (const color of COLORS) {
    const isProbe = site.header === undefined ? ` if { var(txn.${name}_probe) -m found }` : '';
    lines.push(
      `backend ${id}_${color}`,
      ...settings.map((line) => `    ${line.words.join(' ')}`),
      `    http-after-response set-header ${header} ${color}%[var(txn.${name}_mark)]${isProbe}`,
    );
    if (site.sticky !== undefined) {
      lines.push(
        `    http-after-response add-header Set-Cookie "${site.sticky}=%[var(txn.${name}_key)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.${name}_limit) -m found } !{ var(txn.${name}_known) -m found }`,
      );
    }
    lines.push(
      ...serverLines(color, route, site, id, parameters),
      ...reserves.map((line) => `    ${line.words.join(' ')}`),
    );
  }
  return lines;
}

/** A server that gets requests only when no other one is there. */
export const isReserve = (words: readonly string[]) => words.includes('backup');

/** In a container names are resolved while HAProxy runs, by Docker. */
function resolverLines(id: string): string[] {
  return [
    `resolvers ${id}`,
    '    nameserver docker 127.0.0.11:53',
    '    hold valid 1s',
    '    hold nx 0s',
    '    hold obsolete 0s',
    '    timeout resolve 1s',
    '    accepted_payload_size 8192',
  ];
}

function serverLines(
  color: Color,
  route: Route,
  site: Site,
  id: string,
  parameters: readonly string[],
): string[] {
  if (site.container === '') {
    return addressesOf(route, color).map(
      (address, index) => `    server ${[`${color}${index + 1}`, address, ...parameters].join(' ')}`,
    );
  }
  // A colour that is absent must not keep HAProxy from starting: names are resolved while it runs.
  return [
    `    server-template ${[color, '1-8', addressesOf(route, color)[0]!, ...parameters].join(' ')} resolvers ${id} resolve-prefer ipv4 init-addr none`,
  ];
}

/** A server line's parameters without those that name this very server. */
function withoutIdentity(parameters: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < parameters.length; index += 1) {
    if (['cookie', 'id', 'track', 'resolvers', 'init-addr', 'resolve-prefer'].includes(parameters[index]!))
      index += 1;
    else if (!['backup', 'disabled'].includes(parameters[index]!)) kept.push(parameters[index]!);
  }
  return kept;
}

/** What a frontend asks of each request: the share of the map, and who asks. */
export function ruleLines(site: Site): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const variable = (one: string) => `txn.${name}_${one}`;
  const set = (one: string, value: string, condition = '') =>
    `http-request set-var(${variable(one)}) ${value}${condition && ` if ${condition}`}`;
  const probe = (value: string) => `{ req.hdr(${PROBE_HEADER}) -m str ${value} }`;
  const known = `{ var(${variable('share')}) -m found }`;
  const first = site.canary ? ',field(1,-)' : '';
  return [
    set('share', `str(${site.project}),map(${site.folder}/${HAPROXY_MAP})`),
    set('color', `str(${site.fallback})`),
    // Says so when the map has no word on this project, so that it is found out.
    set('mark', 'str(;fallback)', `!${known}`),
    set('color', `var(${variable('share')})${first}`, known),
    ...(site.canary ? canaryLines(site, variable, set) : []),
    ...COLORS.map((color) => set('color', `str(${color})`, probe(`${site.token}-${color}`))),
    ...(site.header === undefined
      ? [set('probe', 'bool(true)', `{ req.hdr(${PROBE_HEADER}) -m beg ${site.token} }`)]
      : []),
  ];
}

/** Who is on which side at a weight: by a key of ten thousand, which a cookie keeps. */
function canaryLines(
  site: Site,
  variable: (one: string) => string,
  set: (one: string, value: string, condition?: string) => string,
): string[] {
  const canary = `{ var(${variable('share')}) -m sub -- - }`;
  return [
    set('limit', `var(${variable('share')}),field(2,-),mul(100)`, canary),
    ...(site.sticky === undefined
      ? [set('key', 'uuid()', canary)]
      : [
          set('known', `req.cook(${site.sticky})`),
          set('key', 'uuid()', canary),
          set('key', `var(${variable('known')})`, `{ var(${variable('known')}) -m found }`),
        ]),
    set('bucket', `var(${variable('key')}),xxh32(0),mod(10000),sub(${variable('limit')})`, canary),
    set(
      'color',
      `var(${variable('color')}),regsub(^blue$,x),regsub(^green$,blue),regsub(^x$,green)`,
      `${canary} { var(${variable('bucket')}) -m int ge 0 }`,
    ),
  ];
}
