import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, isAlive, processTag } from './cache.ts';
import { DATA, LABEL, VOLUME } from './container.ts';
import type { Engine } from './engine.ts';

/** One use of the lab: an id in every name, a folder for its files, and somebody who cleans up if we die. */
export interface Run {
  readonly id: string;
  /** Readable by this user only; removed with the run. */
  readonly folder: string;
  /** From here on we clean up ourselves. */
  dismissReaper(): void;
}

/** Begins a run. If this process dies, a child of it notices and removes all that carries the run's id. */
export function beginRun(): Run {
  const id = randomBytes(4).toString('hex');
  const folder = cacheFolder('runs', id);
  writeFileSync(join(folder, 'owner'), processTag());
  const reaper = spawn(
    'sh',
    [
      '-c',
      'cat >/dev/null; exec "$0" "$1" "$2"',
      process.execPath,
      join(import.meta.dirname, 'reaper.ts'),
      id,
    ],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  reaper.unref();
  (reaper.stdin as unknown as { unref(): void }).unref();
  return { id, folder, dismissReaper: () => void reaper.kill('SIGKILL') };
}

/** Removes the containers, networks and files of runs: of one, or of all whose process is dead. */
export async function removeRuns(engine: Engine, only?: string, image?: string): Promise<void> {
  const runs = cacheFolder('runs');
  const dead = (run: string) => {
    if (only !== undefined) return run === only;
    const owner = join(runs, run, 'owner');
    return !existsSync(owner) || !isAlive(readFileSync(owner, 'utf8'));
  };
  const labelled = async (kind: 'container' | 'network') => {
    const list = kind === 'container' ? ['ps', '--all'] : ['network', 'ls'];
    const text = await engine.docker([
      ...list,
      '--filter',
      `label=${LABEL}`,
      '--format',
      `{{.ID}} {{.Label "${LABEL}"}}`,
    ]);
    const rows = text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(' '));
    return rows.filter(([, run]) => dead(run as string));
  };
  const containers = await labelled('container');
  if (containers.length > 0) {
    await engine.tryDocker(['rm', '--force', '--volumes', ...containers.map(([id]) => id as string)]);
  }
  const networks = await labelled('network');
  if (networks.length > 0) await engine.tryDocker(['network', 'rm', ...networks.map(([id]) => id as string)]);

  const folders = readdirSync(runs).filter(dead);
  const ids = [...new Set([...folders, ...containers.map(([, run]) => run as string)])].filter((id) =>
    /^[0-9a-f]+$/.test(id),
  );
  if (ids.length > 0) {
    const found =
      image ?? (await engine.docker(['images', '--quiet', 'deploy-actions-lab-host'])).split('\n')[0];
    if (found !== undefined && found !== '') {
      const script = ids
        .map((id) => `rm -rf ${DATA}/hosts/${id}-* ${DATA}/registries/${id}-*; ${removeCgroups(id)}`)
        .join('\n');
      const args = ['run', '--rm', '--network', 'none', '--volume', `${VOLUME}:${DATA}`];
      args.push('--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw', '--entrypoint', 'sh', found, '-c', script);
      await engine.tryDocker(args);
    }
  }
  for (const run of folders) rmSync(join(runs, run), { recursive: true, force: true });
}

/** The control groups of a host's containers outlive it, because it shares the machine's. */
function removeCgroups(run: string): string {
  return `find /sys/fs/cgroup -depth -type d -path '*/deploy-actions-lab/${run}-*' -exec rmdir {} + 2>/dev/null`;
}
