/** A TCP socket of the server that is listened on. */
export interface Listener {
  port: number;
  /** `loopback`: reached from the server itself alone. */
  reach: 'loopback' | 'one-address' | 'every-address';
  user: string;
  /** The program's name; undefined where the login user may not know it. */
  program: string | undefined;
}

/** A port that a container publishes. */
export interface Published {
  port: number;
  reach: Listener['reach'];
  container: string;
  /** Its compose project; empty outside of every stack. */
  project: string;
}

/** Reads the lines of `look_at_ports`. Undefined where the server does not tell who listens: nobody is something else. */
export function readListeners(text: string): Listener[] | undefined {
  const lines = text.split('\n');
  if (lines[0] !== 'told') return undefined;
  const programs = new Map(
    lines.flatMap((line): [number, string][] => {
      const [, port, name] = /^program (\d{1,5}) (.+)$/.exec(line) ?? [];
      return port === undefined ? [] : [[Number(port), name!]];
    }),
  );
  return lines.flatMap((line): Listener[] => {
    const [, address, hex, user] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4}) (\S+)$/.exec(line) ?? [];
    if (address === undefined) return [];
    const port = Number.parseInt(hex!, 16);
    return [{ port, reach: reachOf(address), user: user!, program: programs.get(port) }];
  });
}

/** The kernel writes addresses in words of four bytes, each in the machine's order. */
function reachOf(address: string): Listener['reach'] {
  if (/^0+$/.test(address)) return 'every-address';
  const mapped = /^0{16}FFFF0000([0-9A-F]{8})$/.exec(address)?.[1];
  const four = mapped ?? (address.length === 8 ? address : undefined);
  if (four !== undefined) {
    if (four === '00000000') return 'every-address';
    return four.endsWith('7F') ? 'loopback' : 'one-address';
  }
  return address === '00000000000000000000000001000000' ? 'loopback' : 'one-address';
}

/** Reads the lines of `engine_published`, such as `0.0.0.0:8080-8081->80-81/tcp, [::]:443->443/tcp`. */
export function readPublished(text: string): Published[] {
  const all = text.split('\n').flatMap((line): Published[] => {
    const [container = '', project = '', ports = ''] = line.split('\t');
    return [...ports.matchAll(/(\S+):(\d{1,5})(?:-(\d{1,5}))?->\S+\/tcp/g)].flatMap(
      ([, address, first, last = first]) => {
        const reach =
          address === '0.0.0.0' || address === '[::]' || address === '::'
            ? 'every-address'
            : /^127\.|^\[?::1\]?$/.test(address!)
              ? 'loopback'
              : 'one-address';
        const count = Math.max(0, Number(last) - Number(first)) + 1;
        return Array.from({ length: Math.min(count, 65_536) }, (_, index): Published => {
          return { port: Number(first) + index, reach, container, project };
        });
      },
    );
  });
  const seen = new Set<string>();
  return all.filter(({ port, container, reach }) => {
    const key = `${port} ${container} ${reach}`;
    return !seen.has(key) && seen.add(key);
  });
}
