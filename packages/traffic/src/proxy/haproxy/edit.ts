import type { Route, Site } from '../../site.ts';
import { type Edit, type Surroundings, emptyEdit } from '../proxy.ts';
import { indentAt, insertRegion, replaceRegion, withoutRegions } from '../region.ts';
import { type Replacement, configFailure, lineOf, replaceAll } from '../replacement.ts';
import { backendLines, backendOf, colorOf, isReserve, ruleLines } from './directives.ts';
import { type Entry, haproxyDoors } from './doors.ts';
import { addressOf, leadsTo, modeOf, referrers, serversOf, targetsOf } from './reading.ts';
import { type Line, type Section, parseHaproxy, quoted } from './syntax.ts';

/**
 * HAProxy asks a map whose turn it is, and a frontend rule picks the colour's backend: a switch is one
 * `set map` on the runtime socket. The map's file is renamed into place first, so that a restart, which
 * forgets what the socket was told, reads the same.
 */
export function installHaproxy(config: string, site: Site, { file, login }: Surroundings): Edit {
  const text = withoutRegions(config, site.project, file);
  const sections = parseHaproxy(text);
  const edit = emptyEdit(text);
  const replacements: Replacement[] = [];
  const entries: Entry[] = [];
  // The sections that choose, each with the routes that requests without a condition of their own go to.
  const choosing = new Map<Section, Route[]>();
  const enter = (entry: Entry, unconditional: readonly Route[]) => {
    entries.push(entry);
    choosing.set(entry.section, [...(choosing.get(entry.section) ?? []), ...unconditional]);
  };
  const appended: string[] = [];
  for (const route of site.routes) {
    const targets = targetsOf(sections, route);
    if (targets.length === 0) throw noServer(route, sections, file);
    for (const target of targets) {
      requireOnly(target, route, text, file);
      if (target.kind === 'listen') enter({ section: target, line: undefined }, [route]);
      for (const { section, line } of target.kind === 'listen' ? [] : usersOf(target, sections, text, file)) {
        const isDefault = line.words[0] === 'default_backend';
        enter({ section, line }, isDefault ? [route] : []);
        replacements.push(replaceRegion(text, line, site.project, [chosenBackend(line, route, site)]));
        edit.changes.push(
          `line ${lineOf(text, line.start)}: ${line.words.join(' ')} leads to the colours of ${route.name}`,
        );
      }
      appended.push(...backendLines(target, route, site));
      if (site.container !== '') replacements.push(...lateNames(text, target, route, site.project));
    }
  }
  for (const [section, unconditional] of choosing) {
    requireHttp(section, sections, text, file);
    replacements.push(...rulesIn(section, unconditional, text, site));
    edit.changes.push(
      `line ${lineOf(text, section.start)}: ${section.kind} ${section.name} asks the map for the colour`,
    );
  }
  if (site.socketInside !== '') {
    // On the host HAProxy gives it to the login user alone; in a container the folder's rights decide.
    const owner = site.container === '' ? `user ${quoted(login)} mode 600` : 'mode 660';
    const global = sections.find((one) => one.kind === 'global');
    const line = `stats socket ${site.socketInside} ${owner} level admin`;
    const lines = global ? [line] : ['global', `    ${line}`];
    replacements.push(insertRegion(text, global?.inner ?? 0, site.project, global ? '    ' : '', lines));
    edit.changes.push(
      `a runtime socket ${site.socketInside}${site.container === '' ? ` for ${login} alone` : ''}`,
    );
  }
  const body = replaceAll(text.endsWith('\n') ? text : `${text}\n`, replacements, file);
  const marked = insertRegion('', 0, site.project, '', appended).text;
  return { ...edit, text: `${body}${marked}`, doors: haproxyDoors(entries) };
}

/** The rules of a section: first of all what asks the map, last of all what sends on whatever is left. */
function rulesIn(section: Section, unconditional: readonly Route[], text: string, site: Site): Replacement[] {
  const [first] = section.lines;
  const indent = first ? indentAt(text, first.start) : '    ';
  // What looks at the connection is done before, wherever it stands; HAProxy warns of another order.
  const before = section.lines.findLast(({ words: [keyword] }) => /^tcp-(request|response)$/.test(keyword!));
  const at = before ? lineAfter(text, before.end) : section.inner;
  const rules = [insertRegion(text, at, site.project, indent, ruleLines(site))];
  const last = section.lines.at(-1);
  if (unconditional.length > 0 && last) {
    const lines = unconditional.map(
      (route) => `use_backend ${backendOf(site, route)}_%[var(${colorOf(site)})]`,
    );
    rules.push(insertRegion(text, lineAfter(text, last.end), site.project, indent, lines));
  }
  return rules;
}

function chosenBackend({ words: [keyword, , ...condition] }: Line, route: Route, site: Site): string {
  const backend = backendOf(site, route);
  return keyword === 'default_backend'
    ? `default_backend ${backend}_${site.fallback}`
    : ['use_backend', `${backend}_%[var(${colorOf(site)})]`, ...condition].join(' ');
}

function usersOf(target: Section, sections: readonly Section[], text: string, file: string) {
  const users = referrers(sections, target.name);
  if (users.length > 0) return users;
  throw configFailure(
    `backend ${target.name} is named by no frontend`,
    `Add \`default_backend ${target.name}\`, or \`use_backend ${target.name} if …\`, to the frontend: a name that is worked out for each request cannot be followed.`,
    file,
    lineOf(text, target.start),
  );
}

/** The servers that are no longer asked must not keep HAProxy from starting when their name is gone. */
function lateNames(text: string, target: Section, route: Route, project: string): Replacement[] {
  return serversOf(target)
    .filter((line) => leadsTo(line, route) && !line.words.includes('init-addr'))
    .map((line) => replaceRegion(text, line, project, [`${line.words.join(' ')} init-addr last,libc,none`]));
}

/** What else a backend sends to would go on getting requests, of whatever colour. */
function requireOnly(target: Section, route: Route, text: string, file: string): void {
  const other = serversOf(target).find(
    (line) => !leadsTo(line, route) && !isReserve(line.words) && !line.words.includes('disabled'),
  );
  if (!other) return;
  throw configFailure(
    `${target.kind} ${target.name} also sends to ${addressOf(other)}, which is none of ${route.name}'s addresses`,
    'Take that server out first: the colours are on this server alone.',
    file,
    lineOf(text, other.start),
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
  if (modeOf(section, sections) === 'http') return;
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
