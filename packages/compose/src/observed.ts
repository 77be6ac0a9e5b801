/** A container as `docker inspect` shows it, reduced to what decisions need. */
export interface ObservedContainer {
  id: string;
  name: string;
  /** The compose project. */
  project: string;
  service: string;
  /** Of `compose run` and of our migrations: no part of the running stack. */
  oneOff: boolean;
  /** The reference it was made from. */
  image: string;
  imageId: string;
  /** Our hash label; empty on containers that came from elsewhere. */
  hash: string;
  /** Compose's own hash label. */
  composeHash: string;
  /** The folder that compose was run in. */
  workingDir: string;
  configFiles: string[];
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead` */
  status: string;
  exitCode: number;
  /** `starting`, `healthy`, `unhealthy`; undefined without a healthcheck. */
  health: string | undefined;
  /** RFC 3339. */
  startedAt: string;
  restarts: number;
  /** Ids of containers whose namespaces it was made in. */
  joined: string[];
}

/** One line of `docker image ls --no-trunc --digests --format '{{json .}}'`. */
export interface LocalImage {
  id: string;
  repository: string;
  tag: string;
  digest: string;
}

/** The `docker inspect --format` template whose lines `parseContainers` reads. */
export const CONTAINER_TEMPLATE =
  '{"id":{{json .ID}},"name":{{json .Name}},"labels":{{json .Config.Labels}},"image":{{json .Config.Image}},' +
  '"imageId":{{json .Image}},"state":{{json .State}},"restarts":{{json .RestartCount}},' +
  '"modes":[{{json .HostConfig.NetworkMode}},{{json .HostConfig.IpcMode}},{{json .HostConfig.PidMode}}]}';

interface Raw {
  id: string;
  name: string;
  labels: Record<string, string> | null;
  image: string;
  imageId: string;
  state: { Status: string; ExitCode: number; StartedAt: string; Health?: { Status: string } };
  restarts: number;
  modes?: string[];
}

/** Reads the lines of CONTAINER_TEMPLATE. Lines that are none (a container went while it was looked at) are left out. */
export function parseContainers(text: string): ObservedContainer[] {
  return jsonLines<Raw>(text).map((raw) => {
    const labels = raw.labels ?? {};
    return {
      id: raw.id,
      name: raw.name.replace(/^\//, ''),
      project: labels['com.docker.compose.project'] ?? '',
      service: labels['com.docker.compose.service'] ?? '',
      oneOff: labels['com.docker.compose.oneoff'] === 'True',
      image: raw.image,
      imageId: raw.imageId,
      hash: labels['deploy-actions.hash'] ?? '',
      composeHash: labels['com.docker.compose.config-hash'] ?? '',
      workingDir: labels['com.docker.compose.project.working_dir'] ?? '',
      configFiles: (labels['com.docker.compose.project.config_files'] ?? '').split(',').filter(Boolean),
      status: raw.state.Status,
      exitCode: raw.state.ExitCode,
      health: raw.state.Health?.Status,
      startedAt: raw.state.StartedAt,
      restarts: raw.restarts,
      joined: (raw.modes ?? []).flatMap((mode) => /^container:(.+)$/.exec(mode)?.[1] ?? []),
    };
  });
}

/** Reads `docker image ls` lines. */
export function parseImageList(text: string): LocalImage[] {
  return jsonLines<{ ID: string; Repository: string; Tag: string; Digest: string }>(text).map((raw) => ({
    id: raw.ID,
    repository: raw.Repository,
    tag: raw.Tag === '<none>' ? '' : raw.Tag,
    digest: raw.Digest === '<none>' ? '' : raw.Digest,
  }));
}

function jsonLines<T>(text: string): T[] {
  const values: T[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      values.push(JSON.parse(line) as T);
    } catch {
      continue;
    }
  }
  return values;
}
