import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { startBundle } from '@deploy-actions/tooling';
import { deployInputs, deployed } from '../lab/deploy-rig.ts';
import { table } from './peers.ts';

/** Megabytes that the database takes; `BENCH_BACKUP_MB` makes it smaller where the machine is. */
const MEGABYTES = Number(process.env['BENCH_BACKUP_MB'] ?? '1000');
const COUNT = 'SELECT count(*), sum(hashtext(name)::bigint) FROM big';
const DATABASE = 'db: postgres shop';

/**
 * A PostgreSQL that somebody keeps writing to: saved by the action without reading back, beside `pg_dump` by hand; then read
 * back, beside `pg_restore` by hand; then loaded apart, where it must answer as the snapshot did.
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
    await writing(host);
    const byHand = await timed(() =>
      host.sh('docker exec shop-db-1 pg_dump -U shop -Fc shop >/srv/by-hand.pgdump'),
    );
    const readByHand = await timed(() =>
      host.sh('docker exec -i shop-db-1 pg_restore --file=/dev/null </srv/by-hand.pgdump'),
    );
    const saved = await backup(lab, { verify: 'none' });
    const read = await backup(lab, { verify: 'read' });
    const before = Number(await psql(host, 'SELECT count(*) FROM big'));
    const loaded = await backup(lab, { verify: 'restore', 'verify-query': `db/shop: ${COUNT}` });
    const written = Number(await psql(host, 'SELECT count(*) FROM big')) - before;
    if (written <= 0) throw new Error('nobody wrote to the database meanwhile, so nothing was under load');
    const row = (title: string, ms: number, beside: number, note: string) => [
      title,
      `${(ms / 1000).toFixed(1)} s`,
      `${(ms / beside).toFixed(2)} x`,
      note,
    ];
    console.log(
      `\n${(bytes / 1e6).toFixed(0)} MB in the database, ${written} rows written during the last backup\n\n${table(
        ['', 'time', 'ratio', ''],
        [
          row('pg_dump by hand', byHand, byHand, 'over docker exec, on the server'),
          row('backup, verify: none', saved, byHand, 'the whole step, with SSH; aim: 1.1'),
          row('pg_restore to nowhere by hand', readByHand, byHand, ''),
          row('backup, verify: read', read, byHand + readByHand, 'beside both by hand; aim: 1.1'),
          row('backup, verify: restore', loaded, byHand, 'its answers are those of the snapshot'),
        ],
      )}`,
    );
  } finally {
    await lab.close();
  }
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

async function timed(what: () => Promise<unknown>): Promise<number> {
  const begun = Date.now();
  await what();
  return Date.now() - begun;
}

/** Milliseconds of the whole step. */
async function backup(lab: Lab, inputs: Record<string, string>): Promise<number> {
  const { host, 'ssh-key': key, 'known-hosts': knownHosts, path } = deployInputs(lab, 'v1');
  const begun = Date.now();
  const { exitCode, shown } = await startBundle({
    action: 'backup',
    inputs: {
      ...{ host, 'ssh-key': key, 'known-hosts': knownHosts, path, project: 'shop' },
      ...{ databases: DATABASE, 'min-free-disk': '50MB', ...inputs },
    },
    env: { GITHUB_RUN_ID: String(begun), GITHUB_JOB: 'backup' },
  }).done;
  if (exitCode !== 0) throw new Error(shown);
  return Date.now() - begun;
}
