import { LABELS } from '@deploy-actions/ledger';
import { parseReference } from '@deploy-actions/image';
import { below } from './finding.ts';
import {
  isTime,
  listOf,
  mapped,
  nanoseconds,
  pick,
  prefixed,
  sorted,
  textOf,
  unescaped,
} from './held-values.ts';

/** The configuration of a service as `docker service inspect` shows it under `Spec`. */
export type ServiceSpec = Readonly<Record<string, unknown>>;

/** A value as it is compared: undefined where nothing is said, or what is so anyway. */
type Side = Record<string, unknown>;

const OF_STACK = new Set(['com.docker.stack.image', 'com.docker.stack.namespace']);

/** What Swarm takes where nothing is said: swarmkit, api/defaults/service.go. */
const USUAL_RESTART = { condition: 'any', delay: 5_000_000_000 };
const USUAL_GRACE = 10_000_000_000;

/**
 * Names of what differs between a service as it runs in a cluster and as a stack file of ours has it, by the words of a Compose
 * file. None: `docker stack deploy` of that file would make the same tasks, but for our own labels. What only says how a service
 * is updated makes no other task, so it does not count. What is not known here differs: then the service is updated, which is
 * right too. `networks` has the names of networks by their ids.
 */
export function differences(
  json: string,
  service: string,
  spec: ServiceSpec,
  networks: ReadonlyMap<string, string>,
): string[] {
  const stack = unescaped(JSON.parse(json)) as Record<string, unknown>;
  const wanted = ofFile(stack, service);
  const held = ofSpec(spec, service, networks);
  const keys = new Set([...Object.keys(wanted), ...Object.keys(held)]);
  return [...keys].filter((key) => textOf(wanted[key]) !== textOf(held[key])).sort();
}

function ofFile(stack: Record<string, unknown>, service: string): Side {
  const { deploy, ...own } = below(below(stack['services'])[service]);
  const {
    image,
    command,
    entrypoint,
    environment,
    labels,
    hostname,
    working_dir: dir,
    user,
    tty,
    stdin_open: stdin,
    read_only: readOnly,
    init,
    stop_signal: stopSignal,
    stop_grace_period: grace,
    extra_hosts: hosts,
    dns,
    dns_search: search,
    cap_add: capAdd,
    cap_drop: capDrop,
    sysctls,
    ulimits,
    healthcheck,
    logging,
    networks,
    ports,
    volumes,
    configs,
    secrets,
    ...others
  } = own;
  const {
    labels: deployLabels,
    mode,
    replicas,
    endpoint_mode: endpoint,
    restart_policy: restart,
    placement,
    resources,
    update_config: _update,
    rollback_config: _rollback,
    ...deployOthers
  } = below(deploy);
  const named = (kind: string, key: string) => {
    const name = below(below(stack[kind])[key])['name'];
    return typeof name === 'string' ? name : key;
  };
  return {
    ...others,
    ...prefixed('deploy.', deployOthers),
    image: imageOf(image),
    command,
    entrypoint,
    environment: Object.entries(below(environment))
      .map(([key, value]) => (value === null ? key : `${key}=${String(value)}`))
      .sort(),
    labels: withoutOurs(labels),
    hostname,
    working_dir: dir,
    user,
    tty: tty || undefined,
    stdin_open: stdin || undefined,
    read_only: readOnly || undefined,
    init,
    stop_signal: stopSignal,
    stop_grace_period: nanoseconds(grace) ?? USUAL_GRACE,
    extra_hosts: listOf(hosts).map((one) => String(one).replace(/^([^:]*):(.*)$/, '$2 $1')),
    dns: [dns ?? []].flat(),
    dns_search: [search ?? []].flat(),
    cap_add: capabilities(capAdd),
    cap_drop: capabilities(capDrop),
    sysctls: Array.isArray(sysctls)
      ? Object.fromEntries(sysctls.map((one) => String(one).split(/=(.*)/s, 2)))
      : mapped(below(sysctls), String),
    ulimits: mapped(below(ulimits), (one) =>
      typeof one === 'number'
        ? { soft: one, hard: one }
        : { soft: below(one)['soft'], hard: below(one)['hard'] },
    ),
    healthcheck: healthOf(below(healthcheck)),
    logging: pick(below(logging), { driver: 'driver', options: 'options' }),
    networks: sorted(
      Object.entries(below(networks ?? { default: null })).map(([key, one]) => {
        const { aliases, ...rest } = below(one);
        return { ...rest, name: named('networks', key), aliases: aliasesOf(aliases, service) };
      }),
    ),
    ports: sorted(
      listOf(ports).map((one) => {
        const { target, published, mode: way, protocol, ...rest } = below(one);
        return { ...rest, target, published, mode: way ?? 'ingress', protocol: protocol ?? 'tcp' };
      }),
    ),
    volumes: sorted(
      listOf(volumes).map((one) => {
        const { source, read_only: only, ...rest } = below(one);
        const isVolume = rest['type'] === 'volume' && typeof source === 'string';
        const volume = isVolume ? below(below(stack['volumes'])[source]) : {};
        return {
          ...rest,
          source: isVolume ? named('volumes', source) : source,
          read_only: only || undefined,
          driver: volume['driver'],
          driver_opts: volume['driver_opts'],
        };
      }),
    ),
    configs: sorted(listOf(configs).map((one) => granted(below(one), named, 'configs'))),
    secrets: sorted(listOf(secrets).map((one) => granted(below(one), named, 'secrets'))),
    'deploy.labels': withoutOurs(deployLabels),
    'deploy.mode': mode ?? 'replicated',
    'deploy.replicas': mode === 'global' ? undefined : (replicas ?? 1),
    'deploy.endpoint_mode': endpoint ?? 'vip',
    'deploy.restart_policy': restartOf(
      mapped(below(restart), (one, key) => (isTime(key) ? nanoseconds(one) : one)),
    ),
    'deploy.placement': placementOf(below(placement)),
    'deploy.resources': mapped(below(resources), (one) => {
      const { cpus, memory, pids, ...rest } = below(one);
      return {
        ...rest,
        cpus: cpus === undefined ? undefined : Math.round(Number(cpus) * 1e9),
        memory: memory === undefined ? undefined : Number(memory),
        pids,
      };
    }),
  };
}

function ofSpec(spec: ServiceSpec, service: string, networks: ReadonlyMap<string, string>): Side {
  const {
    Name: _name,
    Labels: deployLabels,
    TaskTemplate: template,
    Mode: mode,
    EndpointSpec: endpoint,
    UpdateConfig: _update,
    RollbackConfig: _rollback,
    ...others
  } = spec;
  const {
    ContainerSpec: container,
    Resources: resources,
    RestartPolicy: restart,
    Placement: placement,
    Networks: joined,
    LogDriver: logging,
    ForceUpdate: _force,
    Runtime: runtime,
    ...templateOthers
  } = below(template);
  const {
    Image: image,
    Labels: labels,
    Command: entrypoint,
    Args: command,
    Env: environment,
    Hostname: hostname,
    Dir: dir,
    User: user,
    TTY: tty,
    OpenStdin: stdin,
    ReadOnly: readOnly,
    Init: init,
    StopSignal: stopSignal,
    StopGracePeriod: grace,
    Hosts: hosts,
    DNSConfig: dns,
    CapabilityAdd: capAdd,
    CapabilityDrop: capDrop,
    Sysctls: sysctls,
    Ulimits: ulimits,
    Healthcheck: health,
    Mounts: mounts,
    Configs: configs,
    Secrets: secrets,
    Isolation: isolation,
    Privileges: privileges,
    ...containerOthers
  } = below(container);
  // Docker's own note of what the image is for, made where it asks a registry.
  const { Platforms: _platforms, ...placed } = below(placement);
  const { Nameservers: servers, Search: search, ...dnsOthers } = below(dns);
  const { Mode: endpointMode, Ports: ports, ...endpointOthers } = below(endpoint);
  const { Replicated: replicated, Global: everywhere, ...otherModes } = below(mode);
  const { Name: driver, Options: options } = below(logging);
  return {
    ...others,
    ...templateOthers,
    ...containerOthers,
    ...prefixed('dns.', dnsOthers),
    ...prefixed('ports.', endpointOthers),
    ...prefixed('deploy.mode.', otherModes),
    runtime: runtime === 'container' ? undefined : runtime,
    isolation: isolation === 'default' ? undefined : isolation,
    // Each that is not asked for stands there all the same.
    privileges: mapped(below(privileges), (one) => one || undefined),
    image: imageOf(image),
    command,
    entrypoint,
    environment: listOf(environment).map(String).sort(),
    labels: withoutOurs(labels),
    hostname,
    working_dir: dir,
    user,
    tty: tty || undefined,
    stdin_open: stdin || undefined,
    read_only: readOnly || undefined,
    init,
    stop_signal: stopSignal,
    stop_grace_period: grace ?? USUAL_GRACE,
    extra_hosts: hosts,
    dns: servers,
    dns_search: search,
    cap_add: capabilities(capAdd),
    cap_drop: capabilities(capDrop),
    sysctls,
    ulimits: Object.fromEntries(
      listOf(ulimits).map((one) => {
        const { Name, Soft, Hard } = below(one);
        return [String(Name), { soft: Soft, hard: Hard }];
      }),
    ),
    healthcheck: pick(below(health), {
      Test: 'test',
      Interval: 'interval',
      Timeout: 'timeout',
      Retries: 'retries',
      StartPeriod: 'start_period',
      StartInterval: 'start_interval',
    }),
    logging: { driver, options },
    networks: sorted(
      listOf(joined).map((one) => {
        const { Target, Aliases, ...rest } = below(one);
        const id = String(Target);
        return { ...rest, name: networks.get(id) ?? id, aliases: aliasesOf(Aliases, service) };
      }),
    ),
    ports: sorted(
      listOf(ports).map((one) => {
        const { TargetPort, PublishedPort, PublishMode, Protocol, ...rest } = below(one);
        return {
          ...rest,
          target: TargetPort,
          published: PublishedPort || undefined,
          mode: PublishMode ?? 'ingress',
          protocol: Protocol ?? 'tcp',
        };
      }),
    ),
    volumes: sorted(listOf(mounts).map((one) => mountOf(below(one)))),
    configs: sorted(listOf(configs).map((one) => grantOf(below(one), 'Config'))),
    secrets: sorted(listOf(secrets).map((one) => grantOf(below(one), 'Secret'))),
    'deploy.labels': withoutOurs(deployLabels),
    'deploy.mode': everywhere === undefined ? 'replicated' : 'global',
    'deploy.replicas': below(replicated)['Replicas'],
    'deploy.endpoint_mode': endpointMode ?? 'vip',
    'deploy.restart_policy': restartOf(
      pick(below(restart), {
        Condition: 'condition',
        Delay: 'delay',
        MaxAttempts: 'max_attempts',
        Window: 'window',
      }),
    ),
    'deploy.placement': placementOf(
      pick(placed, {
        Constraints: 'constraints',
        Preferences: 'preferences',
        MaxReplicas: 'max_replicas_per_node',
      }),
    ),
    'deploy.resources': Object.fromEntries(
      Object.entries(below(resources)).map(([kind, one]) => [
        kind.toLowerCase(),
        pick(below(one), { NanoCPUs: 'cpus', MemoryBytes: 'memory', Pids: 'pids' }),
      ]),
    ),
  };
}

function mountOf({
  Type,
  Source,
  Target,
  ReadOnly,
  BindOptions,
  VolumeOptions,
  TmpfsOptions,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  const { Labels: _, DriverConfig, ...options } = below(VolumeOptions);
  const { Name, Options } = below(DriverConfig);
  return {
    ...rest,
    type: Type,
    source: Source,
    target: Target,
    read_only: ReadOnly || undefined,
    bind: pick(below(BindOptions), { Propagation: 'propagation', CreateMountpoint: 'create_host_path' }),
    volume: pick(options, { NoCopy: 'nocopy', Subpath: 'subpath' }),
    tmpfs: pick(below(TmpfsOptions), { SizeBytes: 'size', Mode: 'mode' }),
    driver: Name,
    driver_opts: Options,
  };
}

function granted(
  { source, target, uid, gid, mode, ...rest }: Record<string, unknown>,
  named: (kind: string, key: string) => string,
  kind: string,
): Record<string, unknown> {
  const key = String(source);
  return { ...rest, name: named(kind, key), ...file(target ?? key, uid, gid, mode) };
}

function grantOf(grant: Record<string, unknown>, kind: 'Config' | 'Secret'): Record<string, unknown> {
  const { File, [`${kind}ID`]: _, [`${kind}Name`]: name, ...rest } = grant;
  const { Name, UID, GID, Mode } = below(File);
  return { ...rest, name, ...file(Name, UID, GID, Mode) };
}

/** A config stands at the root, so its name there may begin with a slash or not. */
function file(target: unknown, uid: unknown, gid: unknown, mode: unknown): Record<string, unknown> {
  return {
    target: String(target).replace(/^\//, ''),
    uid: uid ?? '0',
    gid: gid ?? '0',
    mode: mode ?? 0o444,
  };
}

function imageOf(image: unknown): unknown {
  if (typeof image !== 'string') return image;
  try {
    const { repository, digest } = parseReference(image);
    // Of an image without a digest nobody knows whether it is the same.
    return digest === undefined ? { tag: image } : `${repository}@${digest}`;
  } catch {
    return { tag: image };
  }
}

function withoutOurs(labels: unknown): string[] {
  return Object.entries(below(labels))
    .filter(([key]) => key !== LABELS.hash && !OF_STACK.has(key))
    .map(([key, value]) => `${key}=${String(value)}`)
    .sort();
}

/** The service's own name is one of its aliases, said or not. */
function aliasesOf(aliases: unknown, service: string): string[] {
  return [...new Set(listOf(aliases).map(String))].filter((one) => one !== service).sort();
}

function capabilities(value: unknown): string[] {
  return listOf(value)
    .map((one) => String(one).toUpperCase().replace(/^CAP_/, ''))
    .sort();
}

function healthOf({ disable, ...health }: Record<string, unknown>): Record<string, unknown> {
  if (disable === true) return { test: ['NONE'] };
  return mapped(health, (one, key) => (isTime(key) ? nanoseconds(one) : one));
}

function restartOf(policy: Record<string, unknown>): Record<string, unknown> {
  return { ...USUAL_RESTART, ...JSON.parse(textOf(policy) ?? '{}') } as Record<string, unknown>;
}

function placementOf({
  constraints,
  preferences,
  ...rest
}: Record<string, unknown>): Record<string, unknown> {
  return {
    ...rest,
    constraints: listOf(constraints)
      .map((one) => String(one).replace(/\s+/g, ''))
      .sort(),
    preferences: listOf(preferences).map((one) => {
      const { spread, Spread } = below(one);
      return spread ?? below(Spread)['SpreadDescriptor'];
    }),
  };
}
