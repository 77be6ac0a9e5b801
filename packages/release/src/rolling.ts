import {
  type ComposeModel,
  type ObservedContainer,
  type ReleaseService,
  type Service,
  type ServiceChange,
  discoveredBy,
  isDatabase,
  joinedBy,
  restartedWith,
} from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';

/** That services are to be replaced one container at a time. */
export interface RollingWish {
  /** One that cannot be is recreated; else it is refused. */
  fallback: 'refuse' | 'recreate';
  /** Longest time for what is under way in a container that goes. Milliseconds. */
  drain: number;
  /**
   * By service: the seconds for which whoever asks it keeps an address, or why that one would go on asking a container that
   * the name has left. Undefined before anybody has looked.
   */
  callers: ReadonlyMap<string, Follow> | undefined;
}

export type Follow = { readonly keep: number } | Readonly<Obstacle>;

/** A service whose containers will be replaced one at a time, and how others ask it. */
export interface RolledService {
  service: string;
  /** The names that it has, by the network that they hold on. */
  names: ReadonlyMap<string, readonly string[]>;
}

/** What a deployment does with the containers of each service. */
export interface Rolling {
  changes: ServiceChange[];
  rolled: RolledService[];
  /** Lines of a service, seconds for which its address is kept, and seconds for what is under way. */
  table: string;
  notes: string[];
}

interface Obstacle {
  why: string;
  remedy: string;
  /** What to write, where the remedy names it. */
  lines?: string;
}

/**
 * What becomes of services that change: replaced one at a time, or recreated where that cannot be and `fallback` says so.
 * `deploy.update_config.order` of the compose file is the user's own word on a service: `stop-first` recreates it,
 * `start-first` says that two may run at once. Throws a `refused` Failure that names all that cannot be.
 */
export function rollServices(
  model: ComposeModel,
  services: readonly ReleaseService[],
  changes: readonly ServiceChange[],
  containers: readonly ObservedContainer[],
  wish: RollingWish,
): Rolling {
  const obstacles = new Map<string, Obstacle>();
  const may: ReleaseService[] = [];
  for (const one of services) {
    if (one.kind !== 'long' || orderOf(model.services[one.name]!) === 'stop-first') continue;
    const obstacle = obstacleOf(model, one.name, containers, wish);
    if (obstacle) obstacles.set(one.name, obstacle);
    else may.push(one);
  }
  const replaced = changes.filter(({ action }) => action === 'recreate' || action === 'scale');
  const refused = replaced.flatMap(({ service }) => {
    const obstacle = obstacles.get(service);
    return obstacle ? [{ service, ...obstacle }] : [];
  });
  const [first, ...others] = refused.map(
    ({ service, why }) => `${service} cannot be replaced one container at a time: ${why}`,
  );
  if (first !== undefined && wish.fallback === 'refuse') {
    throw new Failure('refused', `${first}. Nothing was changed`, {
      input: 'strategy',
      remedy: `${refused[0]!.remedy}; or recreate such services, which are then away for a moment: rolling-fallback: recreate, or deploy.update_config.order: stop-first in the compose file for this one.`,
      details: [refused[0]!.lines, ...others].filter((one) => one !== undefined).join('\n'),
    });
  }
  const names = new Set(may.map(({ name }) => name));
  const rolled = replaced.filter(({ service }) => names.has(service)).map(({ service }) => service);
  const keepOf = (service: string) => {
    const follow = wish.callers?.get(service);
    return follow !== undefined && 'keep' in follow ? follow.keep : LONGEST_KEEP;
  };
  const asked = replaced.filter(({ service }) => orderOf(model.services[service]!) === 'stop-first');
  return {
    changes: changes.map((one) => (rolled.includes(one.service) ? { ...one, action: 'roll' } : one)),
    rolled: rolled.map((service) => ({ service, names: namesOf(model, service) })),
    table: may.map(({ name }) => `${name} ${keepOf(name)} ${Math.ceil(wish.drain / 1000)}\n`).join(''),
    notes: [
      ...refused.map(({ service, why }) => `${service} is recreated, and away for a moment: ${why}`),
      ...asked.map(
        ({ service }) =>
          `${service} is recreated, and away for a moment, as deploy.update_config.order: stop-first says`,
      ),
    ],
  };
}

/** Seconds for one whose callers were not asked, since it does not change now: what is refused begins above that. */
const LONGEST_KEEP = 12;

function orderOf(service: Service): unknown {
  const update = service.deploy?.['update_config'];
  return typeof update === 'object' && update !== null ? (update as { order?: unknown }).order : undefined;
}

/** Why no second container of the service can run beside the first, or nobody would be led from one to the other. */
function obstacleOf(
  model: ComposeModel,
  name: string,
  containers: readonly ObservedContainer[],
  wish: RollingWish,
): Obstacle | undefined {
  const service = model.services[name]!;
  const follow = wish.callers?.get(name);
  return (
    alone(service, orderOf(service) === 'start-first') ??
    attached(model, name) ??
    unproven(service, name, containers) ??
    (follow !== undefined && 'why' in follow ? follow : undefined)
  );
}

/** What two containers cannot both have. */
function alone(service: Service, both: boolean): Obstacle | undefined {
  const mode = service.network_mode ?? '';
  if (mode === 'host' || /^(?:service|container):/.test(mode)) {
    return {
      why: `it has no network of its own (network_mode: ${mode}), so two of it would be at the same ports`,
      remedy: 'Give it a network',
    };
  }
  if (service.container_name !== undefined) {
    return {
      why: `its name is fixed (container_name: ${service.container_name})`,
      remedy: 'Leave container_name out: its service is a name too',
    };
  }
  const [port] = service.ports ?? [];
  if (port !== undefined) {
    return {
      why: `it publishes a port of the server (${port.published || 'any'}:${port.target}), which leads to one container only`,
      remedy:
        'Let a proxy in a container of the same network ask it by its name, and publish the proxy alone; or use colours (color: auto), for proxies on the server too',
    };
  }
  for (const attachment of Object.values(service.networks ?? {})) {
    const address =
      attachment?.['ipv4_address'] ?? attachment?.['ipv6_address'] ?? attachment?.['mac_address'];
    if (typeof address === 'string')
      return { why: `its address is fixed (${address})`, remedy: 'Let it be asked by its name' };
  }
  if (typeof service['mac_address'] === 'string')
    return { why: `its address is fixed (${service['mac_address']})`, remedy: 'Leave mac_address out' };
  const found = discoveredBy(service);
  if (found) {
    return {
      why: `${found.proxy} finds its containers by ${found.what}, the new one before it is proven and the old one until it has gone`,
      remedy: found.remedy.replace(/\.$/, ''),
    };
  }
  const nameless = (service.volumes ?? []).find((mount) => mount.type === 'volume' && !mount.source);
  if (nameless) {
    return {
      why: `its volume at ${nameless.target} has no name, so another container would begin with an empty one`,
      remedy: 'Give the volume a name',
    };
  }
  if (!both && isDatabase(service)) {
    return {
      why: `its image (${service.image}) keeps data that one container alone may open`,
      remedy: 'If two of it may run at once, say so: deploy.update_config.order: start-first',
    };
  }
  return undefined;
}

/** What other services have of the one container that is there. */
function attached(model: ComposeModel, name: string): Obstacle | undefined {
  for (const [other, service] of Object.entries(model.services)) {
    if (other === name) continue;
    if (joinedBy(service).includes(name))
      return {
        why: `${other} is in its container's namespaces`,
        remedy: `Give ${other} a network of its own`,
      };
    if (restartedWith(service).includes(name)) {
      return {
        why: `${other} restarts with it (depends_on, restart: true)`,
        remedy: `Leave restart: true out of ${other}`,
      };
    }
    if ((service.links ?? []).some((link) => link.split(':')[0] === name))
      return { why: `${other} links to it`, remedy: `Leave links out of ${other}: the service's name does` };
    if ((service.volumes_from ?? []).some((from) => from.split(':')[0] === name))
      return {
        why: `${other} has its volumes (volumes_from)`,
        remedy: `Give ${other} the volumes by their names`,
      };
  }
  return undefined;
}

/** Without a health check nothing says when the new one can be asked. An image may bring one along: then what runs has it. */
function unproven(
  service: Service,
  name: string,
  containers: readonly ObservedContainer[],
): Obstacle | undefined {
  const { healthcheck } = service;
  const isOff = healthcheck?.disable === true || healthcheck?.test?.[0] === 'NONE';
  const own = containers.filter((one) => one.service === name && !one.oneOff);
  if (!isOff && (healthcheck?.test !== undefined || own.some(({ health }) => health !== undefined)))
    return undefined;
  return {
    why: 'it has no health check, so nothing proves a new container before it is asked',
    remedy: 'Give it a healthcheck',
  };
}

/** The names of a service, by the network's name on the server. */
function namesOf(model: ComposeModel, name: string): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>();
  for (const [key, attachment] of Object.entries(model.services[name]!.networks ?? {})) {
    const network = model.networks?.[key]?.name ?? `${model.name}_${key}`;
    names.set(network, [name, ...(attachment?.aliases ?? [])]);
  }
  return names;
}
