import type { Route } from '../../site.ts';
import { type Line, type Section, plain } from './syntax.ts';

export const serversOf = (section: Section) =>
  section.lines.filter(({ words: [keyword] }) => keyword === 'server' || keyword === 'server-template');

export const addressOf = ({ words }: Line) =>
  plain((words[0] === 'server' ? words[2] : words[3]) ?? '').replace(/^ipv4@/, '');

/** What a server's line says behind its address. */
export const parametersOf = ({ words }: Line) => words.slice(words[0] === 'server' ? 3 : 4);

export function leadsTo(line: Line, route: Route): boolean {
  const same = (address: string) => address.replace(/^localhost(?=:)/, '127.0.0.1');
  return route.plain.map(same).includes(same(addressOf(line)));
}

/** The sections with a server at an address of the route. */
export function targetsOf(sections: readonly Section[], route: Route): Section[] {
  return sections.filter(
    (section) =>
      (section.kind === 'backend' || section.kind === 'listen') &&
      serversOf(section).some((line) => leadsTo(line, route)),
  );
}

/** The lines that send requests to a backend by its name. */
export function referrers(sections: readonly Section[], backend: string): { section: Section; line: Line }[] {
  return sections
    .filter(({ kind }) => kind === 'frontend' || kind === 'listen')
    .flatMap((section) =>
      section.lines
        .filter(
          ({ words: [keyword, name] }) =>
            /^(default_backend|use_backend)$/.test(keyword!) && plain(name ?? '') === backend,
        )
        .map((line) => ({ section, line })),
    );
}

/** The mode of a section: its own, or that of the defaults that hold for it. */
export function modeOf(section: Section, sections: readonly Section[]): string | undefined {
  const from = section.more[0] === 'from' ? plain(section.more[1] ?? '') : undefined;
  const own = section.lines.findLast(({ words: [keyword] }) => keyword === 'mode');
  if (own) return own.words[1];
  const defaults =
    from === undefined
      ? sections.slice(0, sections.indexOf(section)).findLast(({ kind }) => kind === 'defaults')
      : sections.find(({ kind, name }) => kind === 'defaults' && name === from);
  return defaults && modeOf(defaults, sections);
}
