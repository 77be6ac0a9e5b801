import { type Clock, Failure, messageOf } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { cancelRun, sendGo } from './control.ts';
import { failureOf } from './result.ts';
import type { Operation, Run, RunEvent, RunReference, RunResult, RunState } from './run.ts';
import { startRun } from './start.ts';

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

/** A member's run and what is known of it. */
export interface MemberRun {
  member: Member;
  run: Run;
  state: RunState | 'none';
  /** The last one that it told; empty before. */
  phase: string;
  outcome: MemberOutcome | undefined;
}

export interface FleetOptions {
  clock: Clock;
  signal: AbortSignal;
  onEvent?(name: string, event: RunEvent): void;
  /** Called as soon as a run is on its way. */
  onStart?(name: string, reference: RunReference): void;
}

/** Runs on several servers that go on together or not at all; the protocol is the caller's, by these steps. */
export interface Fleet {
  /** In the order of their starts. */
  readonly runs: readonly MemberRun[];
  /**
   * Starts all, in the order of their names. `together`: the lock of one is held before the next one's is asked for, so
   * that two fleets of the same servers cannot wait for each other, and a failure ends the starting.
   */
  start(members: readonly Member[], together: boolean): Promise<void>;
  /** Resolves when it holds; looked at after every event. Rejects with the signal's reason. */
  until(holds: () => boolean): Promise<void>;
  /** One of them did not succeed, or was never started. */
  failed(): boolean;
  /** Asks those that have not ended, default all, to stop where they can. Never throws. */
  cancel(some?: readonly MemberRun[]): Promise<void>;
  /** Lets all that have not ended go on. */
  go(): Promise<void>;
}

export function openFleet(options: FleetOptions): Fleet {
  const { signal } = options;
  const runs: MemberRun[] = [];
  const waiters = new Set<() => void>();
  let missing = false;
  const wake = () => {
    for (const one of [...waiters]) one();
  };

  async function launch(member: Member): Promise<MemberRun> {
    // Its events come before the run itself is known.
    const one: MemberRun = { member, run: undefined as never, state: 'none', phase: '', outcome: undefined };
    one.run = await startRun(member.session, member.operation, {
      clock: options.clock,
      signal,
      reopen: member.reopen,
      onEvent(event) {
        if (event.type === 'state') one.state = event.state;
        if (event.type === 'phase') one.phase = event.name;
        options.onEvent?.(member.name, event);
        wake();
      },
    });
    runs.push(one);
    options.onStart?.(member.name, one.run.reference);
    const settle = (outcome: MemberOutcome) => {
      one.outcome = outcome;
      wake();
    };
    one.run.result.then(
      (result) => settle({ name: member.name, result }),
      (lost: unknown) => settle({ name: member.name, lost }),
    );
    return one;
  }

  const fleet: Fleet = {
    runs,
    async start(members, together) {
      for (const member of [...members].sort((a, b) => (a.name < b.name ? -1 : 1))) {
        const one = await launch(member);
        if (!together) continue;
        await fleet.until(() => one.outcome !== undefined || isBeyondLock(one));
        if (one.outcome && !succeeded(one.outcome)) break;
      }
      missing = runs.length < members.length;
    },
    async until(holds) {
      while (!holds()) {
        signal.throwIfAborted();
        await new Promise<void>((resolve) => {
          const look = () => {
            waiters.delete(look);
            signal.removeEventListener('abort', look);
            resolve();
          };
          waiters.add(look);
          signal.addEventListener('abort', look);
        });
      }
    },
    failed: () => missing || runs.some(({ outcome }) => outcome && !succeeded(outcome)),
    async cancel(some = runs) {
      await Promise.all(
        some
          .filter(({ outcome }) => !outcome)
          .map(({ run }) => cancelRun(run.session, run.reference).catch(() => undefined)),
      );
    },
    async go() {
      await Promise.all(runs.map((one) => letGo(one, options)));
    },
  };
  return fleet;
}

/** One that has ended by now tells how in a moment. */
function isBeyondLock({ state }: MemberRun): boolean {
  return state !== 'none' && state !== 'waiting' && state !== 'ended';
}

/**
 * Lets a server go on. One whose connection has dropped just now is told through the next one: the others are told
 * meanwhile, and it would stop for want of the word.
 */
async function letGo(one: MemberRun, { clock, signal }: FleetOptions): Promise<void> {
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

export function succeeded(outcome: MemberOutcome): boolean {
  return outcome.result?.outcome === 'succeeded';
}

/**
 * The failure of the first server that failed by itself; what happened on the others stands below. A run that stopped
 * because of another one says so by the field `stopped`. `several`: the failure names its server; a failure may have ended
 * the starting, so that there is only one outcome. Undefined when all is well.
 */
export function fleetFailure(
  outcomes: readonly MemberOutcome[],
  outputs: Record<string, unknown>,
  several = outcomes.length > 1,
): Failure | undefined {
  const failures = outcomes.filter((one) => !succeeded(one));
  if (failures.length === 0) return undefined;
  const own = failures.find((one) => one.result?.fields['stopped'] !== 'true') ?? failures[0]!;
  const failure = memberFailure(own);
  const others = outcomes
    .filter((one) => one !== own)
    .map((one) => `${one.name}: ${succeeded(one) ? 'done' : memberFailure(one).message}`);
  return new Failure(failure.kind, `${several ? `${own.name}: ` : ''}${failure.message}`, {
    remedy: failure.remedy,
    details: [failure.details, ...others].filter(Boolean).join('\n') || undefined,
    outputs,
    cause: failure.cause,
  });
}

/** The Failure of one server that did not succeed. */
export function memberFailure(outcome: MemberOutcome): Failure {
  if (outcome.result) return failureOf(outcome.result);
  if (outcome.lost instanceof Failure) return outcome.lost;
  return new Failure('lost', `the outcome on ${outcome.name} is not known: ${messageOf(outcome.lost)}`, {
    cause: outcome.lost,
    remedy: 'Run it again: it finishes what was begun, or gives it back.',
  });
}
