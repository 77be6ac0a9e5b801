import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, type Link, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';
import { composeFile, environment, publishTags } from './deployed-sample.ts';
import { table } from './peers.ts';
import { median } from './median.ts';

/** Upgrades of each kind at each round trip; their median counts. */
const ROUNDS = 5;
/** Added round trips, in milliseconds. */
const ROUND_TRIPS = [0, 50];
const BESIDE = process.env['DEPLOY_ACTIONS_BESIDE'];
const PATH = '/srv/deploy/shop';
const UP = 'docker compose pull --quiet && docker compose up --detach --wait --quiet-pull';
const SETTLE =
  'the sample without its worker and scheduler, which have no health check and would cost ours 4 s more';

/** One way to bring a tag up: resolves when it serves and is healthy. */
interface Way {
  title: string;
  host: Host;
  deploy(tag: string, link: Link): Promise<void>;
  /** What it needs that is no part of a deployment. */
  prepare?(tag: string): Promise<void>;
}

interface Cost {
  seconds: number;
  connections: number;
  execs: number;
}

/**
 * The same upgrade, three ways, in turn in one run: `docker compose pull && up -d --wait` on the server itself;
 * ssh-compose-deploy (the bundle, from the start of its process to its end); and the usual way, a copy by scp and an
 * ssh for each command, by the system's OpenSSH. Round trips are added by a link in front of sshd. With
 * DEPLOY_ACTIONS_BESIDE, the bundle of that checkout takes its turn too.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ hosts: BESIDE ? 4 : 3, progress: (line) => console.log(`  ${line}`) });
  const folder = mkdtempSync(join(tmpdir(), 'deploy-bench-'));
  try {
    await publishTags(lab);
    writeFileSync(join(folder, 'compose.yaml'), composeFile());
    writeFileSync(join(folder, 'nginx.conf'), readFileSync(join(SAMPLE_APP, 'nginx.conf')));
    const makers: (typeof onServer)[] = [onServer, ours(), usual];
    if (BESIDE) makers.push(ours(BESIDE));
    // A server for each, so that they can take turns.
    const ways = makers.map((make, index) => make(lab, lab.hosts[index]!, folder));
    const rows: string[][] = [];
    for (const roundTrip of ROUND_TRIPS) rows.push(...(await compare(ways, roundTrip)));
    const head = ['added', 'way', 'median', 'over the first', 'ratio', 'connections', 'execs'];
    console.log(`\n${table(head, rows)}`);
    console.log('aims at 50 ms: ours at most 1.5 s over the first, one connection, at most 4 execs');
    console.log(`what is deployed: ${SETTLE}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await lab.close();
  }
}

/** Rounds alternate between the ways, so that a busy moment hits them alike. */
async function compare(ways: readonly Way[], roundTrip: number): Promise<string[][]> {
  const links = await Promise.all(ways.map(({ host }) => host.link({ delayMs: roundTrip / 2 })));
  const costs = ways.map(() => [] as Cost[]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    const tag = `bench-${round % 2}`;
    for (const [index, way] of ways.entries()) {
      // Each upgrades a stack of its own making.
      if (round === 0) await way.host.reset();
      else await wake(way.host);
      await way.prepare?.(tag);
      const cost = await measured(way.host, () => way.deploy(tag, links[index]!));
      const answer = await fetch(`${way.host.url(8080)}/version`);
      const { version } = (await answer.json()) as { version: string };
      if (version !== tag) throw new Error(`${way.title}: ${version} serves instead of ${tag}`);
      await rest(way.host);
      // The first is no upgrade.
      if (round > 0) costs[index]!.push(cost);
      const note = round === 0 ? ' (the first, not counted)' : '';
      console.log(`  ${roundTrip} ms added, ${way.title}: ${cost.seconds.toFixed(1)} s${note}`);
    }
  }
  await Promise.all(links.map((link) => link.close()));
  const of = (index: number, name: keyof Cost) => median(costs[index]!.map((cost) => cost[name]));
  const base = of(0, 'seconds');
  return ways.map(({ title }, index) => {
    const seconds = of(index, 'seconds');
    return [
      `${roundTrip} ms`,
      title,
      `${seconds.toFixed(1)} s`,
      index === 0 ? '' : `${(seconds - base).toFixed(1)} s`,
      `${(seconds / base).toFixed(2)} x`,
      String(of(index, 'connections')),
      String(of(index, 'execs')),
    ];
  });
}

/** While the others are measured, the health checks of this one must not take their processor. */
async function rest(host: Host): Promise<void> {
  await host.sh('docker ps --quiet | xargs -r docker pause');
}

/** An upgrade starts where all is healthy: `compose up --wait` ends at once where it meets an unhealthy container. */
async function wake(host: Host): Promise<void> {
  await host.sh('docker ps --quiet | xargs -r docker unpause');
  const unhealthy = 'docker ps --quiet --filter health=unhealthy --filter health=starting';
  await host.sh(`timeout 30 sh -c 'while [ -n "$(${unhealthy})" ]; do sleep 0.2; done'`);
  await new Promise((done) => setTimeout(done, 1000));
}

/** Connections and execs are sshd's own count. */
async function measured(host: Host, work: () => Promise<void>): Promise<Cost> {
  const count = async () => {
    const log = await host.sshLog();
    return {
      connections: log.split('Connection from').length,
      execs: log.split('Starting session:').length,
    };
  };
  const before = await count();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const after = await count();
  return {
    seconds,
    connections: after.connections - before.connections,
    execs: after.execs - before.execs,
  };
}

/** By somebody who sits at the server, where the files are already. */
function onServer({ registry }: Lab, host: Host, folder: string): Way {
  return {
    host,
    title: 'on the server: compose pull && up -d --wait',
    async prepare(tag) {
      for (const name of ['compose.yaml', 'nginx.conf'])
        await host.write(`${PATH}/${name}`, readFileSync(join(folder, name)));
      await host.sh(`chown deploy: ${PATH}`);
      await host.write(`${PATH}/.env`, environment(registry.address, tag));
    },
    async deploy() {
      const { code, stderr } = await host.exec(['sh', '-c', `cd ${PATH} && ${UP}`], { user: 'deploy' });
      if (code !== 0) throw new Error(stderr);
    },
  };
}

/** The bundle, as the runner starts it, of this checkout or of another. */
function ours(tree?: string): typeof onServer {
  return ({ key, registry }, host, folder) => ({
    host,
    title: tree === undefined ? 'ssh-compose-deploy' : 'ssh-compose-deploy of the other checkout',
    async deploy(tag, link) {
      const { exitCode, shown } = await startBundle({
        action: 'ssh-compose-deploy',
        workspace: folder,
        tree,
        inputs: {
          host: `deploy@127.0.0.1:${link.port}`,
          'ssh-key': key.privateKey,
          'known-hosts': host.knownHosts({ port: link.port }),
          path: PATH,
          env: environment(registry.address, tag),
          files: 'nginx.conf',
          version: tag,
        },
      }).done;
      if (exitCode !== 0) throw new Error(shown);
    },
  });
}

/** What many workflows do: a copy, then a connection for each command. */
function usual({ key, registry }: Lab, host: Host, folder: string): Way {
  const keyFile = join(folder, 'key');
  const knownHosts = join(folder, 'known_hosts');
  const environmentFile = join(folder, '.env');
  return {
    host,
    title: 'usual: scp, then an ssh for each command',
    async deploy(tag, link) {
      writeFileSync(keyFile, key.privateKey, { mode: 0o600 });
      writeFileSync(knownHosts, host.knownHosts({ port: link.port }));
      writeFileSync(environmentFile, environment(registry.address, tag));
      const options = [
        '-F',
        'none',
        '-i',
        keyFile,
        '-o',
        `UserKnownHostsFile=${knownHosts}`,
        '-o',
        'IdentitiesOnly=yes',
      ];
      const target = 'deploy@127.0.0.1';
      const ssh = (command: string) => program('ssh', [...options, '-p', String(link.port), target, command]);
      const files = ['compose.yaml', 'nginx.conf', '.env'].map((name) => join(folder, name));
      await ssh(`mkdir -p ${PATH}`);
      await program('scp', [...options, '-q', '-P', String(link.port), ...files, `${target}:${PATH}/`]);
      for (const command of UP.split(' && ')) await ssh(`cd ${PATH} && ${command}`);
      await ssh(`cd ${PATH} && docker compose ps --quiet`);
    },
  };
}

function program(name: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(name, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let error = '';
    child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${name}: exit ${code}\n${error}`)),
    );
  });
}
