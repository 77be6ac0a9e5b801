import { type Door, plainHost } from '../door.ts';
import { type Line, type Section, plain } from './syntax.ts';

/** A section that requests for the site come in by, with the line that sends them on; none where it holds the server. */
export interface Entry {
  section: Section;
  line: Line | undefined;
}

/** Where the sections listen that requests for the site come in by. */
export function haproxyDoors(entries: readonly Entry[]): Door[] {
  return entries.flatMap(({ section, line }) => {
    const tests = line === undefined ? [] : testsOf(line, section);
    const host = tests.flatMap(({ criterion, values }) => (isHost(criterion) ? values : []));
    const path = tests.flatMap(({ criterion, values }) => (isPath(criterion) ? values : []));
    const name = host.map(plainHost).find((one) => one !== undefined);
    const at = path.find((one) => /^\/[A-Za-z0-9/_.~-]*$/.test(one)) ?? '/';
    return section.lines
      .filter(({ words: [keyword] }) => keyword === 'bind')
      .flatMap(({ words: [, addresses = '', ...options] }) =>
        // What speaks another protocol before HTTP cannot be asked by a plain client.
        options.includes('accept-proxy')
          ? []
          : plain(addresses)
              .split(',')
              .flatMap(boundTo)
              .map((bound): Door => ({
                ...bound,
                tls: options.includes('ssl'),
                ...(name === undefined ? {} : { host: name }),
                path: at,
              })),
      );
  });
}

/** An address of `bind`: the port stands behind the last colon. */
function boundTo(text: string): { port: number; address?: string }[] {
  const match = /^(?:ipv[46]@)?(.*):(\d{1,5})(?:-\d+)?$/.exec(text);
  const [, host = '', port = ''] = match ?? [];
  if (!match || /[/@$]/.test(host) || Number(port) < 1 || Number(port) > 65535) return [];
  const every = ['', '*', '0.0.0.0', '::', '[::]', '127.0.0.1', '::1', '[::1]', 'localhost'].includes(host);
  const address = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return [{ port: Number(port), ...(every ? {} : { address }) }];
}

interface Test {
  criterion: string;
  values: string[];
}

/** The tests of a line's condition, those behind names too; what is negated tells nothing. */
function testsOf(line: Line, section: Section): Test[] {
  const words = line.words.slice(line.words.indexOf('if') + 1);
  if (!line.words.includes('if')) return [];
  const tests: Test[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index]!;
    if (word === '{' || word === '!{') {
      const close = words.indexOf('}', index);
      if (close === -1) break;
      if (word === '{') tests.push(testOf(words.slice(index + 1, close)));
      index = close;
    } else if (word === '!') {
      index += 1;
    } else {
      for (const acl of section.lines) {
        if (acl.words[0] === 'acl' && acl.words[1] === word) tests.push(testOf(acl.words.slice(2)));
      }
    }
  }
  return tests;
}

function testOf([criterion = '', ...rest]: readonly string[]): Test {
  const values: string[] = [];
  for (let index = 0; index < rest.length; index += 1) {
    const word = rest[index]!;
    if (word === '-m' || word === '-f' || word === '-M' || word === '-u') index += 1;
    else if (!/^-[a-zA-Z-]+$/.test(word)) values.push(plain(word));
  }
  return { criterion: plain(criterion), values };
}

const isHost = (criterion: string) => /^(?:req\.)?f?hdr(?:_dom|_end|_beg|_str)?\(host\b/i.test(criterion);
const isPath = (criterion: string) => /^path(?:_beg|_dir|_sub)?\b(?!_end|_reg)/.test(criterion);
