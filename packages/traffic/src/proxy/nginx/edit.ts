import type { Route, Site } from '../../site.ts';
import { type Edit, type Surroundings, emptyEdit } from '../proxy.ts';
import { indentAt, insertRegion, replaceRegion, withoutRegions } from '../region.ts';
import { type Replacement, configFailure, lineOf, replaceAll } from '../replacement.ts';
import { canLog, httpLines, isLogged, locationLines, serverLines } from './directives.ts';
import { nginxDoors } from './doors.ts';
import {
  type NginxReading,
  type Pass,
  isOf,
  leadsTo,
  levelsOf,
  readNginx,
  serversBehind,
  upstreamsIn,
} from './reading.ts';
import { type Directive, expandIncludes, statement } from './syntax.ts';

/**
 * nginx looks, for each request, whether a flag file exists (`-f`, one stat() each) and picks the colour's
 * upstream by a variable: a switch is one rename(), and no worker is ever replaced. A reload would close idle
 * keep-alive connections, which costs one to three requests each time.
 */
export function installNginx(config: string, site: Site, { file, whole }: Surroundings): Edit {
  const text = withoutRegions(config, site.project, file);
  const reading = readNginx(text, file, whole);
  const edit = emptyEdit(text);
  const replacements: Replacement[] = [];
  const changed: Pass[] = [];
  for (const route of site.routes) {
    const passes = reading.passes.filter(({ target }) => leadsTo(target, route, reading.upstreams));
    if (passes.length === 0) throw noPass(route, reading);
    for (const pass of passes) {
      requirePlace(reading, pass);
      requireOnly(reading, pass, route);
      changed.push(pass);
      const lines = locationLines(reading, pass, route, site);
      replacements.push(replaceRegion(text, pass.directive, site.project, lines));
      edit.changes.push(
        `line ${lineOf(text, pass.directive.start)}: ${statement(pass.directive)} becomes a choice between ${route.name} blue and green`,
      );
    }
  }
  if (site.container !== '') replacements.push(...lateNames(reading, site));
  const servers = [...new Set(changed.map(({ server }) => server))].sort((a, b) => a.start - b.start);
  for (const server of servers) replacements.push(flagsIn(server, reading, site, edit));
  const top = servers[0]!;
  const declared = httpLines(site, reading.upstreams);
  replacements.push(insertRegion(text, top.start, site.project, indentAt(text, top.start), declared));
  edit.changes.push(
    `line ${lineOf(text, top.start)}: the colours${site.canary ? ' and the canary ladder' : ''} of ${site.project} are declared`,
  );
  if (whole === undefined) {
    edit.warnings.push(
      'the whole configuration could not be read (`nginx -T` as root), so what `http` sets for every site, such as a header, is not repeated',
    );
  }
  const quiet = changed.find((pass) => !canLog(levelsOf(reading, pass)));
  return {
    ...edit,
    text: replaceAll(text, replacements, file),
    doors: nginxDoors(changed, reading.files),
    canaryWhy:
      quiet && isLogged(site)
        ? `the location in line ${lineOf(text, quiet.chain[0]!.start)} of ${file} has no access_log, or turns it off itself`
        : '',
  };
}

/** The look at the flags, as the first thing in a server. */
function flagsIn(server: Directive, reading: NginxReading, site: Site, edit: Edit): Replacement {
  const { text, file } = reading;
  const first = text.indexOf('\n', server.inner!) + 1;
  const line = lineOf(text, server.start);
  if (first === 0 || first > server.end || /\S/.test(text.slice(server.inner!, first).replace(/#.*/, ''))) {
    throw configFailure(
      'something follows the opening brace of the server on its line',
      'Put it on a line of its own.',
      file,
      line,
    );
  }
  const cached = cachesFiles(server, reading);
  if (cached) {
    edit.warnings.push(
      `open_file_cache is on: it is turned off for the server in line ${line}, because a cached look at a flag would delay a switch`,
    );
  }
  return insertRegion(text, first, site.project, innerIndent(text, server), serverLines(site, cached));
}

/** Directives that go with a `proxy_pass` may not stand in an `if`, nor in a `limit_except`. */
function requirePlace({ text, file }: NginxReading, { directive, chain: [around] }: Pass): void {
  if (around?.name === 'location') return;
  throw configFailure(
    `this proxy_pass stands in \`${around?.name ?? 'server'}\`, where its headers cannot be set`,
    'Move it into a location of its own, such as a named one that `error_page` or `try_files` leads to.',
    file,
    lineOf(text, directive.start),
  );
}

/** What else an upstream sends to would go on getting requests, of whatever colour. */
function requireOnly(reading: NginxReading, { target, directive }: Pass, route: Route): void {
  const other = serversBehind(target!, reading.upstreams)?.find(
    ({ args }) => !isOf(route, args[0]!) && !args.includes('backup') && !args.includes('down'),
  );
  if (!other) return;
  throw configFailure(
    `the upstream ${target!.host} also sends to ${other.args[0]}, which is none of ${route.name}'s addresses`,
    'Take that server out first: the colours are on this server alone.',
    reading.file,
    lineOf(reading.text, directive.start),
  );
}

/**
 * An upstream that is no longer asked must not keep nginx from starting when its name is gone: nginx resolves the
 * names of every upstream when it starts.
 */
function lateNames({ text, file, directives, upstreams }: NginxReading, site: Site): Replacement[] {
  const here = upstreamsIn(directives);
  return upstreams.flatMap((upstream) => {
    const left = (upstream.block ?? []).filter(
      (one) => one.name === 'server' && site.routes.some((route) => isOf(route, one.args[0]!)),
    );
    if (left.length > 0 && !here.includes(upstream)) {
      // `nginx -T` has the file itself, too.
      if (here.some((one) => one.args[0] === upstream.args[0])) return [];
      throw configFailure(
        `the upstream ${upstream.args[0]} stands in another file, and would keep nginx from starting once ${left[0]!.args[0]} is gone`,
        'Move the upstream into this file.',
        file,
      );
    }
    return left.map((server) => replaceRegion(text, server, site.project, ['server 127.0.0.1:9 down;']));
  });
}

/** Whether looks at files are cached for this server by a level above it. */
function cachesFiles(server: Directive, { text, file, files, http }: NginxReading): boolean {
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

function noPass(route: Route, { text, file, passes, directives }: NginxReading) {
  const seen = passes
    .map(({ directive }) => `line ${lineOf(text, directive.start)} ${directive.args[0]}`)
    .join(', ');
  const stray = passes.length === 0 ? strayPass(directives) : undefined;
  return configFailure(
    `no proxy_pass leads to route ${route.name} (${route.plain.join(' or ') || 'no address known'})`,
    stray
      ? `That in line ${lineOf(text, stray.start)} stands in no server here: another file includes this one. Write the location into the file with the server, and name that.`
      : seen === ''
        ? `Name in \`site-config\` the file whose \`proxy_pass\` serves ${route.service}.`
        : `It has ${seen}: correct \`routes\`, or name the file that serves ${route.service}.`,
    file,
  );
}

function strayPass(directives: readonly Directive[]): Directive | undefined {
  for (const one of directives) {
    const found = one.name === 'proxy_pass' ? one : strayPass(one.block ?? []);
    if (found) return found;
  }
  return undefined;
}

function innerIndent(text: string, block: Directive): string {
  const first = block.block?.[0];
  return first ? indentAt(text, first.start) : `${indentAt(text, block.start)}    `;
}
