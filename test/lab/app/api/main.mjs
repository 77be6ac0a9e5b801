// The sample application: shop serve | worker | scheduler | migrate | migrate-down N | migration-state
import { connect } from './postgres.mjs';
import { migrate, migrateDown, schemaVersion } from './schema.mjs';
import { serve } from './serve.mjs';
import { schedule, work } from './jobs.mjs';

const [mode = 'serve', argument] = process.argv.slice(2);
const fault = process.env.APP_FAULT ?? '';
const database = connect(process.env.DATABASE_URL);

const modes = {
  serve: () => serve(database),
  worker: () => work(database),
  scheduler: () => schedule(database),
  migrate: async () => {
    await migrate(database, Number(process.env.APP_SCHEMA), fault === 'migration-fails');
    process.exit(0);
  },
  'migrate-down': async () => {
    await migrateDown(database, Number(argument));
    process.exit(0);
  },
  'migration-state': async () => {
    console.log(await schemaVersion(database));
    process.exit(0);
  },
};

if (fault === 'crash-at-start' && ['serve', 'worker', 'scheduler'].includes(mode)) {
  console.error('fatal: cannot read configuration key "payments.endpoint"');
  process.exit(1);
}
if (modes[mode] === undefined) {
  console.error(`unknown mode ${mode}; known: ${Object.keys(modes).join(', ')}`);
  process.exit(2);
}
try {
  await modes[mode]();
} catch (error) {
  console.error(`${mode}: ${error.message}`);
  process.exit(1);
}
