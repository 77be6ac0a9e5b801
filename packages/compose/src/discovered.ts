import { Failure } from '@deploy-actions/kit';
import type { Service } from './model.ts';
import { fileOfLabels } from './traefik-labels.ts';

/** What a proxy that finds its targets at the engine goes by in a service. */
interface Discovery {
  /** As it stands in the file. */
  what: string;
  /** The proxy's title. */
  proxy: string;
  remedy: string;
}

/**
 * Proxies that ask the engine for their targets. They are other programs than those of the traffic's registry, but for
 * Traefik, which is one of both. What they look for: https://doc.traefik.io/traefik/providers/docker/,
 * https://github.com/nginx-proxy/nginx-proxy, https://github.com/lucaslorentz/caddy-docker-proxy.
 */
const DISCOVERERS: readonly {
  proxy: string;
  /** Names of labels, the plainest first. */
  labels: readonly RegExp[];
  variable?: string;
  /** The label and its value that keep the proxy off. */
  off?: readonly [string, string];
  remedy: string;
}[] = [
  {
    proxy: 'Traefik',
    labels: [/^traefik\.(?:http|tcp|udp)\./, /^traefik\.enable$/],
    off: ['traefik.enable', 'false'],
    remedy:
      "Write its router into a file of Traefik's (blue-green-switch says how), and set the label `traefik.enable` to `false`.",
  },
  {
    proxy: 'caddy-docker-proxy',
    labels: [/^caddy(?:_\d+)?(?:\.|$)/],
    remedy: 'Take it out, and write the site into a Caddyfile.',
  },
  {
    proxy: 'nginx-proxy',
    labels: [],
    variable: 'VIRTUAL_HOST',
    remedy: "Take it out, and write the site into nginx's configuration.",
  },
];

/** What would send traffic to a colour as soon as it runs, before any switch; undefined: nothing is known to. */
export function discoveredBy({ labels = {}, environment = {} }: Service): Discovery | undefined {
  for (const { proxy, labels: patterns, variable, off, remedy } of DISCOVERERS) {
    if (off && labels[off[0]] === off[1]) continue;
    const label = patterns
      .map((pattern) => Object.keys(labels).find((name) => pattern.test(name)))
      .find((name) => name !== undefined);
    if (label !== undefined) return { what: `the label ${label}`, proxy, remedy };
    if (variable !== undefined && environment[variable] !== undefined) {
      return { what: `${variable} in its environment`, proxy, remedy };
    }
  }
  return undefined;
}

/** Throws where traffic would come to a colour's service as soon as it runs; for Traefik with the lines of a file. */
export function refuseDiscovered(name: string, service: Service): void {
  const found = discoveredBy(service);
  if (!found) return;
  const { what, proxy, remedy } = found;
  const targets = [...new Set((service.ports ?? []).map(({ target }) => target))];
  const file = proxy === 'Traefik' ? fileOfLabels(name, service.labels ?? {}, targets) : undefined;
  const details =
    typeof file === 'string'
      ? `No lines of a file for Traefik are proposed: ${file}`
      : file && detailsOf(file.text, file.left);
  throw new Failure(
    'input',
    `input \`color\`: ${name} has ${what}: ${proxy} would send traffic to a colour as soon as it runs`,
    {
      input: 'color',
      remedy: `${remedy} Or name ${name} in \`live-only-services\`: it runs only where the traffic is, and what it has goes along, after a pause.`,
      ...(details !== undefined && { details }),
    },
  );
}

function detailsOf(text: string, left: readonly string[]): string {
  const rest =
    left.length === 0 ? [] : ['', 'Not in it, to be written by hand:', ...left.map((label) => `  ${label}`)];
  return [
    "The labels as a file in the folder that Traefik watches (providers.file.directory), for install's site-config:",
    '',
    text,
    ...rest,
  ].join('\n');
}
