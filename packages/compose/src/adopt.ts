import type { ComposeModel, Mount, Port, Resource, Service } from './model.ts';

/** `docker inspect` of a container, as far as a service can be read off it. */
export interface InspectedContainer {
  Id: string;
  Name: string;
  Image: string;
  State: { Status: string; ExitCode: number };
  Config: {
    Image: string;
    Env: string[] | null;
    Cmd: string[] | null;
    Entrypoint: string[] | null;
    Labels: Record<string, string> | null;
    User: string;
    WorkingDir: string;
    Hostname: string;
    Tty: boolean;
    OpenStdin: boolean;
    Healthcheck?: Healthcheck | null;
    StopSignal?: string;
    StopTimeout?: number | null;
  };
  HostConfig: Record<string, unknown> & {
    NetworkMode: string;
    PortBindings: Record<string, { HostIp: string; HostPort: string }[] | null> | null;
    RestartPolicy: { Name: string; MaximumRetryCount: number };
    Tmpfs?: Record<string, string> | null;
  };
  Mounts: { Type: string; Name?: string; Source: string; Destination: string; RW: boolean }[];
  NetworkSettings: { Networks: Record<string, { Aliases: string[] | null }> | null };
}

/** `docker image inspect`, as far as it fills in what a container was not told. */
export interface InspectedImage {
  Id: string;
  Config: {
    Env?: string[] | null;
    Cmd?: string[] | null;
    Entrypoint?: string[] | null;
    Labels?: Record<string, string> | null;
    User?: string;
    WorkingDir?: string;
    Healthcheck?: Healthcheck | null;
    StopSignal?: string;
  } | null;
}

interface Healthcheck {
  Test?: string[] | null;
  /** Nanoseconds, as all of these. */
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}

/**
 * A compose file that makes the containers that run now: what can be brought back after the first deploy of an
 * adopted stack has failed. Read off the containers and not off files, which may have changed since they were
 * started. Networks and volumes are those that are there.
 */
export function modelOfStack(
  project: string,
  containers: readonly InspectedContainer[],
  images: readonly InspectedImage[],
): ComposeModel {
  const services: Record<string, Service> = {};
  const networks: Record<string, Resource> = {};
  const volumes: Record<string, Resource> = {};
  for (const container of containers) {
    const labels = container.Config.Labels ?? {};
    const name = labels['com.docker.compose.service'];
    if (!name || labels['com.docker.compose.oneoff'] === 'True') continue;
    if (services[name]) {
      services[name].scale = (services[name].scale ?? 1) + 1;
      continue;
    }
    const image = images.find((one) => one.Id === container.Image)?.Config ?? {};
    for (const mount of container.Mounts) {
      if (mount.Type === 'volume' && mount.Name) volumes[mount.Name] = { name: mount.Name, external: true };
    }
    for (const network of Object.keys(container.NetworkSettings.Networks ?? {})) {
      if (!['host', 'none', 'bridge'].includes(network))
        networks[network] = { name: network, external: true };
    }
    services[name] = serviceOf(project, name, container, image);
  }
  return { name: project, services, networks, volumes };
}

function serviceOf(
  project: string,
  name: string,
  { Name, Config, HostConfig, Mounts, NetworkSettings, Id }: InspectedContainer,
  image: NonNullable<InspectedImage['Config']>,
): Service {
  const labels = Object.entries(Config.Labels ?? {}).filter(
    ([key, value]) => !key.startsWith('com.docker.compose.') && image.Labels?.[key] !== value,
  );
  const environment = (Config.Env ?? []).filter((entry) => !(image.Env ?? []).includes(entry));
  const plainName = Name.replace(/^\//, '');
  const service: Service = { image: Config.Image };
  const put = (key: string, value: unknown, isDefault: boolean) => {
    if (!isDefault && value !== undefined && value !== null) service[key] = dollars(value);
  };
  put('command', Config.Cmd, same(Config.Cmd, image.Cmd));
  put('entrypoint', Config.Entrypoint, same(Config.Entrypoint, image.Entrypoint));
  put('environment', Object.fromEntries(environment.map(splitEntry)), environment.length === 0);
  put('labels', Object.fromEntries(labels), labels.length === 0);
  put('user', Config.User, Config.User === (image.User ?? ''));
  put('working_dir', Config.WorkingDir, Config.WorkingDir === (image.WorkingDir ?? ''));
  put('hostname', Config.Hostname, Id.startsWith(Config.Hostname) || HostConfig.NetworkMode === 'host');
  put('tty', true, !Config.Tty);
  put('stdin_open', true, !Config.OpenStdin);
  put('healthcheck', healthcheckOf(Config.Healthcheck), same(Config.Healthcheck, image.Healthcheck));
  put('stop_signal', Config.StopSignal, (Config.StopSignal ?? '') === (image.StopSignal ?? ''));
  put(
    'stop_grace_period',
    `${Config.StopTimeout}s`,
    Config.StopTimeout === undefined || Config.StopTimeout === null,
  );
  put(
    'container_name',
    plainName,
    new RegExp(`^(?:[0-9a-f]{12}_)?${project}[-_]${name}[-_]\\d+$`).test(plainName),
  );
  put('restart', restartOf(HostConfig.RestartPolicy), HostConfig.RestartPolicy.Name === '');
  for (const [key, field] of HOST_KEYS) put(key, HostConfig[field], isEmpty(HostConfig[field]));
  const nanoCpus = HostConfig['NanoCpus'];
  put('cpus', typeof nanoCpus === 'number' ? nanoCpus / 1e9 : undefined, !nanoCpus);
  put(
    'shm_size',
    HostConfig['ShmSize'],
    isEmpty(HostConfig['ShmSize']) || HostConfig['ShmSize'] === 67_108_864,
  );
  const logging = HostConfig['LogConfig'] as
    { Type: string; Config: Record<string, string> | null } | undefined;
  put(
    'logging',
    { driver: logging?.Type, options: logging?.Config ?? {} },
    !logging || isEmpty(logging.Config),
  );
  put('volumes', mountsOf(Mounts), Mounts.length === 0);
  put('tmpfs', Object.keys(HostConfig.Tmpfs ?? {}), isEmpty(HostConfig.Tmpfs));
  put('ports', portsOf(HostConfig.PortBindings ?? {}), isEmpty(HostConfig.PortBindings));
  const attached = Object.entries(NetworkSettings.Networks ?? {});
  if (/^(host|none|container:)/.test(HostConfig.NetworkMode)) service.network_mode = HostConfig.NetworkMode;
  else {
    service.networks = Object.fromEntries(
      attached.map(([network, { Aliases }]) => {
        const aliases = (Aliases ?? []).filter(
          (alias) => alias !== name && alias !== plainName && !Id.startsWith(alias),
        );
        return [network, aliases.length > 0 ? { aliases } : null];
      }),
    );
  }
  const needs = (Config.Labels?.['com.docker.compose.depends_on'] ?? '').split(',').filter(Boolean);
  if (needs.length > 0) {
    service.depends_on = Object.fromEntries(
      needs.map((need) => {
        const [dependency = '', condition = 'service_started'] = need.split(':');
        return [dependency, { condition: condition as 'service_started', required: false }];
      }),
    );
  }
  return service;
}

/** Keys whose value is the same in a compose file and in HostConfig. */
const HOST_KEYS: readonly (readonly [string, string])[] = [
  ['privileged', 'Privileged'],
  ['cap_add', 'CapAdd'],
  ['cap_drop', 'CapDrop'],
  ['extra_hosts', 'ExtraHosts'],
  ['dns', 'Dns'],
  ['dns_search', 'DnsSearch'],
  ['init', 'Init'],
  ['read_only', 'ReadonlyRootfs'],
  ['security_opt', 'SecurityOpt'],
  ['sysctls', 'Sysctls'],
  ['mem_limit', 'Memory'],
  ['group_add', 'GroupAdd'],
];

function mountsOf(mounts: InspectedContainer['Mounts']): Mount[] {
  return mounts
    .filter((mount) => mount.Type === 'bind' || mount.Type === 'volume')
    .map((mount) => ({
      type: mount.Type,
      source: mount.Type === 'volume' ? mount.Name! : mount.Source,
      target: mount.Destination,
      ...(mount.RW ? {} : { read_only: true }),
    }));
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

function restartOf({ Name, MaximumRetryCount }: { Name: string; MaximumRetryCount: number }): string {
  return Name === 'on-failure' && MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name;
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
function dollars(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$');
  if (Array.isArray(value)) return value.map(dollars);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, dollars(item)]));
}

function same(left: unknown, right: unknown): boolean {
  return JSON.stringify(left ?? null) === JSON.stringify(right ?? null);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
