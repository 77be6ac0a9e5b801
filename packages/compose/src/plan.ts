import { type ComposeModel, joinedBy, restartedWith } from './model.ts';
import type { LocalImage, ObservedContainer } from './observed.ts';
import { parseReference } from '@deploy-actions/image';
import { type ReleaseService, changedKeys } from './release.ts';

/**
 * - `keep`: runs as it should
 * - `recreate`: its containers are replaced
 * - `roll`: they are replaced one at a time, each by a new one beside it
 * - `create`: has no container yet
 * - `scale`: only their number changes
 * - `restart`: its containers stay and are restarted, since what they need changes
 * - `run`: a one-shot that runs (again)
 * - `remove`: is no longer part of the application
 */
export type ServiceAction = 'keep' | 'recreate' | 'roll' | 'create' | 'scale' | 'restart' | 'run' | 'remove';

/** What happens to a service: names and digests only, no values. */
export interface ServiceChange {
  service: string;
  action: ServiceAction;
  /** The reference of the running container; empty without one. */
  from: string;
  /** Empty when it is removed. */
  to: string;
  /** Names of what changed, such as `image`, `environment.DB_URL`, `not running`. */
  reasons: string[];
}

export interface PlanInput {
  model: ComposeModel;
  services: readonly ReleaseService[];
  /** The resolved file of the release that runs, for the names of changed keys. */
  previous: ComposeModel | undefined;
  containers: readonly ObservedContainer[];
  images: readonly LocalImage[];
  /** `id hash` of containers that came from elsewhere and count as bearing that hash. */
  adopted: ReadonlySet<string>;
  removeOrphans: boolean;
}

/** What a deploy of the release would do to each service, by the rule that the program on the server follows. */
export function planChanges(input: PlanInput): ServiceChange[] {
  const running = input.containers.filter((container) => !container.oneOff && container.service !== '');
  const own = input.services.map((wanted) => change(wanted, input, running));
  const changes = withRestarted(withJoined(own, input.model), input.model);
  const known = new Set(input.services.map((service) => service.name));
  for (const name of new Set(running.map((container) => container.service))) {
    if (known.has(name) || !input.removeOrphans) continue;
    const from = running.find((container) => container.service === name)!.image;
    changes.push({ service: name, action: 'remove', from, to: '', reasons: ['not in the compose file'] });
  }
  return changes;
}

/** A container in another one's namespace is made anew with it: the namespace goes with the old one. */
function withJoined(changes: readonly ServiceChange[], model: ComposeModel): ServiceChange[] {
  const all = [...changes];
  for (let again = true; again;) {
    again = false;
    for (const [index, one] of all.entries()) {
      if (one.action !== 'keep' && one.action !== 'scale') continue;
      const joined = joinedBy(model.services[one.service]!).find((name) =>
        all.some(({ service, action }) => service === name && action !== 'keep' && action !== 'scale'),
      );
      if (joined === undefined) continue;
      all[index] = { ...one, action: 'recreate', reasons: [...one.reasons, `joins ${joined}`] };
      again = true;
    }
  }
  return all;
}

/** What asks for it is restarted once what it needs was changed, unless it was changed itself; nothing follows from that. */
function withRestarted(changes: readonly ServiceChange[], model: ComposeModel): ServiceChange[] {
  const changed = new Set(changes.filter(({ action }) => action !== 'keep').map(({ service }) => service));
  return changes.map((one) => {
    if (one.action !== 'keep' || one.from === '') return one;
    const need = restartedWith(model.services[one.service]!).find((name) => changed.has(name));
    return need === undefined ? one : { ...one, action: 'restart', reasons: [`restarts with ${need}`] };
  });
}

function change(
  wanted: ReleaseService,
  input: PlanInput,
  running: readonly ObservedContainer[],
): ServiceChange {
  const own = running.filter((container) => container.service === wanted.name);
  const from = own[0]?.image ?? '';
  const base = { service: wanted.name, from, to: wanted.image };
  if (own.length === 0) {
    return {
      ...base,
      action: wanted.kind === 'once' ? 'run' : wanted.replicas === 0 ? 'keep' : 'create',
      reasons: [],
    };
  }
  const reasons = new Set<string>();
  const id = imageId(wanted.image, input.images);
  for (const container of own) {
    const isAdopted = input.adopted.has(`${container.id} ${wanted.hash}`);
    if (container.image !== wanted.image || (id !== undefined && container.imageId !== id))
      reasons.add('image');
    if (!isAdopted && container.hash !== wanted.hash) {
      const keys = changedKeys(input.previous?.services[wanted.name], input.model.services[wanted.name]);
      for (const key of keys) reasons.add(key);
      if (keys.length === 0 && reasons.size === 0) reasons.add('configuration');
    }
    if (wanted.kind === 'long' && container.status !== 'running')
      reasons.add(`not running (${container.status})`);
    if (wanted.kind === 'once' && (container.status !== 'exited' || container.exitCode !== 0)) {
      reasons.add(`has not succeeded (${container.status})`);
    }
    if (isLost(container, wanted.name, input.model, running)) reasons.add('what it joined is gone');
  }
  if (reasons.size > 0) {
    return { ...base, action: wanted.kind === 'once' ? 'run' : 'recreate', reasons: [...reasons] };
  }
  if (own.length !== wanted.replicas) {
    const reason = `replicas ${own.length} -> ${wanted.replicas}`;
    return { ...base, action: wanted.kind === 'once' ? 'run' : 'scale', reasons: [reason] };
  }
  return { ...base, action: 'keep', reasons: [] };
}

/** Whether the namespaces that a container is in are those of a container that went: then it has no network, for one. */
function isLost(
  container: ObservedContainer,
  service: string,
  model: ComposeModel,
  running: readonly ObservedContainer[],
): boolean {
  if (joinedBy(model.services[service]!).length === 0) return false;
  return container.joined.some((id) => !running.some((one) => one.id === id));
}

/** The id of a reference's local image; undefined when it is not there. */
export function imageId(image: string, images: readonly LocalImage[]): string | undefined {
  const wanted = parseReference(image);
  return images.find((one) => {
    if (one.repository === '<none>') return false;
    let repository: string;
    try {
      repository = parseReference(one.repository).repository;
    } catch {
      return false;
    }
    if (repository !== wanted.repository) return false;
    return wanted.digest ? one.digest === wanted.digest : one.tag === (wanted.tag ?? 'latest');
  })?.id;
}
