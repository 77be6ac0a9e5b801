import { Failure } from '@deploy-actions/kit';
import { COLORS, type Color, colorNetwork } from '@deploy-actions/ledger';
import type { ComposeModel, NetworkAttachment, Resource } from './model.ts';

/**
 * A network of the file that services of a colour are on. Each colour has one of its own in its place, and who meets
 * there is who meets in the file: what the file keeps apart stays apart, also from a database that both colours share.
 */
export interface ColorNetwork {
  /** Its name in the file. */
  key: string;
  /** Leads to nowhere else. */
  internal: boolean;
  /** Options of `docker network create`. */
  options: string[];
  members: NetworkMember[];
}

/** A service on such a network, and the names that it has there. */
export interface NetworkMember {
  side: 'own' | 'shared';
  service: string;
  names: string[];
}

/** What becomes an option of Docker's, a word of a table and a name of DNS. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** The network that stands in a colour for one of the file. */
export function networkName(project: string, color: Color, key: string): string {
  return colorNetwork(project, color, key === 'default' ? '' : key);
}

/** The networks of the file that services of a colour are on. Throws `input` for one that cannot be there twice. */
export function colorNetworks(model: ComposeModel, own: ReadonlySet<string>): ColorNetwork[] {
  const keys = [...own].flatMap((name) => Object.keys(model.services[name]!.networks ?? {}));
  return [...new Set(keys)].sort().map((key) => {
    const network = model.networks?.[key] ?? {};
    const isOn = (name: string) => model.services[name]!.networks?.[key] !== undefined;
    const members = Object.keys(model.services)
      .filter(isOn)
      .map((service): NetworkMember => {
        const aliases = model.services[service]!.networks?.[key]?.aliases ?? [];
        return {
          side: own.has(service) ? 'own' : 'shared',
          service,
          names: [...new Set([service, ...aliases])],
        };
      });
    addLinks(key, members, model);
    return { key, internal: network.internal === true, options: creation(key, network), members };
  });
}

/** What a service of a colour is told of its networks; undefined where it has none (`network_mode`). */
export function attachmentsOf(
  model: ComposeModel,
  name: string,
  color: Color,
): Record<string, NetworkAttachment> | undefined {
  const { networks, network_mode: mode } = model.services[name]!;
  if (mode !== undefined && mode !== 'default') return undefined;
  return Object.fromEntries(
    Object.entries(networks ?? { default: null }).map(([key, attachment]) => {
      const { aliases = [], ...kept } = withoutAddresses(attachment);
      return [
        networkName(model.name, color, key),
        { ...kept, aliases: [...new Set([`${name}-${color}`, ...aliases])] },
      ];
    }),
  );
}

/** A sentence about each thing that a colour cannot have as the file says. */
export function droppedFrom(model: ComposeModel, own: ReadonlySet<string>, color: Color): string[] {
  const notes: string[] = [];
  const met = new Set([...own].flatMap((name) => Object.keys(model.services[name]!.networks ?? {})));
  for (const [name, service] of Object.entries(model.services)) {
    for (const [key, attachment] of Object.entries(service.networks ?? {})) {
      if (!met.has(key)) continue;
      const address = attachment?.['ipv4_address'] ?? attachment?.['ipv6_address'];
      const there = networkName(model.name, color, key);
      if (own.has(name) && model.networks?.[key]?.external) {
        notes.push(
          `${name} is not on the network ${key} in a colour: a name there would mean both colours; reach it as ${name}-${color} on ${there}`,
        );
      }
      if (address === undefined) continue;
      notes.push(
        own.has(name)
          ? `${name} has not the address ${String(address)} in a colour, which both would have: reach it by its name`
          : `${name} has the address ${String(address)} only on ${key}, and another one on ${there}: the colours reach it by its name`,
      );
    }
  }
  return notes;
}

/** Lines of network, `internal` or `open`, `own` or `shared`, service and the names that it has there. */
export function formatNetworks(networks: readonly ColorNetwork[]): string {
  return networks
    .flatMap(({ key, internal, members }) =>
      members.map(
        ({ side, service, names }) =>
          `${key} ${internal ? 'internal' : 'open'} ${side} ${service} ${names.join(' ')}\n`,
      ),
    )
    .join('');
}

function withoutAddresses(attachment: NetworkAttachment | null): NetworkAttachment {
  const { ipv4_address: _four, ipv6_address: _six, link_local_ips: _local, ...kept } = attachment ?? {};
  return kept;
}

/**
 * The words that make a network like the file's. A subnet and the name of a bridge are there once, so they are left out.
 * An external one is made as Docker makes any.
 */
function creation(key: string, network: Resource): string[] {
  if (!NAME.test(key))
    throw new Failure('input', `the network ${JSON.stringify(key)} has a name that no colour can have`);
  if (network.external) return [];
  const { driver, enable_ipv6: six, driver_opts: options } = network;
  if (driver !== undefined && driver !== '' && driver !== 'bridge') {
    throw new Failure(
      'input',
      `input \`color\`: the network ${key} has the driver ${String(driver)}, and each colour would need one like it`,
      {
        input: 'color',
        remedy: `Take the services that change off ${key}, or leave them out of \`color-services\`.`,
      },
    );
  }
  return [
    ...(network.internal === true ? ['--internal'] : []),
    ...(six === true ? ['--ipv6'] : []),
    ...Object.entries((options as Record<string, unknown> | undefined) ?? {})
      .filter(([name]) => name !== 'com.docker.network.bridge.name')
      .flatMap(([name, value]) => ['--opt', `${name}=${String(value)}`]),
  ];
}

/**
 * Links between a colour and what is shared become names of the network. In the file they are known to the one service
 * that has the link; so none may be a name that another service is known by.
 */
function addLinks(key: string, members: readonly NetworkMember[], model: ComposeModel): void {
  const known = members.map((member) => ({ ...member, names: [...member.names] }));
  for (const from of members) {
    for (const link of model.services[from.service]!.links ?? []) {
      const [to, alias] = link.split(':');
      const target = members.find((one) => one.service === to);
      // A colour's links to its own services Compose makes by itself, as it does between shared ones.
      if (alias === undefined || target === undefined || target.side === from.side) continue;
      const other = known.find((one) => one.service !== to && one.names.includes(alias));
      if (other) {
        throw new Failure(
          'input',
          `input \`color\`: ${from.service} links ${to} as ${alias}, which is a name of ${other.service} too on the network ${key}`,
          { input: 'color', remedy: `Give the link another name, or let ${from.service} ask for ${to}.` },
        );
      }
      if (!target.names.includes(alias)) target.names.push(alias);
    }
  }
  for (const { service, names } of members) {
    const odd = names.find((name) => !NAME.test(name));
    if (odd === undefined) continue;
    throw new Failure(
      'input',
      `${service} has the name ${JSON.stringify(odd)} on ${key}, which no network can have`,
    );
  }
}

/** Names of the networks of both colours, with the options that make them. */
export function networksToMake(
  project: string,
  networks: readonly ColorNetwork[],
): { name: string; options: string[] }[] {
  return COLORS.flatMap((color) =>
    networks.map(({ key, options }) => ({ name: networkName(project, color, key), options })),
  );
}
