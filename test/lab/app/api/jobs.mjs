// The worker and the scheduler: what must not run twice. Neither protects itself, so that a second one is seen.
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const version = process.env.APP_VERSION ?? 'unknown';
const stubborn = process.env.APP_FAULT === 'ignores-sigterm';
let stopping = false;

function untilStopped() {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    process.on(signal, () => {
      if (!stubborn) stopping = true;
    });
  }
}

/** Runs each new job once, and writes down that it did. */
export async function work(database) {
  untilStopped();
  console.log(`worker ${version} started`);
  while (!stopping) {
    try {
      const jobs = await database.query("SELECT id FROM jobs WHERE state = 'new' ORDER BY id LIMIT 20");
      for (const { id } of jobs) {
        await sleep(20);
        await database.query('INSERT INTO job_runs (job, worker, version) VALUES ($1, $2, $3)', [
          id,
          hostname(),
          version,
        ]);
        await database.query("UPDATE jobs SET state = 'done' WHERE id = $1", [id]);
      }
    } catch (error) {
      console.error(`worker: ${error.message}`);
    }
    await sleep(100);
  }
  process.exit(0);
}

/** Puts one job for each second into the queue. */
export async function schedule(database) {
  untilStopped();
  console.log(`scheduler ${version} started`);
  while (!stopping) {
    try {
      const kind = `tick ${Math.floor(Date.now() / 1000)}`;
      await database.query('INSERT INTO jobs (kind) VALUES ($1)', [kind]);
    } catch (error) {
      console.error(`scheduler: ${error.message}`);
    }
    for (let left = 1000 - (Date.now() % 1000); left > 0 && !stopping; left -= 50)
      await sleep(Math.min(left, 50));
  }
  process.exit(0);
}
