import { Failure } from '@deploy-actions/kit';
import { COLORS, type Color, LABELS, colorProject } from '@deploy-actions/ledger';
import { type ColorRequest, checkColorServices } from '../color-request.ts';
import { refuseDiscovered } from '../discovered.ts';
import type { ComposeModel, NetworkAttachment, Resource, Service } from '../model.ts';
import { type StackNetworkWords, ownNetworks } from './files.ts';
import { stackNetworks } from './networks.ts';

/** A deployment beside the live one in a swarm: the stack of the colour, and the one that both colours share. */
export interface StackColors {
  /** Project `<project>-<colour>`. Each service has the colour in its name. */
  color: ComposeModel;
  /** The base project with the shared services alone; undefined where there are none. */
  shared: ComposeModel | undefined;
  /** What makes the base project's networks that services of the colour are on: they must be there before. */
  networks: StackNetworkWords[];
  notes: string[];
  /** Names of the networks on which others find a service of the colour, as `<service>-<colour>`. */
  meets(service: string): string[];
}

/**
 * The name of a service of a colour in its stack. `docker stack deploy` makes a service's name one of its names on every
 * network that it is on, so on a network of both colours the short one would mean both.
 */
export function colorService(service: string, color: Color): string {
  return `${service}-${color}`;
}

/**
 * Splits a resolved model (images in place, paths moved) into the stack of a colour and the one that is shared. On the
 * networks of the file a service of a colour is known as `<service>-<colour>` alone; by their own names the services of a
 * colour find one another on networks of its own, whose names sort before those of the file, so that they are asked first.
 */
export function splitStackColors(model: ComposeModel, request: ColorRequest): StackColors {
  const own = checkColorServices(Object.keys(model.services), request);
  const { color } = request;
  const project = colorProject(model.name, color);
  const notes: string[] = [];
  const services: Record<string, Service> = {};
  for (const name of own) {
    const named = colorService(name, color);
    if (model.services[named] !== undefined)
      throw wrong(
        'color-services',
        `${named} is a service of the compose file, and what ${name} would be called in ${color}`,
        'Give one of them another name.',
      );
    services[named] = inColor(name, model, own, color, notes);
  }
  const shared = Object.fromEntries(Object.entries(model.services).filter(([name]) => !own.has(name)));
  for (const [name, service] of Object.entries(shared)) refuseAsking(name, service, own);
  const asked = Object.keys(shared);
  if (asked.length > 0)
    notes.push(
      `${asked.join(', ')}: shared by both colours, find none of their services by its own name; what must reach the live colour asks the proxy`,
    );
  const keys = [...new Set([...own].flatMap((name) => networksOf(model.services[name]!)))].sort();
  // What a stack cannot say of them is among the refusals of the colour's own ones.
  const { written } = stackNetworks(model, new Set(keys), { refusals: [], notes: [] });
  return {
    color: {
      ...model,
      name: project,
      services,
      networks: Object.fromEntries(
        keys.flatMap((key) => [
          [key, { name: nameOf(model, key), external: true }],
          [ownNetwork(key, project), inOwn(key, model, project)],
        ]),
      ),
      // As in the base project: both colours have the same data.
      volumes: Object.fromEntries(
        Object.entries(model.volumes ?? {}).map(([key, volume]) => [
          key,
          { ...volume, name: volume?.name ?? `${model.name}_${key}` },
        ]),
      ),
    },
    shared: asked.length > 0 ? { ...model, services: shared } : undefined,
    networks: ownNetworks({ json: JSON.stringify({ networks: written }) }),
    notes,
    meets: (service) => networksOf(model.services[service]!).map((key) => nameOf(model, key)),
  };
}

/** A service as the colour has it. */
function inColor(
  name: string,
  model: ComposeModel,
  own: ReadonlySet<string>,
  color: Color,
  notes: string[],
): Service {
  const service = model.services[name]!;
  refuseDiscovered(name, service);
  const { container_name: _name, links = [], ports = [], depends_on: needs = {}, ...kept } = service;
  for (const link of links) {
    const [to = '', alias = to] = link.split(':');
    if (alias === to) continue;
    throw wrong(
      'color',
      `${name} links ${to} as ${alias}, which a stack cannot say`,
      `Let ${name} ask for ${to}.`,
    );
  }
  for (const { target, protocol = 'tcp', published } of ports) {
    const shown = `${name} publishes ${published ?? target} (${protocol})`;
    if (protocol !== 'tcp')
      throw wrong(
        'color',
        `${shown}: a port of the swarm is of one service, and no proxy here chooses between colours for ${protocol}`,
        `Leave ${name} out of \`color-services\`; or take the port out, if it is for HTTP/3, which ends at the proxy.`,
      );
    notes.push(
      `${shown}, and not in a colour: the proxies reach it as ${colorService(name, color)}:${target}`,
    );
  }
  const project = colorProject(model.name, color);
  return {
    ...kept,
    ...(service.networks !== undefined || service.network_mode === undefined
      ? { networks: attachmentsOf(name, service, project) }
      : {}),
    depends_on: Object.fromEntries(
      Object.entries(needs)
        .filter(([need]) => own.has(need))
        .map(([need, how]) => [colorService(need, color), how]),
    ),
    environment: { ...service.environment, DEPLOY_COLOR: color },
    labels: { ...service.labels, [LABELS.project]: model.name, [LABELS.color]: color },
  };
}

/** On a network of the file none but its colour's name; on the colour's own one the names that the file gives it. */
function attachmentsOf(name: string, service: Service, project: string): Record<string, NetworkAttachment> {
  return Object.fromEntries(
    networksOf(service).flatMap((key) => {
      const { aliases = [], ...kept } = service.networks?.[key] ?? {};
      // What a plain stack is reached by as the live colour: see `plainBlue`.
      const named = aliases.filter((alias) => !COLORS.some((color) => alias === colorService(name, color)));
      return [
        [key, kept],
        [ownNetwork(key, project), { aliases: [...new Set([name, ...named])] }],
      ];
    }),
  );
}

/** The key and the name of the colour's own network that stands beside one of the file. */
function ownNetwork(key: string, project: string): string {
  return `${project}_${key}`;
}

/** Like the file's, but for what is there once: its addresses and its maker. */
function inOwn(key: string, model: ComposeModel, project: string): Resource {
  const network = model.networks?.[key] ?? {};
  const { ipam: _ipam, external, name: _name, ...kept } = network;
  return { ...(external === true ? {} : kept), name: ownNetwork(key, project) };
}

function nameOf(model: ComposeModel, key: string): string {
  return model.networks?.[key]?.name ?? `${model.name}_${key}`;
}

function networksOf(service: Service): string[] {
  return Object.keys(service.networks ?? { default: null });
}

/** Nothing of a swarm leads what is shared to the colour that is live. */
function refuseAsking(name: string, service: Service, own: ReadonlySet<string>): void {
  const linked = (service.links ?? []).map((link) => link.split(':')[0]!);
  const need = [...Object.keys(service.depends_on ?? {}), ...linked].find((one) => own.has(one));
  if (need === undefined) return;
  throw wrong(
    'color-services',
    `${name} needs ${need}, which is there once for each colour, and in a swarm nothing leads a shared service to the live one`,
    `Add ${name} to \`color-services\`, or let it ask the proxy and take ${need} out of its depends_on.`,
  );
}

function wrong(input: string, message: string, remedy?: string): Failure {
  return new Failure('input', `input \`${input}\`: ${message}`, { input, remedy });
}
