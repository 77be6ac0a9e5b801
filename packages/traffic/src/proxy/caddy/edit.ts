import { type Route, type Site, addressesOf } from '../../site.ts';
import { type Edit, type Surroundings, emptyEdit } from '../proxy.ts';
import { indentAt, insertRegion, replaceRegion, withoutRegions } from '../region.ts';
import { type Replacement, configFailure, replaceAll } from '../replacement.ts';
import { placeholder, siteLines } from './directives.ts';
import { caddyDoors } from './doors.ts';
import { type Upstreams, leadsTo, readCaddyfile, upstreamsIn, within } from './reading.ts';
import type { Line } from './syntax.ts';

/**
 * Caddy keeps a connection to the application for two minutes when it has nothing to do; then what a colour still has
 * to do cannot be told from what it only might get. On one machine a new connection costs next to nothing.
 */
const KEEPALIVE = 'keepalive 2s';

/**
 * Caddy's `file` matcher looks for the flag of each request, a lazy `map` turns it into the colour's address,
 * and the user's `reverse_proxy` takes that address as a placeholder: it keeps its place, its matcher and its
 * options. Any change of Caddy's configuration, through its API too, is a reload that closes WebSockets.
 */
export function installCaddy(config: string, site: Site, { file }: Surroundings): Edit {
  const text = withoutRegions(config, site.project, file);
  const lines = readCaddyfile(text, file);
  const upstreams = upstreamsIn(lines);
  const edit = emptyEdit(text);
  const replacements: Replacement[] = [];
  const changed: Upstreams[] = [];
  for (const route of site.routes) {
    const own = upstreams.filter(({ line, indexes }) =>
      indexes.some((index) => leadsTo(line.words[index]!, route)),
    );
    if (own.length === 0) throw noProxy(route, upstreams, file);
    for (const one of own) {
      requireSite(one, file);
      requireOnly(one, upstreams, route, file);
      changed.push(one);
      const first = own.find(({ directive }) => directive === one.directive) === one;
      const connections = first ? shortIdle(one, lines, text, site.project, edit) : NOTHING;
      const content = first
        ? [...chosenLine(one, route, site, connections.opened), ...connections.inLine]
        : withoutAddresses(one);
      replacements.push(
        replaceRegion(text, { start: one.line.start, end: one.line.end }, site.project, content),
        ...connections.elsewhere,
      );
      edit.changes.push(
        `line ${one.line.number}: ${one.line.words.join(' ')} becomes a choice between ${route.name} blue and green`,
      );
    }
  }
  for (const opener of new Set(changed.map(({ line }) => line.site!))) {
    const indent = `${indentAt(text, opener.start)}\t`;
    replacements.push(insertRegion(text, opener.next, site.project, indent, siteLines(site)));
    edit.changes.push(
      `line ${opener.number}: ${opener.words.slice(0, -1).join(' ')} looks for the flags in ${site.folder}`,
    );
  }
  return { ...edit, text: replaceAll(text, replacements, file), doors: caddyDoors(lines, changed) };
}

/** The line with a placeholder for each address of the colours. */
function chosenLine({ line, indexes }: Upstreams, route: Route, site: Site, opened: boolean): string[] {
  const names = addressesOf(route, 'blue').map((_, index) => `{${placeholder(site, route, index)}}`);
  const kept = line.raw.filter((_, index) => !indexes.includes(index));
  kept.splice(indexes[0]!, 0, ...names);
  return [[...kept, ...(opened ? ['{'] : [])].join(' ')];
}

/** Another line of the same directive: all addresses stand in the first. */
function withoutAddresses({ line, directive, indexes }: Upstreams): string[] {
  return line === directive ? [line.raw.filter((_, index) => !indexes.includes(index)).join(' ')] : [];
}

interface IdleChange {
  /** The line is to open a block. */
  opened: boolean;
  /** What follows the line in its place. */
  inLine: string[];
  elsewhere: Replacement[];
}

const NOTHING: IdleChange = { opened: false, inLine: [], elsewhere: [] };

/** Lets connections end soon that nobody uses. */
function shortIdle(
  { line, directive }: Upstreams,
  lines: readonly Line[],
  text: string,
  project: string,
  edit: Edit,
): IdleChange {
  const hasBlock = directive.words.at(-1) === '{';
  if (!hasBlock) {
    return { ...NOTHING, opened: true, inLine: ['\ttransport http {', `\t\t${KEEPALIVE}`, '\t}', '}'] };
  }
  const transport = within(lines, directive).find(({ words: [name] }) => name === 'transport');
  const indent = `${indentAt(text, directive.start)}\t`;
  if (!transport) {
    // In the same place as the line's own change where that is the directive: behind its brace.
    const block = ['transport http {', `\t${KEEPALIVE}`, '}'];
    return line === directive
      ? { ...NOTHING, inLine: block.map((one) => `\t${one}`) }
      : { ...NOTHING, elsewhere: [insertRegion(text, directive.next, project, indent, block)] };
  }
  if (transport.words[1] !== 'http') return NOTHING;
  if (transport.words.at(-1) !== '{') {
    const block = ['transport http {', `\t${KEEPALIVE}`, '}'];
    return { ...NOTHING, elsewhere: [replaceRegion(text, transport, project, block)] };
  }
  const own = within(lines, transport).find(({ words: [name] }) => name === 'keepalive');
  if (!own) {
    const deeper = `${indentAt(text, transport.start)}\t`;
    return { ...NOTHING, elsewhere: [insertRegion(text, transport.next, project, deeper, [KEEPALIVE])] };
  }
  edit.warnings.push(
    `line ${own.number}: ${own.words.join(' ')} keeps idle connections to the colour that was left, so that a switch waits that long for them to end, at most \`drain-timeout\``,
  );
  return NOTHING;
}

function requireSite({ line }: Upstreams, file: string): void {
  const opener = line.site;
  if (opener !== undefined && opener.words[0] !== '{' && !/^&?\(/.test(opener.words[0]!)) return;
  const isShared = opener !== undefined && opener.words[0] !== '{';
  throw configFailure(
    isShared
      ? `this reverse_proxy stands in ${opener.words[0]}, which any site may use`
      : 'this reverse_proxy stands in no site block of its own',
    isShared ? 'Write the directive into the site itself.' : 'Give the site braces.',
    file,
    line.number,
  );
}

/** What else a reverse_proxy sends to would go on getting requests, of whatever colour. */
function requireOnly(one: Upstreams, all: readonly Upstreams[], route: Route, file: string): void {
  for (const { line, indexes } of all.filter(({ directive }) => directive === one.directive)) {
    const other = indexes.map((index) => line.words[index]!).find((word) => !leadsTo(word, route));
    if (other === undefined) continue;
    throw configFailure(
      `this reverse_proxy also sends to ${other}, which is none of ${route.name}'s addresses`,
      'Take that address out first: the colours are on this server alone.',
      file,
      line.number,
    );
  }
}

function noProxy(route: Route, upstreams: readonly Upstreams[], file: string) {
  const seen = upstreams
    .flatMap(({ line, indexes }) => indexes.map((index) => `line ${line.number} ${line.words[index]}`))
    .join(', ');
  return configFailure(
    `no reverse_proxy leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
    seen === ''
      ? 'Name in `site-config` the Caddyfile that has the site.'
      : `It has ${seen}: correct \`routes\`.`,
    file,
  );
}
