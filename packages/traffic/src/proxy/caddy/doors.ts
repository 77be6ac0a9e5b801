import { type Door, plainHost } from '../door.ts';
import { type Upstreams, within } from './reading.ts';
import type { Line } from './syntax.ts';

/** Where the sites answer that hold the upstreams. */
export function caddyDoors(lines: readonly Line[], upstreams: readonly Upstreams[]): Door[] {
  const options = lines.filter(({ site }) => site?.words[0] === '{');
  const option = (name: string) => options.find(({ words }) => words[0] === name)?.words[1];
  const httpPort = Number(option('http_port') ?? 80);
  const httpsPort = Number(option('https_port') ?? 443);
  const sites = [...new Set(upstreams.map(({ line }) => line.site!))];
  return sites.flatMap((site) => {
    const own = within(lines, site);
    const hasTls = own.some(({ words: [name, first] }) => name === 'tls' && first !== 'off');
    const bind = own.find(({ words: [name] }) => name === 'bind')?.words[1];
    const path = pathTo(upstreams.filter(({ line }) => line.site === site));
    return addressesOf(site).flatMap((text): Door[] => {
      const match = /^(?:(https?):\/\/)?([A-Za-z0-9.*_-]*)(?::(\d{1,5}))?(?:\/.*)?$/.exec(text);
      if (!match) return [];
      const [, scheme, name = '', written] = match;
      const plain = scheme === 'http' || Number(written) === httpPort;
      const named = name !== '' && option('auto_https') !== 'off';
      const tls = scheme === 'https' || hasTls || (!plain && named);
      const port = Number(written ?? (plain ? httpPort : httpsPort));
      const host = plainHost(name);
      return [
        {
          port,
          ...(bind === undefined || !/^\d+(?:\.\d+){3}$/.test(bind) || /^(?:0|127)\./.test(bind)
            ? {}
            : { address: bind }),
          tls,
          ...(host === undefined ? {} : { host }),
          path,
        },
      ];
    });
  });
}

/** The addresses of a site's first line. */
function addressesOf({ words }: Line): string[] {
  return words
    .filter((word) => word !== '{')
    .flatMap((word) => word.split(','))
    .filter((word) => word !== '');
}

/** The shortest path that leads to one of the upstreams; `/` where a matcher tells none. */
function pathTo(upstreams: readonly Upstreams[]): string {
  const paths = upstreams.map(({ directive }) => {
    for (let line: Line | undefined = directive; line; line = line.parent) {
      const word = line.words[1];
      if (word !== undefined && /^\/[A-Za-z0-9/_.~-]*\*?$/.test(word)) return word.replace(/\*$/, '');
    }
    return '/';
  });
  return paths.sort((a, b) => a.length - b.length)[0] ?? '/';
}
