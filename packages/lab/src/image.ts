import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, withLock } from './cache.ts';
import { installed, succeed } from './command.ts';
import { installPackages } from './engine.ts';
import type { Engine } from './engine.ts';
import { step } from './progress.ts';
import type { Progress } from './progress.ts';
import { LabRefusal } from './refusal.ts';

/** The images of the lab itself. */
export interface LabImages {
  /** A server, or a registry. */
  readonly host: string;
  /** The layer below the sample application's images. */
  readonly runtime: string;
}

const BASE = 'debian:trixie-slim';
const SUITE = 'trixie';
const FOLDER = join(import.meta.dirname, '../image');
/** Where the base cannot be pulled it is made; the attempt must not cost the user's patience. */
const PULL_TIMEOUT_MS = 45_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Builds the lab's images unless they are there. Safe when several processes call it at once. */
export async function ensureImages(engine: Engine, progress: Progress): Promise<LabImages> {
  const tag = folderHash(FOLDER);
  const images = { host: `deploy-actions-lab-host:${tag}`, runtime: `deploy-actions-lab-runtime:${tag}` };
  if (await present(engine, images)) return images;
  return withLock(
    'image',
    async () => {
      if (await present(engine, images)) return images;
      await ensureBase(engine, progress);
      await build(engine, 'host', images.host, progress);
      await build(engine, 'runtime', images.runtime, progress);
      await removeOldImages(engine, tag);
      return images;
    },
    () => progress('waiting for another process that builds the image of the lab host'),
  );
}

/** A short hash of the names and contents of all files below a folder. */
export function folderHash(folder: string): string {
  const hash = createHash('sha256');
  const visit = (path: string, name: string) => {
    if (statSync(path).isDirectory()) {
      for (const entry of readdirSync(path).sort()) visit(join(path, entry), `${name}/${entry}`);
    } else {
      hash.update(`${name}\0`).update(readFileSync(path)).update('\0');
    }
  };
  visit(folder, '');
  return hash.digest('hex').slice(0, 12);
}

async function present(engine: Engine, images: LabImages): Promise<boolean> {
  return (
    (await engine.tryDocker(['image', 'inspect', '--format', '{{.Id}}', images.host, images.runtime]))
      .code === 0
  );
}

async function build(engine: Engine, target: string, tag: string, progress: Progress): Promise<void> {
  await step(progress, `building the image of the lab ${target}`, () =>
    // The host's network: a resolver on a loopback address is out of reach for a container.
    engine.docker([
      'build',
      '--network',
      'host',
      '--build-arg',
      `BASE=${BASE}`,
      '--target',
      target,
      '--tag',
      tag,
      FOLDER,
    ]),
  );
}

/**
 * Removes images of earlier states of the lab's folder, once nobody has changed back for a day: a run of another
 * checkout may still use its own. What only served as a stage of a build goes with them.
 */
async function removeOldImages(engine: Engine, tag: string): Promise<void> {
  const names = ['deploy-actions-lab-host', 'deploy-actions-lab-runtime'];
  const filters = names.flatMap((name) => ['--filter', `reference=${name}`]);
  const format = '{{.Repository}}:{{.Tag}}';
  const listed = await engine.docker(['images', ...filters, '--format', format]);
  for (const reference of listed.split('\n')) {
    if (reference === '' || reference.endsWith(`:${tag}`)) continue;
    const created = await engine.tryDocker(['image', 'inspect', '--format', '{{.Created}}', reference]);
    if (Date.now() - Date.parse(created.stdout.trim()) > DAY_MS) await engine.tryDocker(['rmi', reference]);
  }
  // On an engine that is not the lab's, layers without a name may be somebody's.
  if (engine.ours) await engine.tryDocker(['image', 'prune', '--force', '--filter', 'until=24h']);
}

async function ensureBase(engine: Engine, progress: Progress): Promise<void> {
  if ((await engine.tryDocker(['image', 'inspect', BASE])).code === 0) return;
  const pulled = await step(progress, `pulling ${BASE}`, () =>
    engine.tryDocker(['pull', '--quiet', BASE], { timeoutMs: PULL_TIMEOUT_MS }),
  );
  if (pulled.code === 0) return;
  progress(`${BASE} cannot be pulled here; it is made with debootstrap`);
  if (process.getuid?.() !== 0) {
    throw new LabRefusal(
      `the lab needs the image ${BASE}, which cannot be pulled here, or root to make it: docker pull ${BASE} first, or run as root.`,
    );
  }
  if (!(await installed('debootstrap'))) await installPackages(['debootstrap'], progress);
  const folder = mkdtempSync(join(cacheFolder(), 'base-'));
  try {
    await step(progress, `making ${BASE} with debootstrap`, () =>
      succeed('debootstrap', ['--variant=minbase', SUITE, folder]),
    );
    await step(progress, `importing ${BASE}`, () =>
      succeed('sh', ['-c', 'tar -C "$1" -c . | docker import - "$2"', 'sh', folder, BASE], {
        env: engine.env,
      }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
