import {
  type ComposeModel,
  type Images,
  type Relocated,
  changingServices,
  colorService,
  splitStackColors,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import { type Color, COLORS, colorProject, plainStackRuns } from '@deploy-actions/ledger';
import { quote } from '@deploy-actions/shell';
import { refuseForeignServices, unknownServices } from './cluster-adoption.ts';
import { type ClusterPart, clusterPart, notBuilt } from './cluster.ts';
import type { Cluster } from './cluster-view.ts';
import { type ColorWish, chooseColor } from './coloring.ts';
import type { Hook, HookLists } from './hook.ts';
import type { Inspection } from './inspection.ts';

/** A release for a colour of a cluster: its own stack, and that of the services which both colours share. */
export interface ClusterColorPart extends ClusterPart {
  color: Color;
  /** The colour's own project. */
  project: string;
  model: ComposeModel;
  /** What a service of the file is called in the colour's stack. */
  named(service: string): string;
}

/** Chooses the colour and splits the release. Throws `refused` when the colour is live, a canary is on, or no proxy could reach it. */
export function clusterColorPart(
  found: Inspection,
  moved: Relocated,
  wish: ColorWish,
  wanted: { images: Images; oneShot: readonly string[]; removeOrphans: boolean; hooks: HookLists },
  place: { cluster: Cluster; path: string },
): ClusterColorPart {
  const { model } = moved;
  const own = wish.services.length > 0 ? wish.services : changingServices(model, wanted.images);
  const plainRuns = plainStackRuns(found.containers, model.name, own);
  const color = chooseColor(found, wish.color, plainRuns);
  if (plainRuns && found.traffic === undefined) refuseUnreachable(found, own);
  const unknown = unknownServices({ cluster: place.cluster, adopted: found.adopted });
  refuseForeignServices(
    model.name,
    unknown.filter((one) => !own.includes(one)),
  );
  const split = splitStackColors(model, { color, services: own, liveOnly: wish.liveOnly });
  const named = (service: string) => (own.includes(service) ? colorService(service, color) : service);
  const project = colorProject(model.name, color);
  const of = (name: string) => found.containers.filter((one) => one.project === name);
  const isOnce = (name: string) => wanted.oneShot.includes(name);
  const colored = clusterPart(
    { ...found, containers: of(project), previousConfig: undefined },
    { ...moved, model: split.color },
    {
      oneShot: own.filter(isOnce).map(named),
      removeOrphans: wanted.removeOrphans,
      hooks: namedHooks(wanted.hooks, named),
    },
    { ...place, cluster: { ...place.cluster, services: [], foreign: [], sums: new Map() } },
  );
  const shared =
    split.shared &&
    clusterPart(
      { ...found, containers: of(model.name), previousConfig: undefined },
      { ...moved, model: split.shared },
      {
        oneShot: Object.keys(split.shared.services).filter(isOnce),
        // The plain stack of the base project may be what serves.
        removeOrphans: false,
        // Commands run in services of the colour.
        hooks: namedHooks({}, named),
      },
      place,
    );
  refuseOnce([colored, ...(shared ? [shared] : [])]);
  const changes = (shared?.changes ?? []).map((change) =>
    wish.shared === 'keep' && change.action !== 'create'
      ? { ...change, action: 'keep' as const, to: change.from, reasons: [] }
      : change,
  );
  return {
    color,
    project,
    model: split.color,
    named,
    counted: new Map(),
    services: colored.services,
    changes: [...colored.changes, ...changes],
    notes: [...new Set([...split.notes, ...colored.notes, ...(shared?.notes ?? [])])],
    stack: {
      ...colored.stack,
      services: [...colored.stack.services, ...(shared?.stack.services ?? [])],
      sources: [...colored.stack.sources, ...(shared?.stack.sources ?? [])],
    },
    uploads: [
      ...colored.uploads,
      ...(shared?.uploads ?? [])
        .filter(({ name }) => !name.startsWith('release/overlays/'))
        .map((file) => ({ ...file, name: file.name.replace(/^release\//, 'release/shared/') })),
      {
        name: 'release/meets',
        content: own.map((service) => `${[service, ...split.meets(service)].join(' ')}\n`).join(''),
      },
      ...split.networks.map(({ name, words }, index): Upload => ({
        name: `release/shared/overlays/${String(index + 1).padStart(2, '0')}`,
        content: `overlay_name=${quote([name])}\nset -- ${quote(words)}\n`,
      })),
    ],
  };
}

/** The commands with the names that their services have in the colour's stack. */
function namedHooks(hooks: Partial<HookLists>, named: (service: string) => string): HookLists {
  const of = (list: readonly Hook[] = []) => list.map((hook) => ({ ...hook, service: named(hook.service) }));
  return {
    'before-up': of(hooks['before-up']),
    migrate: of(hooks.migrate),
    'migration-state': of(hooks['migration-state']),
    'after-up': of(hooks['after-up']),
  };
}

/** Whether a one-shot has run is recorded with the release that serves, and a colour is beside it. */
function refuseOnce(parts: readonly ClusterPart[]): void {
  const once = parts.flatMap(({ services }) => services.filter(({ kind }) => kind === 'once'));
  if (once.length === 0) return;
  throw notBuilt(
    'one-shot',
    `runs no one-shot services beside a colour (${once.map(({ name }) => name).join(', ')})`,
    'Name their commands in `before-up` or `migrate`, and leave the services out.',
  );
}

/**
 * A plain stack that serves is the live colour blue, and by that name the proxies ask for it before the first switch: as
 * `<service>-blue`, which it must be told to be called.
 */
function refuseUnreachable({ previousConfig, project }: Inspection, own: readonly string[]): void {
  const [blue] = COLORS;
  const without = own.filter((name) => {
    const service = previousConfig?.services[name];
    const aliases = Object.values(service?.networks ?? {}).flatMap((one) => one?.aliases ?? []);
    return service !== undefined && !aliases.includes(colorService(name, blue!));
  });
  if (without.length === 0) return;
  throw new Failure(
    'refused',
    `the stack ${project} runs ${without.join(', ')} in place, which counts as blue, and the proxies could not find it as ${without.map((name) => colorService(name, blue!)).join(', ')}`,
    {
      code: 'plain-unreachable',
      input: 'color',
      remedy: `Deploy once more without \`color\`, with that alias in the compose file (networks: {default: {aliases: [${colorService(without[0]!, blue!)}]}}), and after that with \`color\`.`,
    },
  );
}
