import {
  type Operation,
  type Run,
  type RunReference,
  type RunResult,
  cancelRun,
  failureOf,
  sendGo,
  startRun,
  upload,
} from '@deploy-actions/host';
import { type Clock, Failure, messageOf } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { Progress, Teller } from './progress.ts';

/** A server with what is to be done on it. */
export interface Member {
  name: string;
  session: Session;
  operation: Operation;
  reopen(): Promise<Session>;
}

/** How it went on a server; exactly one of `result` and `lost` is set. */
export interface MemberOutcome {
  name: string;
  result?: RunResult;
  lost?: unknown;
}

export interface FleetOptions {
  clock: Clock;
  signal: AbortSignal;
  teller: Teller;
  /** How many servers are changed at once. */
  parallel: number;
  /** The first server migrates for all. */
  migratesFirst: boolean;
  /** Called as soon as a run is on its way. */
  onStart(name: string, reference: RunReference): void;
}

interface Started extends Member {
  run: Run;
  progress: Progress;
  outcome: MemberOutcome | undefined;
}

/**
 * Deploys on all servers: all are made ready before one is changed, a failure restores those that were changed,
 * and only when all are healthy does each hear `go`. Locks are taken in the order of names, so that two
 * deployments to the same servers cannot wait for each other.
 */
export async function deployFleet(
  members: readonly Member[],
  options: FleetOptions,
): Promise<MemberOutcome[]> {
  const started: Started[] = [];
  const isOne = members.length === 1;
  try {
    for (const member of [...members].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const one = await start(member, options);
      started.push(one);
      // The lock of one server is held before the next one's is asked for.
      if (!isOne)
        await options.teller.until(
          () => one.outcome !== undefined || isBeyondLock(one.progress),
          options.signal,
        );
      if (one.outcome && !succeeded(one.outcome)) break;
    }
    const inOrder = members.flatMap((member) => started.filter((one) => one.name === member.name));
    if (!isOne) await goTogether(inOrder, members.length, options);
    await options.teller.until(() => started.every((one) => one.outcome !== undefined), options.signal);
  } catch (error) {
    throw await letGo(started, error, options.signal.aborted);
  } finally {
    await options.teller.close();
  }
  if (options.signal.aborted && started.some((one) => !one.outcome?.result)) {
    throw await letGo(started, options.signal.reason, true);
  }
  return members.flatMap((member) =>
    started.filter((one) => one.name === member.name).map((one) => one.outcome!),
  );
}

async function start(member: Member, options: FleetOptions): Promise<Started> {
  const progress: Progress = { state: 'none', phase: '' };
  const run = await startRun(member.session, member.operation, {
    clock: options.clock,
    signal: options.signal,
    reopen: member.reopen,
    onEvent: options.teller.listener(member.name, progress),
  });
  options.onStart(member.name, run.reference);
  const one: Started = { ...member, run, progress, outcome: undefined };
  const settle = (outcome: MemberOutcome) => {
    one.outcome = outcome;
    options.teller.wake();
  };
  run.result.then(
    (result) => settle({ name: member.name, result }),
    (lost: unknown) => settle({ name: member.name, lost }),
  );
  return one;
}

async function goTogether(
  started: readonly Started[],
  expected: number,
  options: FleetOptions,
): Promise<void> {
  const { teller, signal } = options;
  const failed = () =>
    started.some((one) => one.outcome && !succeeded(one.outcome)) || started.length < expected;
  const isReady = (one: Started) =>
    one.outcome !== undefined || one.progress.phase === 'ready' || isPastReady(one);
  const isDone = (one: Started) =>
    one.outcome !== undefined || (one.progress.phase === 'all-ready' && one.progress.state === 'ready');
  await teller.until(() => failed() || started.every(isReady), signal);
  if (failed()) return await stopAll(started);
  let schema = 'same';
  const proceed = async (one: Started) => {
    if (one.outcome) return;
    const { path, directory } = one.run.reference;
    await upload(one.run.session, path, directory, [{ name: 'proceed', content: `${schema}\n` }]);
  };
  const [first, ...others] = started;
  let waiting = [...started];
  if (options.migratesFirst && first) {
    await proceed(first);
    await teller.until(() => failed() || isDone(first) || isPastMigration(first), signal);
    if (failed()) return await stopAll(started);
    schema = await schemaAfter(first);
    waiting = others;
    if (options.parallel === 1) {
      await teller.until(() => failed() || isDone(first), signal);
      if (failed()) return await stopAll(started);
    }
  }
  while (waiting.length > 0) {
    const batch = waiting.splice(0, options.parallel);
    await Promise.all(batch.map(proceed));
    await teller.until(() => failed() || batch.every(isDone), signal);
    if (failed()) return await stopAll(started);
  }
  await teller.until(() => failed() || started.every(isDone), signal);
  if (failed()) return await stopAll(started);
  await Promise.all(
    started.filter((one) => !one.outcome).map((one) => sendGo(one.run.session, one.run.reference)),
  );
}

/** What the migrations on the first server did: its program wrote it down. */
async function schemaAfter(one: Started): Promise<string> {
  const { code, stdout } = await one.run.session.run({
    script: 'if [ -f "$1/schema" ]; then cat "$1/schema"; else echo same; fi',
    args: [one.run.reference.directory],
  });
  const word = stdout.toString('utf8').trim();
  return code === 0 && word === 'same' ? 'same' : 'migrated';
}

async function stopAll(started: readonly Started[]): Promise<void> {
  await Promise.all(
    started
      .filter((one) => !one.outcome)
      .map((one) => cancelRun(one.run.session, one.run.reference).catch(() => undefined)),
  );
}

/**
 * On cancellation: who has changed nothing yet stops; the others finish or restore by themselves. Answers what to
 * throw: where things stand, for whoever reads the log of a cancelled run.
 */
async function letGo(started: readonly Started[], reason: unknown, aborted: boolean): Promise<unknown> {
  if (!aborted) return reason;
  const under = started.filter((one) => !one.outcome?.result);
  const stopped = under.filter((one) => started.length > 1 || one.progress.state === 'waiting');
  await Promise.all(
    stopped.map((one) => cancelRun(one.run.session, one.run.reference).catch(() => undefined)),
  );
  const on = under
    .filter((one) => !stopped.includes(one))
    .map((one) => `${one.name} (in ${one.progress.phase || 'preflight'})`);
  const what =
    on.length > 0
      ? `the deployment goes on by itself on ${on.join(', ')}: it finishes, or restores the release before`
      : 'nothing was changed, or it is being restored now';
  return new Failure('lost', `${messageOf(reason)}; ${what}`, {
    remedy: 'Run the step again with the same deployment-id to see the outcome',
    cause: reason,
  });
}

function isBeyondLock(progress: Progress): boolean {
  return progress.state !== 'none' && progress.state !== 'waiting';
}

const ORDER = [
  'preflight',
  'pull',
  'ready',
  'shared',
  'before-up',
  'migrate',
  'up',
  'wait',
  'after-up',
  'all-ready',
  'finish',
  'restore',
];

function isPastReady(one: Started): boolean {
  return ORDER.indexOf(one.progress.phase) > ORDER.indexOf('ready');
}

function isPastMigration(one: Started): boolean {
  return ORDER.indexOf(one.progress.phase) > ORDER.indexOf('migrate');
}

export function succeeded(outcome: MemberOutcome): boolean {
  return outcome.result?.outcome === 'succeeded';
}

/** The failure of the fleet: the first server that failed by itself; what happened on the others stands below. */
export function fleetFailure(
  outcomes: readonly MemberOutcome[],
  outputs: Record<string, unknown>,
): Failure | undefined {
  const failures = outcomes.filter((one) => !succeeded(one));
  if (failures.length === 0) return undefined;
  // Those that only stopped because another one failed are not the reason.
  const own = failures.find((one) => one.result?.fields['stopped'] !== 'true') ?? failures[0]!;
  const failure = asFailure(own);
  const where = outcomes.length > 1 ? `${own.name}: ` : '';
  const others = failures.filter((one) => one !== own).map((one) => `${one.name}: ${asFailure(one).message}`);
  return new Failure(failure.kind, `${where}${failure.message}`, {
    remedy: failure.remedy,
    details: [failure.details, ...others].filter(Boolean).join('\n') || undefined,
    outputs,
    cause: failure.cause,
  });
}

function asFailure(outcome: MemberOutcome): Failure {
  if (outcome.result) return failureOf(outcome.result);
  if (outcome.lost instanceof Failure) return outcome.lost;
  return new Failure('lost', `the outcome on ${outcome.name} is not known`, { cause: outcome.lost });
}
