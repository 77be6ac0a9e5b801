import type { InspectedContainer } from './inspected.ts';

type HostConfig = InspectedContainer['HostConfig'];

/**
 * What a container's HostConfig says beside mounts, ports, networks and namespaces, as keys of a service; and the names
 * of the fields that no compose file can express or that are not known here. Every field that is not empty is one or
 * the other: nothing is left out in silence. Fields: Docker Engine API 1.50, HostConfig.
 */
export function readHostConfig(config: HostConfig): { keys: Record<string, unknown>; lost: string[] } {
  const keys: Record<string, unknown> = {};
  const lost: string[] = [];
  const blkio: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(config)) {
    if ((isEmpty(value) && !isMeant(field, value)) || ELSEWHERE.has(field) || isUsual(field, value, config))
      continue;
    const same = SAME[field];
    const weighed = BLKIO[field];
    if (same !== undefined) keys[same] = value;
    else if (weighed !== undefined) blkio[weighed] = blkioValue(value);
    else if (Object.hasOwn(MADE, field)) Object.assign(keys, MADE[field]!(value as never));
    else lost.push(field);
  }
  if (Object.keys(blkio).length > 0) keys['blkio_config'] = blkio;
  // An empty list where Docker has its own is what `systempaths=unconfined` made of it.
  if (
    config['Privileged'] !== true &&
    isEmptyList(config['MaskedPaths']) &&
    isEmptyList(config['ReadonlyPaths'])
  ) {
    const other = (keys['security_opt'] as string[] | undefined) ?? [];
    keys['security_opt'] = [...other, 'systempaths=unconfined'];
  }
  return { keys, lost };
}

/** Fields whose value is the same in a compose file. */
const SAME: Readonly<Record<string, string>> = {
  Annotations: 'annotations',
  CapAdd: 'cap_add',
  CapDrop: 'cap_drop',
  CgroupParent: 'cgroup_parent',
  CgroupnsMode: 'cgroup',
  CpuPeriod: 'cpu_period',
  CpuQuota: 'cpu_quota',
  CpuRealtimePeriod: 'cpu_rt_period',
  CpuRealtimeRuntime: 'cpu_rt_runtime',
  CpuShares: 'cpu_shares',
  CpusetCpus: 'cpuset',
  DeviceCgroupRules: 'device_cgroup_rules',
  Dns: 'dns',
  DnsOptions: 'dns_opt',
  DnsSearch: 'dns_search',
  ExtraHosts: 'extra_hosts',
  GroupAdd: 'group_add',
  Init: 'init',
  Memory: 'mem_limit',
  MemoryReservation: 'mem_reservation',
  MemorySwap: 'memswap_limit',
  MemorySwappiness: 'mem_swappiness',
  OomKillDisable: 'oom_kill_disable',
  OomScoreAdj: 'oom_score_adj',
  PidsLimit: 'pids_limit',
  Privileged: 'privileged',
  ReadonlyRootfs: 'read_only',
  Runtime: 'runtime',
  SecurityOpt: 'security_opt',
  ShmSize: 'shm_size',
  StorageOpt: 'storage_opt',
  Sysctls: 'sysctls',
  UTSMode: 'uts',
  UsernsMode: 'userns_mode',
};

const BLKIO: Readonly<Record<string, string>> = {
  BlkioWeight: 'weight',
  BlkioWeightDevice: 'weight_device',
  BlkioDeviceReadBps: 'device_read_bps',
  BlkioDeviceReadIOps: 'device_read_iops',
  BlkioDeviceWriteBps: 'device_write_bps',
  BlkioDeviceWriteIOps: 'device_write_iops',
};

interface Device {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

interface DeviceRequest {
  Driver?: string;
  Count?: number;
  DeviceIDs?: string[] | null;
  Capabilities?: string[][] | null;
  Options?: Record<string, string> | null;
}

/** Fields that a compose file writes in another way. */
const MADE: Readonly<Record<string, (value: never) => Record<string, unknown>>> = {
  RestartPolicy: ({ Name, MaximumRetryCount }: HostConfig['RestartPolicy']) => ({
    restart: Name === 'on-failure' && MaximumRetryCount > 0 ? `${Name}:${MaximumRetryCount}` : Name,
  }),
  NanoCpus: (nano: number) => ({ cpus: nano / 1e9 }),
  // Also where it is the engine's usual one: that may become another.
  LogConfig: ({ Type, Config }: { Type: string; Config: Record<string, string> | null }) => ({
    logging: { driver: Type, ...(isEmpty(Config) ? {} : { options: Config }) },
  }),
  Ulimits: (all: { Name: string; Soft: number; Hard: number }[]) => ({
    ulimits: Object.fromEntries(all.map(({ Name, Soft, Hard }) => [Name, { soft: Soft, hard: Hard }])),
  }),
  Devices: (all: Device[]) => ({
    devices: all.map((one) => `${one.PathOnHost}:${one.PathInContainer}:${one.CgroupPermissions}`),
  }),
  DeviceRequests: (all: DeviceRequest[]) => ({
    deploy: {
      resources: {
        reservations: {
          devices: all.map(({ Driver, Count, DeviceIDs, Capabilities, Options }) => ({
            ...(Driver ? { driver: Driver } : {}),
            capabilities: Capabilities?.[0] ?? [],
            ...(isEmpty(DeviceIDs) ? { count: Count === -1 ? 'all' : Count } : { device_ids: DeviceIDs }),
            ...(isEmpty(Options) ? {} : { options: Options }),
          })),
        },
      },
    },
  }),
  Tmpfs: (all: Record<string, string>) => ({
    tmpfs: Object.entries(all).map(([target, options]) => (options === '' ? target : `${target}:${options}`)),
  }),
};

/** What is read off other places, or is a picture of what is: see `serviceOf`. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  'Binds',
  'Mounts',
  'VolumesFrom',
  'PortBindings',
  'NetworkMode',
  'IpcMode',
  'PidMode',
  // Those of networks are used instead.
  'Links',
  'MaskedPaths',
  'ReadonlyPaths',
  // Of the terminal that asked, and of the file that an id was written to.
  'ConsoleSize',
  'ContainerIDFile',
]);

/** What Docker says by itself of a container that was told nothing. */
function isUsual(field: string, value: unknown, config: HostConfig): boolean {
  switch (field) {
    case 'RestartPolicy':
      return config.RestartPolicy.Name === '';
    case 'LogConfig':
      return isEmpty((value as { Type?: string }).Type);
    case 'ShmSize':
      return value === 67_108_864;
    case 'Runtime':
      return value === 'runc';
    case 'Isolation':
      return value === 'default';
    case 'MemorySwap':
      // Docker's own, when only the memory is limited.
      return typeof config['Memory'] === 'number' && value === 2 * config['Memory'];
    case 'MemorySwappiness':
    case 'PidsLimit':
      return value === -1;
    default:
      return false;
  }
}

/** Docker says null where these were not given. */
function isMeant(field: string, value: unknown): boolean {
  return (field === 'MemorySwappiness' && value === 0) || (field === 'Init' && value === false);
}

function blkioValue(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return (value as { Path: string; Weight?: number; Rate?: number }[]).map(({ Path, Weight, Rate }) =>
    Weight === undefined ? { path: Path, rate: Rate } : { path: Path, weight: Weight },
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

/** Nothing, false, 0 or an empty text, list or map. */
export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}
