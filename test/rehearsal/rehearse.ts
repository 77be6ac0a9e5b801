import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatDuration, messageOf, systemClock } from '@deploy-actions/kit';
import { type Lab, LabRefusal, checkLab, openLab } from '@deploy-actions/lab';
import { findRoot } from '@deploy-actions/tooling';
import { EXAMPLES } from '../lab/workflow-rig.ts';
import { countLines } from './budget.ts';
import { explainDips } from './dip.ts';
import { BELOW_THE_TABLE, lostRequests, tellPhases, tellVisitors } from './figures.ts';
import { BAD, type Story, playJourney } from './journey.ts';
import { openFiles, openerOf } from './opener.ts';
import { drawTraffic } from './picture.ts';
import { SITE_PORT } from './production.ts';
import { openProgress } from './progress.ts';
import { introduce, thingsToTry } from './tour.ts';
import { CLIENT } from './watch.ts';

const USAGE = 'npm start [-- --keep]: plays a release pipeline; --keep leaves the lab up until Ctrl+C';

/**
 * `npm start`: the production pipeline of examples/ on a real server of the lab, with the bundles of dist. Answers the
 * exit status: 0 when all ended as it should, 1 when something did not, 2 when something is missing that cannot be
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
  const out = join(findRoot(import.meta.dirname), 'out');
  const artifacts = join(out, 'rehearsal');
  rmSync(artifacts, { recursive: true, force: true });
  mkdirSync(artifacts, { recursive: true });
  const log = join(artifacts, 'log.txt');
  const note = (line: string) => appendFileSync(log, `${line}\n`);
  const write = (line: string) => {
    console.log(line);
    note(line);
  };
  const progress = openProgress(write, systemClock, note);
  const began = systemClock.now();
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`interrupted by ${name}`)));
  }
  let lab: Lab | undefined;
  let story: Story | undefined;
  let failure: string | undefined;
  try {
    lab = await progress.phase('set up the lab', async (tell) => {
      const value = await openLab({ hosts: [{ sudo: true }], progress: tell });
      return { outcome: 'a server with Docker, Compose and sshd; a registry', value };
    });
    interrupted.signal.throwIfAborted();
    story = await playJourney(lab, progress, artifacts, interrupted.signal);
  } catch (error) {
    failure = messageOf(error);
  }
  // Without the time that --keep leaves the lab up.
  const took = formatDuration(systemClock.now() - began);
  if (story) {
    failure = tellStory(story, write, out);
  } else if (!interrupted.signal.aborted) {
    const failed = progress.phases.filter(({ ok }) => !ok).map(({ name }) => name);
    write(`\nThe rehearsal failed${failed.length > 0 ? ` in "${failed.join('", "')}"` : ''}: ${failure}`);
    write(`What was said until then: ${shown(log)}; pages of what was deployed: ${shown(artifacts)}.`);
    if (!keep) write('`npm start -- --keep` leaves the server up to look at, also when it fails.');
  }
  if (lab) {
    if (keep && !interrupted.signal.aborted) await keepOpen(lab, story, interrupted.signal);
    await lab.close();
    console.log('The lab is closed; nothing is left running.');
  }
  // With --keep, Ctrl+C is how a rehearsal that was played to its end is closed.
  if (!story && interrupted.signal.aborted) failure = messageOf(interrupted.signal.reason);
  // What failed in the middle was told with what to look at.
  if (failure !== undefined && (story || interrupted.signal.aborted)) console.error(failure);
  if (failure !== undefined) return 1;
  console.log(`Rehearsed in ${took}.`);
  return 0;
}

/** Tells the figures and writes the picture; answers what is wrong with them, if anything is. */
function tellStory(
  { releases, traffic, serves, pages }: Story,
  write: (line: string) => void,
  out: string,
): string | undefined {
  const lines = countLines(readFileSync(join(EXAMPLES, 'production-blue-green.yml'), 'utf8'));
  write(`\n${tellPhases(releases, lines)}\n${BELOW_THE_TABLE}\n`);
  for (const { version } of releases) write(tellVisitors(version, traffic.releases[version]!));
  write(`${serves.version} serves, as ${serves.color}.`);
  const notes = explainDips(traffic.dips, CLIENT);
  for (const note of notes) write(note);
  const picture = join(out, 'rehearsal.svg');
  writeFileSync(
    picture,
    drawTraffic({ title: 'Two releases: requests by the version that answered', ...traffic, notes }),
  );
  write(`\nAll that was said: ${shown(join(out, 'rehearsal/log.txt'))}`);
  write(`Picture: ${shown(picture)}`);
  for (const [index, page] of pages.entries()) write(`Page of ${releases[index]!.version}: ${shown(page)}`);
  const opener = openerOf({ ...process, terminal: process.stdout.isTTY });
  if (opener) openFiles(opener, [picture, ...pages.slice(-1)]);
  const lost = lostRequests(traffic.all, BAD);
  if (lost.length === 0) return undefined;
  return `Requests failed that ${BAD} did not answer: ${lost.map(({ reason, count }) => `${count} × ${reason}`).join(', ')}.`;
}

function shown(path: string): string {
  return relative(process.cwd(), path);
}

/** Leaves the lab up until Ctrl+C; after a rehearsal that failed there is only the way in. */
async function keepOpen(lab: Lab, story: Story | undefined, signal: AbortSignal): Promise<void> {
  const ssh = lab.sshCommand(lab.host);
  const site = lab.host.url(SITE_PORT);
  console.log('\nThe lab stays up until Ctrl+C.');
  if (story === undefined) console.log(`  site: ${site}\n  ssh:  ${ssh}`);
  else {
    console.log('In another shell, try:');
    for (const [index, { what, command }] of thingsToTry(site, ssh, story.serves.color).entries())
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
