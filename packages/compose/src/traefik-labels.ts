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

/**
 * The routers of a service's labels, as a file has them, with one service that leads to `service:port`: what
 * blue-green-switch can prepare. Undefined where the labels have no router with a rule, or no port is known.
 */
export function fileOfLabels(
  service: string,
  labels: Readonly<Record<string, string>>,
  targets: readonly number[],
): TraefikFile | undefined {
  const routers: Record<string, Values> = {};
  const left: string[] = [];
  const own = middlewaresIn(labels);
  let port = targets.length === 1 ? targets[0] : undefined;
  for (const [label, written] of Object.entries(labels)) {
    // A literal dollar stands twice in a resolved compose file.
    const value = written.replaceAll('$$', '$');
    if (!/^traefik\./i.test(label) || OF_PROVIDER.test(label)) continue;
    if (/^traefik\.http\.services\.[^.]+\.loadbalancer\.server\.port$/i.test(label)) {
      port = Number(value);
      continue;
    }
    const [, name, option] = /^traefik\.http\.routers\.([^.]+)\.(.+)$/i.exec(label) ?? [];
    if (name === undefined || option === undefined) {
      left.push(label);
      continue;
    }
    const router = (routers[name] ??= {});
    const key = option.toLowerCase();
    if (key === 'middlewares')
      router['middlewares'] = listed(value).map((one) => (own.has(one) ? one : withProvider(one)));
    else if (Object.hasOwn(ROUTER, key)) ROUTER[key]!(router, value);
    // All of its routers lead to the one service.
    else if (key !== 'service') left.push(label);
  }
  const whole = Object.entries(routers).filter(([, router]) => router['rule'] !== undefined);
  if (whole.length === 0 || port === undefined || !(port > 0)) return undefined;
  const http = {
    routers: Object.fromEntries(whole.map(([name, router]) => [name, { ...router, service }])),
    services: { [service]: { loadBalancer: { servers: [{ url: `http://${service}:${port}` }] } } },
  };
  return { text: yaml({ http }).join('\n'), left };
}

function middlewaresIn(labels: Readonly<Record<string, string>>): ReadonlySet<string> {
  return new Set(
    Object.keys(labels).flatMap((label) => /^traefik\.http\.middlewares\.([^.]+)\./i.exec(label)?.[1] ?? []),
  );
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
