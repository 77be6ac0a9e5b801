import {
  type ComposeModel,
  type DigestRule,
  type Images,
  type ReleaseService,
  type SentFile,
  type SentTree,
  type ServiceChange,
  applyImages,
  dependenciesOf,
  missingFiles,
  planChanges,
  relocate,
  selectServices,
  servicesTable,
  writeRelease,
} from '@deploy-actions/compose';
import { type Upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type Hook, checkHooks, hookFile } from './hook.ts';
import { type Inspection } from './inspection.ts';

/** What the user wants deployed, beside the compose files. */
export interface Wanted {
  release: string;
  version: string;
  images: Images;
  digestRule: DigestRule;
  services: readonly string[];
  oneShot: readonly string[];
  files: readonly SentFile[];
  /** Relative paths of files in the workspace that were not sent: to name what was forgotten. */
  workspaceFiles: ReadonlySet<string>;
  hooks: HookLists;
  removeOrphans: boolean;
  /** Facts for release.json: who, where from, which files. */
  about: Record<string, unknown>;
}

export interface HookLists {
  'before-up': readonly Hook[];
  migrate: readonly Hook[];
  'migration-state': readonly Hook[];
  'after-up': readonly Hook[];
}

/** A release that is ready to be sent: nothing has changed on the server yet. */
export interface Prepared {
  project: string;
  model: ComposeModel;
  services: ReleaseService[];
  table: string;
  changes: ServiceChange[];
  /** Decisions that the user should hear about. */
  notes: string[];
  /** Files of the run, below `release/`. */
  uploads: Upload[];
}

/** Turns what was found on the server and what is wanted into a release. Pure; throws `input` Failures. */
export function prepareRelease(found: Inspection, path: string, wanted: Wanted): Prepared {
  const chosen = selectServices(found.config, wanted.services);
  const { model: imaged, notes } = applyImages(chosen, wanted.images, wanted.digestRule);
  const moved = relocate(imaged, { stage: found.stage, path, shared: found.shared }, wanted.files);
  const present = new Set([...found.shared, ...found.old]);
  for (const source of missingFiles(moved.shared, present)) {
    if (!wanted.workspaceFiles.has(source.path)) {
      notes.push(
        `${source.service} mounts ./${source.path}, which is neither among \`files\` nor on the server in shared/: Docker will make an empty folder of it`,
      );
      continue;
    }
    throw new Failure(
      'input',
      `${source.service} mounts ./${source.path}, which is in the repository but not among \`files\``,
      { input: 'files', remedy: `Add ${source.path} to \`files\`.` },
    );
  }
  const { json, services } = writeRelease(moved.model, wanted.oneShot);
  const names = services.map((service) => service.name);
  const uploads: Upload[] = [
    { name: 'release/compose.json', content: json },
    { name: 'release/services', content: servicesTable(services) },
    { name: 'release/pulls', content: [...new Set(services.map((one) => `${one.image}\n`))].join('') },
    { name: 'release/needs', content: needsTable(moved.model) },
    { name: 'release/trees', content: treesTable(moved.trees, found.stageName) },
  ];
  for (const [kind, list] of Object.entries(wanted.hooks) as [keyof HookLists, readonly Hook[]][]) {
    checkHooks(kind, list, names);
    list.forEach((hook, index) => {
      // Two digits, so that the shell's order is the user's.
      const number = String(index + 1).padStart(2, '0');
      uploads.push({ name: `release/hooks/${kind}-${number}`, content: hookFile(hook) });
    });
  }
  const adopted = adoptedHashes(found, services);
  if (adopted.length > 0) uploads.push({ name: 'release/adopted', content: adopted.join('\n') + '\n' });
  const links = moved.shared.filter((source) => found.old.has(source.path) && source.path !== '.');
  if (links.length > 0) {
    const rows = [...new Set(links.map((source) => `${found.oldFolder}/${source.path}\t${source.path}\n`))];
    uploads.push({ name: 'release/links', content: rows.join('') });
  }
  uploads.push({ name: 'release/release.head', content: releaseHead(wanted, moved.model.name, services) });
  const changes = planChanges({
    model: moved.model,
    services,
    previous: found.previousConfig,
    containers: found.containers,
    images: found.images,
    adopted: new Set(adopted),
    removeOrphans: wanted.removeOrphans,
  });
  return { project: moved.model.name, model: moved.model, services, table: servicesTable(services), changes, notes, uploads };
}

/** The first part of release.json; the server adds what only it knows and the last brace. */
function releaseHead(wanted: Wanted, project: string, services: readonly ReleaseService[]): string {
  const head = JSON.stringify({
    id: wanted.release,
    version: wanted.version,
    project,
    ...wanted.about,
    services: services.map(({ name, image, replicas, hash, kind }) => ({ name, image, replicas, hash, kind })),
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

/** Lines of a service and, in starting order, all that it needs. */
function needsTable(model: ComposeModel): string {
  return Object.keys(model.services)
    .map((name) => `${[name, ...dependenciesOf(model, [name])].join(' ')}\n`)
    .join('');
}

/** Lines of sha256, mode, path in the tree and path among the files of the run, with tabs between. */
function treesTable(trees: readonly SentTree[], stageName: string): string {
  let table = '';
  for (const tree of trees) {
    for (const file of tree.files) {
      if (/[\t\n]/.test(file.path)) {
        throw new Failure('input', `the name of ${JSON.stringify(file.path)} has a tab or a newline in it`, {
          input: 'files',
        });
      }
      const inTree = `${tree.name}${file.path.slice(tree.path.length)}`;
      table += `${tree.sha256}\t${file.executable ? '0755' : '0644'}\t${inTree}\t${stageName}/${file.path}\n`;
    }
  }
  return table;
}

/** `id hash` of each running container that came from elsewhere and is as this release wants it. */
function adoptedHashes(found: Inspection, services: readonly ReleaseService[]): string[] {
  return found.containers
    .filter((one) => one.hash === '' && !one.oneOff && found.originalHashes.get(one.service) === one.composeHash)
    .flatMap((one) => {
      const service = services.find((candidate) => candidate.name === one.service);
      return service ? [`${one.id} ${service.hash}`] : [];
    });
}

/** Every value that the services' environments hold under a name that speaks of a secret. */
export function secretValues(model: ComposeModel): string[] {
  const values: string[] = [];
  for (const service of Object.values(model.services)) {
    for (const [name, value] of Object.entries(service.environment ?? {})) {
      if (typeof value !== 'string') continue;
      const plain = value.replaceAll('$$', '$');
      if (/pass|secret|token|key|credential|auth|dsn|salt|private/i.test(name)) values.push(plain);
      const login = /^[a-z][a-z0-9+.-]*:\/\/[^/@\s:]*:([^/@\s]+)@/i.exec(plain);
      if (login) values.push(login[1]!, decodeURIComponentSafe(login[1]!));
    }
  }
  return values.filter((value) => value !== '');
}

function decodeURIComponentSafe(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

