import { Failure } from '@deploy-actions/kit';
import { COUNT, LINE, TEXT, kind, listOf, objectOf, textLike } from '@deploy-actions/ledger';

/** A container as the engine shows it, reduced to what decisions need. */
export interface ObservedContainer {
  id: string;
  name: string;
  /** The stack that it is part of. */
  project: string;
  service: string;
  /** Of a command and of our migrations: no part of the running stack. */
  oneOff: boolean;
  /** The reference it was made from. */
  image: string;
  imageId: string;
  /** Our hash label; empty on containers that came from elsewhere. */
  hash: string;
  /** The engine's own hash of what it was made from. */
  engineHash: string;
  /** The folder that it was brought up from. */
  folder: string;
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

/** What `engine_observe` (packages/engine) tells of a container. */
interface Raw {
  id: string;
  name: string;
  project: string;
  service: string;
  /** `True` for one that a command was given to itself. */
  once: string;
  image: string;
  imageId: string;
  hash: string;
  engineHash: string;
  folder: string;
  status: string;
  exitCode: number;
  health: string;
  startedAt: string;
  restarts: number;
  /** Whose network, IPC and process namespaces it is in: `container:<id>` where they are another one's. */
  modes: readonly string[];
}

const CODE = kind<number>('an exit code', Number.isSafeInteger);
const WORD = textLike(/^[a-z-]*$/, 'a word');
const HASH = textLike(/^[0-9a-f]*$/, 'a hash');
const RAW = objectOf<Raw>('a container', {
  id: textLike(/^[0-9a-f]{12,64}$/, 'an id'),
  name: textLike(/^\/?[a-zA-Z0-9][\w.-]*$/, 'a name'),
  project: textLike(/^[\w.-]*$/, 'a project'),
  service: textLike(/^[\w.-]*$/, 'a service'),
  once: TEXT,
  image: LINE,
  imageId: textLike(/^[a-zA-Z0-9:]*$/, 'an id'),
  hash: HASH,
  engineHash: HASH,
  folder: TEXT,
  status: WORD,
  exitCode: CODE,
  health: WORD,
  startedAt: LINE,
  restarts: COUNT,
  modes: listOf(TEXT),
});

/**
 * Reads the lines of `engine_observe`, by the containers' names: Docker lists them by their age, and a message that names
 * several is to be the same each time. Lines that are none (a container went while it was looked at) are left out; throws
 * the Failure of a server that tells of a container what no container has.
 */
export function parseContainers(text: string): ObservedContainer[] {
  return jsonLines<Raw>(text)
    .map(believed)
    .map(({ once, health, modes, ...raw }) => ({
      ...raw,
      name: raw.name.replace(/^\//, ''),
      oneOff: once === 'True',
      health: health === '' ? undefined : health,
      joined: modes.flatMap((mode) => /^container:(.+)$/.exec(mode)?.[1] ?? []),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** A container once its form was checked. */
function believed(raw: Raw): Raw {
  if (!RAW.fits(raw)) throw lie('containers');
  return raw;
}

interface RawImage {
  ID: string;
  Repository: string;
  Tag: string;
  Digest: string;
}

const RAW_IMAGE = objectOf<RawImage>('an image', {
  ID: textLike(/^(?:sha256:)?[0-9a-f]{12,64}$/, 'an id'),
  Repository: textLike(/^(?:<none>|[a-zA-Z0-9][\w.:/[\]-]*)$/, 'a repository'),
  Tag: textLike(/^(?:<none>|\w[\w.-]{0,127})$/, 'a tag'),
  Digest: textLike(/^(?:<none>|[a-z0-9]+:[0-9a-f]{32,128})$/, 'a digest'),
});

/** Reads `docker image ls` lines; throws the Failure of a server that tells of an image what no image has. */
export function parseImageList(text: string): LocalImage[] {
  return jsonLines<RawImage>(text).map((raw) => {
    if (!RAW_IMAGE.fits(raw)) throw lie('images');
    return {
      id: raw.ID,
      repository: raw.Repository,
      tag: raw.Tag === '<none>' ? '' : raw.Tag,
      digest: raw.Digest === '<none>' ? '' : raw.Digest,
    };
  });
}

function lie(what: string): Failure {
  return new Failure('remote', `what the server tells of its ${what} has not the form of it`, {
    remedy: 'Look at what answers as docker on the server.',
  });
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
