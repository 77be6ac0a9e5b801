import { configHashOf, isOneOff, serviceOf } from './container-labels.ts';
import type { InspectedContainer, InspectedImage } from './inspected.ts';
import { dollars, isNameless, readService } from './inspected-service.ts';
import { type ComposeModel, type Grant, type Resource, type Service, joinedBy } from './model.ts';

/** The stack's own compose files as they are now, and the engine's hash of each service by them. */
export interface OwnConfiguration {
  model: ComposeModel;
  hashes: ReadonlyMap<string, string>;
}

/** A config or secret that Compose wrote into a container itself: what it holds stands there and nowhere else. */
export interface WrittenFile {
  service: string;
  container: string;
  /** Its name in the compose file. */
  source: string;
  /** Where it is in the container. */
  path: string;
  /** Owner and mode, where they were given. */
  grant: Pick<Grant, 'uid' | 'gid' | 'mode'>;
}

export interface AdoptedStack {
  model: ComposeModel;
  /** What cannot be brought back, by service: for people. */
  lost: string[];
}

/**
 * A compose file that makes the containers that run now: what can be brought back after the first deploy of an
 * adopted stack has failed. A service whose containers bear the hash of the stack's own configuration is taken from
 * that, whole; another one is read off its container, since the files have changed since it was started. Networks and
 * volumes are those that are there, and so is what `written` says of files that Compose wrote into containers.
 */
export function modelOfStack(
  project: string,
  containers: readonly InspectedContainer[],
  images: readonly InspectedImage[],
  own?: OwnConfiguration,
  written: ReadonlyMap<WrittenFile, string | undefined> = new Map(),
): AdoptedStack {
  const groups = byService(containers);
  const serviceOf = new Map(
    [...groups].flatMap(([name, all]) =>
      all.flatMap((one): [string, string][] => [
        [one.Id, name],
        [plainName(one), name],
      ]),
    ),
  );
  const model: ComposeModel = { name: project, services: {}, networks: {}, volumes: {} };
  const lost: string[] = [];
  for (const [name, all] of groups) {
    const [first] = all;
    const asMade = own && takenFrom(own, name, all, groups);
    let service: Service;
    if (asMade) service = pinned(asMade, own.model, first!, all.length);
    else {
      const image = images.find((one) => one.Id === first!.Image)?.Config ?? {};
      const read = readService(first!, { project, name, image, replicas: all.length, serviceOf });
      service = read.service;
      lost.push(...read.lost.map((what) => `${name}: ${what}`));
    }
    if (all.length > 1) {
      service.scale = all.length;
      // Compose hands them from a container to the one that takes its place, and cannot be told which is whose.
      if (first!.Mounts.some(isNameless))
        lost.push(`${name}: the nameless volumes, once its containers are gone`);
    }
    model.services[name] = service;
    if (asMade) addFiles(model, service, own.model);
    addThings(model, service);
  }
  for (const [file, content] of written) {
    if (content === undefined) lost.push(`${file.service}: the content of ${file.source} (${file.path})`);
    else addWritten(model, file, content);
  }
  return { model, lost };
}

/** The configs and secrets that Compose wrote into the stack's containers, by its own configuration. */
export function writtenFiles(
  containers: readonly InspectedContainer[],
  own: ComposeModel | undefined,
): WrittenFile[] {
  return [...byService(containers)].flatMap(([name, [first]]) => {
    const of = (group: 'configs' | 'secrets', folder: string) =>
      (own?.services[name]?.[group] ?? []).flatMap((grant): WrittenFile[] => {
        if (!isWritten(own?.[group]?.[grant.source])) return [];
        const target = grant.target ?? grant.source;
        const { uid, gid, mode } = grant;
        return [
          {
            service: name,
            container: first!.Id,
            source: grant.source,
            path: target.startsWith('/') ? target : `${folder}${target}`,
            grant: JSON.parse(JSON.stringify({ uid, gid, mode })) as WrittenFile['grant'],
          },
        ];
      });
    return [...of('configs', '/'), ...of('secrets', '/run/secrets/')];
  });
}

function isWritten(resource: Resource | null | undefined): boolean {
  return resource?.['content'] !== undefined || resource?.['environment'] !== undefined;
}

/** The containers that a stack is made of, by service, in the order of their numbers. */
function byService(containers: readonly InspectedContainer[]): Map<string, InspectedContainer[]> {
  const groups = new Map<string, InspectedContainer[]>();
  for (const container of containers) {
    const name = serviceOf(container);
    if (name === '' || isOneOff(container)) continue;
    groups.set(name, [...(groups.get(name) ?? []), container]);
  }
  return groups;
}

/** The service as the configuration has it, if each of its containers was made of that, and what it joins is there. */
function takenFrom(
  own: OwnConfiguration,
  name: string,
  containers: readonly InspectedContainer[],
  groups: ReadonlyMap<string, unknown>,
): Service | undefined {
  const service = Object.hasOwn(own.model.services, name) ? own.model.services[name] : undefined;
  const hash = own.hashes.get(name);
  if (!service || hash === undefined) return undefined;
  const others = [
    ...joinedBy(service),
    ...(service.links ?? []).map((link) => link.split(':')[0]!),
    ...(service.volumes_from ?? []).map((from) => from.split(':')[0]!),
  ];
  const isMade = containers.every((one) => configHashOf(one) === hash);
  return isMade && others.every((other) => groups.has(other)) ? service : undefined;
}

/** With its networks and volumes by the names that they have on the server, and the image that its containers have. */
function pinned(
  { build: _build, scale: _scale, configs, secrets, ...service }: Service,
  model: ComposeModel,
  container: InspectedContainer,
  replicas: number,
): Service {
  const named = (group: 'networks' | 'volumes', key: string) => model[group]?.[key]?.name ?? key;
  const taken: Service = { ...service, image: container.Config.Image };
  if (service.deploy) {
    const { replicas: _replicas, ...deploy } = service.deploy;
    taken.deploy = deploy;
  }
  if (service.networks) {
    taken.networks = Object.fromEntries(
      Object.entries(service.networks).map(([key, one]) => [named('networks', key), one]),
    );
  }
  const nameless = container.Mounts.filter((mount) => isNameless(mount) && replicas === 1);
  const volumes = (service.volumes ?? []).map((mount) => {
    if (mount.type !== 'volume') return mount;
    const source = mount.source
      ? named('volumes', mount.source)
      : nameless.find((one) => one.Destination === mount.target)?.Name;
    return source === undefined ? mount : { ...mount, source };
  });
  // Those that the image asks for: what they hold must not be left behind.
  for (const { Destination, Name } of nameless) {
    if (!volumes.some((mount) => mount.target === Destination))
      volumes.push({ type: 'volume', source: Name!, target: Destination });
  }
  if (volumes.length > 0) taken.volumes = volumes;
  // What Compose wrote into the container is added as it stands there.
  const kept = (all: Grant[] | undefined, group: 'configs' | 'secrets') =>
    (all ?? []).filter((grant) => !isWritten(model[group]?.[grant.source]));
  const [ownConfigs, ownSecrets] = [kept(configs, 'configs'), kept(secrets, 'secrets')];
  if (ownConfigs.length > 0) taken.configs = ownConfigs;
  if (ownSecrets.length > 0) taken.secrets = ownSecrets;
  return taken;
}

/** The configs and secrets that are files or stand by themselves. */
function addFiles(model: ComposeModel, service: Service, own: ComposeModel): void {
  for (const group of ['configs', 'secrets'] as const) {
    for (const { source } of service[group] ?? [])
      model[group] = { ...model[group], [source]: own[group]?.[source] ?? null };
  }
}

/** The networks and volumes that a service uses: they are there. */
function addThings(model: ComposeModel, service: Service): void {
  for (const name of Object.keys(service.networks ?? {}))
    if (!['host', 'none', 'bridge'].includes(name)) model.networks![name] = { name, external: true };
  for (const { type, source } of service.volumes ?? [])
    if (type === 'volume' && source) model.volumes![source] = { name: source, external: true };
}

function addWritten(model: ComposeModel, file: WrittenFile, content: string): void {
  const source = `${file.service}-${file.source}-${file.path.replace(/[^A-Za-z0-9]+/g, '-')}`;
  model.configs = { ...model.configs, [source]: { content: dollars(content) } };
  const service = model.services[file.service]!;
  service.configs = [...(service.configs ?? []), { source, target: file.path, ...file.grant }];
}

function plainName({ Name }: InspectedContainer): string {
  return Name.replace(/^\//, '');
}
