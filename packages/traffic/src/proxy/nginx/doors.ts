import { type Door, plainHost } from '../door.ts';
import type { Pass } from './reading.ts';
import { type Directive, expandIncludes } from './syntax.ts';

/** Where the servers answer that hold the passes: not another server of the file, such as one that only redirects. */
export function nginxDoors(passes: readonly Pass[], files: ReadonlyMap<string, Directive[]>): Door[] {
  const servers = [...new Set(passes.map(({ server }) => server))];
  return servers.flatMap((server) => {
    const directives = expandIncludes(server.block ?? [], files);
    const path = pathTo(passes.filter((pass) => pass.server === server));
    const names = directives.filter((one) => one.name === 'server_name').flatMap(({ args }) => args);
    const host = names.map(plainHost).find((name) => name !== undefined);
    const listens = directives.filter((one) => one.name === 'listen');
    const written = listens.length > 0 ? listens.map(({ args }) => args) : [['80']];
    return written.flatMap(([address = '', ...options]): Door[] => {
      const listen = listenAddress(address);
      // What speaks another protocol before HTTP cannot be asked by a plain client.
      if (!listen || options.some((one) => ['proxy_protocol', 'quic', 'udp'].includes(one))) return [];
      const tls =
        options.includes('ssl') || directives.some(({ name, args }) => name === 'ssl' && args[0] === 'on');
      return [
        {
          port: listen.port,
          ...(listen.address === undefined ? {} : { address: listen.address }),
          tls,
          ...(host === undefined ? {} : { host }),
          path,
        },
      ];
    });
  });
}

/** The shortest path that one of the passes serves; `/` where none is plain. */
function pathTo(passes: readonly Pass[]): string {
  const paths = passes.flatMap(({ chain: [location] }) => {
    const path = location?.name === 'location' ? plainPrefix(location) : undefined;
    return path !== undefined && /^\/[A-Za-z0-9/_.~-]*$/.test(path) ? [path] : [];
  });
  return paths.sort((a, b) => a.length - b.length)[0] ?? '/';
}

/** The path that a location begins with, or is; undefined for a pattern and for a name. */
export function plainPrefix(location: Directive): string | undefined {
  const [first, second] = location.args;
  if (location.args.length === 1 && first!.startsWith('/')) return first;
  if (location.args.length === 2 && (first === '^~' || first === '=')) return second;
  return undefined;
}

/** An address of `listen`: `host:port`, a host, or a port; undefined for a UNIX socket. */
function listenAddress(text: string): { address?: string; port: number } | undefined {
  const match = /^(?:(\d{1,5})|(\[[0-9a-fA-F:.]+\]|\*|[A-Za-z0-9_.-]+)(?::(\d{1,5}))?)$/.exec(text);
  if (!match) return undefined;
  const [, alone, host = '*', behind] = match;
  const port = Number(alone ?? behind ?? 80);
  if (port < 1 || port > 65535) return undefined;
  const every = ['*', '0.0.0.0', '[::]', '127.0.0.1', 'localhost', '[::1]'].includes(host);
  return { port, ...(every ? {} : { address: host }) };
}
