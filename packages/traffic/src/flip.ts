import {
  type Operation,
  type Run,
  type RunEvent,
  type RunResult,
  cancelRun,
  failureOf,
  sendGo,
  startRun,
  upload,
} from '@deploy-actions/host';
import { type Clock, Failure, type Log, messageOf } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { createHash } from 'node:crypto';

/** A server with what is to be done on it. */
export interface Member {
  name: string;
  session: Session;
  operation: Operation;
  reopen(): Promise<Session>;
}

/** How it went on one server: exactly one of `result` and `lost` is set. */
export interface MemberOutcome {
  name: string;
  result?: RunResult;
  lost?: unknown;
}

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
  const { signal } = options;
  const several = members.length > 1 && !options.alone;
  const started: { member: Member; run: Run; state: string; outcome: MemberOutcome | undefined }[] = [];
  let wake: () => void = () => undefined;
  const changed = () => wake();
  const until = async (holds: () => boolean) => {
    while (!holds()) {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => {
        wake = resolve;
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
  };
  const failed = () => started.some(({ outcome }) => outcome && outcome.result?.outcome !== 'succeeded');
  try {
    for (const member of [...members].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const one: (typeof started)[number] = {
        member,
        run: undefined as never,
        state: 'none',
        outcome: undefined,
      };
      one.run = await startRun(member.session, member.operation, {
        clock: options.clock,
        signal,
        reopen: member.reopen,
        onEvent(event) {
          tell(options.log, several || options.alone ? `${member.name} | ` : '', event);
          if (event.type === 'state') one.state = event.state;
          changed();
        },
      });
      started.push(one);
      one.run.result.then(
        (result) => {
          one.outcome = { name: member.name, result };
          changed();
        },
        (lost: unknown) => {
          one.outcome = { name: member.name, lost };
          changed();
        },
      );
      if (several)
        await until(() => one.outcome !== undefined || (one.state !== 'none' && one.state !== 'waiting'));
      if (several && failed()) break;
    }
    if (several) {
      await until(
        () => failed() || started.every(({ state, outcome }) => outcome !== undefined || state === 'ready'),
      );
      if (failed() || started.length < members.length) {
        await Promise.all(
          started
            .filter(({ outcome }) => !outcome)
            .map(({ run }) => cancelRun(run.session, run.reference).catch(() => undefined)),
        );
      } else {
        await Promise.all(started.map((one) => letGo(one, options)));
      }
    }
    const stopSigns = options.aliveEvery > 0 ? signs(started, options) : undefined;
    await until(() => started.every(({ outcome }) => outcome !== undefined));
    stopSigns?.();
  } catch (error) {
    // A cancelled run asks the servers to give back what is not proven; they do so by themselves.
    if (signal.aborted) {
      await Promise.all(
        started
          .filter(({ outcome }) => !outcome)
          .map(({ run }) => cancelRun(run.session, run.reference).catch(() => undefined)),
      );
    }
    throw error;
  }
  return started.map(({ outcome }) => outcome!);
}

/**
 * Lets a server go on. One whose connection has dropped just now is told through the next one: the others are told
 * meanwhile, and it would stop for want of the word.
 */
async function letGo(
  one: { run: Run; outcome: MemberOutcome | undefined },
  { clock, signal }: FlipOptions,
): Promise<void> {
  while (!one.outcome) {
    try {
      await sendGo(one.run.session, one.run.reference);
      return;
    } catch (error) {
      // Following gives up in the end, which is an outcome.
      if (!(error instanceof Failure && error.kind === 'lost')) throw error;
      await clock.sleep(200, signal);
    }
  }
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
      `${outcome.name} could not go back to how it was (${asFailure(outcome).message}): run the action again`,
    );
  }
}

/** Writes a new figure into each run's folder from time to time: the sign that somebody follows. */
function signs(
  started: readonly { run: Run; outcome: MemberOutcome | undefined }[],
  options: FlipOptions,
): () => void {
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

function tell(log: Log, prefix: string, event: RunEvent): void {
  if (event.type === 'line') log.info(prefix + event.text);
  else if (event.type === 'warning') log.warning(prefix + event.text);
  else if (event.type === 'phase') log.info(`${prefix}— ${event.name} (at ${event.at} ms)`);
  else if (event.type === 'reconnected')
    log.info(`${prefix}the connection dropped; following again (attempt ${event.attempt})`);
}

export function succeeded(outcome: MemberOutcome): boolean {
  return outcome.result?.outcome === 'succeeded';
}

/** The failure of the first server that failed by itself; what happened on the others stands below. */
export function togetherFailure(
  outcomes: readonly MemberOutcome[],
  outputs: Record<string, unknown>,
): Failure | undefined {
  const failures = outcomes.filter((one) => !succeeded(one));
  if (failures.length === 0) return undefined;
  const own =
    failures.find((one) => one.result?.failure && !/no word to go/.test(one.result.failure.message)) ??
    failures[0]!;
  const failure = asFailure(own);
  const others = outcomes
    .filter((one) => one !== own)
    .map((one) => `${one.name}: ${succeeded(one) ? 'done' : asFailure(one).message}`);
  return new Failure(failure.kind, `${outcomes.length > 1 ? `${own.name}: ` : ''}${failure.message}`, {
    remedy: failure.remedy,
    details: [failure.details, ...others].filter(Boolean).join('\n') || undefined,
    outputs,
    cause: failure.cause,
  });
}

function asFailure(outcome: MemberOutcome): Failure {
  if (outcome.result) return failureOf(outcome.result);
  if (outcome.lost instanceof Failure) return outcome.lost;
  return new Failure('lost', `the outcome on ${outcome.name} is not known: ${messageOf(outcome.lost)}`, {
    cause: outcome.lost,
    remedy: 'Run it again: it finishes or gives back, by what the proxy does then.',
  });
}

/** The hash by which the host package knows two operations for the same. */
export function operationHash(parts: unknown): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
