import { COLORS, LADDER, otherColor, shareName, shares } from '@deploy-actions/ledger';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from '../../site.ts';
import { configFailure, lineOf } from '../replacement.ts';
import { plainPrefix } from './doors.ts';
import { type NginxReading, type Pass, effective, isOf, levelsOf } from './reading.ts';
import { type Directive, statement } from './syntax.ts';

/** The flag that is there while a step of a canary is watched: only then are requests logged. */
export const WATCH_FLAG = 'watch';

/** What takes the place of a `proxy_pass`. */
export function locationLines(reading: NginxReading, pass: Pass, route: Route, site: Site): string[] {
  const levels = levelsOf(reading, pass);
  const name = `deploy_${identifier(site.project)}`;
  const { scheme, host, path, variable } = pass.target!;
  const lines: string[] = [];
  const location = pass.chain[0]!;
  // With a variable in it, proxy_pass passes a path on as it is; without one it takes the place of the prefix.
  const keepsPath = path !== undefined && variable;
  if (path !== undefined && !keepsPath) lines.push(...pathLines(path, location, reading, pass));
  const upstream =
    site.container === ''
      ? `deploy_${identifier(site.project, route.name)}_$${name}_color`
      : `$deploy_${identifier(site.project, route.name)}`;
  if (site.container !== '' && !levels[0]!.some((one) => one.name === 'resolver'))
    lines.push('resolver 127.0.0.11 valid=1s ipv6=off;');
  lines.push(`proxy_pass ${scheme}://${upstream}${keepsPath ? path : ''};`);
  // What nginx derives from the address in proxy_pass must stay what it was; with a variable it derives no redirect.
  if (!variable && effective(levels, 'proxy_redirect').length === 0) {
    const prefix = path === undefined ? '/' : (plainPrefix(location) ?? '/');
    lines.push(`proxy_redirect ${scheme}://${host}${path ?? '/'} ${prefix};`);
  }
  const headers = effective(levels, 'proxy_set_header');
  if (!headers.some((one) => one.args[0]!.toLowerCase() === 'host')) {
    requireKnown(reading, pass, 'proxy_set_header Host …;');
    lines.push(...inherited(levels, 'proxy_set_header'), `proxy_set_header Host ${host};`);
  }
  if (scheme === 'https' && effective(levels, 'proxy_ssl_name').length === 0)
    lines.push(`proxy_ssl_name ${host.replace(/:\d+$/, '')};`);
  lines.push(...inherited(levels, 'add_header'));
  const mark = site.header === undefined ? `${name}_header` : `${name}_seen`;
  lines.push(`add_header ${site.header ?? DEFAULT_HEADER} $${mark} always;`);
  if (site.sticky !== undefined) lines.push(`add_header Set-Cookie $${name}_cookie always;`);
  if (isLogged(site) && canLog(levels)) {
    // Written out again, `off` would turn off ours too.
    lines.push(...inherited(levels, 'access_log').filter((one) => one !== 'access_log off;'));
    lines.push(`access_log ${site.canaryLogInside} ${name} if=$${name}_logged;`);
  }
  return lines;
}

/** Whether the requests of a canary go to a log of their own. */
export function isLogged(site: Site): boolean {
  return site.canary && site.canaryLogInside !== '';
}

/**
 * Whether a log of ours can be added: not beside an `access_log off` of the location's own, and not where nothing
 * names the log that there is by default, which ours would take the place of.
 */
export function canLog(levels: readonly (readonly Directive[])[]): boolean {
  const isOff = (one: Directive) => one.name === 'access_log' && one.args[0] === 'off';
  return !levels[0]!.some(isOff) && effective(levels, 'access_log').length > 0;
}

/** What a level above gives, written out again, because a directive of our own would otherwise take its place. */
function inherited(levels: readonly (readonly Directive[])[], name: string): string[] {
  const own = levels[0]!.some((one) => one.name === name);
  return own ? [] : effective(levels, name).map(statement);
}

/** Refuses an included file that could not be read where what stands in it would decide. */
function requireKnown(reading: NginxReading, pass: Pass, wanted: string): void {
  const unknown = levelsOf(reading, pass)
    .slice(0, -1)
    .flat()
    .find((one) => one.name === 'include' && (reading.files.size === 0 || !/[*?[]/.test(one.args[0] ?? '')));
  if (!unknown) return;
  throw configFailure(
    `what \`${statement(unknown)}\` brings into the location is not known, since that file cannot be read`,
    `Write \`${wanted}\` into the location itself, or let the login user use sudo without a password for this step.`,
    reading.file,
    lineOf(reading.text, pass.chain[0]!.start),
  );
}

/** With a variable in it, proxy_pass no longer replaces the location's prefix by its path: a rewrite does. */
function pathLines(path: string, location: Directive, reading: NginxReading, pass: Pass): string[] {
  const prefix = location.name === 'location' ? plainPrefix(location) : undefined;
  if (prefix === undefined) {
    throw configFailure(
      `proxy_pass has the path ${path}, which cannot be kept in this place`,
      'Move it into a location with a plain prefix, or leave the path out and use `rewrite`.',
      reading.file,
      lineOf(reading.text, pass.directive.start),
    );
  }
  if (prefix === path) return [];
  const pattern = prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [`rewrite "^${pattern}(.*)$" "${path.replace(/["\\]/g, '\\$&')}$1" break;`];
}

/** What a server looks at for each request: which flag is there. */
export function serverLines(site: Site, cached: boolean): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const flag = (share: string) => `if (-f ${site.folder}/${share}) { set $${name}_share ${share}; }`;
  const rungs = site.canary ? shares(LADDER).filter(({ weight }) => weight < 100) : [];
  return [
    ...(cached ? ['open_file_cache off;'] : []),
    `set $${name}_share "";`,
    ...rungs.map(shareName).map(flag),
    ...COLORS.map(flag),
    // A rename between two looks must not hide both names: look at the first once more.
    flag(COLORS[0]!),
    ...(isLogged(site)
      ? [`set $${name}_watched "";`, `if (-f ${site.folder}/${WATCH_FLAG}) { set $${name}_watched 1; }`]
      : []),
  ];
}

/** The colours' addresses, and how a flag becomes a colour. */
export function httpLines(site: Site, upstreams: readonly Directive[]): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const color = `$${name}_color`;
  const share = `$${name}_share`;
  const probe = `$http_${PROBE_HEADER.toLowerCase().replace(/-/g, '_')}`;
  return [
    ...site.routes.flatMap((route) =>
      site.container === '' ? upstreamLines(site, route, upstreams) : nameLines(site, route),
    ),
    ...(site.canary ? ladderLines(site) : []),
    `map ${probe} $${name}_probe { "${site.token}-blue" blue; "${site.token}-green" green; "${site.token}" seen; default ""; }`,
    `map "$${name}_probe:${share}" ${color} {`,
    `    default ${site.fallback};`,
    ...COLORS.map((one) => `    "~^${one}:" ${one};`),
    ...shares(site.canary ? LADDER : []).map((one) => {
      const value = one.weight === 100 ? one.color : `$${name}_${one.color}_${one.weight}`;
      return `    "~^[a-z]*:${shareName(one)}$" ${value};`;
    }),
    '}',
    // Says so when no flag could be read, so that a folder that the workers cannot see is found out.
    `map ${share} $${name}_seen { "" "${color};fallback"; default ${color}; }`,
    ...(site.header === undefined
      ? [`map $${name}_probe $${name}_header { "" ""; default $${name}_seen; }`]
      : []),
    ...(isLogged(site)
      ? [
          // Our own probe is no visitor: its requests would make up for missing ones.
          `map "$${name}_watched:$${name}_probe:${share}" $${name}_logged { "~^1::.*-" 1; default ""; }`,
          `log_format ${name} '${color} $status $request_time';`,
        ]
      : []),
  ];
}

/** In a container a colour is a name, resolved anew each time. */
function nameLines(site: Site, route: Route): string[] {
  const id = `deploy_${identifier(site.project, route.name)}`;
  return [
    `map $deploy_${identifier(site.project)}_color $${id} {`,
    ...COLORS.map((one) => `    ${one} ${addressesOf(route, one)[0]};`),
    '}',
  ];
}

/** On the host a colour is an upstream, with the settings of the one that served the route before. */
function upstreamLines(site: Site, route: Route, upstreams: readonly Directive[]): string[] {
  const id = `deploy_${identifier(site.project, route.name)}`;
  const model = upstreams.find((one) =>
    (one.block ?? []).some((server) => server.name === 'server' && isOf(route, server.args[0]!)),
  );
  const settings = (model?.block ?? []).filter(
    (one) => one.name !== 'server' && one.name !== 'zone' && !one.block,
  );
  // What is asked when nobody else is there, such as a page that says so, stands behind both.
  const reserves = (model?.block ?? []).filter(
    (one) => one.name === 'server' && one.args.includes('backup') && !isOf(route, one.args[0]!),
  );
  return COLORS.flatMap((one) => [
    `upstream ${id}_${one} {`,
    // The balancing method has to stand before keepalive.
    ...settings.map((setting) => `    ${statement(setting)}`),
    ...addressesOf(route, one).map((address) => `    server ${address};`),
    ...reserves.map((reserve) => `    ${statement(reserve)}`),
    '}',
  ]);
}

/** Who is on which side at each weight, and stays there at every higher one. */
function ladderLines(site: Site): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const key = `$${name}_key`;
  const lines: string[] = [];
  if (site.sticky === undefined) {
    lines.push(`map "" ${key} { default $request_id; }`);
  } else {
    const cookie = `$cookie_${site.sticky}`;
    lines.push(
      `map ${cookie} ${key} { "" $request_id; default ${cookie}; }`,
      `map $${name}_share $${name}_canary { "~-" 1; default ""; }`,
      `map "$${name}_canary:${cookie}" $${name}_cookie { "1:" "${site.sticky}=$request_id; Path=/; HttpOnly; SameSite=Lax"; default ""; }`,
    );
  }
  for (const weight of LADDER) {
    for (const one of COLORS) {
      lines.push(
        `split_clients ${key} $${name}_${one}_${weight} { ${weight}% ${one}; * ${otherColor(one)}; }`,
      );
    }
  }
  return lines;
}
