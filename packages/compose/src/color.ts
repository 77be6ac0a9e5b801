import { Failure } from '@deploy-actions/kit';
import { type Color, colorNetwork, colorProject, isColor } from '@deploy-actions/ledger';
import { type ComposeModel, type Port, type Service, mapServices, replicasOf } from './model.ts';
import { parseReference } from '@deploy-actions/image';

/** A loopback port of the server that belongs to one replica of a service of a colour, for ever. */
export interface ColorPort {
  color: Color;
  service: string;
  /** Port inside the container. */
  target: number;
  /** From 1. */
  replica: number;
  port: number;
}

export interface ColorRequest {
  color: Color;
  /** Services that change; empty: those that `defaults` names. */
  services: readonly string[];
  liveOnly: readonly string[];
}

/** A deployment beside the live one: the colour's own services, and those that all share. */
export interface ColoredModels {
  /** Project `<project>-<colour>`. */
  color: ComposeModel;
  /** The base project, with the shared services alone. */
  shared: ComposeModel;
  /** Ports that are routed: what the proxy, health checks and smoke tests reach. */
  ports: ColorPort[];
  /** Named volumes that must be there before, with what they are made of. */
  volumes: { name: string; driver: string; options: Record<string, string>; key: string }[];
  notes: string[];
}

/** Services whose image is of a repository that `images` names; they are what a release changes. */
export function changingServices(model: ComposeModel, images: ReadonlyMap<string, string>): string[] {
  const repositories = new Set(
    [...images.keys()].flatMap((name) => {
      const image = model.services[name]?.image;
      return image ? [parseReference(image).repository] : [];
    }),
  );
  return Object.entries(model.services)
    .filter(([, service]) => service.image && repositories.has(parseReference(service.image).repository))
    .map(([name]) => name);
}

/**
 * Splits a resolved model (images in place, paths moved) into a colour and the services that all colours share.
 * `allocate` answers the loopback ports of a service's port, one per replica, in their order.
 */
export function splitColors(
  model: ComposeModel,
  request: ColorRequest,
  allocate: (service: string, port: Port, replicas: number) => number[],
): ColoredModels {
  const { color } = request;
  const own = new Set(request.services);
  const names = Object.keys(model.services);
  for (const [input, list] of [
    ['color-services', request.services],
    ['live-only-services', request.liveOnly],
  ] as const) {
    for (const name of list) {
      if (names.includes(name)) continue;
      throw wrong(
        input,
        `${name} is not a service of the compose file`,
        `Its services are: ${names.join(', ')}.`,
      );
    }
  }
  for (const name of request.liveOnly) {
    if (own.has(name)) continue;
    throw wrong(
      'live-only-services',
      `${name} is not among the services that change`,
      `Add ${name} to \`color-services\`.`,
    );
  }
  if (own.size === 0) {
    throw wrong(
      'color-services',
      'is needed: nothing says which services change',
      'Name them, or their images in `images`.',
    );
  }
  const project = colorProject(model.name, color);
  const network = colorNetwork(model.name, color);
  const ports: ColorPort[] = [];
  const notes: string[] = [];
  const services: Record<string, Service> = {};
  for (const name of own) {
    const service = model.services[name]!;
    refuseUnfit(name, service, own);
    refuseDiscovered(name, service);
    const isLiveOnly = request.liveOnly.includes(name);
    const { container_name: _name, links, ports: published = [], ...kept } = service;
    for (const [attached] of Object.entries(service.networks ?? {})) {
      if (attached !== 'default' && model.networks?.[attached]?.external) {
        notes.push(
          `${name} is not on the network ${attached} in a colour: a name there would mean both colours; reach it as ${name}-${color}`,
        );
      }
    }
    // What is only ever up in one colour keeps its ports as they are: it stops there before it starts here.
    const routed: Port[] = isLiveOnly ? [...published] : [];
    for (const port of isLiveOnly ? [] : onePerTarget(published)) {
      if (!isRoutable(port)) {
        throw wrong(
          'color',
          `${name} publishes ${port.published ?? 'a port'} (${port.protocol ?? 'tcp'}), which cannot be there twice`,
          'Take the port out, or leave the service out of `color-services`.',
        );
      }
      const allocated = allocate(name, port, replicasOf(service));
      allocated.forEach((one, index) =>
        ports.push({ color, service: name, target: port.target, replica: index + 1, port: one }),
      );
      routed.push({
        mode: 'ingress',
        host_ip: '127.0.0.1',
        target: port.target,
        published: rangeOf(name, allocated),
        protocol: 'tcp',
      });
    }
    const ownLinks = links?.filter((link) => own.has(link.split(':')[0]!)) ?? [];
    services[name] = {
      ...kept,
      ...(ownLinks.length > 0 ? { links: ownLinks } : {}),
      ...(routed.length > 0 ? { ports: routed } : {}),
      depends_on: Object.fromEntries(
        Object.entries(service.depends_on ?? {}).filter(
          ([need]) => own.has(need) && !request.liveOnly.includes(need),
        ),
      ),
      networks: { [network]: { aliases: [`${name}-${color}`, ...aliasesOf(service)] } },
      environment: { ...service.environment, DEPLOY_COLOR: color },
      labels: { ...service.labels, 'deploy-actions.project': model.name, 'deploy-actions.color': color },
    };
  }
  const used = new Set(
    Object.values(services).flatMap((service) =>
      (service.volumes ?? []).flatMap((mount) =>
        mount.type === 'volume' && mount.source ? [mount.source] : [],
      ),
    ),
  );
  const volumes: ColoredModels['volumes'] = [];
  const pinned: NonNullable<ComposeModel['volumes']> = {};
  for (const key of used) {
    const volume = model.volumes?.[key];
    const name = volume?.name ?? `${model.name}_${key}`;
    pinned[key] = { name, external: true };
    if (volume?.external) continue;
    volumes.push({
      name,
      key,
      driver: typeof volume?.['driver'] === 'string' ? volume['driver'] : '',
      options: (volume?.['driver_opts'] as Record<string, string> | undefined) ?? {},
    });
  }
  const sharedNames = new Set(names.filter((name) => !own.has(name)));
  return {
    color: {
      ...model,
      name: project,
      services,
      networks: { [network]: { name: network, external: true } },
      volumes: pinned,
    },
    shared: {
      ...mapServices(
        {
          ...model,
          services: Object.fromEntries(
            Object.entries(model.services).filter(([name]) => sharedNames.has(name)),
          ),
        },
        (service) => ({
          ...service,
          ...(service.depends_on && {
            depends_on: Object.fromEntries(
              Object.entries(service.depends_on).filter(([need]) => sharedNames.has(need)),
            ),
          }),
        }),
      ),
    },
    ports,
    volumes,
    notes,
  };
}

/** Where each routed port is reached from the server: `service`, or `service-port` where it has several. */
export function colorUrls(ports: readonly ColorPort[]): Record<string, string> {
  const urls: Record<string, string> = {};
  for (const one of ports.filter((port) => port.replica === 1)) {
    const several =
      new Set(ports.filter((port) => port.service === one.service).map((port) => port.target)).size > 1;
    urls[several ? `${one.service}-${one.target}` : one.service] = `http://127.0.0.1:${one.port}`;
  }
  return urls;
}

/**
 * Answers ports from what is recorded, else the one that the compose file publishes (blue has the addresses that
 * the plain stack had), else from the range; none that is taken. Recorded ports never change.
 */
export function portAllocator(
  color: Color,
  recorded: readonly ColorPort[],
  taken: ReadonlySet<number>,
  range: { first: number; last: number },
  /** The plain stack still holds the ports that it publishes; it goes before blue comes. */
  plainRuns: boolean,
): (service: string, port: Port, replicas: number) => number[] {
  const used = new Set(recorded.map((one) => one.port));
  const isFree = (port: number) => !used.has(port) && !taken.has(port);
  return (service, port, replicas) => {
    const known = recorded
      .filter((one) => one.color === color && one.service === service && one.target === port.target)
      .sort((a, b) => a.replica - b.replica)
      .map((one) => one.port);
    if (known.length >= replicas) return known.slice(0, replicas);
    if (known.length > 0) {
      throw wrong(
        'port-range',
        `${service} has ${known.length} ports of ${color} and now needs ${replicas}`,
        `Ports of a colour never change, because the proxy names them: keep ${service} at ${known.length} replicas.`,
      );
    }
    const published = Number(port.published);
    if (
      color === 'blue' &&
      replicas === 1 &&
      Number.isInteger(published) &&
      published > 0 &&
      (plainRuns ? !used.has(published) : isFree(published))
    ) {
      used.add(published);
      return [published];
    }
    for (let first = range.first; first + replicas - 1 <= range.last; first += 1) {
      const block = Array.from({ length: replicas }, (_, index) => first + index);
      if (!block.every(isFree)) continue;
      for (const one of block) used.add(one);
      return block;
    }
    throw wrong(
      'port-range',
      `${range.first}-${range.last} has no ${replicas} free ports for ${service}`,
      'Widen it.',
    );
  };
}

/** Lines of colour, service, target, replica and port: how allocations are kept on the server. */
export function formatPorts(ports: readonly ColorPort[]): string {
  return ports
    .map((one) => `${one.color} ${one.service} ${one.target} ${one.replica} ${one.port}\n`)
    .join('');
}

export function parsePorts(text: string): ColorPort[] {
  return text.split('\n').flatMap((line) => {
    const [color, service = '', target, replica, port] = line.split(' ');
    if (!isColor(color)) return [];
    return [{ color, service, target: Number(target), replica: Number(replica), port: Number(port) }];
  });
}

function refuseUnfit(name: string, service: Service, own: ReadonlySet<string>): void {
  const mode = service.network_mode;
  if (mode !== undefined && mode !== 'default' && mode !== 'bridge' && !isOwn(mode, own)) {
    throw wrong(
      'color',
      `${name} has network_mode: ${mode}, which both colours would share`,
      'Leave it out of `color-services`.',
    );
  }
  for (const key of ['ipc', 'pid', 'uts'] as const) {
    const value = service[key];
    if (typeof value === 'string' && /^(container:|service:)/.test(value) && !isOwn(value, own)) {
      throw wrong('color', `${name} has ${key}: ${value}, which is not part of the colour`);
    }
  }
  for (const from of service.volumes_from ?? []) {
    if (!own.has(from.split(':')[0]!))
      throw wrong('color', `${name} takes volumes from ${from}, which is not part of the colour`);
  }
}

/**
 * A proxy that finds its targets at Docker would send traffic to a colour as soon as it runs, before any switch.
 * What they look for: https://doc.traefik.io/traefik/providers/docker/, https://github.com/nginx-proxy/nginx-proxy,
 * https://github.com/lucaslorentz/caddy-docker-proxy.
 */
function refuseDiscovered(name: string, service: Service): void {
  const found = (what: string, proxy: string, remedy: string) =>
    wrong('color', `${name} has ${what}: ${proxy} would send traffic to a colour as soon as it runs`, remedy);
  const labels = service.labels ?? {};
  const named = (pattern: RegExp) => Object.keys(labels).find((label) => pattern.test(label));
  const traefik = named(/^traefik\.(?:http|tcp|udp)\./) ?? named(/^traefik\.enable$/);
  if (traefik !== undefined && labels['traefik.enable'] !== 'false') {
    throw found(
      `the label ${traefik}`,
      'Traefik',
      "Write its router into a file of Traefik's (blue-green-switch says how), and set the label `traefik.enable` to `false`.",
    );
  }
  const caddy = named(/^caddy(?:_\d+)?(?:\.|$)/);
  if (caddy !== undefined) {
    throw found(
      `the label ${caddy}`,
      'caddy-docker-proxy',
      'Take it out, and write the site into a Caddyfile.',
    );
  }
  if (service.environment?.['VIRTUAL_HOST'] !== undefined) {
    throw found(
      'VIRTUAL_HOST in its environment',
      'nginx-proxy',
      "Take it out, and write the site into nginx's configuration.",
    );
  }
}

function isOwn(mode: string, own: ReadonlySet<string>): boolean {
  return mode.startsWith('service:') && own.has(mode.slice('service:'.length));
}

/**
 * A container's port that is published several times (to two ports, or to both families' loopback) is one to a proxy,
 * which reaches each replica by one address; the first way counts.
 */
function onePerTarget(published: readonly Port[]): Port[] {
  const found = new Map<string, Port>();
  for (const port of published) {
    const key = `${port.target}/${port.protocol ?? 'tcp'}`;
    if (!found.has(key)) found.set(key, port);
  }
  return [...found.values()];
}

function isRoutable(port: Port): boolean {
  return (port.protocol ?? 'tcp') === 'tcp' && !String(port.published ?? '').includes('-');
}

function rangeOf(service: string, ports: readonly number[]): string {
  const [first, last] = [ports[0], ports.at(-1)];
  if (first === undefined || last === undefined)
    throw wrong('color', `${service} has no replica to publish a port for`);
  return first === last ? String(first) : `${first}-${last}`;
}

/** The user's aliases on any network. */
function aliasesOf(service: Service): string[] {
  return [
    ...new Set(Object.values(service.networks ?? {}).flatMap((attachment) => attachment?.aliases ?? [])),
  ];
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
