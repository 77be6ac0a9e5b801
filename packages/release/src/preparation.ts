import {
  type ComposeModel,
  type DigestRule,
  type Images,
  type Relocated,
  type ReleaseService,
  type SentFile,
  type ServiceChange,
  type StackRelease,
  applyImages,
  looksLikeFile,
  missingSources,
  neverPulled,
  planChanges,
  relocate,
  selectServices,
  servicesTable,
  withVariableValues,
  writeRelease,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import {
  type ColorPort,
  type Color,
  type EngineKind,
  type ReleaseRecord,
  engineFor,
} from '@deploy-actions/ledger';
import { checkAdoption } from './adoptable.ts';
import { judgeForeign, refuseOtherMode } from './cluster-adoption.ts';
import { adoptedHashes, adoptionUploads } from './adoption.ts';
import { badImages } from './bad-images.ts';
import { clusterPart } from './cluster.ts';
import { clusterColorPart } from './cluster-color.ts';
import type { Cluster } from './cluster-view.ts';
import { type ColorWish, colorRelease } from './coloring.ts';
import { type Hook, type HookLists, checkHooks, hookFile } from './hook.ts';
import type { Inspection } from './inspection.ts';
import { refuseLeftovers, refuseOtherFolder } from './ownership.ts';
import { type RolledService, type RollingWish, rollServices } from './rolling.ts';
import { refuseMissingExternals } from './externals.ts';
import { holdsTable, joinsTable, needsTable, pullList, restartsTable, treesTable } from './tables.ts';

/** What the user wants deployed, beside the compose files. */
export interface Wanted {
  release: string;
  version: string;
  images: Images;
  digestRule: DigestRule;
  services: readonly string[];
  oneShot: readonly string[];
  files: readonly SentFile[];
  /** What the workspace has at paths that are mounted or read: to name what was forgotten in `files`. */
  workspaceSources: ReadonlyMap<string, 'file' | 'folder'>;
  hooks: HookLists;
  removeOrphans: boolean;
  /** The user says that old code runs on the migrated schema. */
  migrationReversible: boolean;
  /** The user has said that what stands under the project's name is this application's. */
  adopt: boolean;
  color: ColorWish | undefined;
  /** Undefined: what changes is recreated. */
  rolling?: RollingWish | undefined;
  /** What runs the containers; default: Compose, each server by itself. */
  engine?: EngineKind | undefined;
  /** Facts for release.json: who, where from, which files. */
  about: Pick<
    ReleaseRecord,
    | 'environment'
    | 'repository'
    | 'ref'
    | 'sha'
    | 'actor'
    | 'run_url'
    | 'compose_files'
    | 'profiles'
    | 'env_file'
  >;
}

/** A release that is ready to be sent: nothing has changed on the server yet. */
export interface Prepared {
  /** The project that changes: a colour's own with colours. */
  project: string;
  baseProject: string;
  color: Color | undefined;
  ports: ColorPort[];
  model: ComposeModel;
  services: ReleaseService[];
  /** What makes this release what it is, for the input's hash. */
  table: string;
  changes: ServiceChange[];
  /** Those of them that are replaced one container at a time. */
  rolled: RolledService[];
  /** Of a release for a cluster: what must hold on its nodes. */
  stack?: StackRelease | undefined;
  /** Of a release for a cluster: the stack of somebody else's that runs becomes a release, by `clusterAdoption`. */
  adopts?: boolean | undefined;
  /** As `ClusterPart.counted`. */
  counted?: ReadonlyMap<string, string> | undefined;
  /** Decisions that the user should hear about. */
  notes: string[];
  /** What may be a mistake. */
  warnings: string[];
  /** Files of the run, below `release/`. */
  uploads: Upload[];
}

/** Turns what was found on the server and what is wanted into a release. Pure; throws `input` and `refused` Failures. */
export function prepareRelease(found: Inspection, path: string, wanted: Wanted): Prepared {
  refuseOtherEngine(found, wanted);
  refuseOtherFolder(found, path);
  refuseLeftovers(found, found.config, path, wanted.adopt);
  const told = found.cluster ? [] : checkAdoption(found, path, wanted.adopt, wanted.about.compose_files);
  const chosen = selectServices(found.config, wanted.services);
  refuseMissingExternals(chosen, found.leftovers);
  const { model: imaged, notes } = applyImages(chosen, wanted.images, wanted.digestRule);
  const valued = withVariableValues(imaged, found.granted, envFileAt(path, wanted.about.env_file));
  const moved = relocate(valued, { stage: found.stage, path, shared: found.shared }, wanted.files);
  notes.push(...forgottenSources(moved, found, wanted.workspaceSources, path));
  const part = found.cluster
    ? inCluster(found, moved, wanted, { cluster: found.cluster, path })
    : wanted.color
      ? coloredPart(found, moved, wanted, wanted.color)
      : plainPart(found, moved, wanted);
  const { named = (service) => service, ...prepared } = part;
  const taken =
    found.cluster && !wanted.color
      ? judgeForeign({ ...found, cluster: found.cluster }, { ...wanted, services: part.services })
      : undefined;
  if (found.cluster && part.stack) refuseOtherMode({ ...found, cluster: found.cluster }, part.stack);
  const names = Object.keys(moved.model.services).filter((name) =>
    part.services.some((service) => service.name === named(name)),
  );
  const uploads: Upload[] = [
    ...part.uploads,
    { name: 'release/trees', content: treesTable(moved.trees, found.stageName) },
  ];
  for (const [kind, list] of Object.entries(wanted.hooks) as [keyof HookLists, readonly Hook[]][]) {
    checkHooks(kind, list, names);
    list.forEach((hook, index) => {
      // Two digits, so that the shell's order is the user's.
      const number = String(index + 1).padStart(2, '0');
      uploads.push({
        name: `release/hooks/${kind}-${number}`,
        content: hookFile({ ...hook, service: named(hook.service) }),
      });
    });
  }
  uploads.push({ name: 'release/release.head', content: releaseHead(wanted, moved.model.name, part) });
  return {
    ...prepared,
    baseProject: moved.model.name,
    table: uploads
      .filter((file) => /\/(services|live-only|ports)$/.test(file.name))
      .map((file) => String(file.content))
      .join(''),
    adopts: taken?.adopts ?? false,
    notes: [...notes, ...(taken?.notes ?? []), ...part.notes, ...migrationNotes(found, wanted)],
    warnings: [
      ...found.unread,
      ...told,
      ...(taken?.warnings ?? []),
      ...badImages(found.history, part.services),
    ],
    uploads,
  };
}

/** Refuses another engine than that of what serves or stands in a colour. */
export function refuseOtherEngine(
  { previousRelease, slotReleases }: Inspection,
  { engine = 'compose' }: Pick<Wanted, 'engine'>,
): void {
  engineFor(engine, [
    ...(previousRelease ? [previousRelease] : []),
    ...slotReleases.map((one) => ({ id: one.id, engine: one.engine, where: `in ${one.color}` })),
  ]);
}

/** The env file as it is on the server, by the input. */
export function envFileAt(path: string, envFile: string): string {
  return envFile.startsWith('/') ? envFile : `${path}/shared/${envFile || '.env'}`;
}

type Part = Pick<
  Prepared,
  | 'project'
  | 'color'
  | 'ports'
  | 'model'
  | 'services'
  | 'changes'
  | 'rolled'
  | 'notes'
  | 'uploads'
  | 'stack'
  | 'counted'
> & {
  /** What a service of the file is called in the release. Default: by its own name. */
  named?(service: string): string;
};

function inCluster(
  found: Inspection,
  moved: Relocated,
  wanted: Wanted,
  place: { cluster: Cluster; path: string },
): Part {
  const { model } = moved;
  if (wanted.color)
    return { ...clusterColorPart(found, moved, wanted.color, wanted, place), ports: [], rolled: [] };
  return {
    ...clusterPart(found, moved, wanted, place),
    project: model.name,
    color: undefined,
    ports: [],
    model,
    rolled: [],
  };
}

function plainPart(found: Inspection, moved: Relocated, wanted: Wanted): Part {
  const model = withUnselected(moved.model, wanted, found.previousConfig);
  const { json, services } = writeRelease(model, wanted.oneShot);
  const selected = services.filter(({ name }) => moved.model.services[name] !== undefined);
  const containers = found.containers.filter(
    (one) => one.project === model.name && !found.dormant.includes(one.service),
  );
  const planned = planChanges({
    model,
    services,
    previous: found.previousConfig,
    containers,
    images: found.images,
    adopted: new Set([...found.adopted, ...adoptedHashes(found, services, moved)]),
    removeOrphans: wanted.removeOrphans,
  });
  const rolling = wanted.rolling && rollServices(model, services, planned, containers, wanted.rolling);
  return {
    project: model.name,
    color: undefined,
    ports: [],
    model,
    services,
    notes: rolling?.notes ?? [],
    changes: rolling?.changes ?? planned,
    rolled: rolling?.rolled ?? [],
    uploads: [
      { name: 'release/compose.json', content: json },
      { name: 'release/services', content: servicesTable(services) },
      { name: 'release/dormant', content: found.dormant.map((name) => `${name}\n`).join('') },
      { name: 'release/pulls', content: pullList(selected, neverPulled(found.config)) },
      { name: 'release/needs', content: needsTable(model) },
      { name: 'release/restarts', content: restartsTable(model) },
      { name: 'release/joins', content: joinsTable(model) },
      { name: 'release/holds', content: holdsTable(model) },
      ...(rolling ? [{ name: 'release/rolling', content: rolling.table }] : []),
      ...adoptionUploads(found, services, moved),
    ],
  };
}

/**
 * With `services` the others stay as the release before has them, and are part of the new one: a release is the whole
 * stack, so that bringing it back takes nothing away.
 */
function withUnselected(
  model: ComposeModel,
  wanted: Wanted,
  previous: ComposeModel | undefined,
): ComposeModel {
  if (wanted.services.length === 0 || previous?.name !== model.name) return model;
  return {
    ...model,
    services: { ...previous.services, ...model.services },
    ...keptGroups(model, previous),
  };
}

/** What the kept services use; the new file's word counts where both have it. */
function keptGroups(model: ComposeModel, previous: ComposeModel): Partial<ComposeModel> {
  const kept: Partial<ComposeModel> = {};
  for (const group of ['networks', 'volumes', 'configs', 'secrets'] as const) {
    if (previous[group]) kept[group] = { ...previous[group], ...model[group] };
  }
  return kept;
}

function coloredPart(found: Inspection, moved: Relocated, wanted: Wanted, wish: ColorWish): Part {
  const colored = colorRelease(found, moved.model, wish, wanted.images, wanted.oneShot);
  const changes = planChanges({
    model: colored.model,
    services: colored.services,
    previous: undefined,
    // What runs only where the traffic is comes and goes with the switch, not with this deployment.
    containers: found.containers.filter(
      (one) => one.project === colored.project && !wish.liveOnly.includes(one.service),
    ),
    images: found.images,
    adopted: new Set(),
    removeOrphans: wanted.removeOrphans,
  });
  const base = found.containers.filter((one) => one.project === moved.model.name);
  const shared = planChanges({
    model: moved.model,
    services: colored.shared,
    previous: undefined,
    containers: base,
    images: found.images,
    adopted: new Set([...found.adopted, ...adoptedHashes(found, colored.shared, moved)]),
    removeOrphans: false,
  }).map((change) =>
    wish.shared === 'keep' && (change.action === 'recreate' || change.action === 'restart')
      ? { ...change, action: 'keep' as const, to: change.from }
      : change,
  );
  return {
    project: colored.project,
    color: colored.color,
    ports: colored.ports,
    model: colored.model,
    services: colored.services,
    notes: colored.notes,
    changes: [...changes, ...shared],
    rolled: [],
    uploads: [...colored.uploads, ...adoptionUploads(found, colored.shared, moved)],
  };
}

/**
 * What is mounted or read and is not on the server: an error where the repository has it or where it must be a file,
 * else a note where it looks like one. A folder that is nowhere is the usual way to ask for an empty one.
 */
export function forgottenSources(
  moved: Relocated,
  found: Pick<Inspection, 'shared' | 'old'>,
  workspace: Wanted['workspaceSources'],
  path: string,
): string[] {
  return missingSources(moved.shared, new Set([...found.shared, ...found.old])).flatMap((source) => {
    const uses = `${source.service} ${source.file ? 'is read from' : 'mounts'} ./${source.path}`;
    const inWorkspace = workspace.get(source.path);
    if (inWorkspace !== undefined) {
      const empty =
        inWorkspace === 'folder'
          ? ` If it is to start empty on the server, make it there: install -d ${path}/shared/${source.path}`
          : '';
      throw new Failure('input', `${uses}, which is in the repository but not among \`files\``, {
        input: 'files',
        remedy: `Add ${source.path} to \`files\`.${empty}`,
      });
    }
    if (source.file) {
      throw new Failure('input', `${uses}, which is neither in the repository nor on the server in shared/`, {
        input: 'compose-file',
        remedy: `Put the file on the server, with mode 0600: ${path}/shared/${source.path}`,
      });
    }
    return looksLikeFile(source.path)
      ? [
          `${uses}, which is neither among \`files\` nor on the server in shared/: Docker will make an empty folder of it`,
        ]
      : [];
  });
}

/** What the migrations mean for the way back, by the rule that every way back goes by; said before anything changes. */
function migrationNotes(found: Inspection, { hooks, color, migrationReversible }: Wanted): string[] {
  if (hooks.migrate.length === 0 || migrationReversible) return [];
  const unless =
    hooks['migration-state'].length > 0
      ? 'unless migration-state prints the same before and after, or'
      : 'unless migration-state shows that nothing was migrated, or';
  const said = `${unless} migration-reversible: true says that the old code runs on the new schema`;
  if (color)
    return [
      `the migrations run while the live release serves: it must run on the new schema, and the traffic may go back to it afterwards; to no earlier one, ${said}`,
    ];
  return found.current === ''
    ? []
    : [`should this release fail after its migrations, ${found.current} is not restored, ${said}`];
}

/** The first part of release.json; the server adds what only it knows and the last brace. */
function releaseHead(wanted: Wanted, project: string, part: Part): string {
  const head = JSON.stringify({
    id: wanted.release,
    version: wanted.version,
    project,
    color: part.color ?? '',
    engine: wanted.engine ?? 'compose',
    ...wanted.about,
    services: part.services.map(({ name, image, replicas, hash, kind }) => ({
      name,
      image,
      replicas,
      hash,
      kind,
    })),
    files: wanted.files.map((file) => file.path),
    hooks: Object.fromEntries(
      Object.entries(wanted.hooks).map(([kind, list]) => [
        kind,
        (list as readonly Hook[]).map((hook) => `${hook.service}: ${hook.text}`),
      ]),
    ),
  });
  return head.slice(0, -1);
}
