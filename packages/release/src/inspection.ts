import {
  type ComposeModel,
  type Environment,
  type FileContent,
  type LocalImage,
  type ObservedContainer,
  type SentFile,
  type VariableValues,
  formatEnv,
  parseContainers,
  parseImageList,
  parseModel,
  parseVariableValues,
} from '@deploy-actions/compose';
import { type RunEvent, type Upload, inspect } from '@deploy-actions/host';
import {
  COLORS,
  type Color,
  type ColorPort,
  colorProject,
  parsePorts,
  type HistoryEntry,
  type ReleaseRecord,
  type TrafficRecord,
  isAboutServing,
  readHistory,
  readReleases,
  readTraffic,
} from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { type Cluster, readCluster, readTasks } from './cluster-view.ts';
import { type Leftover, leftovers } from './leftover.ts';
import { type OldStack, type OtherContainer, otherContainers, readOldStack } from './old-stack.ts';
import { INSPECT } from './programs.ts';

/** What a deploy asks of the server before anything changes. */
export interface InspectionRequest {
  /** The application's folder on the server. */
  path: string;
  /** Empty: Compose's own rule (the file's `name:`, else the folder). */
  project: string;
  /** Relative to the project's folder. */
  composeFiles: readonly SentFile[];
  profiles: readonly string[];
  env: Environment;
  /** A file on the server, relative to `shared/` or absolute; empty for `.env`. */
  envFile: string;
  files: readonly SentFile[];
  adopt: boolean;
  dockerHost: string | undefined;
  /** Default `PORT_CLAIMS`. */
  portClaims?: string | undefined;
  /** The server is a manager of a cluster, whose services the release is for. */
  cluster?: boolean | undefined;
}

/**
 * Where all applications of a server set ports aside, whoever they belong to: any user may write there, and it is still
 * there after a restart (FHS 3.0, 5.15).
 */
export const PORT_CLAIMS = '/var/tmp/deploy-actions-ports';

/** What was found on the server. It holds every secret of the configuration: never log it. */
export interface Inspection extends StackView {
  /** The host package's staging folder, with the files sent. */
  staging: string;
  /** The folder that the configuration was resolved in. */
  stage: string;
  /** That folder within the run's files. */
  stageName: string;
  config: ComposeModel;
  /** Values of the variables that configs and secrets take theirs from. */
  granted: VariableValues;
  /** Services of profiles that are not asked for: what runs of them is no orphan. */
  dormant: readonly string[];
  /** Relative sources that are in `shared/`. */
  shared: ReadonlySet<string>;
  /** Of a cluster's manager: absolute sources that it has. */
  there: ReadonlySet<string>;
  /** Of a cluster's manager: what the files of configs and secrets hold, by where the configuration was resolved. */
  sums: ReadonlyMap<string, FileContent>;
  /** Relative sources that are in the folder of a stack that is being adopted. */
  old: ReadonlySet<string>;
  oldFolder: string;
  /** Env files in that folder. */
  envFiles: string[];
  /** Compose's hash of each service, had it been started in the old folder. */
  originalHashes: ReadonlyMap<string, string>;
  /** Files sent that are the same in the old folder. */
  same: ReadonlySet<string>;
  /** Volumes and networks on the server. */
  leftovers: readonly Leftover[];
  /** A stack that is being adopted; undefined otherwise. */
  stack: OldStack | undefined;
  /** Every container of a stack on the server, where one was to be adopted and none of the project is there. */
  others: readonly OtherContainer[];
}

/** The stack as it runs and the releases that are kept. */
export interface StackView {
  project: string;
  /** Where the stack is one of a cluster's. Its tasks are the `containers`, on whatever node they are. */
  cluster: Cluster | undefined;
  containers: ObservedContainer[];
  images: LocalImage[];
  /** Id of the current release; empty without one. */
  current: string;
  /** The release that was deployed to each colour; empty for none. */
  slots: Readonly<Record<Color, string>>;
  /** The records of those. */
  slotReleases: readonly ReleaseRecord[];
  /** Where the traffic is; undefined before the first switch. */
  traffic: TrafficRecord | undefined;
  /** Why nobody knows by traffic.json where the traffic is; undefined where it can be read, or is not there. */
  trafficUnread: string | undefined;
  ports: ColorPort[];
  /** Ports that something on the server listens on, or that an application has set aside. */
  taken: ReadonlySet<number>;
  /** `id hash` of containers that came from elsewhere and count as bearing that hash. */
  adopted: string[];
  previousConfig: ComposeModel | undefined;
  /** The record of the current release. */
  previousRelease: ReleaseRecord | undefined;
  /** The end of history.jsonl, newest last. */
  history: readonly HistoryEntry[];
  /** The releases that are kept, in the order in which they were made. */
  releases: readonly ReleaseRecord[];
  /** A sentence about each record that could not be read. */
  unread: readonly string[];
}

/** Resolves the configuration on the server and looks at what runs. Throws the Failure of what is wrong. */
export async function inspectForDeploy(
  session: Session,
  request: InspectionRequest,
  options: { signal?: AbortSignal; onEvent?(event: RunEvent): void; followed?: boolean } = {},
): Promise<Inspection> {
  const seen = await inspect(session, {
    path: request.path,
    files: lookFiles(request),
    program: INSPECT.with({ want: 'deploy', ...lookParameters(request) }),
    ...options,
  });
  const stack = await readOldStack(session, request, seen.fields, options);
  return readInspection(seen.fields, request, { staging: seen.staging, stack });
}

/** The files that a look at a release needs, as they are sent. */
export function lookFiles(request: Pick<InspectionRequest, 'path' | 'files' | 'composeFiles'>): Upload[] {
  const sent = new Map<string, SentFile>();
  for (const file of [...request.files, ...request.composeFiles]) sent.set(file.path, file);
  return [...sent.values()].map((file) => ({
    name: `${stageNameOf(request)}/${file.path}`,
    content: file.content,
    mode: file.executable ? 0o700 : 0o600,
  }));
}

/** What `look_at_release` is told, but for what is wanted of it. */
export function lookParameters(request: InspectionRequest) {
  return {
    folder: baseName(request.path),
    project_given: request.project,
    compose_files: request.composeFiles.map((file) => file.path).join('\n'),
    profiles: request.profiles.join('\n'),
    env_file: request.envFile,
    adopt: String(request.adopt),
    docker_host: request.dockerHost ?? '',
    port_claims: request.portClaims ?? PORT_CLAIMS,
    cluster: request.cluster ? 'yes' : '',
    env_text: formatEnv(request.env),
  };
}

function stageNameOf(request: Pick<InspectionRequest, 'path'>): string {
  return `project/${baseName(request.path)}`;
}

/** What `look_at_release` has told. Throws where it told no configuration. */
export function readInspection(
  fields: Readonly<Record<string, string>>,
  request: InspectionRequest,
  { staging, stack }: Pick<Inspection, 'staging' | 'stack'>,
): Inspection {
  const field = (name: string) => fields[name] ?? '';
  const present = (kind: 'shared' | 'old' | 'env' | 'there') =>
    new Set(
      lines(field('present')).flatMap((line) =>
        line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : [],
      ),
    );
  const config = parseModel(field('config'));
  return {
    ...stackView(fields),
    staging,
    stage: field('stage'),
    stageName: stageNameOf(request),
    config,
    granted: parseVariableValues(field('granted')) ?? new Map(),
    dormant: lines(field('all_services')).filter((name) => config.services[name] === undefined),
    shared: present('shared'),
    old: present('old'),
    there: present('there'),
    sums: new Map(
      lines(field('sums')).map((line): [string, FileContent] => {
        const [sha256 = '', bytes, ...path] = line.split(' ');
        return [path.join(' '), { sha256, bytes: Number(bytes) }];
      }),
    ),
    oldFolder: field('old_folder'),
    envFiles: [...present('env')],
    same: new Set(lines(field('same'))),
    leftovers: [...leftovers('volume', field('volumes')), ...leftovers('network', field('nets'))],
    stack,
    others: otherContainers(field('stacks')),
    originalHashes: new Map(
      lines(field('original_hashes')).flatMap((line): [string, string][] => {
        const [service, hash] = line.split(' ');
        return service && hash ? [[service, hash]] : [];
      }),
    ),
  };
}

/** Looks at what runs and at the releases that are kept. */
export async function inspectForStatus(
  session: Session,
  request: { path: string; project: string; dockerHost: string | undefined; cluster?: boolean },
  options: { signal?: AbortSignal } = {},
): Promise<StackView> {
  const seen = await inspect(session, {
    path: request.path,
    passing: true,
    program: INSPECT.with({
      want: 'status',
      folder: baseName(request.path),
      project_given: request.project,
      compose_files: '',
      profiles: '',
      env_file: '',
      adopt: 'false',
      docker_host: request.dockerHost ?? '',
      port_claims: PORT_CLAIMS,
      cluster: request.cluster ? 'yes' : '',
      env_text: '',
    }),
    ...options,
  });
  return stackView(seen.fields);
}

function stackView(fields: Readonly<Record<string, string>>): StackView {
  const previous = fields['previous_config'];
  const [history, traffic] = [
    readHistory(fields['history'] ?? ''),
    readTraffic(fields['traffic_json'] ?? ''),
  ];
  const [releases, current] = [
    readReleases(fields['releases'] ?? ''),
    readReleases(fields['previous_release'] ?? ''),
  ];
  const [project, images] = [fields['project'] ?? '', parseImageList(fields['images'] ?? '')];
  const cluster = readCluster(fields);
  return {
    project,
    cluster,
    containers: cluster
      ? [
          ...readTasks(fields['tasks'] ?? '', project, images),
          ...COLORS.flatMap((color) =>
            readTasks(fields[`tasks_${color}`] ?? '', colorProject(project, color), images),
          ),
        ]
      : parseContainers(fields['containers'] ?? ''),
    images,
    current: fields['current'] ?? '',
    slots: { blue: fields['slot_blue'] ?? '', green: fields['slot_green'] ?? '' },
    slotReleases: readReleases(fields['slot_releases'] ?? '').records,
    adopted: lines(fields['adopted'] ?? ''),
    traffic: traffic.record,
    trafficUnread: traffic.unread[0],
    ports: parsePorts(fields['ports'] ?? ''),
    taken: new Set([
      ...lines(fields['listening'] ?? '').map((port) => Number.parseInt(port, 16)),
      ...lines(fields['claimed'] ?? '').map(Number),
    ]),
    previousConfig: previous ? parseModel(previous) : undefined,
    previousRelease: current.records[0],
    history: history.records.filter(isAboutServing),
    releases: releases.records,
    unread: [...history.unread, ...releases.unread, ...current.unread, ...traffic.unread],
  };
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
