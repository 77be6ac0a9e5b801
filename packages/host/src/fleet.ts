import { type Clock, Failure } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import { cancelRun, sendGo, upload } from './control.ts';
import { type MemberOutcome, succeeded } from './outcome.ts';
import type { Operation, Run, RunEvent, RunReference, RunState } from './run.ts';
import { startRun } from './start.ts';

/** A server with what is to be done on it. */
export interface Member {
  name: string;
  session: Session;
  operation: Operation;
  reopen(): Promise<Session>;
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
  /** Milliseconds for which a server that is not reached any more is asked for again; default: two minutes. */
  reconnectFor?: number | undefined;
  onEvent?(name: string, event: RunEvent): void;
  /** Called as soon as a run is on its way. */
  onStart?(name: string, reference: RunReference): void;
}

/**
 * How the locks of several servers are taken, so that two fleets of the same servers cannot wait for each other. `in
 * order`: the lock of one is held before the next one's is asked for. `at once`: so with the first one's; those of all
 * others are then asked for at the same time and not waited for, and whoever does not get one fails as busy (code
 * `lock-held`), nothing changed.
 */
export type Locks = 'in order' | 'at once';

/** Runs on several servers that go on together or not at all; the protocol is the caller's, by these steps. */
export interface Fleet {
  /** In the order of their starts. */
  readonly runs: readonly MemberRun[];
  /**
   * Starts all, in the order of their names. `together` says how their locks are taken; without it each server is for
   * itself. A failure ends the starting.
   */
  start(members: readonly Member[], together?: Locks): Promise<void>;
  /** Resolves when it holds; looked at after every event. Rejects with the signal's reason. */
  until(holds: () => boolean): Promise<void>;
  /** One of them did not succeed, or was never started. */
  failed(): boolean;
  /** Asks those that are not known to have ended, default all, to stop where they can. Never throws. */
  cancel(some?: readonly MemberRun[]): Promise<void>;
  /** Lets all that have not ended go on. */
  go(): Promise<void>;
  /** Puts a word into the folders of some that have not ended, for which their programs wait. */
  tell(some: readonly MemberRun[], word: { name: string; content: string }): Promise<void>;
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
      ...(options.reconnectFor === undefined ? {} : { reconnectFor: options.reconnectFor }),
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

  /** All at once; what one of them throws is thrown when every one is known or has failed. */
  async function launchWithoutWaiting(members: readonly Member[]): Promise<void> {
    const launches = members.map((member) =>
      launch({ ...member, operation: { ...member.operation, lockTimeout: 0 } }),
    );
    const failed = (await Promise.allSettled(launches)).find(({ status }) => status === 'rejected');
    if (failed) throw (failed as PromiseRejectedResult).reason;
  }

  const fleet: Fleet = {
    runs,
    async start(members, together) {
      const waiting = [...members].sort((a, b) => (a.name < b.name ? -1 : 1));
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const one = await launch(next);
        if (together === undefined) continue;
        await fleet.until(() => one.outcome !== undefined || isBeyondLock(one));
        if (one.outcome && !succeeded(one.outcome)) break;
        // Runs that were found under way may be waiting for a lock with all patience.
        if (together === 'at once' && one.run.disposition === 'started') {
          await launchWithoutWaiting(waiting.splice(0));
        }
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
          // One that is not followed any more goes on.
          .filter(({ outcome }) => !outcome?.result)
          .map(({ run }) => cancelRun(run.session, run.reference).catch(() => undefined)),
      );
    },
    async go() {
      await Promise.all(
        runs.map((one) => patiently(one, options, () => sendGo(one.run.session, one.run.reference))),
      );
    },
    async tell(some, word) {
      await Promise.all(
        some.map((one) =>
          patiently(one, options, () => {
            const { path, directory } = one.run.reference;
            return upload(one.run.session, path, directory, [word]);
          }),
        ),
      );
    },
  };
  return fleet;
}

/** One that has ended by now tells how in a moment. */
function isBeyondLock({ state }: MemberRun): boolean {
  return state !== 'none' && state !== 'waiting' && state !== 'ended';
}

/**
 * Asks something of a server whose run has not ended. Where the connection has dropped just now it is asked through the
 * next one: the others are told meanwhile, and it would stop for want of the word. Undefined when it has ended.
 */
export async function patiently<T>(
  one: MemberRun,
  { clock, signal }: Pick<FleetOptions, 'clock' | 'signal'>,
  ask: () => Promise<T>,
): Promise<T | undefined> {
  while (!one.outcome) {
    try {
      return await ask();
    } catch (error) {
      // Following gives up in the end, which is an outcome.
      if (!(error instanceof Failure && error.kind === 'lost')) throw error;
      await clock.sleep(200, signal);
    }
  }
  return undefined;
}
