import { createHash } from 'node:crypto';
import { LABELS } from '@deploy-actions/ledger';
import { type ComposeModel, type Resource, type Service, mapServices, replicasOf } from './model.ts';
import { type ServiceKind, classify, gatesOf, steps } from './order.ts';

/** A service of a release, as the program on the server needs to know it. */
export interface ReleaseService {
  name: string;
  kind: ServiceKind;
  /** Services start in the order of their steps. */
  step: number;
  /** Another service waits until this one is healthy or has finished. */
  gate: boolean;
  replicas: number;
  /** What `LABELS.hash` holds on its containers. */
  hash: string;
  image: string;
}

/** A release as it is written to the server. */
export interface ResolvedRelease {
  /** The text of the resolved compose file. It holds every secret of the services. */
  json: string;
  services: ReleaseService[];
}

/**
 * Keys of a service that change nothing about its containers: how it is built, pulled and counted, and what is
 * waited for. Compose leaves the same ones out of its own hash.
 */
const NO_PART_OF_A_CONTAINER = new Set([
  'build',
  'pull_policy',
  'scale',
  'depends_on',
  'profiles',
  'develop',
]);

/** Gives each service its hash label and writes the file. Services of profiles are wanted as they are here. */
export function writeRelease(model: ComposeModel, oneShot: readonly string[]): ResolvedRelease {
  const kinds = classify(model, oneShot);
  const order = steps(model);
  const gates = gatesOf(model);
  const hashes = new Map(Object.keys(model.services).map((name) => [name, serviceHash(model, name)]));
  const labelled = mapServices(model, ({ profiles: _, depends_on: needs, ...service }, name) => ({
    ...service,
    ...(needs && { depends_on: presentNeeds(needs, model) }),
    labels: { ...service.labels, [LABELS.hash]: hashes.get(name)! },
  }));
  const services = Object.entries(labelled.services).map(([name, service]) => ({
    name,
    kind: kinds.get(name)!,
    step: order.get(name)!,
    gate: gates.has(name),
    replicas: replicasOf(service),
    hash: hashes.get(name)!,
    image: service.image!,
  }));
  services.sort((a, b) => a.step - b.step || (a.name < b.name ? -1 : 1));
  return { json: `${JSON.stringify(labelled, null, 1)}\n`, services };
}

/**
 * Without those of services that the model leaves out, such as an optional one (`required: false`) of a profile that is
 * off: Compose reads a file that names them as invalid.
 */
function presentNeeds(
  needs: NonNullable<Service['depends_on']>,
  model: ComposeModel,
): NonNullable<Service['depends_on']> {
  return Object.fromEntries(Object.entries(needs).filter(([name]) => Object.hasOwn(model.services, name)));
}

/** The hash over a service and the networks, volumes, configs and secrets that it uses. */
export function serviceHash(model: ComposeModel, name: string): string {
  const service = model.services[name]!;
  const own = Object.fromEntries(Object.entries(service).filter(([key]) => !NO_PART_OF_A_CONTAINER.has(key)));
  if (service.deploy) {
    const { replicas: _, ...deploy } = service.deploy;
    own['deploy'] = deploy;
  }
  if (service.labels) {
    const { [LABELS.hash]: _, ...labels } = service.labels;
    // What was written once has labels, if only ours: it must hash as it did.
    if (Object.keys(labels).length > 0) own['labels'] = labels;
    else delete own['labels'];
  }
  const uses = {
    networks: pick(model.networks, Object.keys(service.networks ?? {})),
    volumes: pick(
      model.volumes,
      (service.volumes ?? []).map((mount) => mount.source ?? ''),
    ),
    configs: pick(
      model.configs,
      (service.configs ?? []).map((grant) => grant.source),
    ),
    secrets: pick(
      model.secrets,
      (service.secrets ?? []).map((grant) => grant.source),
    ),
  };
  return sha256(canonical({ project: model.name, service: own, uses }));
}

/**
 * The lines that the program on the server reads: step, kind, gate, replicas, hash, image and name, with single spaces.
 * Every value is of a checked character set (numbers, hexadecimal, image references, service names).
 */
export function servicesTable(services: readonly ReleaseService[]): string {
  return services
    .map(
      (one) =>
        `${one.step} ${one.kind} ${one.gate ? 'gate' : 'free'} ${one.replicas} ${one.hash} ${one.image} ${one.name}\n`,
    )
    .join('');
}

/** JSON with sorted keys and without empty values: equal for two spellings of the same configuration. */
export function canonical(value: unknown): string {
  return JSON.stringify(sorted(value));
}

export function sha256(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex');
}

/** What differs between two versions of a service: keys only, such as `environment.DB_URL` or `ports`. Never values. */
export function changedKeys(before: Service | undefined, after: Service | undefined): string[] {
  if (!before || !after) return [];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed: string[] = [];
  for (const key of [...names].sort()) {
    if (NO_PART_OF_A_CONTAINER.has(key)) continue;
    const [left, right] = [before[key], after[key]];
    if (canonical(left ?? null) === canonical(right ?? null)) continue;
    if (!isMap(left ?? right) || !isMap(right ?? left)) {
      changed.push(key);
      continue;
    }
    const [old, now] = [(left ?? {}) as Record<string, unknown>, (right ?? {}) as Record<string, unknown>];
    for (const inner of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()) {
      if (inner === LABELS.hash || canonical(old[inner] ?? null) === canonical(now[inner] ?? null)) continue;
      changed.push(`${key}.${inner}`);
    }
  }
  return changed;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pick(group: Record<string, Resource | null> | undefined, names: readonly string[]): unknown {
  return Object.fromEntries(
    names.filter((name) => group?.[name] !== undefined).map((name) => [name, group![name]]),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .filter((key) => value[key] !== undefined)
      .map((key) => [key, sorted(value[key])]),
  );
}
