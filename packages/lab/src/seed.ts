import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { withLock } from './cache.ts';
import { DATA, LABEL, startContainer, VOLUME, waitReady } from './container.ts';
import type { Ground } from './container.ts';
import { folderHash } from './image.ts';
import type { LabImages } from './image.ts';
import { step } from './progress.ts';
import type { Progress } from './progress.ts';
import { openRegistry } from './registry.ts';
import type { Registry } from './registry.ts';

/** The sample application of the project: see its compose.yaml. */
export const SAMPLE_APP = join(import.meta.dirname, '../../../test/lab/app');

/** The tag of the images that the versions are made from. */
const UNVERSIONED = 'unversioned';

interface Version {
  readonly schema: number;
  readonly fault?: string;
}

/**
 * A seed is what new hosts and registries begin with: a registry that holds the sample application's images, and the
 * data of an engine that has pulled the layer below them, so that only what differs crosses the network in a test.
 * Made once for each state of the image and the application; returns its name.
 */
export async function ensureSeed(
  ground: Ground,
  images: LabImages,
  app: string,
  progress: Progress,
): Promise<string> {
  const seed = createHash('sha256')
    .update(`${images.host} ${folderHash(app)}`)
    .digest('hex')
    .slice(0, 12);
  if (await exists(ground, seed)) return seed;
  return withLock(
    'seed',
    async () => {
      if (!(await exists(ground, seed))) await make(ground, images, app, seed, progress);
      return seed;
    },
    () => progress('waiting for another process that builds the sample application'),
  );
}

/** Runs a shell script on the lab's volume. */
export function onVolume(ground: Ground, script: string): Promise<string> {
  const args = [
    'run',
    '--rm',
    '--label',
    `${LABEL}=${ground.run}`,
    '--network',
    'none',
    '--volume',
    `${VOLUME}:${DATA}`,
  ];
  args.push('--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw', '--entrypoint', 'sh', ground.image, '-c', script);
  return ground.engine.docker(args);
}

async function exists(ground: Ground, seed: string): Promise<boolean> {
  return (await onVolume(ground, `[ -d ${DATA}/seeds/${seed} ] && echo yes || echo no`)).trim() === 'yes';
}

async function make(
  ground: Ground,
  images: LabImages,
  app: string,
  seed: string,
  progress: Progress,
): Promise<void> {
  const { engine } = ground;
  const folder = `${DATA}/seeds/${seed}.new`;
  await onVolume(ground, `rm -rf ${folder} && mkdir -p ${folder}`);
  const registry = await openRegistry(ground, {
    name: 'seed-registry',
    store: `${folder}/registry`,
    seed: '',
    options: { seeded: false },
    onRemove: () => {},
  });
  const host = await startContainer(ground, {
    name: 'seed-host',
    ports: [],
    env: () => ({
      LAB_HOST: `${ground.run}-seed`,
      LAB_SERVICES: 'dockerd',
      LAB_FORWARDS: forwardsOf(registry),
    }),
  });
  try {
    await step(progress, 'building the sample application', () =>
      buildApp(ground, images, app, registry, progress),
    );
    await step(progress, 'preparing what each lab host begins with', async () => {
      await waitReady(engine, host.id);
      const runtime = registry.image('lab/runtime:latest');
      const script = [
        `docker pull -q ${runtime}`,
        `docker tag ${runtime} deploy-actions-lab-runtime:latest`,
        `docker rmi ${runtime}`,
        'touch /run/lab/dockerd.down',
        'pid=$(pidof dockerd); kill -TERM $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done',
      ].join(' && ');
      await engine.docker(['exec', host.id, 'sh', '-c', script]);
    });
  } finally {
    await engine.tryDocker(['rm', '--force', '--volumes', host.id, registry.container]);
  }
  await onVolume(
    ground,
    // Seeds of other states of the code are of no more use, once nobody has changed back for a day.
    `mv ${DATA}/hosts/${ground.run}-seed ${folder}/docker && mv ${folder} ${DATA}/seeds/${seed} &&
     find ${DATA}/seeds -mindepth 1 -maxdepth 1 -mtime +1 ! -name ${seed} -exec rm -rf {} +`,
  );
}

function forwardsOf(registry: { readonly forwards: Readonly<Record<number, string>> }): string {
  return Object.entries(registry.forwards)
    .map(([port, target]) => `${port}=${target}`)
    .join(' ');
}

async function buildApp(
  ground: Ground,
  images: LabImages,
  app: string,
  registry: Registry,
  progress: Progress,
): Promise<void> {
  const versions = JSON.parse(readFileSync(join(app, 'versions.json'), 'utf8')) as Record<string, Version>;
  const runtime = registry.image('lab/runtime:latest');
  const parts = {
    postgres: 'shop/postgres:17',
    redis: 'shop/redis:8',
    api: `shop/api:${UNVERSIONED}`,
    web: `shop/web:${UNVERSIONED}`,
  };
  await ground.engine.docker(['tag', images.runtime, runtime]);
  for (const [target, name] of Object.entries(parts)) {
    const words = ['build', '--target', target, '--tag', registry.image(name)];
    await ground.engine.docker([...words, '--build-arg', `RUNTIME=${images.runtime}`, app]);
  }
  progress('pushing the sample application to the registry of the lab');
  const references = [runtime, ...Object.values(parts).map((name) => registry.image(name))];
  for (const reference of references) await ground.engine.docker(['push', '--quiet', reference]);
  await ground.engine.docker(['rmi', ...references]);
  // The versions differ in their environment and labels alone: the registry makes them without an engine.
  for (const [version, { schema, fault = '' }] of Object.entries(versions)) {
    const labels = {
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.revision': createHash('sha1').update(version).digest('hex'),
    };
    const common = { APP_VERSION: version };
    const own = { APP_SCHEMA: String(schema), APP_FAULT: fault };
    await registry.publish({
      from: parts.api,
      to: `shop/api:${version}`,
      env: { ...common, ...own },
      labels,
    });
    await registry.publish({ from: parts.web, to: `shop/web:${version}`, env: common, labels });
  }
}
