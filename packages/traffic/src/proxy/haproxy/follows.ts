import { type Follow, LONGEST_KEPT, namesOneOf } from '../follow.ts';
import { addressOf, parametersOf, serversOf } from './reading.ts';
import { type Line, type Section, parseHaproxy, plain } from './syntax.ts';

/** Seconds that HAProxy takes where a `resolvers` section does not say. Source: "resolvers" in HAProxy's configuration manual. */
const DEFAULTS = { resolve: 1, valid: 10, obsolete: 0, failure: 30 };

/**
 * HAProxy looks a name up when it starts, unless its server has `resolvers`: then it asks again, and goes to another
 * address as soon as the name has left the one that it had; what is under way there goes on.
 */
export function followsInHaproxy(told: string, names: readonly string[]): Follow {
  const files = /^# configuration file (\S+):$/m.exec(told);
  const sections = parseHaproxy(told);
  if (!files || sections.length === 0 || /^unread$/m.test(told)) {
    return {
      why: 'its configuration cannot be read',
      remedy: 'Let its container run `haproxy -f` with the absolute path of a file that it has a `cat` for',
    };
  }
  const toWrite = { remedy: 'Write the lines below in its place', lines: linesFor(names[0]!) };
  let keep = 0;
  for (const section of sections) {
    for (const line of section.lines) {
      const shown = `\`${line.words.join(' ')}\` in ${`${section.kind} ${section.name}`.trim()}`;
      if (serversOf(section).includes(line)) {
        const address = addressOf(line);
        if (address.includes('$'))
          return { why: `${shown} asks an address that its environment says`, ...toWrite };
        if (!namesOneOf(address, names)) continue;
        const follow = judge(shown, resolversOf(line, section, sections), sections);
        if (typeof follow !== 'number') return { why: follow.why, ...toWrite };
        keep = Math.max(keep, follow);
      } else if (namesIt(line, names)) {
        return { why: `${shown} names it, and how that is looked up is not known here`, ...toWrite };
      }
    }
  }
  return { keep };
}

/** Seconds for which an address is kept. */
function judge(
  shown: string,
  name: string | undefined,
  sections: readonly Section[],
): number | { why: string } {
  if (name === undefined)
    return { why: `${shown} looks the name up when HAProxy starts, having no \`resolvers\`` };
  const section = sections.find((one) => one.kind === 'resolvers' && one.name === name);
  // One that nobody wrote is made of the container's own /etc/resolv.conf.
  if (!section && name !== 'default') return { why: `${shown} names resolvers that are not there` };
  const lines = section?.lines ?? [];
  const asked = lines
    .filter(({ words: [keyword] }) => keyword === 'nameserver')
    .map(({ words }) => plain(words[2] ?? ''));
  const other = asked.find((address) => !/^(?:udp@)?127\.0\.0\.11:53$/.test(address));
  if (other !== undefined) return { why: `${shown} asks ${other} for the name, not Docker` };
  if (
    section &&
    asked.length === 0 &&
    !lines.some(({ words: [keyword] }) => keyword === 'parse-resolv-conf')
  ) {
    return { why: `resolvers ${name} asks nobody` };
  }
  const said = (first: string, second: string, otherwise: number) => {
    const line = lines.findLast(({ words }) => words[0] === first && words[1] === second);
    return line === undefined ? otherwise : seconds(line.words[2] ?? '');
  };
  const kept = Math.min(said('timeout', 'resolve', DEFAULTS.resolve), said('hold', 'valid', DEFAULTS.valid));
  const all = kept + said('hold', 'obsolete', DEFAULTS.obsolete);
  if (!(all <= LONGEST_KEPT)) {
    return { why: `resolvers ${name} keeps the address of a name for longer than ${LONGEST_KEPT} s` };
  }
  for (const state of ['nx', 'other', 'refused', 'timeout']) {
    if (!(said('hold', state, DEFAULTS.failure) >= 1)) {
      return {
        why: `resolvers ${name} forgets an address at once where the name leads nowhere for a moment (hold ${state})`,
      };
    }
  }
  return Math.ceil(all) + 1;
}

/** The resolvers of a server: its own, or those of a `default-server` that holds for it. */
function resolversOf(line: Line, section: Section, sections: readonly Section[]): string | undefined {
  const own = wordAfter(parametersOf(line), 'resolvers');
  if (own !== undefined) return own;
  const before = (one: Section) =>
    one.lines.filter(
      ({ words: [keyword], start }) =>
        keyword === 'default-server' && (one !== section || start < line.start),
    );
  const from = section.more[0] === 'from' ? plain(section.more[1] ?? '') : undefined;
  const defaults =
    from === undefined
      ? sections.slice(0, sections.indexOf(section)).findLast(({ kind }) => kind === 'defaults')
      : sections.find(({ kind, name }) => kind === 'defaults' && name === from);
  const words = [...(defaults ? before(defaults) : []), ...before(section)].flatMap((one) => one.words);
  return wordAfter(words, 'resolvers');
}

function wordAfter(words: readonly string[], keyword: string): string | undefined {
  const index = words.lastIndexOf(keyword);
  return index === -1 ? undefined : plain(words[index + 1] ?? '');
}

/** Whether a line that is no server's has the name as an address, or looks it up for a request. */
function namesIt({ words }: Line, names: readonly string[]): boolean {
  const [keyword = ''] = words;
  if (words.some((word) => word.startsWith('do-resolve('))) return true;
  return keyword !== 'acl' && words.some((word) => /:\d+\b/.test(word) && namesOneOf(plain(word), names));
}

/** A time of HAProxy's, which is in milliseconds where no unit stands behind it; what cannot be read is for ever. */
function seconds(text: string): number {
  const [, number, unit = 'ms'] = /^(\d+)(us|ms|s|m|h|d)?$/.exec(text) ?? [];
  return number === undefined
    ? NaN
    : Number(number) * { us: 1e-6, ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit]!;
}

/** The lines to write, for messages. */
function linesFor(name: string): string {
  return [
    'resolvers docker',
    '    nameserver dns 127.0.0.11:53',
    '    hold valid 1s',
    `backend ${name}`,
    '    option redispatch',
    `    server-template ${name} 2 ${name}:PORT resolvers docker init-addr none`,
  ].join('\n');
}
