import {
  type Member,
  type MemberOutcome,
  type MemberRun,
  type Operation,
  type RunEvent,
  memberFailure,
  openFleet,
  succeeded,
  upload,
} from '@deploy-actions/host';
import type { Clock, Log } from '@deploy-actions/kit';
import { createHash } from 'node:crypto';

export interface FlipOptions {
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Tells a canary on the server, every so many milliseconds, that the runner is still there; 0: does not. */
  aliveEvery: number;
  /** Each server for itself: none waits for the others. */
  alone?: boolean;
}

/**
 * Runs an operation on all servers. Locks are taken in the order of names; all are ready before any hears `go`;
 * when one cannot become ready, the others stop without having changed anything.
 */
export async function runTogether(
  members: readonly Member[],
  options: FlipOptions,
): Promise<MemberOutcome[]> {
  const { clock, log, signal } = options;
  const several = members.length > 1 && !options.alone;
  const fleet = openFleet({
    clock,
    signal,
    onEvent: (name, event) => tellEvent(log, several || options.alone ? `${name} | ` : '', event),
  });
  try {
    await fleet.start(members, several);
    if (several) {
      await fleet.until(
        () => fleet.failed() || fleet.runs.every(({ state, outcome }) => outcome || state === 'ready'),
      );
      if (fleet.failed()) await fleet.cancel();
      else await fleet.go();
    }
    const stopSigns = options.aliveEvery > 0 ? signs(fleet.runs, options) : undefined;
    await fleet.until(() => fleet.runs.every(({ outcome }) => outcome !== undefined));
    stopSigns?.();
  } catch (error) {
    // Whoever is under way gives back what is not proven, by itself.
    await fleet.cancel();
    throw error;
  }
  return fleet.runs.map(({ outcome }) => outcome!);
}

/**
 * All or none: gives back what was changed on servers where it went well, because another one failed. `back` answers the
 * operation that undoes it, or undefined where there is nothing to undo.
 */
export async function returnOthers(
  members: readonly Member[],
  outcomes: readonly MemberOutcome[],
  back: (member: Member, outcome: MemberOutcome) => Operation | undefined,
  options: FlipOptions,
): Promise<void> {
  const returning = outcomes.flatMap((outcome) => {
    const member = members.find((one) => one.name === outcome.name);
    const operation = member && succeeded(outcome) ? back(member, outcome) : undefined;
    if (!member || !operation) return [];
    options.log.info(`${member.name}: goes back to how it was, because another server failed`);
    return [{ ...member, operation }];
  });
  if (returning.length === 0) return;
  for (const outcome of await runTogether(returning, { ...options, alone: true })) {
    if (succeeded(outcome)) continue;
    options.log.warning(
      `${outcome.name} could not go back to how it was (${memberFailure(outcome).message}): run the action again`,
    );
  }
}

/** Writes a new figure into each run's folder from time to time: the sign that somebody follows. */
function signs(started: readonly MemberRun[], options: FlipOptions): () => void {
  const stop = new AbortController();
  void (async () => {
    for (let count = 1; !stop.signal.aborted; count += 1) {
      for (const { run, outcome } of started) {
        if (outcome) continue;
        await upload(run.session, run.reference.path, run.reference.directory, [
          { name: 'alive', content: `${count}\n` },
        ]).catch(() => undefined);
      }
      await options.clock.sleep(options.aliveEvery, stop.signal).catch(() => undefined);
    }
  })();
  return () => stop.abort();
}

/** Writes what a run says to the log, with the server's name before it where there are several. */
export function tellEvent(log: Log, prefix: string, event: RunEvent): void {
  if (event.type === 'line') log.info(prefix + event.text);
  else if (event.type === 'warning') log.warning(prefix + event.text);
  else if (event.type === 'phase') log.info(`${prefix}— ${event.name} (at ${event.at} ms)`);
  else if (event.type === 'reconnected')
    log.info(`${prefix}the connection dropped; following again (attempt ${event.attempt})`);
}

/** The hash by which the host package knows two operations for the same. */
export function operationHash(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
