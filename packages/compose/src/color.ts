import { Failure } from '@deploy-actions/kit';
import { type ColorPort, LABELS, colorProject } from '@deploy-actions/ledger';
import {
  type ColorNetwork,
  attachmentsOf,
  colorNetworks,
  droppedFrom,
  networkName,
} from './color-networks.ts';
import { type ColorRequest, checkColorServices } from './color-request.ts';
import { refuseDiscovered } from './discovered.ts';
import { type AllocatePorts, withOtherColor } from './color-ports.ts';
import { type ComposeModel, type Port, type Service, joinedBy, mapServices, replicasOf } from './model.ts';
import { parseReference } from '@deploy-actions/image';

/** A deployment beside the live one: the colour's own services, and those that all share. */
export interface ColoredModels {
  /** Project `<project>-<colour>`. */
  color: ComposeModel;
  /** The base project, with the shared services alone. */
  shared: ComposeModel;
  /** Ports that are routed: what the proxy, health checks and smoke tests reach. */
  ports: ColorPort[];
  /** The same of both colours. */
  allocated: ColorPort[];
  /** Named volumes that must be there before, with what they are made of. */
  volumes: { name: string; driver: string; options: Record<string, string>; key: string }[];
  /** What stands in each colour for the networks of the file. */
  networks: ColorNetwork[];
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
 * `recorded` are the loopback ports that are set aside already, of both colours.
 */
export function splitColors(
  model: ComposeModel,
  request: ColorRequest,
  allocate: AllocatePorts,
  recorded: readonly ColorPort[] = [],
): ColoredModels {
  const { color } = request;
  const names = Object.keys(model.services);
  const own = checkColorServices(names, request);
  const project = colorProject(model.name, color);
  const networks = colorNetworks(model, own);
  const ports: ColorPort[] = [];
  const notes = droppedFrom(model, own, color);
  const services: Record<string, Service> = {};
  for (const name of own) {
    const service = model.services[name]!;
    refuseUnfit(name, service, own);
    const isLiveOnly = request.liveOnly.includes(name);
    // What runs only where the traffic is may be found there.
    if (!isLiveOnly) refuseDiscovered(name, service);
    const { container_name: _name, links, ports: published = [], networks: _networks, ...kept } = service;
    const attachments = attachmentsOf(model, name, color);
    // What is only ever up in one colour keeps its ports as they are: it stops there before it starts here.
    const routed: Port[] = isLiveOnly ? [...published] : [];
    for (const port of isLiveOnly ? [] : onePerTarget(published)) {
      if (!isRoutable(port)) throw unroutable(name, port);
      const allocated = allocate(color, name, port, replicasOf(service));
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
    const ownLinks = links?.filter((link) => own.has(link.split(':')[0]!));
    services[name] = {
      ...kept,
      ...withLinks(ownLinks),
      ...(routed.length > 0 ? { ports: routed } : {}),
      depends_on: Object.fromEntries(
        Object.entries(service.depends_on ?? {}).filter(
          ([need]) => own.has(need) && !request.liveOnly.includes(need),
        ),
      ),
      ...(attachments && { networks: attachments }),
      environment: { ...service.environment, DEPLOY_COLOR: color },
      labels: { ...service.labels, [LABELS.project]: model.name, [LABELS.color]: color },
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
  const portOf = (name: string, target: number) =>
    model.services[name]!.ports!.find((port) => port.target === target && isRoutable(port))!;
  const sharedNames = new Set(names.filter((name) => !own.has(name)));
  for (const name of sharedNames) refuseJoined(name, model.services[name]!, own);
  return {
    color: {
      ...model,
      name: project,
      services,
      networks: Object.fromEntries(
        networks
          .map(({ key }) => networkName(model.name, color, key))
          .map((name) => [name, { name, external: true }]),
      ),
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
        ({ links, ...service }) => ({
          ...service,
          ...withLinks(links?.filter((link) => sharedNames.has(link.split(':')[0]!))),
          ...(service.depends_on && {
            depends_on: Object.fromEntries(
              Object.entries(service.depends_on).filter(([need]) => sharedNames.has(need)),
            ),
          }),
        }),
      ),
    },
    ports,
    allocated: withOtherColor(ports, color, recorded, portOf, allocate),
    volumes,
    networks,
    notes,
  };
}

function refuseUnfit(name: string, service: Service, own: ReadonlySet<string>): void {
  const mode = service.network_mode;
  if (mode !== undefined && !['default', 'bridge', 'none'].includes(mode) && !isOwn(mode, own)) {
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

/** What is there once cannot live in a container of which there are two. */
function refuseJoined(name: string, service: Service, own: ReadonlySet<string>): void {
  const from = (service.volumes_from ?? []).map((one) => one.split(':')[0]!);
  const joined = [...joinedBy(service), ...from].find((one) => own.has(one));
  if (joined === undefined) return;
  throw wrong(
    'color-services',
    `${name} is in the container of ${joined}, which is there once for each colour`,
    `Add ${name} to \`color-services\`.`,
  );
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

function unroutable(name: string, port: Port): Failure {
  const protocol = port.protocol ?? 'tcp';
  const what = `${name} publishes ${port.published ?? 'a port'} (${protocol}), which cannot be there twice`;
  return protocol === 'tcp'
    ? wrong('color', what, 'Take the port out, or leave the service out of `color-services`.')
    : wrong(
        'color',
        `${what}: a port of the server is of one container, and no proxy here chooses between colours for ${protocol}`,
        `Name ${name} in \`live-only-services\`: then its ports come with the traffic, after a pause. Or leave it out of \`color-services\`; or take the port out, if it is for HTTP/3, which ends at the proxy.`,
      );
}

function rangeOf(service: string, ports: readonly number[]): string {
  const [first, last] = [ports[0], ports.at(-1)];
  if (first === undefined || last === undefined)
    throw wrong('color', `${service} has no replica to publish a port for`);
  return first === last ? String(first) : `${first}-${last}`;
}

function withLinks(links: readonly string[] | undefined): Pick<Service, 'links'> {
  return links && links.length > 0 ? { links: [...links] } : {};
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
