import { COLORS, type Share, otherColor, shareName, shares } from './color.ts';
import { type Edit, type Proxy, type Replacement, configFailure, replaceAll } from './proxy.ts';
import { indentAt, insertRegion, removeRegions, replaceRegion, withoutRegions } from './region.ts';
import { DEFAULT_HEADER, PROBE_HEADER, type Route, type Site, addressesOf, identifier } from './site.ts';

/**
 * Caddy's `file` matcher looks for the flag of each request, a lazy `map` turns it into the colour's address,
 * and the user's `reverse_proxy` takes that address as a placeholder: it keeps its place, its matcher and its
 * options. Any change of Caddy's configuration, through its API too, is a reload that closes WebSockets.
 */
export const caddy: Proxy = {
  kind: 'caddy',
  install(config, site, surroundings) {
    const text = withoutRegions(config, site.project, surroundings.file);
    const lines = parseCaddyfile(text);
    const edit: Edit = { text, changes: [], warnings: [] };
    const replacements: Replacement[] = [];
    const sites = new Set<Line>();
    for (const route of site.routes) {
      const targets = lines.filter((line) => addressWords(line).some((word) => leadsTo(word, route)));
      if (targets.length === 0) throw noProxy(route, lines, surroundings.file);
      for (const line of targets) {
        const opener = line.site;
        if (opener === undefined || opener.words[0]!.startsWith('(')) {
          throw configFailure(
            'this reverse_proxy stands in no site block of its own',
            'Give the site braces, or move the directive out of the snippet into the site.',
            surroundings.file,
            line.number,
          );
        }
        sites.add(opener);
        const names = addressesOf(route, 'blue').map((_, index) => `{${placeholder(site, route, index)}}`);
        const words = line.words.filter(
          (word) => !leadsTo(word, route) || !addressWords(line).includes(word),
        );
        const at = line.words.findIndex((word) => addressWords(line).includes(word) && leadsTo(word, route));
        words.splice(at, 0, ...names);
        replacements.push(...replaceFirstLine(text, line, site.project, words.join(' ')));
        edit.changes.push(
          `line ${line.number}: ${line.words.join(' ')} becomes a choice between ${route.name} blue and green`,
        );
      }
    }
    for (const opener of sites) {
      const indent = `${indentAt(text, opener.start)}\t`;
      replacements.push(insertRegion(text, opener.next, site.project, indent, siteLines(site)));
      edit.changes.push(
        `line ${opener.number}: ${opener.words.slice(0, -1).join(' ')} looks for the flags in ${site.folder}`,
      );
    }
    return { ...edit, text: replaceAll(text, replacements) };
  },
  uninstall(config, site) {
    return removeRegions(config, site.project);
  },
};

interface Line {
  number: number;
  words: string[];
  start: number;
  end: number;
  /** Offset of the next line. */
  next: number;
  /** The line that opened the outermost block around this one. */
  site: Line | undefined;
  /** The line that opened the innermost block. */
  parent: Line | undefined;
}

/** The lines of a Caddyfile that say something, with the blocks that they stand in. */
export function parseCaddyfile(text: string): Line[] {
  const lines: Line[] = [];
  const open: Line[] = [];
  let at = 0;
  let heredoc = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const start = at + /^\s*/.exec(raw)![0].length;
    const line = raw.trim();
    at += raw.length + 1;
    if (heredoc !== '') {
      if (line === heredoc || line.startsWith(`${heredoc} `)) heredoc = '';
      continue;
    }
    const words = line.replace(/(^|\s)#.*$/, '').match(/"(?:[^"\\]|\\.)*"|`[^`]*`|\S+/g) ?? [];
    if (words.length === 0) continue;
    heredoc = /^<<([A-Za-z0-9_-]+)$/.exec(words.at(-1)!)?.[1] ?? '';
    if (words[0] === '}') {
      open.pop();
      continue;
    }
    const one: Line = {
      number: index + 1,
      words,
      start,
      end: start + words.join(' ').length,
      next: Math.min(at, text.length),
      site: open[0],
      parent: open.at(-1),
    };
    one.end = start + line.replace(/(^|\s)#.*$/, '').trimEnd().length;
    lines.push(one);
    if (words.at(-1) === '{') open.push(one);
  }
  return lines;
}

/** The words of a line that may be upstream addresses: of `reverse_proxy`, and of `to` within its block. */
function addressWords(line: Line): string[] {
  const [name, ...rest] = line.words;
  if (name === 'to' && line.parent?.words[0] === 'reverse_proxy') return rest;
  if (name !== 'reverse_proxy') return [];
  return rest.filter((word, index) => word !== '{' && !(index === 0 && /^[@/*]/.test(word)));
}

function leadsTo(word: string, route: Route): boolean {
  const same = (address: string) =>
    address
      .replace(/^http:\/\//, '')
      .replace(/^(?:localhost|\[::1\])?(?=:)/, '127.0.0.1')
      .replace(/\/$/, '');
  return route.plain.map(same).includes(same(word));
}

function noProxy(route: Route, lines: readonly Line[], file: string) {
  const seen = lines
    .flatMap((line) => addressWords(line).map((word) => `line ${line.number} ${word}`))
    .join(', ');
  return configFailure(
    `no reverse_proxy leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
    seen === ''
      ? 'Name in `site-config` the Caddyfile that has the site.'
      : `It has ${seen}: correct \`routes\`.`,
    file,
  );
}

function placeholder(site: Site, route: Route, index: number): string {
  return `deploy_${identifier(site.project, route.name)}_${index + 1}`;
}

/** A block's first line is replaced so that the block stays: the brace is written again behind the mark. */
function replaceFirstLine(text: string, line: Line, project: string, content: string): Replacement[] {
  return [replaceRegion(text, { start: line.start, end: line.end }, project, [content])];
}

function siteLines(site: Site): string[] {
  const name = `deploy_${identifier(site.project)}`;
  const share = `{http.vars.${name}_share}`;
  const probe = `{http.request.header.${PROBE_HEADER}}`;
  const ladder = shares().filter((one) => one.weight < 100);
  const header = site.header ?? DEFAULT_HEADER;
  const lines = [
    `@${name}_flag file {`,
    `\troot ${site.folder}`,
    `\ttry_files ${shares()
      .map((one) => `/${shareName(one)}`)
      .join(' ')}`,
    '}',
    `vars @${name}_flag ${name}_share {http.matchers.file.relative}`,
  ];
  let key = '{http.request.uuid}';
  if (site.sticky !== undefined) {
    key = `{${name}_key}`;
    lines.push(
      `map {http.request.cookie.${site.sticky}} ${key} {`,
      // What a pattern gives is expanded by its groups, not by placeholders.
      '\t~^([0-9a-f-]{36})$ ${1}',
      '\tdefault {http.request.uuid}',
      '}',
      `@${name}_new {`,
      '\tfile {',
      `\t\troot ${site.folder}`,
      `\t\ttry_files ${ladder.map((one) => `/${shareName(one)}`).join(' ')}`,
      '\t}',
      `\tnot header_regexp Cookie (^|[;\\s])${site.sticky}=`,
      '}',
      `header @${name}_new +Set-Cookie "${site.sticky}={http.request.uuid}; Path=/; HttpOnly; SameSite=Lax"`,
    );
  }
  lines.push(
    `map "${probe}:${share}:${key}" {${name}_color} {`,
    ...COLORS.map((color) => `\t~^${site.token}-${color}: ${color}`),
    ...COLORS.map((color) => `\t~^[^:]*:/${color}: ${color}`),
    ...ladder.flatMap((one) => [
      `\t~^[^:]*:/${shareName(one)}:${below(one)} ${one.color}`,
      `\t~^[^:]*:/${shareName(one)}: ${otherColor(one.color)}`,
    ]),
    `\tdefault ${site.fallback}`,
    '}',
    // Says so when no flag could be read, so that a folder that Caddy cannot see is found out.
    `map ${share} {${name}_mark} {`,
    '\t~^$ ";fallback"',
    '\tdefault ""',
    '}',
  );
  for (const route of site.routes) {
    for (const [index, blue] of addressesOf(route, 'blue').entries()) {
      const green = addressesOf(route, 'green')[index] ?? addressesOf(route, 'green')[0]!;
      lines.push(
        `map {${name}_color} {${placeholder(site, route, index)}} {`,
        `\tblue ${blue}`,
        `\tdefault ${green}`,
        '}',
      );
    }
  }
  if (site.header === undefined) lines.push(`@${name}_probe header ${PROBE_HEADER} ${site.token}*`);
  lines.push(
    `header${site.header === undefined ? ` @${name}_probe` : ''} {`,
    `\t${header} {${name}_color}{${name}_mark}`,
    // Set when the answer is written, so that it replaces what the application may have set.
    '\tdefer',
    '}',
  );
  return lines;
}

/** A pattern for random identifiers whose first three hexadecimal digits lie below the weight. */
function below(share: Share): string {
  const digits = Math.round((4096 * share.weight) / 100)
    .toString(16)
    .padStart(3, '0');
  const choices = [...digits].flatMap((digit, index) => {
    const value = parseInt(digit, 16);
    return value === 0 ? [] : [`${digits.slice(0, index)}${lower(value)}`];
  });
  return `(?:${choices.join('|')})`;
}

/** A pattern for one hexadecimal digit less than `value`. */
function lower(value: number): string {
  if (value === 1) return '0';
  if (value <= 10) return `[0-${value - 1}]`;
  return value === 11 ? '[0-9a]' : `[0-9a-${(value - 1).toString(16)}]`;
}

/** For tests: the share of identifiers that the pattern of a weight takes. */
export function patternShare(weight: number): number {
  const pattern = new RegExp(`^${below({ color: 'blue', weight })}`);
  let taken = 0;
  for (let value = 0; value < 4096; value += 1)
    if (pattern.test(value.toString(16).padStart(3, '0'))) taken += 1;
  return taken / 4096;
}
