/** The part of a file for Traefik's file provider that labels of a service stand for. */
export interface TraefikFile {
  /** Lines of YAML. */
  text: string;
  /** Names of labels that are not in it, and have to be written by hand. */
  left: readonly string[];
}

type Values = Record<string, string | number | boolean | readonly string[] | object>;

/** A router's options by their names in labels, which are in lower case there or in any other. */
const ROUTER: Readonly<Record<string, (router: Values, value: string) => void>> = {
  rule: (router, value) => (router['rule'] = value),
  rulesyntax: (router, value) => (router['ruleSyntax'] = value),
  entrypoints: (router, value) => (router['entryPoints'] = listed(value)),
  priority: (router, value) => (router['priority'] = Number(value)),
  tls: (router, value) => {
    if (value !== 'false') tlsOf(router);
  },
  'tls.certresolver': (router, value) => (tlsOf(router)['certResolver'] = value),
  'tls.options': (router, value) => (tlsOf(router)['options'] = withProvider(value)),
};

/** What is no part of a router: whether the provider looks at the container, and where it finds it. */
const OF_PROVIDER = /^traefik\.(?:enable$|docker\.|constraint-label$|swarm\.)/i;

const PORT_LABEL = /^traefik\.http\.services\.([^.]+)\.loadbalancer\.server\.port$/i;

/**
 * The routers of a service's labels, as a file has them, with one service that leads to `service:port`: what
 * blue-green-switch can prepare. A sentence where none can be made that leads where the labels do; undefined where the labels
 * have no router with a rule.
 *
 * @param targets ports that the service listens on, each once
 */
export function fileOfLabels(
  service: string,
  labels: Readonly<Record<string, string>>,
  targets: readonly number[],
): TraefikFile | string | undefined {
  const routers: Record<string, Values> = {};
  const left: string[] = [];
  const own = namesIn(labels, 'middlewares');
  const elsewhere = routersElsewhere(labels);
  for (const [label, written] of Object.entries(labels)) {
    // A literal dollar stands twice in a resolved compose file.
    const value = written.replaceAll('$$', '$');
    if (!/^traefik\./i.test(label) || OF_PROVIDER.test(label) || PORT_LABEL.test(label)) continue;
    const [, name, option] = /^traefik\.http\.routers\.([^.]+)\.(.+)$/i.exec(label) ?? [];
    if (name === undefined || option === undefined || elsewhere.has(name)) {
      left.push(label);
      continue;
    }
    const router = (routers[name] ??= {});
    const key = option.toLowerCase();
    if (key === 'middlewares')
      router['middlewares'] = listed(value).map((one) => (own.has(one) ? one : withProvider(one)));
    else if (Object.hasOwn(ROUTER, key)) ROUTER[key]!(router, value);
    // All that are left lead to the one service.
    else if (key !== 'service') left.push(label);
  }
  const whole = Object.entries(routers).filter(([, router]) => router['rule'] !== undefined);
  if (whole.length === 0) return undefined;
  const port = portOf(labels, targets);
  if (typeof port === 'string') return port;
  const http = {
    routers: Object.fromEntries(whole.map(([name, router]) => [name, { ...router, service }])),
    services: { [service]: { loadBalancer: { servers: [{ url: `http://${service}:${port}` }] } } },
  };
  return { text: yaml({ http }).join('\n'), left };
}

/** The one port that all of the labels' services lead to, or a sentence about why there is none. */
function portOf(labels: Readonly<Record<string, string>>, targets: readonly number[]): number | string {
  // A service without a port of its own leads to the one that the container has.
  const only = targets.length === 1 ? targets[0] : undefined;
  const ports = new Map([...namesIn(labels, 'services')].map((name) => [name, only]));
  for (const [label, value] of Object.entries(labels)) {
    const [, name] = PORT_LABEL.exec(label) ?? [];
    if (name !== undefined) ports.set(name, Number(value));
  }
  const [port, ...others] = ports.size === 0 ? [only] : new Set(ports.values());
  if (others.length > 0) {
    const each = [...ports].map(([name, one]) => `${name} (${one ?? 'no port'})`).join(', ');
    return `the labels have several services of Traefik's with ports of their own, ${each}, and a switch moves one.`;
  }
  if (port === undefined)
    return `no port is known: the label loadbalancer.server.port is not there, and the service has ${targets.length === 0 ? 'no `ports`' : 'several `ports`'}.`;
  return Number.isInteger(port) && port > 0 && port < 65_536
    ? port
    : 'the label loadbalancer.server.port has no port from 1 to 65535.';
}

/** Routers that name a service which is none of these labels' own, such as `api@internal`. */
function routersElsewhere(labels: Readonly<Record<string, string>>): ReadonlySet<string> {
  const own = namesIn(labels, 'services');
  return new Set(
    Object.entries(labels).flatMap(([label, value]) => {
      const [, name] = /^traefik\.http\.routers\.([^.]+)\.service$/i.exec(label) ?? [];
      return name === undefined || own.has(value.replace(/@docker$/, '')) ? [] : [name];
    }),
  );
}

function namesIn(
  labels: Readonly<Record<string, string>>,
  kind: 'services' | 'middlewares',
): ReadonlySet<string> {
  const pattern = new RegExp(`^traefik\\.http\\.${kind}\\.([^.]+)\\.`, 'i');
  return new Set(Object.keys(labels).flatMap((label) => pattern.exec(label)?.[1] ?? []));
}

/** A name without a provider is one of the labels' own; in a file it would be one of the file. */
function withProvider(name: string): string {
  return name.includes('@') ? name : `${name}@docker`;
}

function tlsOf(router: Values): Values {
  return (router['tls'] ??= {}) as Values;
}

function listed(value: string): string[] {
  return value
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean);
}

/** Each setting on a line of its own, as `install` reads it. */
function yaml(value: object, indent = ''): string[] {
  return Object.entries(value as Values).flatMap(([key, one]) => {
    const name = `${indent}${/^[A-Za-z][\w-]*$/.test(key) ? key : JSON.stringify(key)}:`;
    if (typeof one !== 'object') return [`${name} ${scalar(one)}`];
    if (Array.isArray(one)) {
      return [
        name,
        ...(one as (string | object)[]).map((item) =>
          typeof item === 'object' ? `${indent}  - ${yaml(item).join(', ')}` : `${indent}  - ${scalar(item)}`,
        ),
      ];
    }
    return Object.keys(one).length === 0 ? [`${name} {}`] : [name, ...yaml(one, `${indent}  `)];
  });
}

function scalar(value: unknown): string {
  return typeof value === 'string' && !/^[A-Za-z][\w@-]*$/.test(value)
    ? JSON.stringify(value)
    : String(value);
}
