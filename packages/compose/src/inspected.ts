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
    Domainname?: string;
    MacAddress?: string;
    ExposedPorts?: Record<string, unknown> | null;
    NetworkDisabled?: boolean;
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
    Mounts?: HostMount[] | null;
  };
  Mounts: InspectedMount[];
  NetworkSettings: { Networks: Record<string, InspectedNetwork> | null };
}

export interface InspectedMount {
  Type: string;
  Name?: string;
  Source: string;
  Destination: string;
  /** `z` and `Z` are marks for SELinux. */
  Mode?: string;
  RW: boolean;
  Propagation?: string;
}

/** A mount as it was asked for. */
export interface HostMount {
  Type: string;
  Source?: string;
  Target: string;
  ReadOnly?: boolean;
  BindOptions?: Record<string, unknown> | null;
  VolumeOptions?: { NoCopy?: boolean; Subpath?: string } | null;
  TmpfsOptions?: { SizeBytes?: number; Mode?: number } | null;
}

export interface InspectedNetwork {
  Aliases: string[] | null;
  Links?: string[] | null;
  IPAMConfig?: { IPv4Address?: string; IPv6Address?: string; LinkLocalIPs?: string[] | null } | null;
  DriverOpts?: Record<string, string> | null;
  GwPriority?: number;
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
    ExposedPorts?: Record<string, unknown> | null;
    Healthcheck?: Healthcheck | null;
    StopSignal?: string;
  } | null;
}

export interface Healthcheck {
  Test?: string[] | null;
  /** Nanoseconds, as all of these. */
  Interval?: number;
  Timeout?: number;
  StartPeriod?: number;
  StartInterval?: number;
  Retries?: number;
}
