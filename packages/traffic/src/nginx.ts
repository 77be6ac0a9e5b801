import { COLORS, LADDER, shareName, shares } from './color.ts';
import {
  type Directive,
  NginxSyntaxError,
  configurationFiles,
  expandIncludes,
  parseNginx,
  statement,
} from './nginx-config.ts';
import {
  type Edit,
  type Proxy,
  type Replacement,
  type Surroundings,
  configFailure,
  lineOf,
  replaceAll,
} from './proxy.ts';
import { indentAt, insertRegion, removeRegions, replaceRegion, withoutRegions } from './region.ts';
import { PROBE_HEADER, DEFAULT_HEADER, type Route, type Site, addressesOf, identifier } from './site.ts';

/** Where nginx writes the answers of a canary: made by root, so that no user can put a link in its way. */
export const CANARY_LOGS = '/var/log/deploy-actions';

/** The flag that is there while a step of a canary is watched: only then are requests logged. */
export const WATCH_FLAG = 'watch';

/**
 * nginx looks, for each request, whether a flag file exists (`-f`, one stat() each) and picks the colour's
 * upstream by a variable: a switch is one rename(), and no worker is ever replaced. A reload would close idle
 * keep-alive connections, which costs one to three requests each time.
 */
export const nginx: Proxy = {
  kind: 'nginx',
  install(config, site, surroundings) {
    const text = withoutRegions(config, site.project, surroundings.file);
    const directives = parse(text, surroundings.file);
    const files =
      surroundings.whole === undefined
        ? new Map<string, Directive[]>()
        : configurationFiles(surroundings.whole);
    const found = proxyPasses(directives);
    const edit: Edit = { text, changes: [], warnings: [] };
    const replacements: Replacement[] = [];
    const servers = new Set<Directive>();
    const unlogged: Pass[] = [];
    const http = httpLevel(files);
    for (const route of site.routes) {
      const passes = found.filter(({ directive }) =>
        leadsTo(directive, route, upstreamsOf(directives, http)),
      );
      if (passes.length === 0) throw noPass(route, found, text, surroundings.file);
      for (const pass of passes) {
        servers.add(pass.server);
        const levels = pass.chain.map((level) => expandIncludes(level.block ?? [], files)).concat([http]);
        if (!canLog(levels)) unlogged.push(pass);
        replacements.push(
          replaceRegion(
            text,
            pass.directive,
            site.project,
            locationLines(pass, route, site, levels, surroundings, text),
          ),
        );
        edit.changes.push(
          `line ${lineOf(text, pass.directive.start)}: ${statement(pass.directive)} becomes a choice between ${route.name} blue and green`,
        );
      }
    }
    if (site.contained)
      replacements.push(...lateNames(text, directives, site, upstreamsOf(directives, http), surroundings));
    for (const server of servers) {
      const indent = innerIndent(text, server);
      const first = text.indexOf('\n', server.inner!) + 1;
      if (/\S/.test(text.slice(server.inner!, first).replace(/#.*/, ''))) {
        throw configFailure(
          'something follows the opening brace of the server on its line',
          'Put it on a line of its own.',
          surroundings.file,
          lineOf(text, server.start),
        );
      }
      const cached = cachesFiles(server, files, http, text, surroundings.file);
      replacements.push(insertRegion(text, first, site.project, indent, serverLines(site, cached)));
      if (cached) {
        edit.warnings.push(
          `open_file_cache is on: it is turned off for the server in line ${lineOf(text, server.start)}, because a cached look at a flag would delay a switch`,
        );
      }
    }
    const [top] = [...servers].sort((a, b) => a.start - b.start);
    const upstreams = upstreamsOf(directives, http);
    replacements.push(
      insertRegion(text, top!.start, site.project, indentAt(text, top!.start), httpLines(site, upstreams)),
    );
    edit.changes.push(
      `line ${lineOf(text, top!.start)}: the upstreams and the canary ladder of ${site.project} are declared`,
    );
    const [quiet] = unlogged;
    const canaryLog = quiet
      ? `the location in line ${lineOf(text, quiet.chain[0]!.start)} of ${surroundings.file} has no access_log, or turns it off itself`
      : 'on';
    return { ...edit, text: replaceAll(text, replacements), canaryLog };
  },
  uninstall(config, site) {
    return removeRegions(config, site.project);
  },
};

/**
 * An upstream that is no longer asked must not keep nginx from starting when its name is gone: nginx resolves the
 * names of every upstream when it starts.
 */
function lateNames(
  text: string,
  directives: readonly Directive[],
  site: Site,
  upstreams: readonly Directive[],
  surroundings: Surroundings,
): Replacement[] {
  const here = upstreamsOf(directives, []);
  const replacements: Replacement[] = [];
  for (const upstream of upstreams) {
    const left = (upstream.block ?? []).filter(
      (one) =>
        one.name === 'server' &&
        site.routes.some((route) => route.plain.map(normalize).includes(normalize(one.args[0]!))),
    );
    if (left.length === 0) continue;
    if (!here.includes(upstream)) {
      throw configFailure(
        `the upstream ${upstream.args[0]} stands in another file, and would keep nginx from starting once ${left[0]!.args[0]} is gone`,
        'Move the upstream into this file.',
        surroundings.file,
      );
    }
    replacements.push(
      ...left.map((server) => replaceRegion(text, server, site.project, ['server 127.0.0.1:9 down;'])),
    );
  }
  return replacements;
}

/** Whether looks at files are cached for this server by a level above it. */
function cachesFiles(
  server: Directive,
  files: ReadonlyMap<string, Directive[]>,
  http: readonly Directive[],
  text: string,
  file: string,
): boolean {
  const on = (one: Directive) => one.name === 'open_file_cache' && one.args[0] !== 'off';
  if (expandIncludes(server.block ?? [], files).some(on)) {
    throw configFailure(
      'open_file_cache is on for the server, so that a flag would be seen late',
      'Move `open_file_cache` into the locations that serve files.',
      file,
      lineOf(text, server.start),
    );
  }
  return http.some(on);
}

interface Pass {
  directive: Directive;
  server: Directive;
  /** Blocks around the directive, innermost first, up to the server. */
  chain: Directive[];
}

function proxyPasses(directives: readonly Directive[]): Pass[] {
  const found: Pass[] = [];
  const visit = (list: readonly Directive[], chain: Directive[]) => {
    for (const directive of list) {
      if (directive.name === 'proxy_pass') {
        const server = chain.find((block) => block.name === 'server');
        if (server) found.push({ directive, server, chain: chain.slice(0, chain.indexOf(server) + 1) });
      }
      if (directive.block && directive.name !== 'stream') visit(directive.block, [directive, ...chain]);
    }
  };
  visit(directives, []);
  return found;
}

function upstreamsOf(directives: readonly Directive[], http: readonly Directive[]): Directive[] {
  const inFile = directives.flatMap((one) => (one.name === 'http' ? (one.block ?? []) : [one]));
  return [...inFile, ...http].filter((one) => one.name === 'upstream');
}

function httpLevel(files: ReadonlyMap<string, Directive[]>): Directive[] {
  const [main] = [...files.values()];
  const http = main?.find((one) => one.name === 'http');
  return expandIncludes(http?.block ?? [], files);
}

const PASS = /^(https?):\/\/([^/]+)(\/.*)?$/;

function normalize(address: string): string {
  const name = address.replace(/^(localhost|\[::1\]|0\.0\.0\.0)(?=:|$)/, '127.0.0.1');
  return /:\d+$/.test(name) ? name : `${name}:80`;
}

function leadsTo(directive: Directive, route: Route, upstreams: readonly Directive[]): boolean {
  const target = PASS.exec(directive.args[0] ?? '')?.[2];
  if (target === undefined) return false;
  const upstream = upstreams.find((one) => one.args[0] === target);
  const addresses = upstream
    ? (upstream.block ?? []).filter((one) => one.name === 'server').map((one) => one.args[0]!)
    : [target];
  const plain = route.plain.map(normalize);
  return addresses.some((address) => plain.includes(normalize(address)));
}

function noPass(route: Route, found: readonly Pass[], text: string, file: string) {
  const seen = found
    .map(({ directive }) => `line ${lineOf(text, directive.start)} ${directive.args[0]}`)
    .join(', ');
  return configFailure(
    `no proxy_pass leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
    seen === ''
      ? `Name in \`site-config\` the file whose \`proxy_pass\` serves ${route.service}.`
      : `It has ${seen}: correct \`routes\`, or name the file that serves ${route.service}.`,
    file,
  );
}

/** The directives of this name at the nearest level that has one: nginx inherits all of a level's or none. */
function effective(levels: readonly (readonly Directive[])[], name: string): Directive[] {
  for (const level of levels) {
    const own = level.filter((one) => one.name === name);
    if (own.length > 0) return own;
  }
  return [];
}

function locationLines(
  pass: Pass,
  route: Route,
  site: Site,
  levels: readonly (readonly Directive[])[],
  surroundings: Surroundings,
  text: string,
): string[] {
  const name = identifier(site.project);
  const match = PASS.exec(pass.directive.args[0]!)!;
  const [, scheme, target, path] = match as unknown as [string, string, string, string | undefined];
  const lines: string[] = [];
  const location = pass.chain[0]!;
  if (path !== undefined)
    lines.push(...pathLines(path, location, surroundings.file, lineOf(text, pass.directive.start)));
  if (site.contained) {
    lines.push('resolver 127.0.0.11 valid=1s ipv6=off;');
    lines.push(`proxy_pass ${scheme}://$deploy_${identifier(site.project, route.name)};`);
  } else {
    lines.push(
      `proxy_pass ${scheme}://deploy_${identifier(site.project, route.name)}_$deploy_${name}_color;`,
    );
  }
  // What nginx derives from the address in proxy_pass must stay what it was.
  if (effective(levels, 'proxy_redirect').length === 0) {
    const prefix = location.name === 'location' ? (plainPrefix(location) ?? '/') : '/';
    lines.push(`proxy_redirect ${scheme}://${target}${path ?? '/'} ${path === undefined ? '/' : prefix};`);
  }
  const headers = effective(levels, 'proxy_set_header');
  if (!headers.some((one) => one.args[0]!.toLowerCase() === 'host')) {
    lines.push(...inherited(levels, 'proxy_set_header'), `proxy_set_header Host ${target};`);
  }
  if (scheme === 'https' && effective(levels, 'proxy_ssl_name').length === 0)
    lines.push(`proxy_ssl_name ${target.replace(/:\d+$/, '')};`);
  lines.push(...inherited(levels, 'add_header'));
  lines.push(`add_header ${site.header ?? DEFAULT_HEADER} $deploy_${name}_header always;`);
  if (site.sticky !== undefined) lines.push(`add_header Set-Cookie $deploy_${name}_cookie always;`);
  if (site.canaryLog !== undefined && canLog(levels)) {
    // Written out again, `off` would turn off ours too.
    lines.push(...inherited(levels, 'access_log').filter((one) => one !== 'access_log off;'));
    lines.push(`access_log ${site.canaryLog} deploy_${name} if=$deploy_${name}_logged;`);
  }
  return lines;
}

/**
 * Whether a log of ours can be added: not beside an `access_log off` of the location's own, and not where nothing
 * names the log that there is by default, which ours would take the place of.
 */
function canLog(levels: readonly (readonly Directive[])[]): boolean {
  const isOff = (one: Directive) => one.name === 'access_log' && one.args[0] === 'off';
  return !levels[0]!.some(isOff) && effective(levels, 'access_log').length > 0;
}

/** What a level above gives, written out again, because a directive of our own would otherwise take its place. */
function inherited(levels: readonly (readonly Directive[])[], name: string): string[] {
  const own = levels[0]!.some((one) => one.name === name);
  return own ? [] : effective(levels, name).map(statement);
}

function plainPrefix(location: Directive): string | undefined {
  if (location.args.length === 1 && location.args[0]!.startsWith('/')) return location.args[0];
  if (location.args.length === 2 && (location.args[0] === '^~' || location.args[0] === '='))
    return location.args[1];
  return undefined;
}

/** With a variable in it, proxy_pass no longer replaces the location's prefix by its path: a rewrite does. */
function pathLines(path: string, location: Directive, file: string, line: number): string[] {
  const prefix = location.name === 'location' ? plainPrefix(location) : undefined;
  if (prefix === undefined || /\$/.test(path)) {
    throw configFailure(
      `proxy_pass has the path ${path}, which cannot be kept in this place`,
      'Move it into a location with a plain prefix, or leave the path out and use `rewrite`.',
      file,
      line,
    );
  }
  if (prefix === path) return [];
  const pattern = prefix.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return [`rewrite "^${pattern}(.*)$" "${path.replace(/["\\]/g, '\\$&')}$1" break;`];
}

function serverLines(site: Site, cached: boolean): string[] {
  const name = identifier(site.project);
  const flag = (share: string) => `if (-f ${site.folder}/${share}) { set $deploy_${name}_share ${share}; }`;
  const whole = COLORS as readonly string[];
  const rungs = shares()
    .map(shareName)
    .filter((share) => !whole.includes(share));
  return [
    ...(cached ? ['open_file_cache off;'] : []),
    `set $deploy_${name}_share "";`,
    ...rungs.map(flag),
    ...whole.map(flag),
    // A rename between two looks must not hide both names: look at the first once more.
    flag(whole[0]!),
    ...(site.canaryLog === undefined
      ? []
      : [
          `set $deploy_${name}_watched "";`,
          `if (-f ${site.folder}/${WATCH_FLAG}) { set $deploy_${name}_watched 1; }`,
        ]),
  ];
}

function httpLines(site: Site, upstreams: readonly Directive[]): string[] {
  const name = identifier(site.project);
  const color = `$deploy_${name}_color`;
  const share = `$deploy_${name}_share`;
  const probe = `$http_${PROBE_HEADER.toLowerCase().replace(/-/g, '_')}`;
  const lines: string[] = [];
  for (const route of site.routes) {
    const id = `deploy_${identifier(site.project, route.name)}`;
    if (site.contained) {
      lines.push(
        `map ${color} $${id} {`,
        ...COLORS.map((one) => `    ${one} ${addressesOf(route, one)[0]};`),
        '}',
      );
      continue;
    }
    const model = upstreams.find((one) =>
      (one.block ?? []).some(
        (server) =>
          server.name === 'server' && route.plain.map(normalize).includes(normalize(server.args[0]!)),
      ),
    );
    const settings = (model?.block ?? []).filter(
      (one) => one.name !== 'server' && one.name !== 'zone' && !one.block,
    );
    for (const one of COLORS) {
      lines.push(
        `upstream ${id}_${one} {`,
        // The balancing method has to stand before keepalive.
        ...settings.map((setting) => `    ${statement(setting)}`),
        ...addressesOf(route, one).map((address) => `    server ${address};`),
        '}',
      );
    }
  }
  const key = `$deploy_${name}_key`;
  if (site.sticky === undefined) {
    lines.push(`map "" ${key} { default $request_id; }`);
  } else {
    const cookie = `$cookie_${site.sticky}`;
    lines.push(
      `map ${cookie} ${key} { "" $request_id; default ${cookie}; }`,
      `map "$deploy_${name}_canary:${cookie}" $deploy_${name}_cookie { "1:" "${site.sticky}=$request_id; Path=/; HttpOnly; SameSite=Lax"; default ""; }`,
    );
  }
  for (const weight of LADDER) {
    for (const one of COLORS) {
      const other = one === 'blue' ? 'green' : 'blue';
      lines.push(`split_clients ${key} $deploy_${name}_${one}_${weight} { ${weight}% ${one}; * ${other}; }`);
    }
  }
  lines.push(
    `map ${probe} $deploy_${name}_probe { "${site.token}-blue" blue; "${site.token}-green" green; "${site.token}" seen; default ""; }`,
    `map "$deploy_${name}_probe:${share}" ${color} {`,
    `    default ${site.fallback};`,
    ...COLORS.map((one) => `    "~^${one}:" ${one};`),
    ...shares().map((one) => {
      const value = one.weight === 100 ? one.color : `$deploy_${name}_${one.color}_${one.weight}`;
      return `    "~^[a-z]*:${shareName(one)}$" ${value};`;
    }),
    '}',
    `map ${share} $deploy_${name}_canary { "~-" 1; default ""; }`,
    // Says so when no flag could be read, so that a folder that the workers cannot see is found out.
    `map ${share} $deploy_${name}_seen { "" "${color};fallback"; default ${color}; }`,
    site.header === undefined
      ? `map $deploy_${name}_probe $deploy_${name}_header { "" ""; default $deploy_${name}_seen; }`
      : `map "" $deploy_${name}_header { default $deploy_${name}_seen; }`,
  );
  if (site.canaryLog !== undefined) {
    lines.push(
      // Our own probe is no visitor: its requests would make up for missing ones.
      `map "$deploy_${name}_watched:$deploy_${name}_probe:${share}" $deploy_${name}_logged { "~^1::.*-" 1; default ""; }`,
      `log_format deploy_${name} '${color} $status $request_time';`,
    );
  }
  return lines;
}

function innerIndent(text: string, block: Directive): string {
  const first = block.block?.[0];
  return first ? indentAt(text, first.start) : `${indentAt(text, block.start)}    `;
}

function parse(text: string, file: string): Directive[] {
  try {
    return parseNginx(text);
  } catch (error) {
    if (!(error instanceof NginxSyntaxError)) throw error;
    throw configFailure(
      error.message,
      'nginx would not load this file either: `nginx -t` says more.',
      file,
      lineOf(text, error.offset),
    );
  }
}
