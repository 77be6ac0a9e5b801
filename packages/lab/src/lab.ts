import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LABEL } from './container.ts';
import type { Ground } from './container.ts';
import { openEngine, planEngine } from './engine.ts';
import type { Engine, EnginePlan } from './engine.ts';
import { openHost } from './host.ts';
import type { Host, HostOptions } from './host.ts';
import { ensureImages } from './image.ts';
import { clientKey } from './key.ts';
import type { ClientKey, KeyType } from './key.ts';
import { silent, step } from './progress.ts';
import type { Progress } from './progress.ts';
import { openRegistry } from './registry.ts';
import type { Registry, RegistryOptions } from './registry.ts';
import { beginRun, removeRuns } from './run.ts';
import { ensureSeed, SAMPLE_APP } from './seed.ts';

export interface LabOptions {
  /** How many servers, or what each is like. Default 1; at most 5. */
  readonly hosts?: number | readonly HostOptions[];
  /** A registry with the sample application's images. Default `plain`. */
  readonly registry?: false | 'plain' | 'token' | RegistryOptions;
  /** The type of the key that logs in. Default ed25519. */
  readonly keyType?: KeyType;
  /** The folder of the application whose images are built. Default the project's sample. */
  readonly app?: string;
  readonly progress?: Progress;
}

/** Servers, a registry and a key, for one test run. */
export interface Lab {
  readonly run: string;
  readonly engine: Engine;
  readonly hosts: readonly Host[];
  /** The first host. */
  readonly host: Host;
  /** The first registry. */
  readonly registry: Registry;
  readonly key: ClientKey;
  /** The image of its hosts; the proxies are in it. */
  readonly image: string;
  /** A folder of this run for files, removed with it. */
  readonly folder: string;
  addHost(options?: HostOptions): Promise<Host>;
  addRegistry(options?: RegistryOptions): Promise<Registry>;
  /** The command by which a person logs in; writes the key and known_hosts into the run's folder. */
  sshCommand(host: Host): string;
  /** Removes everything. Safe to call twice. */
  close(): Promise<void>;
}

const MOST_HOSTS = 5;

/**
 * Finds out whether the lab can be had, and changes nothing.
 * @throws LabRefusal with the one sentence to show.
 */
export function checkLab(): Promise<EnginePlan> {
  return planEngine();
}

/** Installs, starts and builds what a lab needs, without opening one: the slow part of the first time. */
export async function prepareLab(options: Pick<LabOptions, 'progress' | 'app'> = {}): Promise<void> {
  await (await openLab({ ...options, hosts: 0, registry: false })).close();
}

/** Opens a lab. What it started is removed by `close`, or, if this process dies, by a child that notices. */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  const progress = options.progress ?? silent;
  const wanted =
    typeof options.hosts === 'object'
      ? options.hosts
      : Array.from({ length: options.hosts ?? 1 }, () => ({}));
  if (wanted.length > MOST_HOSTS) throw new Error(`a lab has at most ${MOST_HOSTS} hosts`);

  const engine = await openEngine(progress);
  const run = beginRun();
  const hosts: Host[] = [];
  const registries: (Registry & { readonly forwards: Readonly<Record<number, string>> })[] = [];
  let names = 0;
  let closing: Promise<void> | undefined;
  let image: string | undefined;

  const close = (): Promise<void> =>
    (closing ??= (async () => {
      try {
        await Promise.allSettled([...hosts, ...registries].map((part) => part.remove()));
        await removeRuns(engine, run.id, image);
        run.dismissReaper();
      } finally {
        await engine.close();
      }
    })());

  try {
    await removeRuns(engine);
    const images = await ensureImages(engine, progress);
    image = images.host;
    const network = `deploy-actions-lab-${run.id}`;
    await engine.docker(['network', 'create', '--label', `${LABEL}=${run.id}`, network]);
    const ground: Ground = { engine, run: run.id, network, image };
    const [seed, key] = await Promise.all([
      ensureSeed(ground, images, options.app ?? SAMPLE_APP, progress),
      clientKey(options.keyType),
    ]);

    const addRegistry = async (registryOptions: RegistryOptions = {}): Promise<Registry> => {
      const name = registries.length === 0 ? 'registry' : `registry${registries.length + 1}`;
      const registry = await openRegistry(ground, {
        name,
        store: `/lab-data/registries/${run.id}-${name}`,
        seed,
        options: registryOptions,
        onRemove: () => registries.splice(registries.indexOf(registry), 1),
      });
      registries.push(registry);
      await Promise.all(hosts.map((host) => host.forward(registry.forwards)));
      return registry;
    };
    const addHost = async (hostOptions: HostOptions = {}): Promise<Host> => {
      names += 1;
      const host = await openHost(ground, {
        name: hostOptions.name ?? `h${names}`,
        key,
        seed,
        forwards: Object.assign({}, ...registries.map(({ forwards }) => forwards)) as Record<number, string>,
        options: hostOptions,
        onRemove: () => hosts.splice(hosts.indexOf(host), 1),
      });
      hosts.push(host);
      return host;
    };

    if (options.registry !== false) {
      const registryOptions =
        typeof options.registry === 'object' ? options.registry : { access: options.registry ?? 'plain' };
      await step(progress, 'starting the registry', () => addRegistry(registryOptions));
    }
    if (wanted.length > 0) {
      await step(
        progress,
        wanted.length === 1 ? 'starting a server' : `starting ${wanted.length} servers`,
        () => Promise.all(wanted.map(addHost)),
      );
      // They come up in any order, but h1 is the first.
      hosts.sort((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }));
    }

    return {
      run: run.id,
      engine,
      image: images.host,
      hosts,
      get host() {
        return first(hosts, 'host');
      },
      get registry() {
        return first(registries, 'registry');
      },
      key,
      folder: run.folder,
      addHost,
      addRegistry,
      sshCommand: (host) => {
        const keyFile = join(run.folder, 'key');
        const knownHosts = join(run.folder, 'known_hosts');
        writeFileSync(keyFile, key.privateKey, { mode: 0o600 });
        writeFileSync(knownHosts, hosts.map((each) => each.knownHosts()).join(''));
        return `ssh -i ${keyFile} -o UserKnownHostsFile=${knownHosts} -p ${host.sshPort} ${host.user}@${host.address}`;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function first<T>(parts: readonly T[], what: string): T {
  const part = parts[0];
  if (part === undefined) throw new Error(`this lab has no ${what}`);
  return part;
}
