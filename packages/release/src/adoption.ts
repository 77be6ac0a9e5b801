import {
  type Relocated,
  type ReleaseService,
  isOneOff,
  serviceOf,
  servicesTable,
  writeRelease,
} from '@deploy-actions/compose';
import type { Upload } from '@deploy-actions/host';
import type { Inspection } from './inspection.ts';
import { joinsTable, needsTable, restartsTable } from './tables.ts';

/** The release that stands for what ran before the first deploy. */
export const ADOPTED = 'adopted';

/** The beginning of its record, which the server writes to the end; see `releaseHead`. */
export function adoptedHead(
  of: { project: string; engine?: 'swarm' },
  services: readonly Pick<ReleaseService, 'name' | 'image' | 'replicas' | 'hash' | 'kind'>[],
): string {
  const told = services.map(({ name, image, replicas, hash, kind }) => ({
    name,
    image,
    replicas,
    hash,
    kind,
  }));
  return JSON.stringify({ id: ADOPTED, version: ADOPTED, ...of, services: told }).slice(0, -1);
}

/**
 * What the first deploy onto a stack that was started by hand takes along: which containers are as the release
 * wants them, links to the stack's own data, and the stack itself as a release that can be brought back.
 */
export function adoptionUploads(
  found: Inspection,
  services: readonly ReleaseService[],
  moved: Relocated,
): Upload[] {
  if (!found.stack) return [];
  const uploads: Upload[] = [];
  const links = moved.shared.filter((source) => found.old.has(source.path) && source.path !== '.');
  const paths = new Set([...links.map((source) => source.path), ...found.envFiles]);
  if (paths.size > 0) {
    const rows = [...paths].map((path) => `${found.oldFolder}/${path}\t${path}\n`);
    uploads.push({ name: 'release/links', content: rows.join('') });
  }
  const { model, containers } = found.stack;
  const finished = containers
    .filter((one) => one.State.Status === 'exited' && one.State.ExitCode === 0)
    .map(serviceOf)
    .filter((name) => model.services[name]);
  const release = writeRelease(model, finished);
  const own = containers.filter((one) => !isOneOff(one));
  const hashes = own.flatMap((one) => {
    const service = release.services.find((candidate) => candidate.name === serviceOf(one));
    return service ? [`${one.Id} ${service.hash}\n`] : [];
  });
  hashes.push(...[...adoptedHashes(found, services, moved)].map((line) => `${line}\n`));
  const images = release.services.flatMap((service) => {
    const container = own.find((one) => serviceOf(one) === service.name);
    return container ? [`${service.name} ${container.Image} ${service.image}\n`] : [];
  });
  const folder = 'release-adopted';
  uploads.push(
    { name: 'release/adopted', content: hashes.join('') },
    { name: `${folder}/compose.json`, content: release.json },
    { name: `${folder}/services`, content: servicesTable(release.services) },
    { name: `${folder}/images`, content: images.join('') },
    { name: `${folder}/needs`, content: needsTable(model) },
    { name: `${folder}/restarts`, content: restartsTable(model) },
    { name: `${folder}/joins`, content: joinsTable(model) },
    { name: `${folder}/trees`, content: '' },
    {
      name: `${folder}/release.head`,
      content: adoptedHead({ project: found.project }, release.services),
    },
  );
  return uploads;
}

/**
 * `id hash` of each container that runs as this release wants it: Compose itself, asked with the same configuration
 * in the old folder, would not recreate it, and what it mounts of the files sent is the same.
 */
export function adoptedHashes(
  found: Inspection,
  services: readonly ReleaseService[],
  moved: Pick<Relocated, 'sent' | 'trees'>,
): Set<string> {
  const changed = new Set(
    moved.sent
      .filter(({ path }) =>
        moved.trees
          .filter((tree) => tree.path === path)
          .some((tree) => tree.files.some((file) => !found.same.has(file.path))),
      )
      .map(({ service }) => service),
  );
  return new Set(
    found.containers
      .filter((one) => one.hash === '' && !one.oneOff && one.engineHash !== '')
      .filter((one) => found.originalHashes.get(one.service) === one.engineHash && !changed.has(one.service))
      .flatMap((one) => {
        const service = services.find((candidate) => candidate.name === one.service);
        return service ? [`${one.id} ${service.hash}`] : [];
      }),
  );
}
