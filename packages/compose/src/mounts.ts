import { posix } from 'node:path';
import { Failure } from '@deploy-actions/kit';
import { type ComposeModel, type Resource, type Service, mapServices } from './model.ts';
import { type SentFile, type SentTree, sentTree } from './sent-files.ts';

/** Where things stand on the server, absolute and without a slash at the end. */
export interface Places {
  /** The folder that compose resolved the configuration in. */
  stage: string;
  /** The application's folder. */
  path: string;
  /** Paths, relative to the project's folder, at which the user's own things stand in `shared/`. */
  shared: ReadonlySet<string>;
}

/** A source in `shared/` that some service mounts. */
export interface SharedSource {
  service: string;
  /** Relative to `shared/`; `.` is the whole folder. */
  path: string;
  readOnly: boolean;
  /** Whether it can only be a file: what a config or a secret is read from. */
  file: boolean;
}

export interface Relocated {
  model: ComposeModel;
  /** What must stand in `files/<sha256>/<name>` before anything starts. */
  trees: SentTree[];
  /** Relative sources that are the user's own. */
  shared: SharedSource[];
  /** Relative sources that were sent, by service (or `the config NAME`, `the secret NAME`). */
  sent: { service: string; path: string }[];
}

/**
 * Moves every path out of the folder that the configuration was resolved in: to `files/<sha256>/…` when it was
 * sent with the release (new content is a new path, so a changed file is a changed service), else to `shared/…`,
 * which no release ever replaces. With a release's own folder the next release would come up with empty data.
 */
export function relocate(model: ComposeModel, places: Places, sent: readonly SentFile[]): Relocated {
  const trees = new Map<string, SentTree>();
  const shared: SharedSource[] = [];
  const used: Relocated['sent'] = [];
  const inside = (path: string) =>
    path === places.stage
      ? '.'
      : path.startsWith(`${places.stage}/`)
        ? path.slice(places.stage.length + 1)
        : undefined;
  const move = (path: string, service: string, readOnly: boolean, file: boolean) => {
    const relative = inside(path);
    if (relative === undefined) {
      if (!path.startsWith(`${places.path}/.deploy/`)) return path;
      const wanted = posix.relative(places.stage, path);
      throw new Failure(
        'input',
        `${service} mounts ${wanted}, which is outside of the compose file's folder`,
        {
          input: 'compose-file',
          remedy: `Give its absolute path on the server, or put it into ${places.path}/shared and mount it as ./${posix.basename(path)}.`,
        },
      );
    }
    const tree = sentTree(sent, relative);
    if (tree) {
      const own = places.shared.has(relative) && tree.files[0]!.path !== relative;
      if (own) {
        throw new Failure(
          'input',
          `${service} mounts ./${relative}, which holds files sent with the release and is on the server in shared/${relative} as well`,
          {
            input: 'files',
            remedy: `Leave ./${relative} out of \`files\`, or mount the files that are sent one by one.`,
          },
        );
      }
      trees.set(tree.sha256 + tree.name, tree);
      used.push({ service, path: relative });
      return `${places.path}/files/${tree.sha256}/${tree.name}`;
    }
    shared.push({ service, path: relative, readOnly, file });
    return relative === '.' ? `${places.path}/shared` : `${places.path}/shared/${relative}`;
  };
  const resources = (group: Record<string, Resource | null> | undefined, kind: string) =>
    group &&
    Object.fromEntries(
      Object.entries(group).map(([name, one]) => [
        name,
        one?.file === undefined ? one : { ...one, file: move(one.file, `the ${kind} ${name}`, true, true) },
      ]),
    );
  const moved = mapServices(model, (service, name) => ({
    ...service,
    ...(service.volumes && {
      volumes: service.volumes.map((mount) =>
        mount.type === 'bind' && mount.source !== undefined
          ? { ...mount, source: move(mount.source, name, mount.read_only === true, false) }
          : mount,
      ),
    }),
  }));
  const result: ComposeModel = { ...moved };
  if (model.configs) result.configs = resources(model.configs, 'config')!;
  if (model.secrets) result.secrets = resources(model.secrets, 'secret')!;
  // Whatever else holds the folder's name (a volume's `device`, an extension field, `${PWD}` in a value).
  const rest = replaceDeep(result, places.stage, `${places.path}/shared`);
  return { model: rest as ComposeModel, trees: [...trees.values()], shared: unique(shared), sent: used };
}

/**
 * The sources that compose would make as empty folders, because nothing is there: the service that reads one fails with
 * a riddle, or serves nothing.
 */
export function missingSources(
  shared: readonly SharedSource[],
  present: ReadonlySet<string>,
): SharedSource[] {
  return shared.filter(({ path }) => path !== '.' && !present.has(path));
}

/** Whether a path that is nowhere looks like a file, so that an empty folder in its place is a mistake. */
export function looksLikeFile(path: string): boolean {
  return /[^/.][^/]*\.[a-z0-9]{1,8}$/i.test(path) && !/\.d$/.test(path);
}

function unique(sources: SharedSource[]): SharedSource[] {
  return [...new Map(sources.map((one) => [`${one.service}\0${one.path}`, one])).values()];
}

function replaceDeep(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.includes(from) ? value.split(from).join(to) : value;
  if (Array.isArray(value)) return value.map((item) => replaceDeep(item, from, to));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaceDeep(item, from, to)]));
}

/** Named volumes that a service writes to, by their name in the model. */
export function volumesOf(service: Service): string[] {
  return (service.volumes ?? [])
    .filter((mount) => mount.type === 'volume' && mount.source)
    .map((mount) => mount.source!);
}
