import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheFolder, cacheSuffix, isAlive, processTag, withLock } from './cache.ts';
import { command, installed, succeed } from './command.ts';
import type { CommandOptions, Output } from './command.ts';
import { silent, step } from './progress.ts';
import type { Progress } from './progress.ts';
import { LabRefusal } from './refusal.ts';

/** A Docker engine that the lab may use. */
export interface Engine {
  /** Whether the lab started it, and so will stop it after its last user. */
  readonly ours: boolean;
  /** The environment in which `docker` reaches it. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs the docker command line; rejects on a failure. Returns the standard output. */
  docker(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** The same, but an exit code is a value. */
  tryDocker(args: readonly string[], options?: CommandOptions): Promise<Output>;
  /** This process needs it no longer. */
  close(): Promise<void>;
}

/** Its sockets; another cache folder means another engine. A socket's path may not be long. */
const RUN = `/run/deploy-actions-lab${cacheSuffix()}`;
const SOCKET = `unix://${RUN}/docker.sock`;
const PID_FILE = `${RUN}/dockerd.pid`;
const START_TIMEOUT_MS = 60_000;

/** How the lab would get an engine, found out without changing anything. */
export type EnginePlan = 'running' | 'start' | 'install and start';

/**
 * Finds out how an engine can be had, and changes nothing.
 * @throws LabRefusal where there is no way.
 */
export async function planEngine(): Promise<EnginePlan> {
  if (!(await installed('flock'))) {
    throw new LabRefusal('the lab needs flock (package util-linux): install it, or run where Linux is.');
  }
  if ((await findRunning()) !== undefined) return 'running';
  const root = process.getuid?.() === 0;
  if (process.platform !== 'linux' || !root) {
    throw new LabRefusal(
      'the lab needs a running Docker engine that this user may use (docker info must succeed), or root on Linux to start one: start Docker, or run as root.',
    );
  }
  if (await installed('dockerd')) return 'start';
  if (await installed('apt-get')) return 'install and start';
  throw new LabRefusal(
    'the lab needs a Docker engine and cannot install one without apt-get: install Docker Engine.',
  );
}

/**
 * The engine that runs already, else one of the lab's own (its data in the cache folder, its socket in /run).
 * Safe when several processes call it at once.
 * @throws LabRefusal where there is no way to have one; nothing has been changed then.
 */
export async function openEngine(progress: Progress = silent): Promise<Engine> {
  await planEngine();
  return withLock(
    'engine',
    async () => {
      const running = await findRunning();
      if (running !== undefined) return use(running.env, running.ours);
      if ((await planEngine()) === 'install and start') {
        await installPackages(['docker.io', 'iptables', 'ca-certificates'], progress);
        if (!(await installed('docker'))) await installPackages(['docker-cli'], progress);
        // Installing may have started it.
        const started = await findRunning();
        if (started !== undefined) return use(started.env, started.ours);
      }
      await step(progress, 'starting a Docker engine', start);
      return use(ownEnvironment(), true);
    },
    () => progress('waiting for another process that prepares the Docker engine'),
  );
}

/** Installs Debian packages. @throws LabRefusal when this user cannot. */
export async function installPackages(names: readonly string[], progress: Progress): Promise<void> {
  if (process.getuid?.() !== 0 || !(await installed('apt-get'))) {
    throw new LabRefusal(`the lab needs ${names.join(', ')}: install them, or run as root where apt-get is.`);
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await step(progress, `installing ${names.join(', ')}`, async () => {
    const install = () =>
      command(
        'apt-get',
        ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...names],
        { env },
      );
    if ((await install()).code === 0) return;
    await command('apt-get', ['update', '-o', 'DPkg::Lock::Timeout=300'], { env });
    const again = await install();
    if (again.code !== 0) {
      throw new LabRefusal(
        `apt-get could not install ${names.join(', ')} (${again.stderr.trim().split('\n').at(-1)}): install them by hand.`,
      );
    }
  });
}

function ownEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, DOCKER_HOST: SOCKET, DOCKER_CONTEXT: '' };
}

async function findRunning(): Promise<{ env: NodeJS.ProcessEnv; ours: boolean } | undefined> {
  if (!(await installed('docker'))) return undefined;
  const answers = async (env: NodeJS.ProcessEnv) =>
    (await command('docker', ['version', '--format', '{{.Server.Version}}'], { env, timeoutMs: 15_000 }))
      .code === 0;
  // Ours first: two processes must not end up with two engines because another one came up in between.
  if (existsSync(`${RUN}/docker.sock`) && (await answers(ownEnvironment())))
    return { env: ownEnvironment(), ours: true };
  if (await answers(process.env)) return { env: { ...process.env }, ours: false };
  return undefined;
}

async function start(): Promise<void> {
  const folder = cacheFolder('engine');
  mkdirSync(RUN, { recursive: true, mode: 0o711 });
  const configuration = join(folder, 'daemon.json');
  // The machine's own /etc/docker/daemon.json is not ours to follow.
  writeFileSync(configuration, '{}\n');
  const log = openSync(join(folder, 'dockerd.log'), 'a', 0o600);
  const args = ['--config-file', configuration, '--host', SOCKET, '--data-root', join(folder, 'data')];
  args.push('--exec-root', `${RUN}/exec`, '--pidfile', PID_FILE, '--log-level', 'warn');
  // One network for each run, and many runs side by side.
  args.push('--default-address-pool', 'base=10.208.0.0/16,size=24');
  const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
  const child = spawn('dockerd', args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, PATH: path },
  });
  closeSync(log);
  let ended: string | undefined;
  child.on('error', (error) => (ended = error.message));
  child.on('exit', (code) => (ended = `exit ${code}`));
  child.unref();
  const end = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < end && ended === undefined) {
    const answer = await command('docker', ['version'], { env: ownEnvironment(), timeoutMs: 15_000 });
    if (answer.code === 0) return;
    await sleep(200);
  }
  const lines = readFileSync(join(folder, 'dockerd.log'), 'utf8').trim().split('\n');
  const reason = lines.findLast((line) => /fatal|failed|error/i.test(line)) ?? lines.at(-1) ?? 'no log';
  throw new LabRefusal(
    `a Docker engine cannot be started here (${ended ?? 'no answer'}: ${reason.slice(0, 300)}): start one.`,
  );
}

let opened = 0;

function use(env: NodeJS.ProcessEnv, ours: boolean): Engine {
  const user = join(cacheFolder('engine', 'users'), `${processTag()}.${opened++}`);
  if (ours) writeFileSync(user, '');
  return {
    ours,
    env,
    docker: (args, options) => succeed('docker', args, { ...options, env }),
    tryDocker: (args, options) => command('docker', args, { ...options, env }),
    close: () =>
      withLock('engine', async () => {
        rmSync(user, { force: true });
        if (ours) await stopWhenUnused();
      }),
  };
}

/** Stops the lab's own engine if no living process uses it. For callers that hold the engine's lock. */
async function stopWhenUnused(): Promise<void> {
  const users = cacheFolder('engine', 'users');
  for (const name of readdirSync(users)) {
    if (isAlive(name)) return;
    rmSync(join(users, name), { force: true });
  }
  if (!existsSync(PID_FILE)) return;
  const pid = Number(readFileSync(PID_FILE, 'utf8'));
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    return;
  }
  const end = Date.now() + START_TIMEOUT_MS;
  while (existsSync(`/proc/${pid}`) && Date.now() < end) await sleep(100);
}
