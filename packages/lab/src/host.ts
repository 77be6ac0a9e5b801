import type { CommandOptions, Output } from './command.ts';
import { startContainer, waitReady } from './container.ts';
import type { Ground } from './container.ts';
import { fingerprint } from './key.ts';
import type { ClientKey } from './key.ts';
import { openLink } from './link.ts';
import type { Link, LinkShape } from './link.ts';

export interface HostOptions {
  /** Default `h1`, `h2`, ... */
  readonly name?: string;
  /** Ports of the server to publish; default 80, 8080, 8081, 8443. sshd's is always there. */
  readonly ports?: readonly number[];
  /** A disk of this size (`300m`) below /var/lib/docker, in memory, instead of the machine's; empty after a restart. */
  readonly disk?: string;
  /** Whether `deploy` may become root without a password. Default no. */
  readonly sudo?: boolean;
  /** Whether the layer below the sample application's images is there already. Default yes. */
  readonly seeded?: boolean;
}

export interface ExecOptions extends Omit<CommandOptions, 'env' | 'cwd'> {
  /** Default root. */
  readonly user?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A server with its own Docker engine, Compose v2, OpenSSH and cron. */
export interface Host {
  readonly name: string;
  /** The name of its container at the outer engine. */
  readonly container: string;
  readonly address: '127.0.0.1';
  /** Where sshd answers; the same over a restart. */
  readonly sshPort: number;
  readonly user: 'deploy';
  /** Logs `deploy` in. */
  readonly key: ClientKey;
  /** Fingerprints (`SHA256:...`) by key type (`ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`). */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Lines of known_hosts for all of its keys, or one type; for the port of a link if given. */
  knownHosts(options?: { readonly port?: number; readonly type?: string }): string;
  /** The port on 127.0.0.1 that leads to a published port of this server. */
  webPort(port: number): number;
  /** Its `http://127.0.0.1:...` for a published port, without a slash at the end. */
  url(port?: number): string;

  /** Runs a program inside, as root; an exit code is a value. */
  exec(argv: readonly string[], options?: ExecOptions): Promise<Output>;
  /** Runs a shell script inside, as root; returns its output, rejects when it fails. */
  sh(script: string, options?: ExecOptions): Promise<string>;
  /** Writes a file inside. */
  write(
    path: string,
    content: string | Buffer,
    options?: { readonly mode?: string; readonly owner?: string },
  ): Promise<void>;

  /** Stops all of its processes, and lets them go on: a machine that hangs. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** Its network card falls silent in both directions; nobody is told. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** A reboot: `power` as if the plug were pulled (default), `clean` as an administrator does it. Waits until it answers. */
  restart(kind?: 'power' | 'clean'): Promise<void>;
  /** Kills sshd with all its sessions and starts it again (`sessions: 'keep'` kills the listener only). */
  restartSshd(options?: { readonly sessions?: 'kill' | 'keep' }): Promise<void>;
  /** Kills the engine (SIGKILL) or stops it cleanly, and starts it again. Waits until it answers. */
  restartDockerd(signal?: 'KILL' | 'TERM'): Promise<void>;
  /** Stops the engine until `startDockerd`. */
  stopDockerd(): Promise<void>;
  startDockerd(): Promise<void>;
  /** Fills the disk of `disk` so that only so many bytes are left; returns a function that frees it. */
  fillDisk(leave?: number): Promise<() => Promise<void>>;
  /** A slow, lossy or cuttable way to its sshd, or to another published port. */
  link(shape?: LinkShape, port?: number): Promise<Link>;
  /** Makes 127.0.0.1:`port` inside lead to a container of the run. */
  forward(rules: Readonly<Record<number, string>>): Promise<void>;
  /** Removes all containers, volumes, networks and images (but the seeded one), /srv/deploy, home files and crontab. */
  reset(): Promise<void>;
  /** What sshd has logged: connections, logins, refusals. */
  sshLog(): Promise<string>;
  remove(): Promise<void>;
}

const SSH = 22;
const WEB = [80, 8080, 8081, 8443];
/** A container of the lab may take long to come up where the machine is busy, in seconds. */
const READY_SECONDS = 60;

export async function openHost(
  ground: Ground,
  given: {
    readonly name: string;
    readonly key: ClientKey;
    readonly seed: string;
    readonly forwards: Readonly<Record<number, string>>;
    readonly options: HostOptions;
    readonly onRemove: () => void;
  },
): Promise<Host> {
  const { engine } = ground;
  const { name, key, options } = given;
  const ports = [SSH, ...(options.ports ?? WEB)];
  const links = new Set<Link>();
  const { id, ports: published } = await startContainer(ground, {
    name,
    ports,
    env: () => ({
      LAB_HOST: `${ground.run}-${name}`,
      LAB_SEED: options.seeded === false ? '' : given.seed,
      LAB_DISK: options.disk ?? '',
      LAB_AUTHORIZED_KEYS: key.publicKey,
      LAB_SUDO: options.sudo === true ? '1' : '',
      LAB_FORWARDS: forwardWords(given.forwards).join(' '),
    }),
  });
  let hostKeys: string[];
  try {
    hostKeys = await waitReady(engine, id, READY_SECONDS);
  } catch (error) {
    await engine.tryDocker(['rm', '--force', '--volumes', id]);
    throw error;
  }

  const exec = (argv: readonly string[], execOptions: ExecOptions = {}): Promise<Output> => {
    const { user = 'root', env = {}, ...rest } = execOptions;
    const words = ['exec', '--interactive', '--user', user];
    if (user !== 'root') words.push('--workdir', `/home/${user}`, '--env', `HOME=/home/${user}`);
    for (const [variable, value] of Object.entries(env)) words.push('--env', `${variable}=${value}`);
    return engine.tryDocker([...words, id, ...argv], rest);
  };
  const sh = async (script: string, execOptions?: ExecOptions): Promise<string> => {
    const output = await exec(['sh', '-c', script], execOptions);
    if (output.code !== 0) {
      throw new Error(
        `${name}: exit ${output.code} of ${script.slice(0, 200)}\n${(output.stderr || output.stdout).trim().slice(-2000)}`,
      );
    }
    return output.stdout;
  };
  const ready = async () => {
    await waitReady(engine, id, READY_SECONDS);
  };
  const webPort = (port: number) => {
    const found = published.get(port);
    if (found === undefined)
      throw new Error(`${name}: port ${port} is not published; ask for it by ports: [${port}]`);
    return found;
  };
  const sshPort = webPort(SSH);

  return {
    name,
    container: id,
    address: '127.0.0.1',
    sshPort,
    user: 'deploy',
    key,
    fingerprints: Object.fromEntries(
      hostKeys.map((line) => [line.split(' ')[0] as string, fingerprint(line)]),
    ),
    knownHosts: ({ port = sshPort, type } = {}) =>
      hostKeys
        .filter((line) => type === undefined || line.startsWith(`${type} `))
        .map((line) => `[127.0.0.1]:${port} ${line.split(' ').slice(0, 2).join(' ')}\n`)
        .join(''),
    webPort,
    url: (port = WEB[1] as number) => `http://127.0.0.1:${webPort(port)}`,
    exec,
    sh,
    write: async (path, content, { mode = '0644', owner = 'deploy:deploy' } = {}) => {
      await sh(
        `umask 077; mkdir -p "$(dirname "$FILE")"; cat > "$FILE"; chmod ${mode} "$FILE"; chown ${owner} "$FILE"`,
        {
          input: content,
          env: { FILE: path },
        },
      );
    },
    pause: async () => void (await engine.docker(['pause', id])),
    unpause: async () => void (await engine.docker(['unpause', id])),
    cut: async () => {
      await sh(
        'for chain in INPUT OUTPUT FORWARD; do iptables -w -I $chain -j DROP -m comment --comment lab-cut; done',
      );
    },
    mend: async () => {
      await sh(
        'for chain in INPUT OUTPUT FORWARD; do iptables -w -D $chain -j DROP -m comment --comment lab-cut || :; done',
      );
    },
    restart: async (kind = 'power') => {
      if (kind === 'clean') {
        await engine.docker(['stop', '--time', '30', id]);
      } else {
        await engine.docker(['kill', id]);
      }
      await engine.docker(['start', id]);
      await ready();
    },
    restartSshd: async ({ sessions = 'kill' } = {}) => {
      const listener = "pkill -KILL -o -f '^sshd: /usr/sbin/sshd -D'";
      await sh(sessions === 'kill' ? `${listener}; pkill -KILL -f '^sshd: '; :` : `${listener}; :`);
      await sh('while ! ss -Hltn sport = :22 | grep -q .; do sleep 0.05; done', { timeoutMs: 30_000 });
    },
    restartDockerd: async (signal = 'KILL') => {
      await sh(
        `pid=$(pidof dockerd); kill -${signal} $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done`,
      );
      await ready();
    },
    stopDockerd: async () => {
      await sh(
        'touch /run/lab/dockerd.down; pid=$(pidof dockerd); kill -TERM $pid; while kill -0 $pid 2>/dev/null; do sleep 0.05; done',
      );
    },
    startDockerd: async () => {
      await sh('rm -f /run/lab/dockerd.down');
      await ready();
    },
    fillDisk: async (leave = 0) => {
      if (options.disk === undefined)
        throw new Error(`${name}: only a host with a disk of its own is filled: ask for disk: '500m'`);
      await sh(
        `free=$(df --output=avail -B1 /var/lib/docker | tail -n 1); size=$((free - ${leave})); [ $size -le 0 ] || head -c $size /dev/zero > /var/lib/docker/lab-full || :`,
      );
      return async () => void (await sh('rm -f /var/lib/docker/lab-full'));
    },
    link: async (shape, port = SSH) => {
      const link = await openLink(webPort(port), shape);
      links.add(link);
      return link;
    },
    forward: async (rules) => {
      await sh(`/lab/forward ${forwardWords(rules).join(' ')}`);
    },
    reset: async () => {
      await sh('/lab/reset');
    },
    sshLog: () => sh('cat /var/log/sshd.log'),
    remove: async () => {
      await Promise.all([...links].map((link) => link.close()));
      given.onRemove();
      // What is paused in there cannot end, and would keep the server from ending.
      await engine.tryDocker(['exec', id, 'sh', '-c', THAW]);
      await engine.docker(['rm', '--force', '--volumes', id]);
    },
  };
}

const THAW = 'timeout 5 docker ps --quiet --filter status=paused | xargs -r timeout 5 docker unpause';

function forwardWords(rules: Readonly<Record<number, string>>): string[] {
  return Object.entries(rules).map(([port, target]) => `${port}=${target}`);
}
