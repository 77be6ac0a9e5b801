import {
  type ReleaseService,
  type StackRelease,
  differences,
  servicesTable,
  sha256,
  stackFiles,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import { parseReference } from '@deploy-actions/image';
import { Failure } from '@deploy-actions/kit';
import { ADOPTED, adoptedHead } from './adoption.ts';
import type { Cluster } from './cluster-view.ts';
import type { HeldSpec, HeldStack, TaskImage } from './held-stack.ts';
import type { Inspection } from './inspection.ts';

type Found = Pick<Inspection, 'project' | 'current' | 'adopted' | 'previousRelease'> & { cluster: Cluster };

/**
 * Services of the stack that somebody else deployed and that no record of ours knows as they are: `.deploy/adopted` has the
 * configurations that were found.
 */
export function unknownServices({ cluster, adopted }: Pick<Found, 'cluster' | 'adopted'>): string[] {
  const known = new Set(adopted.map((line) => line.split(' ')[0]));
  return cluster.foreign.filter((name) => !known.has(cluster.sums.get(name) ?? ''));
}

/**
 * Whether the stack that runs becomes a release, and what the user should hear of it.
 * @throws Failure `refused` where services are somebody else's and nobody said that they are to be taken over, and where they
 * could not be brought back as they ran.
 */
export function judgeForeign(
  found: Found,
  {
    adopt,
    services,
    removeOrphans,
  }: { adopt: boolean; services: readonly ReleaseService[]; removeOrphans: boolean },
): { adopts: boolean; notes: string[]; warnings: string[] } {
  const { project, current, cluster } = found;
  const unknown = unknownServices(found);
  if (unknown.length === 0) {
    const isEmpty = adopt && current === '' && cluster.services.length === 0;
    const nothing = `adopt: there was nothing to adopt, the swarm has no service of the stack ${project}`;
    return { adopts: false, notes: [], warnings: isEmpty ? [nothing] : [] };
  }
  if (current !== '' && current !== ADOPTED)
    return { adopts: false, notes: [], warnings: byHand(found, unknown) };
  if (!adopt) throw notAsked(project, unknown);
  const ours = cluster.services.filter(({ hash }) => hash !== '-').map(({ name }) => name);
  if (ours.length > 0) {
    throw foreign(
      `adopt: of the stack ${project} ${listed(unknown)} ${are(unknown)} somebody else's, and ${listed(ours)} of a deployment of ours that was not finished: what ran before is no longer whole`,
      'Bring the stack up once as it was (docker stack deploy), or take away what is not wanted of it (docker service rm). After that deploy again.',
    );
  }
  refuseUnfit(found, services);
  const left = unknown.filter((name) => !services.some((one) => one.name === name));
  return {
    adopts: true,
    notes: [
      `adopt: the stack ${project} is recorded as it runs, as the release ${ADOPTED}: ${listed(cluster.foreign)}. A failure brings each service back to its own configuration`,
      ...(left.length > 0 && !removeOrphans
        ? [`adopt: the compose file does not have ${listed(left)}, which the stack has: that runs on`]
        : []),
    ],
    warnings: [
      ...(left.length > 0 && removeOrphans
        ? [
            `adopt: the compose file does not have ${listed(left)}, which the stack has: that is taken away (\`remove-orphans: false\` leaves it)`,
          ]
        : []),
      ...unwell(cluster),
      `adopt: from now on the stack is what is deployed here. \`docker stack deploy\` by hand would bring the old version back`,
    ],
  };
}

/** What of the stack that runs could not be brought back, or could not be made another thing. */
function refuseUnfit({ project, cluster }: Found, services: readonly ReleaseService[]): void {
  for (const { name, mode, update } of cluster.services) {
    if (mode === 'job') {
      throw new Failure(
        'refused',
        `adopt: ${name} of the stack ${project} is a job, which would run again to be brought back`,
        {
          code: 'stack-not-restorable',
          input: 'adopt',
          remedy: `Take it away, when it has ended: docker service rm ${project}_${name}`,
        },
      );
    }
    if (/^(?:updating|paused|rollback_started|rollback_paused)$/.test(update)) {
      throw new Failure(
        'refused',
        `adopt: the last update of ${name} has not ended (${update}), so nobody knows what of it is to come back`,
        {
          code: 'update-under-way',
          input: 'adopt',
          remedy: /paused$/.test(update)
            ? `End it: docker service rollback ${project}_${name}, or docker service update --force ${project}_${name}`
            : 'Deploy again when it has ended: docker service ps shows it.',
        },
      );
    }
    if (services.some((one) => one.name === name && one.kind === 'once')) {
      throw new Failure(
        'refused',
        `adopt: ${name} runs once by the compose file, and the stack ${project} has it as a service that goes on running`,
        {
          code: 'stack-not-restorable',
          input: 'adopt',
          remedy: `Take it away: docker service rm ${project}_${name}`,
        },
      );
    }
  }
}

/** Swarm changes no service from one mode to the other, and would say so in the middle. */
export function refuseOtherMode(
  { project, cluster }: Pick<Found, 'project' | 'cluster'>,
  { services }: StackRelease,
): void {
  for (const { name, replicas } of services) {
    const held = cluster.services.find((one) => one.name === name);
    const wanted = replicas === undefined ? 'global' : 'replicated';
    if (!held || held.mode === wanted) continue;
    throw new Failure(
      'refused',
      `${name} runs with mode: ${held.mode}, and is ${wanted} by the compose file: Swarm changes no service from one to the other`,
      {
        code: 'mode-differs',
        input: 'compose-file',
        remedy: `Keep deploy.mode, or give the service another name; or take it away first, which stops it: docker service rm ${project}_${name}`,
      },
    );
  }
}

function notAsked(project: string, names: readonly string[]): Failure {
  return foreign(
    `the stack ${project} has services that this action did not deploy: ${listed(names)}`,
    'Set `adopt: true` once to take the running stack over as it is, or give another `project`.',
  );
}

/** Refuses services of somebody else's where the release goes beside them, in a colour. */
export function refuseForeignServices(project: string, names: readonly string[]): void {
  if (names.length === 0) return;
  throw foreign(
    `the stack ${project} has services that this action did not deploy: ${listed(names)}`,
    'Deploy once without `color`, with `adopt: true`, to take the running stack over; or give another `project`.',
  );
}

/**
 * Somebody works by hand in the stack since a deployment. What the release has is brought back by it, and what it has not
 * would go with it.
 */
function byHand({ project, previousRelease }: Found, names: readonly string[]): string[] {
  const recorded = new Set((previousRelease?.services ?? []).map(({ name }) => name));
  const strange = names.filter((name) => !recorded.has(name));
  if (strange.length > 0) {
    throw foreign(
      `the stack ${project} has services that no deployment of ours made: ${listed(strange)}`,
      `Take ${strange.length > 1 ? 'them' : 'it'} away (${strange.map((name) => `docker service rm ${project}_${name}`).join('; ')}), or put ${strange.length > 1 ? 'them' : 'it'} into a stack of another name.`,
    );
  }
  return names.map(
    (name) =>
      `${name} was deployed by other means since the last deployment: whoever works by hand in the stack ${project} brings other versions back`,
  );
}

function unwell({ services, tasks }: Cluster): string[] {
  return services.flatMap(({ name, mode, replicas }) => {
    const own = tasks.filter((one) => one.service === name);
    const good = own.filter(({ state }) => state === 'running').length;
    const need = mode === 'replicated' ? replicas : own.length;
    return good < need
      ? [`adopt: ${name} runs ${good} of ${need} tasks now, before anything was changed`]
      : [];
  });
}

/**
 * Services that run as the release wants them although somebody else deployed them, with the SHA-256 of the configuration that
 * they have; and of the others what differs, by the words of a compose file.
 */
export function asFound(
  { cluster, adopted }: Pick<Found, 'cluster' | 'adopted'>,
  stack: StackRelease,
): { same: ReadonlyMap<string, string>; differ: ReadonlyMap<string, readonly string[]> } {
  const same = new Map<string, string>();
  const differ = new Map<string, readonly string[]>();
  const known = new Set(adopted);
  const files = new Map(stackFiles(stack).map(({ service, json }) => [service, json]));
  for (const { name, hash } of stack.services) {
    const sum = cluster.sums.get(name);
    if (sum === undefined) continue;
    const held = cluster.held?.services.find((one) => one.name === name);
    if (!held) {
      if (known.has(`${sum} ${hash}`)) same.set(name, sum);
      continue;
    }
    const keys = differences(files.get(name)!, name, held.spec, cluster.held!.networks);
    if (keys.length === 0) same.set(name, sum);
    else differ.set(name, keys);
  }
  return { same, differ };
}

/**
 * The stack that runs as a release: each service by its configuration as the cluster has it, which is what brings it back.
 * An image that is named by a tag alone is written with the digest of what really runs, by what the nodes tell.
 * @throws Failure `refused` where that is not known.
 */
export function clusterAdoption(
  project: string,
  held: HeldStack,
  images: readonly TaskImage[],
  counted: ReadonlyMap<string, string>,
): { uploads: Upload[]; notes: string[] } {
  const notes: string[] = [];
  const written = held.services.map((one) => {
    const { text, note } = pinned(one, images);
    if (note !== undefined) notes.push(note);
    return { ...one, text, own: one.sha256, hash: sha256(text), image: imageOf(JSON.parse(text)) };
  });
  const services = written.map(({ name, hash, image, spec }): ReleaseService => ({
    name,
    kind: 'long',
    step: 0,
    gate: false,
    replicas: replicasOf(spec),
    hash,
    image,
  }));
  const folder = `release-${ADOPTED}`;
  // What it was found as counts as what it is brought back as, and as what the release wants where nothing differs.
  const counts = new Map(written.map(({ own, hash }) => [own, hash]));
  return {
    notes,
    uploads: [
      ...countedUploads([...counts, ...counted]),
      {
        name: `${folder}/found`,
        content: written
          .map(({ name, own }) => `${name} ${own}\n`)
          .sort()
          .join(''),
      },
      // What stands in specs/ no compose file says; this tells of its services no more than that they are there.
      {
        name: `${folder}/compose.json`,
        content: `${JSON.stringify({ name: project, services: Object.fromEntries(services.map(({ name, image }) => [name, { image }])) }, null, 1)}\n`,
      },
      { name: `${folder}/services`, content: servicesTable(services) },
      { name: `${folder}/needs`, content: services.map(({ name }) => `${name}\n`).join('') },
      { name: `${folder}/dormant`, content: '' },
      { name: `${folder}/trees`, content: '' },
      { name: `${folder}/objects.list`, content: '' },
      { name: `${folder}/referenced`, content: referencesOf(held) },
      {
        name: `${folder}/release.head`,
        content: adoptedHead({ project, engine: 'swarm' }, services),
      },
      ...written.map(({ name, text }) => ({ name: `${folder}/specs/${name}.json`, content: text })),
    ],
  };
}

/** Configurations that were found, by their SHA-256, and the hashes that they count as: `ClusterPart.counted`. */
export function countedUploads(counted: Iterable<readonly [string, string]>): Upload[] {
  const lines = [...counted].map(([sum, hash]) => `${sum} ${hash}\n`);
  return lines.length > 0 ? [{ name: 'release/adopted', content: lines.join('') }] : [];
}

/** Lines of kind, id and name of what the services have and the stack does not hold itself. */
function referencesOf({ services, networks }: HeldStack): string {
  const lines = services.flatMap(({ spec }) => {
    const template = objectOf(spec['TaskTemplate']);
    const container = objectOf(template['ContainerSpec']);
    return [
      ...listOf(template['Networks']).map(
        ({ Target }) => `network ${text(Target)} ${networks.get(text(Target)) ?? text(Target)}\n`,
      ),
      ...listOf(container['Configs']).map(
        ({ ConfigID, ConfigName }) => `config ${text(ConfigID)} ${text(ConfigName)}\n`,
      ),
      ...listOf(container['Secrets']).map(
        ({ SecretID, SecretName }) => `secret ${text(SecretID)} ${text(SecretName)}\n`,
      ),
    ];
  });
  return [...new Set(lines)].sort().join('');
}

/** The configuration with the image that really runs. */
function pinned(
  { name, text: whole, spec }: HeldSpec,
  images: readonly TaskImage[],
): { text: string; note?: string } {
  const image = imageOf(spec);
  const reference = parseReference(image);
  if (reference.digest !== undefined) return { text: whole };
  const own = images.filter(({ service }) => service === name);
  const ids = new Set(own.map(({ id }) => id));
  const digests = new Set(
    own
      .flatMap(({ digests: all }) => all)
      .filter((one) => parseReference(one).repository === reference.repository),
  );
  if (ids.size === 1 && digests.size === 0)
    return {
      text: whole,
      note: `adopt: ${name} would come back with ${image} as it is on the nodes: that image has no digest`,
    };
  const [digest] = digests;
  if (ids.size !== 1 || digest === undefined) {
    throw new Failure(
      'refused',
      ids.size > 1
        ? `adopt: ${name} runs ${image}, a tag that means ${ids.size} images on the nodes: nobody knows which is to come back`
        : `adopt: ${name} has ${image}, a tag without a digest, and runs on no server in \`host\`: nobody knows which image is to come back`,
      {
        code: 'stack-not-restorable',
        input: 'adopt',
        remedy: `Give the service the image by its digest (docker service update --image ${image}@sha256:… NAME), or name all nodes in \`host\`.`,
      },
    );
  }
  const exact = `${image}@${parseReference(digest).digest}`;
  const from = `"ContainerSpec":{"Image":${JSON.stringify(image)}`;
  const at = whole.indexOf(from);
  if (at < 0) throw new TypeError(`the image of ${name} does not stand where its configuration begins`);
  return {
    text: `${whole.slice(0, at)}"ContainerSpec":{"Image":${JSON.stringify(exact)}${whole.slice(at + from.length)}`,
    note: `adopt: ${name} would come back with ${exact}, which is what runs: the stack names the tag alone`,
  };
}

function imageOf(spec: unknown): string {
  return text(objectOf(objectOf(objectOf(spec)['TaskTemplate'])['ContainerSpec'])['Image']);
}

function replicasOf(spec: unknown): number {
  const count = objectOf(objectOf(objectOf(spec)['Mode'])['Replicated'])['Replicas'];
  return typeof count === 'number' ? count : 1;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.map(objectOf) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function listed(names: readonly string[]): string {
  return names.join(', ');
}

function are(names: readonly string[]): string {
  return names.length > 1 ? 'are' : 'is';
}

function foreign(message: string, remedy: string): Failure {
  return new Failure('refused', message, { code: 'foreign-containers', input: 'adopt', remedy });
}
