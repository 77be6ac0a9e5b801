import {
  type ComposeModel,
  type Images,
  changingServices,
  classify,
  formatNetworks,
  networksToMake,
  neverPulled,
  portAllocator,
  servicesTable,
  splitColors,
  volumeLabels,
  writeRelease,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import { Failure } from '@deploy-actions/kit';
import {
  type ColorPort,
  formatPorts,
  type Color,
  canaryOf,
  colorProject,
  liveColor,
  otherColor,
  plainStackRuns,
} from '@deploy-actions/ledger';
import { quote } from '@deploy-actions/shell';
import type { Inspection } from './inspection.ts';
import { holdsTable, joinsTable, needsTable, pullList, restartsTable } from './tables.ts';

/** What the user says of colours. */
export interface ColorWish {
  color: Color | 'auto';
  /** Empty: those that `images` names, and those of the same repositories. */
  services: readonly string[];
  liveOnly: readonly string[];
  shared: 'keep' | 'update';
  range: { first: number; last: number };
  /** Where in the range free ports are looked for first: another place than others begin at who look at the same time. */
  start?: number;
}

/** A colour that is ready to be deployed beside the live one. */
export interface Coloring {
  color: Color;
  /** The colour's own project. */
  project: string;
  model: ComposeModel;
  services: ReturnType<typeof writeRelease>['services'];
  /** What starts with the switch. */
  liveOnly: ReturnType<typeof writeRelease>['services'];
  shared: ReturnType<typeof writeRelease>['services'];
  ports: ColorPort[];
  notes: string[];
  uploads: Upload[];
}

/** Chooses the colour and splits the release. Throws `refused` when the colour is live or a canary is on. */
export function colorRelease(
  found: Inspection,
  model: ComposeModel,
  wish: ColorWish,
  images: Images,
  oneShot: readonly string[],
): Coloring {
  const own = wish.services.length > 0 ? wish.services : changingServices(model, images);
  const plainRuns = plainStackRuns(found.containers, model.name, own);
  const color = chooseColor(found, wish.color, plainRuns);
  const allocate = portAllocator({
    recorded: found.ports,
    taken: found.taken,
    range: wish.range,
    start: wish.start,
    plainRuns,
  });
  const split = splitColors(model, { color, services: own, liveOnly: wish.liveOnly }, allocate, found.ports);
  // Before the split: who waits for a one-shot may be on the other side of it.
  const once = [...classify(model, oneShot)].flatMap(([name, kind]) => (kind === 'once' ? [name] : []));
  const release = writeRelease(
    split.color,
    once.filter((name) => own.includes(name)),
  );
  const services = release.services.filter((service) => !wish.liveOnly.includes(service.name));
  const liveOnly = release.services.filter((service) => wish.liveOnly.includes(service.name));
  const hasShared = Object.keys(split.shared.services).length > 0;
  const shared = hasShared
    ? writeRelease(
        split.shared,
        once.filter((name) => !own.includes(name)),
      )
    : { json: '{}\n', services: [] };
  const uploads: Upload[] = [
    { name: 'release/compose.json', content: release.json },
    { name: 'release/services', content: servicesTable(services) },
    { name: 'release/live-only', content: servicesTable(liveOnly) },
    { name: 'release/pulls', content: pullList(release.services, neverPulled(found.config)) },
    { name: 'release/needs', content: needsTable(split.color) },
    { name: 'release/restarts', content: restartsTable(split.color) },
    { name: 'release/joins', content: joinsTable(split.color) },
    { name: 'release/ports', content: formatPorts(split.allocated) },
    {
      name: 'release/claims',
      content: portsToClaim(split.allocated, found.ports, plainRuns ? model : undefined),
    },
    { name: 'release/shared/compose.json', content: shared.json },
    { name: 'release/shared/services', content: servicesTable(shared.services) },
    { name: 'release/shared/pulls', content: pullList(shared.services, neverPulled(found.config)) },
    { name: 'release/shared/needs', content: hasShared ? needsTable(split.shared) : '' },
    { name: 'release/holds', content: holdsTable(split.color) },
    { name: 'release/shared/holds', content: hasShared ? holdsTable(split.shared) : '' },
    { name: 'release/shared/joins', content: hasShared ? joinsTable(split.shared) : '' },
    ...split.volumes.map((volume, index) => ({
      name: `release/volumes-${index + 1}`,
      content: volumeWords(model.name, volume),
    })),
    { name: 'release/networks', content: formatNetworks(split.networks) },
    ...networksToMake(model.name, split.networks).map(({ name, options }, index) => ({
      name: `release/network-${index + 1}`,
      content: `network_name=${quote([name])}\nset -- ${quote(options)}\n`,
    })),
  ];
  return {
    color,
    project: colorProject(model.name, color),
    model: split.color,
    services,
    liveOnly,
    shared: shared.services,
    ports: split.ports,
    notes: split.notes,
    uploads,
  };
}

/** The colour to deploy to. Throws `refused` when it is live, a canary is on, or nobody knows where the traffic is. */
export function chooseColor(
  found: Pick<Inspection, 'traffic' | 'trafficUnread'>,
  wanted: ColorWish['color'],
  plainRuns: boolean,
): Color {
  if (found.trafficUnread !== undefined) {
    throw new Failure('refused', `which colour is live is not known: ${found.trafficUnread}`, {
      code: 'record-unreadable',
      input: 'color',
      remedy:
        'Run blue-green-switch with `to` as the colour that has the traffic: it writes the record anew.',
    });
  }
  const share = found.traffic?.share;
  const live = liveColor(share, plainRuns);
  if (canaryOf(share)) {
    throw new Failure('refused', `a canary is on (${share}): traffic goes to both colours`, {
      code: 'canary-on',
      remedy: 'Finish it with blue-green-switch first: `to: blue` or `to: green`.',
    });
  }
  if (wanted === live) {
    throw new Failure(
      'refused',
      `${live} is live${share === undefined ? ' (the plain stack counts as blue until the first switch)' : ''}`,
      {
        code: 'color-is-live',
        input: 'color',
        remedy: 'Deploy the other colour; `color: auto` chooses it.',
      },
    );
  }
  return wanted !== 'auto' ? wanted : live ? otherColor(live) : 'blue';
}

/** Lines of the ports that nobody has set aside yet. What the plain stack listens on needs no claim. */
function portsToClaim(
  allocated: readonly ColorPort[],
  recorded: readonly ColorPort[],
  plain: ComposeModel | undefined,
): string {
  const held = new Set([
    ...recorded.map((one) => one.port),
    ...Object.values(plain?.services ?? {}).flatMap(({ ports = [] }) =>
      ports.map((one) => Number(one.published)),
    ),
  ]);
  return allocated
    .filter((one) => !held.has(one.port))
    .map((one) => `${one.port}\n`)
    .join('');
}

/** The words for `docker volume create`, with the labels that Compose would give it. */
function volumeWords(
  project: string,
  volume: { name: string; driver: string; options: Record<string, string>; key: string },
): string {
  const words = [
    ...(volume.driver === '' ? [] : ['--driver', volume.driver]),
    ...Object.entries(volume.options).flatMap(([key, value]) => ['--opt', `${key}=${value}`]),
    ...volumeLabels(project, volume.key).flatMap((label) => ['--label', label]),
    volume.name,
  ];
  return `volume_name=${quote([volume.name])}\nset -- ${quote(words)}\n`;
}
