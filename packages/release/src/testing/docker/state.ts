import { createHash } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** A container, with the names that `docker inspect` gives to what it tells. */
export interface FakeContainer {
  ID: string;
  Id: string;
  Name: string;
  Created: string;
  Path: string;
  Args: string[];
  /** The id of its image. */
  Image: string;
  RestartCount: number;
  Config: { Image: string; Labels: Record<string, string>; Entrypoint: string[] };
  State: {
    Status: string;
    Running: boolean;
    ExitCode: number;
    StartedAt: string;
    OOMKilled: boolean;
    Error: string;
    Pid: number;
    Health?: { Status: string; FailingStreak: number; Log: object[] };
  };
  HostConfig: {
    NetworkMode: string;
    IpcMode: string;
    PidMode: string;
    PortBindings: Record<string, object[]>;
  };
  NetworkSettings: {
    Networks: Record<string, { IPAddress: string; Aliases: string[]; Links: string[] }>;
    Ports: Record<string, object[]>;
  };
  Mounts: object[];
  /** What Compose wrote into it, by path. */
  Files?: Record<string, string>;
}

export interface FakeImage {
  Id: string;
  RepoDigests: string[];
}

/** A volume or network. */
export interface FakeThing {
  Name: string;
  Labels?: Record<string, string>;
  /** Of a network. */
  Internal?: boolean;
  /** Of a volume. */
  Driver?: string;
  Mountpoint?: string;
  Options?: Record<string, string> | null;
  /** Of a network: `swarm` where all nodes have it. */
  Scope?: 'local' | 'swarm';
  /** Of a network of the swarm: containers that are no tasks may join it. */
  Attachable?: boolean;
}

/** The swarm that the engine is a node of. */
export interface FakeSwarm {
  /** Default: active. */
  state?: string;
  /** Default: yes. */
  manager?: boolean;
  /** The names of its nodes, this one first. */
  nodes: readonly string[];
  /** Its managers have no leader. */
  leaderless?: boolean;
  /** Nodes that do not answer their managers. */
  down?: readonly string[];
  /** Nodes that get no tasks. */
  drained?: readonly string[];
  liveRestore?: boolean;
  /** How often it says that somebody else has changed a service. */
  outOfSequence?: number;
}

/** How the engine is to behave; what is not named goes well. */
export interface Script {
  /** Undefined: the engine is in none. */
  swarm?: FakeSwarm;
  /** What every call says instead of an answer, such as the word of an engine that may not be used. */
  refused?: string;
  /** As Docker 26 and later answer `info --format`: with exit code 0, and nothing that only the engine knows. */
  quiet?: boolean;
  /** What the registry has: a reference's image. Others are unknown to it. */
  registry: Record<string, { id: string; digest: string }>;
  /** What the registry says instead, by reference. */
  pulls?: Record<string, string>;
  /** How containers of an image behave. */
  images?: Record<
    string,
    {
      health?: 'healthy' | 'unhealthy' | 'starting';
      exits?: number;
      fails?: string;
      entrypoint?: string[];
      /** The health check that it brings along. */
      healthcheck?: string[];
    }
  >;
  /** The connections of containers of an image, as /proc/net/tcp writes them. */
  connections?: Record<string, string>;
  /** What Compose says instead of starting anything. */
  up?: string;
  /** How a command in a container ends, by its words; `hangs`: not before somebody ends it. */
  commands?: Record<string, { code?: number; output?: string; hangs?: boolean }>;
}

/** The engine's state as files, one for each thing, since many calls run at once. */
export function openState(folder: string) {
  const at = (kind: string, name: string) => path.join(folder, kind, encodeURIComponent(name));
  const read = <T>(kind: string, name: string): T | undefined => {
    try {
      return JSON.parse(readFileSync(at(kind, name), 'utf8')) as T;
    } catch {
      return undefined;
    }
  };
  const write = (kind: string, name: string, value: unknown) => {
    mkdirSync(path.join(folder, kind), { recursive: true });
    // No name is encoded with a `#`.
    const temporary = `${at(kind, name)}#${process.pid}`;
    writeFileSync(temporary, JSON.stringify(value));
    renameSync(temporary, at(kind, name));
  };
  const names = (kind: string): string[] => {
    try {
      return readdirSync(path.join(folder, kind))
        .filter((name) => !name.includes('#'))
        .map(decodeURIComponent)
        .sort();
    } catch {
      return [];
    }
  };
  const all = <T>(kind: string): T[] => names(kind).flatMap((name) => read<T>(kind, name) ?? []);
  const state = {
    /** A file of the engine's own. */
    path: (name: string) => path.join(folder, name),
    names,
    read,
    write,
    remove: (kind: string, name: string) => rmSync(at(kind, name), { force: true }),
    script: () => JSON.parse(readFileSync(path.join(folder, 'script.json'), 'utf8')) as Script,
    note: (line: string) => appendFileSync(path.join(folder, 'calls'), `${line}\n`),
    containers: () => all<FakeContainer>('containers').sort((a, b) => (a.Created < b.Created ? -1 : 1)),
    /** By id or name; undefined when there is none. */
    container: (which: string) =>
      state.containers().find((one) => one.ID === which || one.Name === `/${which}` || one.Name === which),
    save: (container: FakeContainer) => write('containers', container.ID, container),
    /** By reference or id. */
    image(which: string): FakeImage | undefined {
      const own = read<FakeImage>('images', which);
      return own ?? all<FakeImage>('images').find(({ Id }) => Id === which);
    },
    addLog: (id: string, text: string) => {
      mkdirSync(path.join(folder, 'logs'), { recursive: true });
      appendFileSync(path.join(folder, 'logs', id), text);
    },
    log: (id: string) => {
      try {
        return readFileSync(path.join(folder, 'logs', id), 'utf8');
      } catch {
        return '';
      }
    },
  };
  return state;
}

export type State = ReturnType<typeof openState>;

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
