import { isComposeLabel, needsLabel } from './container-labels.ts';
import { isEmpty, readHostConfig } from './host-config.ts';
import type {
  Healthcheck,
  InspectedContainer,
  InspectedImage,
  InspectedMount,
  InspectedNetwork,
} from './inspected.ts';
import type { Mount, NetworkAttachment, Port, Service } from './model.ts';

/** What a container's service can be read off of, beside the container. */
export interface Surroundings {
  project: string;
  /** The service's name. */
  name: string;
  image: NonNullable<InspectedImage['Config']>;
  /** How many containers the service has. */
  replicas: number;
  /** The service of each of the stack's containers, by its id and by its name. */
  serviceOf: ReadonlyMap<string, string>;
}

/** A service as one of its containers shows it, and what of the container no compose file can say. */
export function readService(
  container: InspectedContainer,
  around: Surroundings,
): { service: Service; lost: string[] } {
  const { Config, HostConfig, NetworkSettings } = container;
  const { name, image } = around;
  const { keys, lost } = readHostConfig(HostConfig);
  const service: Service = { image: Config.Image, ...told(container, around), ...without(keys) };
  const put = (key: string, value: unknown) => {
    if (!isEmpty(value)) service[key] = dollars(value);
  };
  const { volumes, lost: lostMounts } = mountsOf(container, around.replicas);
  lost.push(...lostMounts);
  put('volumes', volumes);
  put('ports', portsOf(HostConfig.PortBindings ?? {}));
  const published = new Set(Object.keys(HostConfig.PortBindings ?? {}));
  put(
    'expose',
    Object.keys(Config.ExposedPorts ?? {}).filter(
      (port) => !published.has(port) && !Object.hasOwn(image.ExposedPorts ?? {}, port),
    ),
  );
  for (const [key, field] of [
    ['ipc', 'IpcMode'],
    ['pid', 'PidMode'],
  ] as const) {
    const mode = HostConfig[field];
    if (typeof mode === 'string' && mode !== 'private') put(key, joined(mode, around, lost));
  }
  if (/^(host|none|container:)/.test(HostConfig.NetworkMode)) {
    service.network_mode = joined(HostConfig.NetworkMode, around, lost);
  } else {
    const attached = Object.entries(NetworkSettings.Networks ?? {});
    service.networks = Object.fromEntries(
      attached.map(([network, one]) => [network, attachmentOf(one, container, name)]),
    );
    put('links', linksOf(attached, around));
  }
  if (Config.NetworkDisabled === true) lost.push('NetworkDisabled');
  const needs = needsOf(needsLabel(container));
  if (needs !== undefined) service.depends_on = needs;
  return { service, lost };

  function without(all: Record<string, unknown>): Record<string, unknown> {
    return Object.fromEntries(Object.entries(all).map(([key, value]) => [key, dollars(value)]));
  }
}

/** What its Config says and its image does not. */
function told({ Config, HostConfig, Name, Id }: InspectedContainer, around: Surroundings): Partial<Service> {
  const { project, name, image } = around;
  const told: Record<string, unknown> = {};
  const put = (key: string, value: unknown, isDefault: boolean) => {
    if (!isDefault && value !== undefined && value !== null) told[key] = dollars(value);
  };
  const environment = (Config.Env ?? []).filter((entry) => !(image.Env ?? []).includes(entry));
  const labels = Object.entries(Config.Labels ?? {}).filter(
    ([key, value]) => !isComposeLabel(key) && image.Labels?.[key] !== value,
  );
  const plainName = Name.replace(/^\//, '');
  put('command', Config.Cmd, same(Config.Cmd, image.Cmd));
  put('entrypoint', Config.Entrypoint, same(Config.Entrypoint, image.Entrypoint));
  put('environment', Object.fromEntries(environment.map(splitEntry)), environment.length === 0);
  put('labels', Object.fromEntries(labels), labels.length === 0);
  put('user', Config.User, Config.User === (image.User ?? ''));
  put('working_dir', Config.WorkingDir, Config.WorkingDir === (image.WorkingDir ?? ''));
  // Who shares these namespaces shows the names of whom it shares them with, and may have none of its own.
  const shares = /^(host$|container:)/.test(HostConfig.NetworkMode) || HostConfig['UTSMode'] === 'host';
  put('hostname', Config.Hostname, Id.startsWith(Config.Hostname) || shares);
  put('domainname', Config.Domainname, (Config.Domainname ?? '') === '' || shares);
  put('mac_address', Config.MacAddress, (Config.MacAddress ?? '') === '');
  put('tty', true, !Config.Tty);
  put('stdin_open', true, !Config.OpenStdin);
  put('healthcheck', healthcheckOf(Config.Healthcheck), same(Config.Healthcheck, image.Healthcheck));
  put('stop_signal', Config.StopSignal, (Config.StopSignal ?? '') === (image.StopSignal ?? ''));
  const { StopTimeout: stop } = Config;
  put('stop_grace_period', `${stop}s`, stop === undefined || stop === null);
  const byCompose = new RegExp(`^(?:[0-9a-f]{12}_)?${project}[-_]${name}[-_]\\d+$`);
  put('container_name', plainName, byCompose.test(plainName));
  return told;
}

/** Docker names volumes that were given no name by 64 hexadecimal digits. */
export function isNameless(mount: InspectedMount): boolean {
  return mount.Type === 'volume' && /^[0-9a-f]{64}$/.test(mount.Name ?? '');
}

function mountsOf(
  { Mounts, HostConfig }: InspectedContainer,
  replicas: number,
): { volumes: Mount[]; lost: string[] } {
  const volumes: Mount[] = [];
  const lost: string[] = [];
  for (const mount of Mounts) {
    const asked = (HostConfig.Mounts ?? []).find((one) => one.Target === mount.Destination);
    const base = { target: mount.Destination, ...(mount.RW ? {} : { read_only: true }) };
    const options: Record<string, unknown> = {};
    const selinux = /(?:^|,)([zZ])(?:,|$)/.exec(mount.Mode ?? '')?.[1];
    switch (mount.Type) {
      case 'bind': {
        const { Propagation, ...others } = asked?.BindOptions ?? {};
        // It has its own key, as `CreateMountpoint` is what Compose asks for by itself.
        const unknown = Object.entries(others).filter(
          ([key, one]) => key !== 'CreateMountpoint' && !isEmpty(one),
        );
        lost.push(...unknown.map(([key]) => `BindOptions.${key} of ${mount.Destination}`));
        const propagation = mount.Propagation || Propagation;
        if (propagation && propagation !== 'rprivate') options['propagation'] = propagation;
        if (selinux !== undefined) options['selinux'] = selinux;
        volumes.push({
          type: 'bind',
          source: mount.Source,
          ...base,
          ...(isEmpty(options) ? {} : { bind: options }),
        });
        break;
      }
      case 'volume':
        if (asked?.VolumeOptions?.NoCopy === true) options['nocopy'] = true;
        if (asked?.VolumeOptions?.Subpath) options['subpath'] = asked.VolumeOptions.Subpath;
        volumes.push({
          type: 'volume',
          // Of several containers each has its own, which Compose hands over when it makes them anew.
          ...(isNameless(mount) && replicas > 1 ? {} : { source: mount.Name! }),
          ...base,
          ...(isEmpty(options) ? {} : { volume: options }),
        });
        break;
      case 'tmpfs': {
        const { SizeBytes = 0, Mode = 0 } = asked?.TmpfsOptions ?? {};
        if (SizeBytes > 0) options['size'] = String(SizeBytes);
        if (Mode > 0) options['mode'] = Mode;
        // One that was asked for as text stands in `tmpfs`, with its options.
        if (!Object.hasOwn(HostConfig.Tmpfs ?? {}, mount.Destination))
          volumes.push({ type: 'tmpfs', ...base, ...(isEmpty(options) ? {} : { tmpfs: options }) });
        break;
      }
      default:
        lost.push(`the ${mount.Type} mount ${mount.Destination}`);
    }
  }
  return { volumes, lost };
}

function attachmentOf(
  network: InspectedNetwork,
  { Name, Id, Config }: InspectedContainer,
  service: string,
): NetworkAttachment | null {
  // Docker adds the container's own names, and the host name.
  const own = [service, Name.replace(/^\//, ''), Config.Hostname];
  const aliases = (network.Aliases ?? []).filter((alias) => !own.includes(alias) && !Id.startsWith(alias));
  const { IPv4Address, IPv6Address, LinkLocalIPs } = network.IPAMConfig ?? {};
  const attachment = {
    aliases,
    ipv4_address: IPv4Address,
    ipv6_address: IPv6Address,
    link_local_ips: LinkLocalIPs,
    driver_opts: network.DriverOpts,
    gw_priority: network.GwPriority,
  };
  const given = Object.entries(attachment).filter(([, value]) => !isEmpty(value));
  return given.length === 0 ? null : Object.fromEntries(given);
}

/** `links` by services: Docker has them as `container:alias` on each network. */
function linksOf(networks: [string, InspectedNetwork][], { serviceOf }: Surroundings): string[] {
  const links = networks.flatMap(([, { Links }]) =>
    (Links ?? []).flatMap((link) => {
      const [container = '', alias = ''] = link.split(':');
      const service = serviceOf.get(container);
      if (service === undefined) return [];
      // Compose links to the service's own name, the container's, and that without the project by itself.
      const own = [service, container];
      return own.includes(alias) || container.endsWith(`-${alias}`) || container.endsWith(`_${alias}`)
        ? []
        : [`${service}:${alias}`];
    }),
  );
  return [...new Set(links)];
}

/** `container:ID` of one of the stack's own is `service:NAME`: the id goes with the container. */
function joined(mode: string, { serviceOf }: Surroundings, lost: string[]): string {
  const id = /^container:(.*)$/.exec(mode)?.[1];
  if (id === undefined) return mode;
  const service = serviceOf.get(id);
  if (service === undefined)
    lost.push(`the namespace of the container ${id.slice(0, 12)}, which is no part of the stack`);
  return service === undefined ? mode : `service:${service}`;
}

function needsOf(label: string): Service['depends_on'] | undefined {
  const needs = label.split(',').filter(Boolean);
  if (needs.length === 0) return undefined;
  return Object.fromEntries(
    needs.map((need) => {
      const [dependency = '', condition = 'service_started'] = need.split(':');
      return [dependency, { condition: condition as 'service_started', required: false }];
    }),
  );
}

function portsOf(bindings: Record<string, { HostIp: string; HostPort: string }[] | null>): Port[] {
  return Object.entries(bindings).flatMap(([key, hosts]) => {
    const [target = '', protocol = 'tcp'] = key.split('/');
    return (hosts ?? []).map((host) => ({
      mode: 'ingress',
      ...(host.HostIp ? { host_ip: host.HostIp } : {}),
      target: Number(target),
      ...(host.HostPort ? { published: host.HostPort } : {}),
      protocol,
    }));
  });
}

function healthcheckOf(check: Healthcheck | null | undefined): Record<string, unknown> | undefined {
  if (!check) return { disable: true };
  const time = (nanoseconds: number | undefined) =>
    nanoseconds ? `${Math.round(nanoseconds / 1e6)}ms` : undefined;
  return {
    test: check.Test ?? undefined,
    interval: time(check.Interval),
    timeout: time(check.Timeout),
    start_period: time(check.StartPeriod),
    start_interval: time(check.StartInterval),
    retries: check.Retries || undefined,
  };
}

function splitEntry(entry: string): [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

/** A literal `$` is written `$$` in a compose file. */
export function dollars<T>(value: T): T;
export function dollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map((one: unknown) => dollars(one));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dollars(item as unknown)]));
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}
