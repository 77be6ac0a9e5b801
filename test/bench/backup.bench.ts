import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';
import { deployInputs, deployed } from '../lab/deploy-rig.ts';
import { median } from './median.ts';
import { table } from './peers.ts';

/** Megabytes that the database takes; `BENCH_BACKUP_MB` makes it smaller where the machine is. */
const MEGABYTES = Number(process.env['BENCH_BACKUP_MB'] ?? '1000');
const COUNT = 'SELECT count(*), sum(hashtext(name)::bigint) FROM big';
const DATABASE = 'db: postgres shop';

/** How often each way is measured; they take turns, so that a busy minute meets all of them. */
const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? '3');

/** What one way took on the server: seconds by the clock, and of its processors. */
interface Cost {
  wall: number;
  cpu: number;
}

/**
 * A PostgreSQL that somebody keeps writing to: saved by the action without reading back, beside `pg_dump` by hand, as it
 * compresses by itself and by the compressor that the action asks for; then read back, beside `pg_restore` by hand; then
 * loaded apart, where it must answer as the snapshot did.
 */
export async function run(): Promise<void> {
  const lab = await openLab({ progress: (line) => console.log(`  ${line}`) });
  try {
    const { host } = lab;
    await deployed(deployInputs(lab, 'v1'));
    console.log(`  filling the database: ${MEGABYTES} MB`);
    // A row takes about 200 bytes, and half of its text can be compressed.
    await psql(host, 'CREATE TABLE big (id bigserial PRIMARY KEY, name text)');
    await psql(
      host,
      `INSERT INTO big (name) SELECT md5(n::text) || md5((n / 2)::text) || repeat('x', 64) FROM generate_series(1, ${MEGABYTES * 5000}) n`,
    );
    const bytes = Number(await psql(host, "SELECT pg_database_size('shop')"));
    await psql(host, 'CHECKPOINT');
    await writing(host);
    const idle = await idleCost(host);
    const cost = (what: () => Promise<unknown>) => costOf(host, idle, what);
    const dump = (file: string, more = '') =>
      host.sh(`docker exec shop-db-1 pg_dump -U shop -Fc ${more} shop >/srv/${file}`);
    const read = (file: string) =>
      host.sh(`docker exec -i shop-db-1 pg_restore --file=/dev/null </srv/${file}`);
    const costs: Record<string, Cost[]> = {};
    const before = Number(await psql(host, 'SELECT count(*) FROM big'));
    const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['gzip', () => dump('gzip.pgdump')],
      ['none', () => backup(lab, { verify: 'none' })],
      ['zstd', () => dump('zstd.pgdump', '--compress=zstd')],
      ['read gzip', () => read('gzip.pgdump')],
      ['read', () => backup(lab, { verify: 'read' })],
      ['read zstd', () => read('zstd.pgdump')],
    ];
    for (let round = 1; round <= ROUNDS; round++) {
      for (const [name, what] of ways) {
        const one = await cost(what);
        (costs[name] ??= []).push(one);
        console.log(
          `  round ${round}, ${name}: ${one.wall.toFixed(1)} s, ${one.cpu.toFixed(1)} s of processors`,
        );
      }
    }
    const loaded = await cost(() => backup(lab, { verify: 'restore', 'verify-query': `db/shop: ${COUNT}` }));
    const written = Number(await psql(host, 'SELECT count(*) FROM big')) - before;
    if (written <= 0) throw new Error('nobody wrote to the database meanwhile, so nothing was under load');
    const tool = await host.sh(
      `sed -n 's/.*"kind":"postgres",[^}]*"tool":"\\([^"]*\\)".*/\\1/p' /srv/deploy/shop/backups/*/manifest.json | head -n 1`,
    );
    const size = async (file: string) => {
      const megabytes = Number(await host.sh(`cat ${file} | wc -c`)) / 1e6;
      return `${megabytes.toFixed(0)} MB`;
    };
    const of = (name: string): Cost => ({
      wall: median(costs[name]!.map(({ wall }) => wall)),
      cpu: median(costs[name]!.map(({ cpu }) => cpu)),
    });
    const sum = (...names: string[]): Cost => ({
      wall: names.reduce((all, name) => all + of(name).wall, 0),
      cpu: names.reduce((all, name) => all + of(name).cpu, 0),
    });
    const ratios = (ours: Cost, beside: Cost) =>
      `${(ours.wall / beside.wall).toFixed(2)} x, ${(ours.cpu / beside.cpu).toFixed(2)} x`;
    const row = (title: string, ours: Cost, beside: [gzip: Cost, zstd: Cost] | undefined, note: string) => [
      title,
      `${ours.wall.toFixed(1)} s`,
      `${ours.cpu.toFixed(1)} s`,
      ...(beside?.map((one) => ratios(ours, one)) ?? ['', '']),
      note,
    ];
    const saved: [Cost, Cost] = [of('gzip'), of('zstd')];
    console.log(
      `\n${(bytes / 1e6).toFixed(0)} MB in the database, ${written} rows written meanwhile; medians of ${ROUNDS} rounds in turns; ` +
        `saved by ${tool.trim()}; processors: of the server, without what wrote\n\n${table(
          ['', 'time', 'processors', 'beside gzip by hand', 'beside zstd by hand', ''],
          [
            row('pg_dump by hand, gzip', of('gzip'), undefined, await size('/srv/gzip.pgdump')),
            row('pg_dump by hand, zstd', of('zstd'), undefined, await size('/srv/zstd.pgdump')),
            row('backup, verify: none', of('none'), saved, 'the whole step, with SSH; aim: 1.1 beside gzip'),
            row('both by hand, gzip', sum('gzip', 'read gzip'), undefined, 'pg_restore reads to nowhere'),
            row('both by hand, zstd', sum('zstd', 'read zstd'), undefined, ''),
            row(
              'backup, verify: read',
              of('read'),
              [sum('gzip', 'read gzip'), sum('zstd', 'read zstd')],
              'aim: 1.1 beside both by hand',
            ),
            row('backup, verify: restore', loaded, saved, 'once; its answers are those of the snapshot'),
          ],
        )}`,
    );
  } finally {
    await lab.close();
  }
}

/** Microseconds of processors that the server has taken, with all its containers: as cgroups of version 2 or 1 tell. */
async function processors(host: Host): Promise<number> {
  const text = await host.sh(
    'cat /sys/fs/cgroup/cpu.stat 2>/dev/null || echo "nanoseconds $(cat /sys/fs/cgroup/cpuacct/cpuacct.usage)"',
  );
  const [, unit, used] = /^(usage_usec|nanoseconds) (\d+)$/m.exec(text) ?? [];
  if (used === undefined) throw new Error('the server does not say what its processors did');
  return unit === 'nanoseconds' ? Number(used) / 1000 : Number(used);
}

/** The part of a processor that the server takes while nobody saves anything. */
async function idleCost(host: Host): Promise<number> {
  const from = await processors(host);
  const begun = Date.now();
  await sleep(10_000);
  return ((await processors(host)) - from) / 1000 / (Date.now() - begun);
}

async function costOf(host: Host, idle: number, what: () => Promise<unknown>): Promise<Cost> {
  const from = await processors(host);
  const begun = Date.now();
  await what();
  const wall = (Date.now() - begun) / 1000;
  return { wall, cpu: ((await processors(host)) - from) / 1e6 - idle * wall };
}

async function psql(host: Host, statement: string): Promise<string> {
  const { code, stdout, stderr } = await host.exec([
    ...['docker', 'exec', 'shop-db-1', 'psql', '-U', 'shop', '-d', 'shop', '-Atc'],
    statement,
  ]);
  if (code !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** Keeps writing, 50 rows at a time, until the server goes. */
async function writing(host: Host): Promise<void> {
  await host.write(
    '/srv/write.sh',
    `while :; do echo "INSERT INTO big (name) SELECT md5(random()::text) FROM generate_series(1, 50); SELECT pg_sleep(0.05);"; done | docker exec -i shop-db-1 psql -U shop -d shop -q >/dev/null\n`,
  );
  await host.sh('setsid sh /srv/write.sh </dev/null >/dev/null 2>&1 &');
}

/** The whole step. */
async function backup(lab: Lab, inputs: Record<string, string>): Promise<void> {
  const { host, 'ssh-key': key, 'known-hosts': knownHosts, path } = deployInputs(lab, 'v1');
  const { exitCode, shown } = await startBundle({
    action: 'backup',
    inputs: {
      ...{ host, 'ssh-key': key, 'known-hosts': knownHosts, path, project: 'shop' },
      ...{ databases: DATABASE, 'min-free-disk': '50MB', ...inputs },
    },
    env: { GITHUB_RUN_ID: String(Date.now()), GITHUB_JOB: 'backup' },
  }).done;
  if (exitCode !== 0) throw new Error(shown);
}
