// A MariaDB as far as a restore asks it: databases are folders of $HOME/mysql, tables and views files of theirs. Called as its
// client is (`mariadb …`), or as `mariadb-dump …`. What it does not know it refuses, so that no statement passes unread. The
// server in a throw-away container has its own databases. Who locks it notes that in `.locked` beside them, and a dump says in
// `.dumped` whether that was there when it began.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [, , program, ...words] = process.argv;
const root = path.join(
  process.env.HOME,
  (process.env.IN_CONTAINER ?? '').includes('trial') ? 'mysql-trial' : 'mysql',
);
mkdirSync(root, { recursive: true });
const how = (name) => {
  const file = path.join(process.env.HOME, 'how', name);
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
};
const at = (...names) => path.join(root, ...names);
const lines = (all) => all.map((one) => `${one}\n`).join('');
const things = (database, kind) =>
  existsSync(at(database))
    ? readdirSync(at(database))
        .filter((one) => one.endsWith(kind))
        .map((one) => one.slice(0, -kind.length))
        .sort()
    : [];
const TABLE = '.table';
const VIEW = '.view';

async function dump() {
  const [database, ...names] = words.filter((one) => !one.startsWith('--'));
  if (words.includes('--version')) return 'mariadb-dump from 11.8.2-MariaDB\n';
  if (!existsSync(at(database))) throw new Error(`Unknown database '${database}'`);
  const data = !words.includes('--no-data');
  const content = Object.fromEntries(
    things(database, TABLE).map((one) => [one, readFileSync(at(database, one + TABLE), 'utf8')]),
  );
  if (words.includes('--verbose')) {
    if (how('mysql-hangs')) await sleep(300_000);
    writeFileSync(at('.dumped'), existsSync(at('.locked')) ? 'while nobody wrote' : 'while others wrote');
    process.stderr.write(
      '-- Connecting to localhost...\n-- Retrieving table structure for table orders...\n',
    );
    // Whoever waits to write must not wait for the whole dump.
    for (let turns = 0; existsSync(at('.locked')); turns++) {
      if (turns === 400) throw new Error('writers still wait');
      await sleep(50);
    }
    if (how('mysql-dump-fails')) throw new Error('Lost connection to server during query when dumping table');
  }
  const tables = data ? Object.keys(content) : [];
  const views = data ? things(database, VIEW) : names;
  return [
    '-- MariaDB dump\n',
    ...(data && how('mysql-dumps-event') ? ['/*!50106 DROP EVENT IF EXISTS `clean` */;\n'] : []),
    ...tables.map((one) => `-- Table structure for table \`${one}\`\nFILL \`${one}\` ${content[one]};\n`),
    ...views.map((one) => `CREATE VIEW \`${one}\` AS ${readFileSync(at(database, one + VIEW), 'utf8')};\n`),
    '-- Dump completed on 2026-11-28\n',
  ].join('');
}

let snapshot;
let question;
/** What a question is answered by: how many tables there are, and how much is in them. */
function sumOf(database) {
  const tables = things(database, TABLE);
  const sum = tables.reduce(
    (all, one) => all + readFileSync(at(database, one + TABLE), 'utf8').trim().length,
    0,
  );
  return `${tables.length} tables of ${sum}`;
}

let used = words.findLast((one) => !one.startsWith('--'));

/** What a statement answers that only does something. */
const done = () => '';

/** One statement; what it answers. */
function answer(statement) {
  const found = (pattern) => {
    const match = pattern.exec(statement);
    return match ? match.slice(1) : undefined;
  };
  let hit;
  if (/^(?:SET SESSION |SELECT 1$|KILL )/.test(statement)) return '';
  if (statement === 'FLUSH TABLES WITH READ LOCK') {
    if (how('mysql-busy')) throw new Error('Lock wait timeout exceeded; try restarting transaction');
    return done(writeFileSync(at('.locked'), ''));
  }
  if (statement === 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY')
    return done((snapshot = sumOf(used)));
  if (statement === 'UNLOCK TABLES') {
    // One who has waited.
    if (snapshot) writeFileSync(at(used, `late${TABLE}`), 'written since');
    return done(rmSync(at('.locked')));
  }
  if ((hit = found(/^SELECT '(.*)'$/))) return `${hit[0]}\n`;
  if ((hit = found(/^SET @question = CONVERT\(X'([0-9a-f]+)' USING utf8mb4\)$/)))
    return done((question = Buffer.from(hit[0], 'hex').toString()));
  if (statement === 'PREPARE question FROM @question') {
    if (question === 'wrong') throw new Error('You have an error in your SQL syntax');
    return '';
  }
  if (statement === 'EXECUTE question') return `${snapshot ?? sumOf(used)} by ${question}\n`;
  if ((hit = found(/^SET GLOBAL read_only = (ON|OFF)$/))) {
    writeFileSync(at('.read-only'), hit[0]);
    return '';
  }
  if (statement === 'SELECT @@GLOBAL.read_only')
    return existsSync(at('.read-only')) && readFileSync(at('.read-only'), 'utf8') === 'ON' ? '1\n' : '0\n';
  if (/FROM information_schema\.processlist/.test(statement)) return '';
  if (/engine IN \('MyISAM'/.test(statement)) return '';
  if (/FROM information_schema\.events/.test(statement)) return how('mysql-events') && 'clean\n';
  if (/FROM information_schema\.referential_constraints/.test(statement))
    return how('mysql-keys') && 'crm.notes\n';
  if (/SUM\(data_length/.test(statement)) return lines(databases().map((one) => `1000\t${one}`));
  if (
    (hit = found(/^SELECT schema_name FROM information_schema\.schemata(?: WHERE schema_name IN \((.*)\))?$/))
  )
    return lines(databases().filter((one) => hit[0] === undefined || hit[0].includes(`'${one}'`)));
  if (/^SELECT CONCAT\('CHARACTER SET /.test(statement)) return 'CHARACTER SET utf8mb4 COLLATE utf8mb4_bin\n';
  if ((hit = found(/^SELECT CONCAT\('CREATE DATABASE `(.*?)` CHARACTER SET '/)))
    return `CREATE DATABASE \`${hit[0]}\` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;\n`;
  if ((hit = found(/^SELECT table_name FROM information_schema\.views WHERE table_schema = '(.*)'$/)))
    return lines(things(hit[0], VIEW));
  if ((hit = found(/^SELECT table_schema FROM .*table_name = '(.*)' AND table_schema IN \((.*)\)$/)))
    return lines(
      databases().filter((one) => hit[1].includes(`'${one}'`) && existsSync(at(one, hit[0] + TABLE))),
    );
  if ((hit = found(/^SELECT COUNT\(\*\) FROM .*table_schema = '(.*)' AND table_name = '(.*)'$/)))
    return `${existsSync(at(hit[0], hit[1] + TABLE)) ? 1 : 0}\n`;
  if ((hit = found(/^SELECT COUNT\(\*\) FROM .*table_schema = '([^']*)'$/)))
    return `${things(hit[0], TABLE).length}\n`;
  if ((hit = found(/^SELECT COUNT\(\*\) FROM .*table_schema = '(.*?)' AND table_type NOT IN/)))
    return `${things(hit[0], TABLE).length}\n`;
  if ((hit = found(/^SELECT CONCAT\('DROP TRIGGER IF EXISTS `(.*?)`.*WHERE trigger_schema = '(.*?)' UNION/)))
    return lines(things(hit[1], VIEW).map((one) => `DROP VIEW IF EXISTS \`${hit[0]}\`.\`${one}\`;`));
  if ((hit = found(/^SELECT CONCAT\('`(.*?)`\.`.* TO `(.*?)`\.`.*WHERE table_schema = '(.*?)'/)))
    return lines(things(hit[2], TABLE).map((one) => `\`${hit[0]}\`.\`${one}\` TO \`${hit[1]}\`.\`${one}\``));
  if ((hit = found(/^CREATE DATABASE `(.*?)`/))) return done(mkdirSync(at(hit[0])));
  if ((hit = found(/^DROP DATABASE IF EXISTS `(.*)`$/)))
    return done(rmSync(at(hit[0]), { recursive: true, force: true }));
  if ((hit = found(/^CREATE TABLE `(.*)`\.(\S+)/)))
    return done(writeFileSync(at(hit[0], hit[1] + TABLE), ''));
  if ((hit = found(/^DROP TABLE IF EXISTS `(.*)`\.`(.*)`$/)))
    return done(rmSync(at(hit[0], hit[1] + TABLE), { force: true }));
  if ((hit = found(/^DROP VIEW IF EXISTS `(.*)`\.`(.*)`$/)))
    return done(rmSync(at(hit[0], hit[1] + VIEW), { force: true }));
  if ((hit = found(/^USE `(.*)`$/))) return (used = hit[0]) && '';
  if ((hit = found(/^FILL `(.*?)` (.*)$/s))) {
    if (how('mysql-loses')) return '';
    return done(writeFileSync(at(used, hit[0] + TABLE), how('mysql-spoils') ? 'x' : hit[1]));
  }
  if ((hit = found(/^CREATE VIEW `(.*?)` AS (.*)$/s))) {
    if (how('mysql-view-fails') && used === 'shop' && hit[1] === 'then') throw new Error('The table is full');
    return done(writeFileSync(at(used, hit[0] + VIEW), hit[1]));
  }
  if ((hit = found(/^RENAME TABLE (.*)$/s))) {
    if (how('mysql-busy')) throw new Error('Lock wait timeout exceeded; try restarting transaction');
    if (how('mysql-undo-fails') && hit[0].includes(' TO `shop_restore_')) throw new Error('Too many locks');
    for (const pair of hit[0].split(',')) {
      const [, from, table, to, name] = /^\s*`(.*)`\.`(.*)` TO `(.*)`\.`(.*)`\s*$/.exec(pair);
      renameSync(at(from, table + TABLE), at(to, name + TABLE));
    }
    return '';
  }
  throw new Error(`this stand-in does not know: ${statement}`);
}

const databases = () =>
  readdirSync(root)
    .filter((one) => !one.startsWith('.'))
    .sort();

function obey(text) {
  const statements = text.replace(/^--.*$|\/\*.*?\*\/;?/gm, '').split(/;(?=\s|$)/);
  for (const statement of statements.map((one) => one.trim()).filter(Boolean))
    process.stdout.write(answer(statement));
}

try {
  const given = words.find((one) => one.startsWith('--execute='))?.slice('--execute='.length);
  if (program === 'mariadb-dump') process.stdout.write(await dump());
  else if (given === undefined && words.includes('--unbuffered')) {
    for await (const line of createInterface({ input: process.stdin })) obey(line);
    // Its locks go with it.
    rmSync(at('.locked'), { force: true });
  } else obey(given ?? readFileSync(0, 'utf8'));
} catch (error) {
  process.stderr.write(`ERROR: ${error.message}\n`);
  // Also where its stdin is open.
  process.exit(1);
}
