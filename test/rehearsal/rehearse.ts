import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatDuration, messageOf, systemClock } from '@deploy-actions/kit';
import { type Lab, LabRefusal, checkLab, openLab } from '@deploy-actions/lab';
import { findRoot } from '@deploy-actions/tooling';
import { type Rehearsal, playJourney } from './journey.ts';
import { explainDips } from './dip.ts';
import { drawTraffic } from './picture.ts';
import { openProgress, textTable } from './progress.ts';
import { SITE_PORT } from './shop.ts';
import { introduce, thingsToTry } from './tour.ts';
import { CLIENT } from './watch.ts';

const USAGE = 'npm start [-- --keep]: rehearses a deployment; --keep leaves the lab up until Ctrl+C';

/**
 * `npm start`: a real deployment on a real server of the lab, with the bundles of dist. Answers the exit status:
 * 0 when every step ended as it should, 1 when one did not, 2 when something is missing that cannot be
 * installed, or the arguments are wrong (nothing was changed then).
 */
export async function run(args: string[]): Promise<number> {
  const unknown = args.find((arg) => arg !== '--keep');
  if (unknown !== undefined) {
    console.error(`"${unknown}" is unknown. ${USAGE}`);
    return 2;
  }
  try {
    console.log(introduce(await checkLab()));
  } catch (error) {
    if (!(error instanceof LabRefusal)) throw error;
    console.error(error.message);
    return 2;
  }
  return await rehearse(args.includes('--keep'));
}

async function rehearse(keep: boolean): Promise<number> {
  const progress = openProgress((line) => console.log(line), systemClock);
  const began = systemClock.now();
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  let lab: Lab | undefined;
  let rehearsal: Rehearsal | undefined;
  let failure: unknown;
  try {
    const opened = await progress.phase('set up the lab', async (tell) => {
      const value = await openLab({ hosts: [{ sudo: true }], registry: 'token', progress: tell });
      return { outcome: 'a server with Docker, Compose and sshd; a registry', value };
    });
    lab = opened;
    interrupted.signal.throwIfAborted();
    rehearsal = await playJourney(opened, progress, interrupted.signal);
  } catch (error) {
    failure = error;
  }
  // Without the time that --keep leaves the lab up.
  const took = formatDuration(systemClock.now() - began);
  // Rows first, so that a failure is read with what led to it.
  if (progress.phases.length > 0) printTable(progress.phases, rehearsal);
  if (rehearsal) {
    printMessages(rehearsal);
    writePicture(rehearsal);
  }
  if (failure !== undefined) console.error(`\nThe rehearsal failed: ${messageOf(failure)}`);
  if (lab) {
    if (keep && !interrupted.signal.aborted) await keepOpen(lab, rehearsal, interrupted.signal);
    await lab.close();
    console.log('the lab is closed; nothing is left running');
  }
  if (failure === undefined) console.log(`\nRehearsed in ${took}.`);
  return failure === undefined ? 0 : 1;
}

function printTable(
  phases: readonly { name: string; ms: number; outcome: string; ok: boolean }[],
  rehearsal?: Rehearsal,
): void {
  const rows = phases.map((phase, index) => {
    const traffic = rehearsal?.traffic[index];
    return [
      phase.name,
      formatDuration(phase.ms),
      phase.ok ? phase.outcome : `FAILED: ${phase.outcome}`,
      traffic ? String(traffic.served) : '',
      traffic ? String(traffic.failed) : '',
    ];
  });
  if (rehearsal) {
    const { served, failed } = rehearsal.total;
    rows.push(['all requests', '', rehearsal.versions, String(served), String(failed)]);
  }
  console.log(`\n${textTable(['phase', 'duration', 'outcome', 'served', 'failed'], rows, [1, 3, 4])}\n`);
}

/** The messages of the last runs as their readers see them. */
function printMessages(rehearsal: Rehearsal): void {
  for (const { messenger, text } of rehearsal.messages) {
    console.log(`${messenger} shows:\n${text.replace(/^/gm, '  │ ')}\n`);
  }
}

function writePicture(rehearsal: Rehearsal): void {
  const root = findRoot(import.meta.dirname);
  const folder = join(root, 'out');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'rehearsal.svg');
  const notes = explainDips(rehearsal.dips, CLIENT);
  writeFileSync(
    path,
    drawTraffic({ title: 'A rehearsal: requests by the version that answered', ...rehearsal, notes }),
  );
  console.log([`picture: ${relative(process.cwd(), path)}`, ...notes].join('\n'));
}

/** Leaves the lab up until Ctrl+C; after a rehearsal that failed there is only the way in. */
async function keepOpen(lab: Lab, rehearsal: Rehearsal | undefined, signal: AbortSignal): Promise<void> {
  const ssh = lab.sshCommand(lab.host);
  const site = lab.host.url(SITE_PORT);
  console.log('\nThe lab stays up until Ctrl+C.');
  if (rehearsal === undefined) console.log(`  site: ${site}\n  ssh:  ${ssh}`);
  else {
    console.log('In another shell, try:');
    for (const [index, { what, command }] of thingsToTry(site, ssh, rehearsal.color).entries())
      console.log(`\n  ${index + 1}. ${what}\n     ${command}`);
  }
  // A pending promise alone does not keep the process alive.
  const alive = setInterval(() => {}, 60_000);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(alive);
}
