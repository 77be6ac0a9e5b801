import { COLORS, type Color } from './color.ts';
import { type Edit, type Proxy, type Replacement, configFailure, lineOf, replaceAll } from './proxy.ts';
import { indentAt, insertRegion, removeRegions, replaceRegion, withoutRegions } from './region.ts';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from './site.ts';

/** The map's name in the site's folder: one line, `<project> <share>`. */
export const HAPROXY_MAP = 'haproxy.map';

/**
 * HAProxy asks a map whose turn it is, and a frontend rule picks the colour's backend: a switch is one
 * `set map` on the runtime socket. The map's file is renamed into place first, so that a restart, which
 * forgets what the socket was told, reads the same.
 */
export const haproxy: Proxy = {
  kind: 'haproxy',
  install(config, site, surroundings) {
    const text = withoutRegions(config, site.project, surroundings.file);
    const sections = parseHaproxy(text);
    const edit: Edit = { text, changes: [], warnings: [] };
    const replacements: Replacement[] = [];
    // The sections that choose, each with the routes that requests without a condition of their own go to.
    const entries = new Map<Section, Route[]>();
    const enter = (section: Section, unconditional: readonly Route[]) =>
      entries.set(section, [...(entries.get(section) ?? []), ...unconditional]);
    const appended: string[] = [];
    for (const route of site.routes) {
      const targets = sections.filter((one) => holdsServer(one, route));
      if (targets.length === 0) throw noServer(route, sections, surroundings.file);
      for (const target of targets) {
        if (target.kind === 'listen') {
          enter(target, [route]);
        } else {
          const users = referrers(sections, target.name);
          if (users.length === 0) {
            throw configFailure(
              `backend ${target.name} is named by no frontend`,
              'Add `default_backend` or `use_backend` with its name to the frontend.',
              surroundings.file,
              lineOf(text, target.start),
            );
          }
          for (const { section, line } of users) {
            const id = `deploy_${identifier(site.project, route.name)}`;
            const [keyword, , ...condition] = line.words;
            const isDefault = keyword === 'default_backend';
            enter(section, isDefault ? [route] : []);
            const lines = isDefault
              ? [`default_backend ${id}_${site.fallback}`]
              : [
                  `use_backend ${id}_%[var(txn.deploy_${identifier(site.project)}_color)] ${condition.join(' ')}`,
                ];
            replacements.push(replaceRegion(text, line, site.project, lines));
            edit.changes.push(
              `line ${lineOf(text, line.start)}: ${line.words.join(' ')} leads to the colours of ${route.name}`,
            );
          }
        }
        appended.push(...backends(target, route, site));
        if (site.contained) replacements.push(...lateNames(text, target, route, site.project));
      }
    }
    for (const [section, unconditional] of entries) {
      requireHttp(section, sections, text, surroundings.file);
      const [first] = section.lines;
      const indent = first ? indentAt(text, first.start) : '    ';
      const last = section.lines.at(-1);
      replacements.push(insertRegion(text, section.inner, site.project, indent, ruleLines(site)));
      if (unconditional.length > 0 && last) {
        replacements.push(
          insertRegion(
            text,
            lineAfter(text, last.end),
            site.project,
            indent,
            unconditional.map(
              (route) =>
                `use_backend deploy_${identifier(site.project, route.name)}_%[var(txn.deploy_${identifier(site.project)}_color)]`,
            ),
          ),
        );
      }
      edit.changes.push(
        `line ${lineOf(text, section.start)}: ${section.kind} ${section.name} asks the map for the colour`,
      );
    }
    if (surroundings.socket) {
      const { path, group } = surroundings.socket;
      const global = sections.find((one) => one.kind === 'global');
      const line = `stats socket ${path} mode 660 ${group === undefined ? '' : `group ${group} `}level admin`;
      const lines = global ? [line] : ['global', `    ${line}`];
      replacements.push(insertRegion(text, global?.inner ?? 0, site.project, global ? '    ' : '', lines));
      edit.changes.push(`a runtime socket ${path}${group === undefined ? '' : ` for the group ${group}`}`);
    }
    const body = replaceAll(text.endsWith('\n') ? text : `${text}\n`, replacements);
    const marked = insertRegion('', 0, site.project, '', appended).text;
    return { ...edit, text: `${body}${marked}` };
  },
  uninstall(config, site) {
    return removeRegions(config, site.project);
  },
};

/** The servers that are no longer asked must not keep HAProxy from starting when their name is gone. */
function lateNames(text: string, target: Section, route: Route, project: string): Replacement[] {
  return serversOf(target)
    .filter((line) => leadsTo(line, route) && !line.words.includes('init-addr'))
    .map((line) => replaceRegion(text, line, project, [`${line.words.join(' ')} init-addr last,libc,none`]));
}

interface Line {
  words: string[];
  start: number;
  end: number;
}

interface Section {
  kind: string;
  name: string;
  start: number;
  /** Offset of the line after the section's first. */
  inner: number;
  lines: Line[];
}

const KINDS =
  /^(global|defaults|frontend|backend|listen|resolvers|userlist|peers|mailers|program|cache|ring|fcgi-app|http-errors|log-forward|crt-store|traces|acme|log-profile|crt-list)$/;

/** The sections of a HAProxy configuration; continuation lines are not used by it, comments are left out. */
export function parseHaproxy(text: string): Section[] {
  const sections: Section[] = [];
  let at = 0;
  for (const raw of text.split('\n')) {
    const start = at + (/^\s*/.exec(raw)![0].length ?? 0);
    at += raw.length + 1;
    const words = wordsOf(raw);
    if (words.length === 0) continue;
    if (KINDS.test(words[0]!)) {
      sections.push({ kind: words[0]!, name: words[1] ?? '', start, inner: at, lines: [] });
    } else {
      const end = start + raw.slice(start - (at - raw.length - 1)).replace(/\s+$/, '').length;
      sections.at(-1)?.lines.push({ words, start, end });
    }
  }
  return sections;
}

/** Words as HAProxy splits them: quotes and `\ ` keep white space; they stay in the word, to be written again. */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index]!;
    if (character === '\\' && quote !== "'") {
      word += character + (line[(index += 1)] ?? '');
    } else if (quote !== '') {
      word += character;
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") {
      quote = character;
      word += character;
    } else if (character === '#') {
      break;
    } else if (/\s/.test(character)) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      word += character;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

const serversOf = (section: Section) =>
  section.lines.filter((line) => line.words[0] === 'server' || line.words[0] === 'server-template');

const addressOf = (line: Line) => (line.words[0] === 'server' ? line.words[2] : line.words[3]) ?? '';

function leadsTo(line: Line, route: Route): boolean {
  const same = (address: string) =>
    address.replace(/^(?:localhost|ipv4@)/, '127.0.0.1').replace(/^127\.0\.0\.1(?=\d+\.)/, '');
  return route.plain.map(same).includes(same(addressOf(line)));
}

function holdsServer(section: Section, route: Route): boolean {
  return (
    (section.kind === 'backend' || section.kind === 'listen') &&
    serversOf(section).some((line) => leadsTo(line, route))
  );
}

function referrers(sections: readonly Section[], backend: string): { section: Section; line: Line }[] {
  return sections
    .filter((one) => one.kind === 'frontend' || one.kind === 'listen')
    .flatMap((section) =>
      section.lines
        .filter((line) => /^(default_backend|use_backend)$/.test(line.words[0]!) && line.words[1] === backend)
        .map((line) => ({ section, line })),
    );
}

function noServer(route: Route, sections: readonly Section[], file: string) {
  const seen = sections
    .flatMap((one) => serversOf(one).map((line) => `${one.name} ${addressOf(line)}`))
    .join(', ');
  return configFailure(
    `no server leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
    seen === ''
      ? 'Name in `site-config` the file that has the backend.'
      : `It has ${seen}: correct \`routes\`.`,
    file,
  );
}

function requireHttp(section: Section, sections: readonly Section[], text: string, file: string): void {
  const defaults = sections
    .slice(0, sections.indexOf(section))
    .filter((one) => one.kind === 'defaults')
    .at(-1);
  const mode = [...(defaults?.lines ?? []), ...section.lines]
    .filter((line) => line.words[0] === 'mode')
    .at(-1)?.words[1];
  if (mode === 'http') return;
  throw configFailure(
    `${section.kind} ${section.name} is not in HTTP mode, so that requests cannot be told apart`,
    'Write `mode http` in it or in `defaults`.',
    file,
    lineOf(text, section.start),
  );
}

function lineAfter(text: string, offset: number): number {
  const next = text.indexOf('\n', offset);
  return next === -1 ? text.length : next + 1;
}

/** What a `listen` section passes on to its colours: nothing that would run twice for one request. */
const FOR_SERVERS =
  /^(mode|balance|hash-type|option|timeout|retries|retry-on|http-reuse|default-server|fullconn|cookie)$/;

function backends(target: Section, route: Route, site: Site): string[] {
  const id = `deploy_${identifier(site.project, route.name)}`;
  const name = `deploy_${identifier(site.project)}`;
  const header = site.header ?? DEFAULT_HEADER;
  const settings = target.lines
    .filter((line) => !/^server/.test(line.words[0]!))
    .filter((line) => target.kind === 'backend' || FOR_SERVERS.test(line.words[0]!));
  const [model] = serversOf(target);
  const parameters = withoutIdentity(model!.words.slice(model!.words[0] === 'server' ? 3 : 4));
  const lines: string[] = [];
  if (site.contained) {
    lines.push(
      `resolvers ${id}`,
      '    nameserver docker 127.0.0.11:53',
      '    hold valid 1s',
      '    hold nx 0s',
      '    hold obsolete 0s',
      '    timeout resolve 1s',
      '    accepted_payload_size 8192',
    );
  }
  for (const color of COLORS) {
    lines.push(
      `backend ${id}_${color}`,
      ...settings.map((line) => `    ${line.words.join(' ')}`),
      `    http-after-response set-header ${header} ${color}%[var(txn.${name}_mark)]${site.header === undefined ? ` if { var(txn.${name}_probe) -m found }` : ''}`,
    );
    if (site.sticky !== undefined) {
      lines.push(
        `    http-after-response add-header Set-Cookie "${site.sticky}=%[var(txn.${name}_key)]; Path=/; HttpOnly; SameSite=Lax" if { var(txn.${name}_limit) -m found } !{ var(txn.${name}_known) -m found }`,
      );
    }
    lines.push(...serverLines(color, route, site, id, parameters));
  }
  return lines;
}

function serverLines(
  color: Color,
  route: Route,
  site: Site,
  id: string,
  parameters: readonly string[],
): string[] {
  if (!site.contained) {
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

function ruleLines(site: Site): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const variable = (one: string) => `txn.${name}_${one}`;
  const set = (one: string, value: string, condition = '') =>
    `http-request set-var(${variable(one)}) ${value}${condition && ` if ${condition}`}`;
  const probe = (value: string) => `{ req.hdr(${PROBE_HEADER}) -m str ${value} }`;
  const canary = `{ var(${variable('share')}) -m sub -- - }`;
  return [
    set('share', `str(${site.project}),map(${site.folder}/${HAPROXY_MAP})`),
    set('color', `str(${site.fallback})`),
    // Says so when the map has no word on this project, so that it is found out.
    set('mark', 'str(;fallback)', `!{ var(${variable('share')}) -m found }`),
    set('color', `var(${variable('share')}),field(1,-)`, `{ var(${variable('share')}) -m found }`),
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
    ...COLORS.map((color) => set('color', `str(${color})`, probe(`${site.token}-${color}`))),
    set('probe', 'bool(true)', `{ req.hdr(${PROBE_HEADER}) -m beg ${site.token} }`),
  ];
}
