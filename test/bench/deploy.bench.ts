import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, type Lab, type Link, SAMPLE_APP, openLab } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';

/** Upgrades of each kind at each round trip; their median counts. */
const ROUNDS = 3;
/** Added round trips, in milliseconds. */
const ROUND_TRIPS = [0, 50];
const PATH = '/srv/deploy/shop';
const UP = 'docker compose pull --quiet && docker compose up --detach --wait --quiet-pull';
const SETTLE =
  'the sample without its worker and scheduler, which have no health check and would cost ours 4 s more';

/** One way to bring a tag up: resolves when it serves and is healthy. */
interface Way {
  title: string;
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
 * ssh for each command, by the system's OpenSSH. Round trips are added by a link in front of sshd.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ progress: (line) => console.log(`  ${line}`) });
  const folder = mkdtempSync(join(tmpdir(), 'deploy-bench-'));
  try {
    await publishTags(lab);
    writeFileSync(join(folder, 'compose.yaml'), composeFile());
    writeFileSync(join(folder, 'nginx.conf'), readFileSync(join(SAMPLE_APP, 'nginx.conf')));
    const ways = [onServer(lab, folder), ours(lab, folder), usual(lab, folder)];
    const rows: string[][] = [];
    for (const roundTrip of ROUND_TRIPS) {
      const link = await lab.host.link({ delayMs: roundTrip / 2 });
      rows.push(...(await compare(lab.host, link, ways, `${roundTrip} ms`)));
      await link.close();
    }
    const head = ['added', 'way', 'median', 'over the first', 'ratio', 'connections', 'execs'];
    console.log(`\n${table(head, rows)}`);
    console.log('aims at 50 ms: ours at most 1.5 s over the first, one connection, at most 4 execs');
    console.log(`what is deployed: ${SETTLE}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await lab.close();
  }
}

async function compare(host: Host, link: Link, ways: readonly Way[], added: string): Promise<string[][]> {
  const medians: (Cost & { title: string })[] = [];
  for (const way of ways) {
    // Each upgrades a stack of its own making.
    await host.reset();
    const costs: Cost[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const tag = `bench-${round % 2}`;
      await way.prepare?.(tag);
      const cost = await measured(host, () => way.deploy(tag, link));
      const answer = await fetch(`${host.url(8080)}/version`);
      const { version } = (await answer.json()) as { version: string };
      if (version !== tag) throw new Error(`${way.title}: ${version} serves instead of ${tag}`);
      // The first is no upgrade.
      if (round > 0) costs.push(cost);
      console.log(
        `  ${added} added, ${way.title}: ${cost.seconds.toFixed(1)} s${round === 0 ? ' (the first)' : ''}`,
      );
    }
    const of = (name: keyof Cost) => median(costs.map((cost) => cost[name]));
    medians.push({
      title: way.title,
      seconds: of('seconds'),
      connections: of('connections'),
      execs: of('execs'),
    });
  }
  const base = medians[0]!.seconds;
  return medians.map(({ title, seconds, connections, execs }, index) => [
    added,
    title,
    `${seconds.toFixed(1)} s`,
    index === 0 ? '' : `${(seconds - base).toFixed(1)} s`,
    `${(seconds / base).toFixed(2)} x`,
    String(connections),
    String(execs),
  ]);
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
function onServer({ host, registry }: Lab, folder: string): Way {
  return {
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

/** The bundle, as the runner starts it. */
function ours({ host, key, registry }: Lab, folder: string): Way {
  return {
    title: 'ssh-compose-deploy',
    async deploy(tag, link) {
      const { exitCode, shown } = await startBundle({
        action: 'ssh-compose-deploy',
        workspace: folder,
        tree: process.env['DEPLOY_ACTIONS_TREE'],
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
  };
}

/** What many workflows do: a copy, then a connection for each command. */
function usual({ host, key, registry }: Lab, folder: string): Way {
  const keyFile = join(folder, 'key');
  const knownHosts = join(folder, 'known_hosts');
  const environmentFile = join(folder, '.env');
  return {
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

/** Versions that need no migration, so that each way does the same. */
async function publishTags({ registry }: Lab): Promise<void> {
  for (const tag of ['bench-0', 'bench-1']) {
    for (const name of ['shop/api', 'shop/web'])
      await registry.publish({
        from: `${name}:v1`,
        to: `${name}:${tag}`,
        env: { APP_VERSION: tag, APP_SCHEMA: '0' },
      });
  }
}

function composeFile(): string {
  const text = readFileSync(join(SAMPLE_APP, 'compose.yaml'), 'utf8');
  return text.replace(/^ {2}(?:worker|scheduler):\n(?: {4}.*\n)+\n/gm, '');
}

function environment(registry: string, tag: string): string {
  return `REGISTRY=${registry}\nTAG=${tag}\nPOSTGRES_PASSWORD=correct-horse-battery\n`;
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

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, index) => Math.max(title.length, ...rows.map((row) => row[index]!.length)));
  return [head, ...rows]
    .map((row) => row.map((cell, index) => cell.padEnd(widths[index]!)).join('  '))
    .join('\n');
}
