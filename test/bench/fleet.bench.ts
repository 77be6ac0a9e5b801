import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Host, type Lab, LabRefusal, SAMPLE_APP, clientKey, openLab } from '@deploy-actions/lab';
import { findRoot, node24, startBundle } from '@deploy-actions/tooling';
import { composeFile, environment, publishTags } from './deployed-sample.ts';
import { type Recording, record, writeCheckout } from './fleet-recording.ts';
import { USAGE_HOOK, type Usage, table } from './peers.ts';
import { sshCounts } from './ssh-counts.ts';

/** Deployments of each kind; their median counts. */
const ROUNDS = 3;
/** Added round trips, in milliseconds. */
const ROUND_TRIPS = [0, 50];
/** What a server that answers from a recording takes for its own work, in milliseconds: as the sample's upgrade does. */
const WORK = 2400;
const FAKES = [1, 20, 100];
const REAL = [1, 3, 5];
const PATH = '/srv/deploy/shop';
const BESIDE = process.env['DEPLOY_ACTIONS_BESIDE'];
/** More options of Node's for the runner's process, such as `--cpu-prof --cpu-prof-dir=…`. */
const PROFILE = process.env['FLEET_NODE_OPTIONS'] ?? '';
/** `recorded` or `real`; empty: both. */
const ONLY = process.env['FLEET'] ?? '';

interface Cost {
  seconds: number;
  /** Of the runner's process, in seconds. */
  cpu: number;
  /** The most memory that the runner's process had, in MiB. */
  memory: number;
  connections: number;
  execs: number;
  /** Of the process of the servers that answer from a recording, in seconds. */
  serversCpu?: number;
}

/**
 * One deployment to many servers: seconds, what the runner's process takes, connections and execs. To real servers, and to
 * ones that answer from a recording, since a hundred real ones on one machine would measure the machine: what they said
 * was said by the programs under a real sh, they take as long as an upgrade does, and all of them are one process, so that
 * no two of them share a processor's work. With DEPLOY_ACTIONS_BESIDE, of the bundle of that checkout.
 */
export async function run(): Promise<void> {
  if (ONLY !== 'real') await recorded();
  if (ONLY !== 'recorded') await real();
}

async function recorded(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
  try {
    const { alone, beside } = await record();
    writeCheckout(join(folder, 'checkout'));
    const rows: string[][] = [];
    const each: number[] = [];
    for (const roundTrip of ROUND_TRIPS) {
      for (const kind of ['upgrade', 'unchanged'] as const) {
        let one = 0;
        let firstCpu = 0;
        for (const count of FAKES) {
          const recording = (count === 1 ? alone : beside)[kind];
          const work = kind === 'upgrade' ? WORK : 0;
          const costs: Cost[] = [];
          for (let round = 0; round < ROUNDS; round += 1)
            costs.push(await deployRecorded(folder, recording, count, roundTrip, work));
          const cost = medianCost(costs);
          if (count === 1) [one, firstCpu] = [cost.seconds, cost.cpu];
          else each.push((cost.cpu - firstCpu) / (count - 1));
          rows.push(rowOf(`${roundTrip} ms`, kind, count, cost, one));
          console.log(`  ${rows.at(-1)!.join('  ')}`);
        }
      }
    }
    console.log(
      `\nservers that answer from a recording, in one process; an upgrade is ${WORK} ms of work to each`,
    );
    console.log(table(HEAD, rows));
    console.log(
      `in series: the start and the lock of the first server before all others; two gates, at which all wait for the slowest; the first one's migrations; and the runner's one thread, ${Math.round(Math.max(...each) * 1000)} ms for each further server (keys agreed on, a signature made and one checked, what goes out and comes in enciphered)`,
    );
    console.log(
      'aims: 20 servers at most 1.5 times one, 100 under 512 MiB, nothing changed 0.5 s beyond connecting',
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const HEAD = [
  'added',
  'what',
  'servers',
  'seconds',
  'ratio',
  'CPU',
  "servers' CPU",
  'memory',
  'connections',
  'execs each',
];

function rowOf(added: string, what: string, count: number, cost: Cost, one: number): string[] {
  return [
    added,
    what,
    String(count),
    `${cost.seconds.toFixed(2)} s`,
    `${(cost.seconds / one).toFixed(2)} x`,
    `${cost.cpu.toFixed(1)} s`,
    cost.serversCpu === undefined ? '' : `${cost.serversCpu.toFixed(1)} s`,
    `${Math.round(cost.memory)} MiB`,
    String(cost.connections),
    (cost.execs / count).toFixed(1),
  ];
}

async function deployRecorded(
  folder: string,
  recording: Recording,
  count: number,
  roundTrip: number,
  work: number,
): Promise<Cost> {
  const file = join(folder, 'recording.json');
  writeFileSync(file, JSON.stringify(recording));
  const program = join(findRoot(), 'test/bench/fleet-servers.ts');
  const words = [file, count, roundTrip, work].map(String);
  const servers = spawn(node24(), ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', program, ...words], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: servers.stdout })[Symbol.asyncIterator]();
    const next = async <T>() => JSON.parse(String((await lines.next()).value)) as T;
    const { ports, key } = await next<{ ports: number[]; key: string }>();
    const measured = await deployTo({
      workspace: join(folder, 'checkout'),
      inputs: {
        host: ports.map((port) => `deploy@127.0.0.1:${port}`).join('\n'),
        'ssh-key': (await clientKey()).privateKey,
        'known-hosts': ports.map((port) => `[127.0.0.1]:${port} ${key}`).join('\n'),
        path: recording.path,
        env: 'TAG=v2',
        version: 'v2',
      },
    });
    servers.stdin.end();
    const { cpu, ...asked } = await next<{ connections: number; execs: number; cpu: number }>();
    return { ...measured, ...asked, serversCpu: cpu };
  } finally {
    servers.kill();
  }
}

/** One run of the bundle, and what its process took. */
async function deployTo(given: {
  workspace: string;
  inputs: Record<string, string>;
}): Promise<Pick<Cost, 'seconds' | 'cpu' | 'memory'>> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-usage-'));
  const [hook, usage] = [join(folder, 'usage.cjs'), join(folder, 'usage.json')];
  writeFileSync(hook, USAGE_HOOK);
  try {
    const env = { NODE_OPTIONS: `--require ${hook} ${PROFILE}`.trim(), USAGE_FILE: usage };
    const started = performance.now();
    const { exitCode, shown } = await startBundle({
      action: 'ssh-compose-deploy',
      tree: BESIDE,
      env,
      ...given,
    }).done;
    const seconds = (performance.now() - started) / 1000;
    if (exitCode !== 0) throw new Error(shown);
    const { rssMb, cpuMs } = JSON.parse(readFileSync(usage, 'utf8')) as Usage;
    return { seconds, cpu: cpuMs / 1000, memory: rssMb };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function medianCost(costs: readonly Cost[]): Cost {
  const of = (name: keyof Cost) =>
    [...costs].sort((a, b) => (a[name] ?? 0) - (b[name] ?? 0))[Math.floor(costs.length / 2)]![name]!;
  return {
    seconds: of('seconds'),
    cpu: of('cpu'),
    memory: of('memory'),
    connections: of('connections'),
    execs: of('execs'),
    ...(costs[0]!.serversCpu === undefined ? {} : { serversCpu: of('serversCpu') }),
  };
}

async function real(): Promise<void> {
  let lab: Lab;
  try {
    lab = await openLab({ hosts: REAL.at(-1)!, progress: (line) => console.log(`  ${line}`) });
  } catch (error) {
    if (!(error instanceof LabRefusal)) throw error;
    console.log(`real servers: ${error.message}`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
  try {
    await publishTags(lab);
    writeFileSync(join(folder, 'compose.yaml'), composeFile());
    writeFileSync(join(folder, 'nginx.conf'), readFileSync(join(SAMPLE_APP, 'nginx.conf')));
    const rows: string[][] = [];
    for (const roundTrip of ROUND_TRIPS) {
      let one = 0;
      for (const count of REAL) {
        const hosts = lab.hosts.slice(0, count);
        const costs: Cost[] = [];
        for (let round = 0; round <= ROUNDS; round += 1) {
          if (round === 0) await Promise.all(hosts.map((host) => host.reset()));
          const cost = await deployReal(lab, hosts, folder, `bench-${round % 2}`, roundTrip);
          // The first is no upgrade.
          if (round > 0) costs.push(cost);
        }
        const cost = medianCost(costs);
        if (count === 1) one = cost.seconds;
        rows.push(rowOf(`${roundTrip} ms`, 'upgrade', count, cost, one));
        console.log(`  ${rows.at(-1)!.join('  ')}`);
      }
    }
    console.log('\nreal servers, all on this machine: they share its processors');
    console.log(table(HEAD, rows));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    await lab.close();
  }
}

async function deployReal(
  { key, registry }: Lab,
  hosts: readonly Host[],
  folder: string,
  tag: string,
  roundTrip: number,
): Promise<Cost> {
  const links = await Promise.all(hosts.map((host) => host.link({ delayMs: roundTrip / 2 })));
  try {
    const before = await sshCounts(hosts);
    const measured = await deployTo({
      workspace: folder,
      inputs: {
        host: links.map(({ port }) => `deploy@127.0.0.1:${port}`).join('\n'),
        'ssh-key': key.privateKey,
        'known-hosts': hosts.map((host, index) => host.knownHosts({ port: links[index]!.port })).join('\n'),
        path: PATH,
        env: environment(registry.address, tag),
        files: 'nginx.conf',
        version: tag,
      },
    });
    const after = await sshCounts(hosts);
    return {
      ...measured,
      connections: after.connections - before.connections,
      execs: after.execs - before.execs,
    };
  } finally {
    await Promise.all(links.map((link) => link.close()));
  }
}
