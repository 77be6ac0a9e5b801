import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type Inputs, PATH, mustStep, serverInputs, startStep, step } from './color-rig.ts';
import { deployInputs, deployed, psql } from './deploy-rig.ts';

// A real MariaDB, SQLite and Redis that somebody writes to while they are saved, and a real restic.

let lab: Lab;
let host: Host;
beforeAll(async () => {
  lab = await openLab();
  ({ host } = lab);
  await deployed(deployInputs(lab, 'v1'));
}, 600_000);
afterAll(async () => {
  await lab?.close();
});

let runs = 0;
const saving = (more: Inputs): Inputs => ({ ...serverInputs(lab), 'min-free-disk': '50MB', ...more });
const backup = (more: Inputs) => mustStep('backup', saving(more), { runId: String(++runs) });

const REPOSITORY: Inputs = {
  engine: 'restic',
  repository: '/srv/elsewhere',
  'repository-password': 'only-the-workflow-knows',
};

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; !(await holds()); await sleep(200)) {
    if (Date.now() > end) throw new Error(`it took too long: ${what}`);
  }
}

test('a server without restic is refused before anything is saved', async () => {
  const refused = await step('backup', saving({ databases: 'db: postgres shop', ...REPOSITORY }), {
    runId: String(++runs),
  });
  expect(refused.exitCode).toBe(1);
  expect(refused.shown).toContain('the server has no restic, which engine: restic asks for');
  expect(await host.sh(`ls -A ${PATH}/backups 2>/dev/null || :`)).toBe('');
}, 120_000);

/**
 * Makes images out of Debian's packages, on the server: the programs with their libraries, on the layer that the sample
 * application stands on. MariaDB's begins with a password of its environment, as the official one does.
 */
const PREPARE = `set -eu
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
apt-get update -qq
apt-get install -y -qq --no-install-recommends restic sqlite3 mariadb-server-core mariadb-client valkey-server >/dev/null 2>&1
mkdir -p /tmp/kinds/parts && cd /tmp/kinds
copy() { mkdir -p "parts$(dirname "$1")"; cp -L "$1" "parts$1"; }
for program in /usr/sbin/mariadbd /usr/bin/mariadb /usr/bin/mariadb-dump /usr/bin/sqlite3 /usr/bin/redis-check-rdb /usr/bin/valkey-server /usr/bin/valkey-cli /usr/bin/valkey-check-rdb; do
  copy "$program"
  ldd "$program" | sed -n 's/.*=> \\(\\/[^ ]*\\).*/\\1/p' | while read -r library; do copy "$library"; done
done
for folder in /usr/share/mysql /usr/share/mariadb; do
  [ ! -d "$folder" ] || { mkdir -p "parts$folder" && cp -rL "$folder/." "parts$folder/"; }
done
mkdir -p parts/var/lib/mysql parts/run/mysqld parts/data
mariadb-install-db --user=root --datadir=/tmp/kinds/parts/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
cat >parts/entry <<'END'
#!/bin/sh
set -eu
password=\${MARIADB_ROOT_PASSWORD:-\${MYSQL_ROOT_PASSWORD:-}}
[ -n "$password" ] || { echo 'a password is needed' >&2; exit 1; }
umask 077
printf "ALTER USER root@localhost IDENTIFIED BY '%s';\\nCREATE OR REPLACE USER root@'%%' IDENTIFIED BY '%s';\\nGRANT ALL ON *.* TO root@'%%' WITH GRANT OPTION;\\n" "$password" "$password" >/run/mysqld/first.sql
exec mariadbd --no-defaults --user=root --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock --init-file=/run/mysqld/first.sql --innodb-buffer-pool-size=32M
END
chmod +x parts/entry
printf 'FROM %s\\nCOPY parts/ /\\nCMD ["/entry"]\\n' "$(docker inspect --format '{{.Config.Image}}' shop-redis-1)" >Dockerfile
docker build --quiet --tag kinds . >/dev/null
printf 'FROM kinds\\nRUN rm -f /usr/bin/redis-*\\n' | docker build --quiet --tag valkey - >/dev/null
start() {
  service=$1
  shift
  docker run --detach --name "shop-$service-1" --label com.docker.compose.project=shop --label "com.docker.compose.service=$service" \\
    --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=1 "$@" >/dev/null
}
start sales --env MARIADB_ROOT_PASSWORD=sales-password kinds
start cache --volume shop_cache:/cache kinds redis-server --dir /cache --save '' --appendonly no
start app --volume shop_app:/data kinds sleep 3600
start store --env VALKEY_PASSWORD=store-password --volume shop_store:/store valkey valkey-server --dir /store --save '' --appendonly no --requirepass store-password
`;

/** Each writes two things in one transaction, all the while: what is saved must have both, or neither. */
const WRITERS = `set -eu
docker exec -i shop-sales-1 mariadb -uroot -psales-password <<'END'
CREATE DATABASE shop; USE shop;
CREATE TABLE orders (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;
CREATE TABLE payments (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;
CREATE PROCEDURE hello() SELECT 'hello';
CREATE VIEW paid AS SELECT orders.id FROM orders JOIN payments USING (id);
CREATE TABLE parts (id INT AUTO_INCREMENT PRIMARY KEY, of_order INT, total INT, FOREIGN KEY (of_order) REFERENCES orders (id)) ENGINE=InnoDB;
DELIMITER //
CREATE TRIGGER doubled BEFORE INSERT ON parts FOR EACH ROW BEGIN SET NEW.total = NEW.total * 2; END//
DELIMITER ;
INSERT INTO orders (name) SELECT md5(seq) FROM seq_1_to_50000; INSERT INTO payments (name) SELECT name FROM orders;
END
docker exec shop-app-1 sqlite3 /data/app.db 'PRAGMA journal_mode=WAL; CREATE TABLE a (x); CREATE TABLE b (x); WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 50000) INSERT INTO a SELECT hex(randomblob(20)) FROM n; INSERT INTO b SELECT x FROM a'
docker exec shop-cache-1 redis-cli MSET one 0 two 0
cat >/srv/write-sales <<'END'
while :; do echo "START TRANSACTION; INSERT INTO orders (name) VALUES ('x'); INSERT INTO payments (name) VALUES ('x'); COMMIT;"; sleep 0.02; done | docker exec -i shop-sales-1 mariadb -uroot -psales-password shop
END
cat >/srv/write-app <<'END'
while :; do echo "BEGIN IMMEDIATE; INSERT INTO a VALUES ('x'); INSERT INTO b VALUES ('x'); COMMIT;"; sleep 0.02; done | docker exec -i shop-app-1 sqlite3 -cmd '.timeout 30000' /data/app.db
END
cat >/srv/write-cache <<'END'
while :; do printf 'MULTI\\nINCR one\\nINCR two\\nEXEC\\n'; sleep 0.02; done | docker exec -i shop-cache-1 redis-cli
END
for each in sales app cache; do setsid sh "/srv/write-$each" </dev/null >/dev/null 2>&1 & done
`;

test('MariaDB, SQLite and Redis are saved while they are written to, each of one moment, and come back', async () => {
  await host.sh(PREPARE, { timeoutMs: 400_000 });
  await until(
    'a MariaDB',
    async () =>
      (
        await host.exec([
          'docker',
          'exec',
          'shop-sales-1',
          'mariadb',
          '-uroot',
          '-psales-password',
          '-e',
          'SELECT 1',
        ])
      ).code === 0,
  );
  await host.sh(WRITERS, { timeoutMs: 120_000 });
  const sql = async (statements: string, name = 'shop') =>
    await host.sh(
      `docker exec -i shop-sales-1 mariadb -uroot -psales-password -NB ${name} <<'END'\n${statements};\nEND`,
    );
  const count = async (table: string) => Number(await sql(`SELECT count(*) FROM ${table}`));
  const before = await count('orders');
  const counts = '(SELECT count(*) FROM orders), (SELECT count(*) FROM payments)';
  const asked = await backup({
    databases: 'sales: mariadb',
    verify: 'restore',
    'verify-query': `sales/shop: SELECT ${counts}, 'it''s asked'`,
  });
  const { outputs: loaded } = asked;
  expect(loaded['verified']).toBe('restore');
  // While somebody writes: it was asked of the very moment that was saved, and nobody is kept waiting.
  expect(asked.shown).toMatch(
    /verify-query of sales \(shop\) answers on what was loaded as it did then: (\d+)\\t\1\\tit's asked/,
  );
  const after = await count('orders');
  await until('writers that write', async () => (await count('orders')) > after);
  const { outputs } = await backup({ databases: 'cache: redis\napp: sqlite /data/app.db' });
  expect(outputs['verified']).toBe('read');
  // Somebody wrote meanwhile, or nothing of this was under load.
  expect(await count('orders')).toBeGreaterThan(before);

  await sql(
    'DELETE FROM parts; DELETE FROM orders WHERE id > 10; DROP TRIGGER doubled; CREATE TABLE since (x INT)',
  );
  const id = loaded['backup']!;
  const restored = await backup({ restore: id, confirm: id });
  expect(restored.shown).toContain('shop of sales is that of the backup');
  expect(restored.shown).toContain('verify-query of sales (shop) answers on what was loaded as it did then');
  const old = `shop_before_${id.replaceAll('-', '_')}`;
  expect(restored.outputs['replaced']).toBe(`sales/${old}`);
  const [orders, payments, paid] = (
    await sql(
      'SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE; START TRANSACTION; SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM payments), (SELECT count(*) FROM paid)',
    )
  )
    .trim()
    .split(/\s+/);
  expect(Number(orders)).toBeGreaterThanOrEqual(before);
  expect([payments, paid]).toEqual([orders, orders]);
  // What belongs to the database beside its tables is that of the backup, and the kept one has its own.
  expect(
    await sql('CALL hello(); INSERT INTO parts (of_order, total) VALUES (1, 7); SELECT total FROM parts'),
  ).toBe('hello\n14\n');
  expect(await sql('SHOW TABLES')).toBe('orders\npaid\nparts\npayments\n');
  expect(await sql('SHOW TABLES', old)).toBe('orders\npaid\nparts\npayments\nsince\n');
  // The writer wrote on in what was there, until it was sent away.
  const [left, said] = (
    await sql('SELECT count(*) < 50000 FROM orders; CALL hello(); SHOW TRIGGERS', old)
  ).split('\n');
  expect([left, said]).toEqual(['1', 'hello']);
  expect(await sql('SELECT @@GLOBAL.read_only')).toBe('0\n');
  expect((await backup({ confirm: id })).shown).toContain(`dropped ${old} of sales`);
  expect(await sql("SHOW DATABASES LIKE 'shop%'")).toBe('shop\n');

  const rows = await host.sh(
    `sqlite3 ${outputs['folder']}/app.app.db 'SELECT count(*) FROM a; SELECT count(*) FROM b; PRAGMA integrity_check'`,
  );
  const [a, b, sound] = rows.trim().split('\n');
  expect(Number(a)).toBeGreaterThan(50_000);
  expect([b, sound]).toEqual([a, 'ok']);

  await host.sh(
    `mkdir -p /tmp/redis && cp ${outputs['folder']}/cache.rdb /tmp/redis/dump.rdb && redis-server --port 7777 --dir /tmp/redis --daemonize yes`,
  );
  await until('a Redis that has loaded it', async () =>
    /^\d+\n\d+$/.test((await host.exec(['redis-cli', '-p', '7777', 'MGET', 'one', 'two'])).stdout.trim()),
  );
  const [one, two] = (await host.sh('redis-cli -p 7777 MGET one two')).trim().split('\n');
  await host.sh('redis-cli -p 7777 SHUTDOWN NOSAVE || :');
  expect(Number(one)).toBeGreaterThan(0);
  expect(two).toBe(one);
  const files = outputs['backup']!;
  const busy = await step('backup', saving({ restore: files, confirm: files }), { runId: String(++runs) });
  expect(busy.shown).toContain('containers work with /data/app.db of app: shop-app-1');
  // The writer is ended with its container: what it has written last is in the write-ahead log.
  await host.sh(
    `docker exec shop-app-1 sqlite3 /data/app.db 'PRAGMA wal_autocheckpoint=0; CREATE TABLE since (x)'; docker kill shop-app-1; docker exec shop-cache-1 redis-cli SET since yes`,
  );
  const came = await backup({ restore: files, confirm: files });
  const word = files.replaceAll('-', '_');
  expect(came.outputs['replaced']).toBe(`cache/dump.rdb_before_${word} app:/data/app.db_before_${word}`);
  expect(await host.sh('docker exec shop-cache-1 redis-cli MGET one two since')).toMatch(/^(\d+)\n\1\n\n$/);
  await host.sh('docker start shop-app-1');
  const tables = (name: string) =>
    host.sh(
      `docker exec shop-app-1 sqlite3 /data/${name} '.tables'; docker exec shop-app-1 sqlite3 /data/${name} 'PRAGMA integrity_check'`,
    );
  expect((await tables('app.db')).trim().split(/\s+/)).toEqual(['a', 'b', 'ok']);
  expect((await tables(`app.db_before_${word}`)).trim().split(/\s+/)).toEqual(['a', 'b', 'since', 'ok']);
  await backup({ confirm: files });
  expect(await host.sh('docker exec shop-app-1 ls /data; docker exec shop-cache-1 ls /cache')).toBe(
    'app.db\ndump.rdb\n',
  );
  await host.sh(`for each in sales app cache; do docker rm --force "shop-$each-1"; done`);
}, 600_000);

test('a Valkey with a password is saved and comes back by its own tools, where there is no redis-cli', async () => {
  const store = (words: string) =>
    host.sh(`docker exec --env REDISCLI_AUTH=store-password shop-store-1 ${words}`);
  expect(
    (await host.exec(['docker', 'exec', 'shop-store-1', 'sh', '-c', 'command -v redis-cli'])).code,
  ).not.toBe(0);
  await store('valkey-cli EVAL \'for i = 1, 20000 do redis.call("SET", "key" .. i, i) end\' 0');
  const saved = await backup({ databases: 'store: redis' });
  const id = saved.outputs['backup']!;
  expect(saved.outputs['verified']).toBe('read');
  expect(await host.sh(`cat ${saved.outputs['folder']}/manifest.json`)).toContain('"tool":"valkey-cli ');
  await store('valkey-cli FLUSHALL');
  await store('valkey-cli SET since yes');
  const came = await backup({ restore: id, confirm: id });
  const old = `dump.rdb_before_${id.replaceAll('-', '_')}`;
  expect(came.outputs['replaced']).toBe(`store/${old}`);
  expect(await store('valkey-cli DBSIZE')).toBe('20000\n');
  expect(await store('valkey-cli MGET key20000 since')).toBe('20000\n\n');
  expect(await store(`valkey-check-rdb /store/${old}`)).toContain('Checksum OK');
  await backup({ confirm: id });
  expect(await store('ls /store')).toBe('dump.rdb\n');
  await host.sh('docker rm --force shop-store-1');
}, 180_000);

test('a volume and a path come back with owners, modes and links, and are let go', async () => {
  await host.sh(`set -eu
docker volume create --label com.docker.compose.project=shop --label com.docker.compose.volume=pictures shop_pictures
docker run --detach --name shop-files-1 --label com.docker.compose.project=shop --label com.docker.compose.service=files \\
  --label com.docker.compose.oneoff=False --label com.docker.compose.container-number=1 \\
  --volume shop_pictures:/media --volume ${PATH}/shared/uploads:/uploads kinds sleep 3600
at=$(docker volume inspect --format '{{.Mountpoint}}' shop_pictures)
mkdir -p "$at/deep"; echo picture >"$at/deep/a.png"; ln "$at/deep/a.png" "$at/same.png"; ln -s deep/a.png "$at/newest"
truncate -s 200M "$at/holes"; mkfifo "$at/pipe"
chown -R 1234:4321 "$at/deep"; chown -h 1:2 "$at/newest"; chmod 2750 "$at/deep"; chown 33:44 "$at"; chmod 3771 "$at"
echo uploaded >${PATH}/shared/uploads/b.txt; chown 999:999 ${PATH}/shared/uploads/b.txt; chown deploy ${PATH}/shared/uploads`);
  const look = () =>
    host.sh(
      `cd "$(docker volume inspect --format '{{.Mountpoint}}' shop_pictures)" && find . -printf '%p %y %m %U:%G %n %s %l\n' | sort; cd ${PATH}/shared && find uploads -printf '%p %y %m %U:%G %s\n' | sort`,
    );
  const before = await look();
  const saved = await backup({ volumes: 'pictures', paths: 'shared/uploads' });
  const id = saved.outputs['backup']!;
  await host.sh(
    `rm -r "$(docker volume inspect --format '{{.Mountpoint}}' shop_pictures)/deep"; docker exec shop-files-1 sh -c 'echo since >/media/since; chmod 755 /media; echo spoilt >/uploads/b.txt'`,
  );
  const busy = await step('backup', saving({ restore: id, confirm: id }), { runId: String(++runs) });
  expect(busy.shown).toContain('containers work with the volume pictures: shop-files-1');
  await host.sh('docker stop --time 1 shop-files-1');
  const restored = await backup({ restore: id, confirm: id });
  expect(await look()).toBe(before);
  await host.sh('docker start shop-files-1');
  expect(await host.sh('docker exec shop-files-1 cat /media/same.png /uploads/b.txt')).toBe(
    'picture\nuploaded\n',
  );
  const [volume, uploads] = restored.outputs['replaced']!.split(' ');
  expect(await host.sh(`cat ${volume}/since ${uploads}/b.txt`)).toBe('since\nspoilt\n');
  await backup({ confirm: id });
  expect(await host.sh(`ls -d ${volume} ${uploads} 2>/dev/null || :`)).toBe('');
  await host.sh('docker rm --force shop-files-1 && docker volume rm shop_pictures');
}, 300_000);

const restic = (words: string) =>
  host.sh(`RESTIC_PASSWORD=only-the-workflow-knows restic --repo /srv/elsewhere ${words}`, {
    user: 'deploy',
  });
const ids = async () =>
  [...(await restic('snapshots --json')).matchAll(/"backup:([^"]*)"/g)].map(([, id]) => id!).sort();

test('a backup goes to a real repository, is read back there, and comes out of it when the folder is gone', async () => {
  await host.sh('install -d -o deploy /srv/elsewhere');
  const unmade = await step('backup', saving({ databases: 'db: postgres', ...REPOSITORY }), {
    runId: String(++runs),
  });
  expect(unmade.shown).toContain('there is no repository where the input repository says');
  await restic('init --quiet');
  const stranger = { ...REPOSITORY, 'repository-password': 'another-password' };
  const locked = await step('backup', saving({ databases: 'db: postgres', ...stranger }), {
    runId: String(++runs),
  });
  expect(locked.shown).toContain('the repository does not take the password');

  await psql(host, "insert into items (name) values ('sent away')");
  const { outputs, summary } = await backup({ databases: 'db: postgres', ...REPOSITORY });
  const id = outputs['backup']!;
  expect(summary).toContain('and read back there');
  expect(await ids()).toEqual([id]);
  expect(outputs['snapshot']).toMatch(/^[0-9a-f]{64}$/);
  const manifest = JSON.parse(await host.sh(`cat ${outputs['folder']}/manifest.json`)) as {
    files: { source: string }[];
  };
  // The database that every server has for its tools holds nothing here.
  expect(manifest.files.map(({ source }) => source)).toEqual(['shop', '']);

  await host.sh(`rm -r ${outputs['folder']}`);
  const listed = await backup({ list: 'true', ...REPOSITORY });
  const all = JSON.parse(listed.outputs['backups']!) as { id: string; where: string[] }[];
  expect(all.find((one) => one.id === id)?.where).toEqual(['repository']);
  await psql(host, 'delete from items');
  await backup({ restore: id, confirm: id, ...REPOSITORY });
  expect(await host.sh("docker exec shop-db-1 psql -U shop -d shop -Atc 'select name from items'")).toContain(
    'sent away',
  );
  await backup({ confirm: id });
}, 300_000);

test('a restic that is killed leaves the backup on the server, and no snapshot; its lock is taken off, and old ones go by the rule', async () => {
  const [first] = await ids();
  await restic(
    `tag --quiet --set deploy-actions,project:shop,backup:${first},created:2020-01-01T00:00:00Z,verified:none,bytes:100,release: --tag backup:${first}`,
  );
  const running = startStep(
    'backup',
    saving({
      commands: 'api: head -c 300000000 /dev/urandom -> big',
      databases: '',
      verify: 'none',
      ...REPOSITORY,
    }),
    { runId: String(++runs) },
  );
  // Killed earlier it would leave no lock.
  await until(
    'a restic that sends',
    async () =>
      (await host.sh('ls /srv/elsewhere/locks')) !== '' &&
      (await host.exec(['pkill', '-KILL', '-f', 'restic .* backup '])).code === 0,
  );
  const { exitCode, shown, outputs } = await running.done;
  expect(exitCode).toBe(1);
  expect(shown).toContain(
    `the backup ${outputs['backup']} is whole in ${PATH}/backups, and is not in the repository`,
  );
  expect(await host.sh(`ls ${outputs['folder']}`)).toBe('big\nmanifest.json\n');
  expect(await ids()).toEqual([first]);
  await host.sh(`rm -r ${outputs['folder']}`);

  expect(await restic('list locks --no-lock')).toMatch(/^[0-9a-f]{64}\n$/);
  const second = await backup({ databases: 'db: postgres shop', 'keep-last': '1', ...REPOSITORY });
  expect(second.shown).toContain('took a lock off the repository (restic unlock)');
  expect(await restic('list locks --no-lock')).toBe('');
  expect(second.shown).toContain(`removed the backup ${first} from the repository`);
  expect(await ids()).toEqual([second.outputs['backup']]);
}, 300_000);
