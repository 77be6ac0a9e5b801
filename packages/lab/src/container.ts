import type { Engine } from './engine.ts';
import { freePorts } from './port.ts';

/** What the containers of one run share. */
export interface Ground {
  readonly engine: Engine;
  /** The id of the run, part of every name. */
  readonly run: string;
  readonly network: string;
  readonly image: string;
}

export const LABEL = 'deploy-actions.lab';
/** The volume that holds the data of all engines and registries of the lab. Its folders carry the run's id. */
export const VOLUME = 'deploy-actions-lab';
export const DATA = '/lab-data';

/**
 * A container that may run an engine of its own. SYS_RESOURCE is left out because sandboxes lack it, and then refuse
 * `--privileged` as a whole.
 */
export const NESTING: readonly string[] = [
  ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE', '--cgroupns', 'host'],
  ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'],
  ...['--security-opt', 'systempaths=unconfined', '--volume', '/sys/fs/cgroup:/sys/fs/cgroup:rw'],
];

export interface ContainerOptions {
  /** Its name in the network of the run. */
  readonly name: string;
  /** Ports of the container to publish on 127.0.0.1. */
  readonly ports: readonly number[];
  /** The environment, which may have to name the ports on 127.0.0.1. */
  readonly env: (ports: ReadonlyMap<number, number>) => Readonly<Record<string, string>>;
}

export interface StartedContainer {
  /** Its name at the engine. */
  readonly id: string;
  /** Port of the container -> port on 127.0.0.1, the same over a restart. */
  readonly ports: ReadonlyMap<number, number>;
}

/** Starts a container of the lab's image. */
export async function startContainer(ground: Ground, options: ContainerOptions): Promise<StartedContainer> {
  const id = `deploy-actions-lab-${ground.run}-${options.name}`;
  for (let attempt = 1; ; attempt += 1) {
    // Ports that we choose: those that the engine chooses change when the container restarts.
    const free = await freePorts(options.ports.length);
    const ports = new Map(options.ports.map((port, index) => [port, free[index] as number]));
    const args = ['run', '--detach', '--name', id, '--hostname', options.name, '--network', ground.network];
    args.push('--network-alias', options.name, '--label', `${LABEL}=${ground.run}`, ...NESTING);
    args.push('--volume', `${VOLUME}:${DATA}`, '--tmpfs', '/run:exec,mode=755');
    for (const [inside, outside] of ports) args.push('--publish', `127.0.0.1:${outside}:${inside}`);
    for (const [name, value] of Object.entries(options.env(ports))) args.push('--env', `${name}=${value}`);
    const output = await ground.engine.tryDocker([...args, ground.image]);
    if (output.code === 0) return { id, ports };
    await ground.engine.tryDocker(['rm', '--force', '--volumes', id]);
    if (attempt < 5 && /already allocated|address already in use/.test(output.stderr)) continue;
    throw new Error(`the container ${id} does not start: ${output.stderr.trim()}`);
  }
}

/** Waits until its services answer; returns the lines of its public host keys. */
export async function waitReady(engine: Engine, id: string, seconds = 60): Promise<string[]> {
  const output = await engine.tryDocker(['exec', id, '/lab/ready', String(seconds)]);
  if (output.code !== 0) {
    const log = await engine.tryDocker(['logs', '--tail', '20', id]);
    throw new Error(`${id}: ${output.stderr.trim()}\n${log.stdout}${log.stderr}`);
  }
  return output.stdout.split('\n').filter((line) => line !== '');
}
