// The migrations. Each runs in a transaction of its own; 2 and 3 only add, 4 breaks older code.
const migrations = {
  1: {
    up: `CREATE TABLE items (id serial PRIMARY KEY, name text NOT NULL, created timestamptz DEFAULT now());
         CREATE TABLE jobs (id serial PRIMARY KEY, kind text NOT NULL, created timestamptz DEFAULT now(), state text DEFAULT 'new');
         CREATE TABLE job_runs (id serial PRIMARY KEY, job int NOT NULL, worker text NOT NULL, version text NOT NULL, at timestamptz DEFAULT now());`,
    down: 'DROP TABLE job_runs; DROP TABLE jobs; DROP TABLE items;',
  },
  2: { up: 'ALTER TABLE items ADD COLUMN note text;', down: 'ALTER TABLE items DROP COLUMN note;' },
  3: { up: 'CREATE TABLE tags (item int NOT NULL, tag text NOT NULL);', down: 'DROP TABLE tags;' },
  4: {
    up: 'ALTER TABLE items RENAME COLUMN name TO title;',
    down: 'ALTER TABLE items RENAME COLUMN title TO name;',
  },
};

/** The number of the last migration; 0 for an empty database. */
export async function schemaVersion(database) {
  const [table] = await database.query("SELECT to_regclass('schema_migrations') AS name");
  if (table.name === null) return 0;
  const [row] = await database.query('SELECT coalesce(max(number), 0) AS number FROM schema_migrations');
  return Number(row.number);
}

export async function migrate(database, target, fails) {
  await database.query(
    'CREATE TABLE IF NOT EXISTS schema_migrations (number int PRIMARY KEY, at timestamptz DEFAULT now(), run_by text)',
  );
  // Two at once must not both migrate; the test for that reads migration_starts.
  await database.query(
    'CREATE TABLE IF NOT EXISTS migration_starts (at timestamptz DEFAULT now(), host text)',
  );
  await database.query('INSERT INTO migration_starts (host) VALUES ($1)', [process.env.HOSTNAME ?? '']);
  const seconds = Number(process.env.MIGRATE_SECONDS ?? 0);
  for (let number = (await schemaVersion(database)) + 1; number <= target; number += 1) {
    console.log(`migration ${number}: starting`);
    const lastOne = number === target;
    if (seconds > 0) await database.query(`SELECT pg_sleep(${seconds})`);
    const extra = fails && lastOne ? "INSERT INTO items (no_such_column) VALUES ('x');" : '';
    await database
      .query(
        `BEGIN; ${migrations[number].up} ${extra} INSERT INTO schema_migrations (number) VALUES (${number}); COMMIT;`,
      )
      .catch(async (error) => {
        await database.query('ROLLBACK');
        throw new Error(`migration ${number} failed: ${error.message}`);
      });
    console.log(`migration ${number}: done`);
  }
  console.log(`schema is at ${await schemaVersion(database)}`);
}

export async function migrateDown(database, target) {
  for (let number = await schemaVersion(database); number > target; number -= 1) {
    await database.query(
      `BEGIN; ${migrations[number].down} DELETE FROM schema_migrations WHERE number = ${number}; COMMIT;`,
    );
    console.log(`migration ${number}: reverted`);
  }
  console.log(`schema is at ${await schemaVersion(database)}`);
}
