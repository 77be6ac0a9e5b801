import { type Clock, Failure, type Log, messageOf } from '@deploy-actions/kit';
import { sendSignOfLife } from './control.ts';
import { type Fleet, type Locks, type Member, type MemberRun, openFleet, patiently } from './fleet.ts';
import { type MemberOutcome, memberFailure, succeeded } from './outcome.ts';
import { type PhaseName, hasReached } from './phase.ts';
import type { Operation, RunEvent, RunReference, RunState } from './run.ts';
import { teller } from './teller.ts';

/** Where a run stands still and waits for a word: in a state, in a phase, or in a state within a phase. */
export interface Place {
  phase?: PhaseName;
  state?: RunState;
}

/**
 * A step that several servers take. Where one of them fails before a step is over, none takes the next one and all that
 * are under way are asked to stop.
 */
export type Step =
  /** All come to a place; `go`: then all are let go on. */
  | { step: 'meet'; at: Place; go: boolean }
  /** Each hears the word `proceed`, so many at once (`parallel`); the next ones when those have come to `until`. */
  | { step: 'proceed'; parallel: number; until?: Place; first?: First };

/**
 * One server that goes first; the others hear the word when it has come to a place. Where that is its end, the others wait for
 * it in any case: one that fails meanwhile makes it stop if it still can, and an empty word says that nobody knows how it ended.
 */
export interface First {
  name: string;
  at: Place;
  /** What the others are told, by what became of the first. */
  word(first: MemberRun): Promise<string>;
}

/** What several servers do together, beyond that each runs its operation. */
export interface Protocol {
  /** None: each server for itself. */
  steps: readonly Step[];
  /**
   * Whether a run on a single server is asked to stop when the action is cancelled; default: yes. What is not asked ends by
   * itself. Of several servers all are asked: what they have half done together none of them may keep.
   */
  stops?(run: MemberRun): boolean;
  /**
   * All or none: the operation that undoes what went well on a server, because another one failed; undefined: there is
   * nothing to undo.
   */
  undo?(member: Member, outcome: MemberOutcome): Operation | undefined;
}

/** Milliseconds between signs of life. */
const ALIVE_EVERY = 15_000;

/** Each server for itself. */
export const ALONE: Protocol = { steps: [] };

/** All are ready before any goes on; where one cannot become ready, the others stop without having changed anything. */
export const ALL_OR_NONE: Protocol = { steps: [{ step: 'meet', at: { state: 'ready' }, go: true }] };

/**
 * One server goes on by itself to the end; then the others hear what serves, which stands in these fields of its result, one
 * word each.
 */
export function afterTheEndOf(name: string, fields: readonly string[]): Step {
  return {
    step: 'proceed',
    parallel: Number.MAX_SAFE_INTEGER,
    first: {
      name,
      at: { state: 'ended' },
      async word({ run }) {
        const result = await run.result;
        return fields.map((field) => result.fields[field] ?? '').join(' ');
      },
    },
  };
}

export interface TogetherOptions {
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** Lines carry the server's name; default: when there are several. */
  named?: boolean;
  /**
   * Milliseconds between two signs of life that each server gets, since at a gate it waits no longer than three minutes
   * without; default: 15 s where there are several, none for a single one.
   */
  aliveEvery?: number;
  /** As in `FleetOptions`. */
  reconnectFor?: number | undefined;
  /** How the locks are taken where the protocol has steps; default: in order. */
  locks?: Locks;
  /** Hears all that the runs tell, beside the log. */
  onEvent?(name: string, event: RunEvent): void;
  /** Called as soon as a run is on its way. */
  onStart?(name: string, reference: RunReference): void;
}

/**
 * Runs an operation on every server, by a protocol. Locks are taken so that two fleets of the same servers cannot wait for
 * each other (see `Locks`). Answers in the order of `members`; one that was not started, because another failed
 * before, is left out. Rejects where the action was cancelled, with what goes on by itself.
 */
export async function runTogether(
  members: readonly Member[],
  protocol: Protocol,
  options: TogetherOptions,
): Promise<MemberOutcome[]> {
  const { clock, log, signal, named = members.length > 1 } = options;
  const { aliveEvery = members.length > 1 ? ALIVE_EVERY : 0 } = options;
  const hushes: (() => void)[] = [];
  const voice = teller(log, named);
  const fleet = openFleet({
    clock,
    signal,
    reconnectFor: options.reconnectFor,
    onEvent(name, event) {
      voice.tell(name, event);
      options.onEvent?.(name, event);
    },
    onStart(name, reference) {
      options.onStart?.(name, reference);
      if (aliveEvery > 0) hushes.push(signsOfLife(fleet.runs.at(-1)!, aliveEvery));
    },
  });
  const steps = members.length > 1 ? protocol.steps : [];
  const inOrder = () =>
    members.flatMap((member) => fleet.runs.filter((one) => one.member.name === member.name));
  try {
    await fleet.start(members, steps.length > 0 ? (options.locks ?? 'in order') : undefined);
    if (!(await takeSteps(fleet, inOrder(), steps, options))) await fleet.cancel();
    await fleet.until(() => fleet.runs.every(({ outcome }) => outcome !== undefined));
  } catch (error) {
    throw await abandon(fleet, protocol, error, signal.aborted);
  } finally {
    for (const hush of hushes) hush();
    await voice.close();
  }
  if (signal.aborted && fleet.runs.some(({ outcome }) => !outcome?.result)) {
    throw await abandon(fleet, protocol, signal.reason, true);
  }
  const outcomes = inOrder().map(({ outcome }) => outcome!);
  await undoOthers(members, outcomes, protocol, options);
  return outcomes;
}

/** Answers false where one has failed, so that the others must stop. */
async function takeSteps(
  fleet: Fleet,
  runs: readonly MemberRun[],
  steps: readonly Step[],
  options: Pick<TogetherOptions, 'clock' | 'signal'>,
): Promise<boolean> {
  const reached = async (holds: () => boolean) => {
    await fleet.until(() => fleet.failed() || holds());
    return !fleet.failed();
  };
  for (const step of steps) {
    const taken =
      step.step === 'meet'
        ? await reached(() => runs.every((one) => isAt(one, step.at)))
        : await proceed(fleet, runs, step, reached, options);
    if (!taken) return false;
    if (step.step === 'meet' && step.go) await fleet.go();
  }
  return true;
}

async function proceed(
  fleet: Fleet,
  runs: readonly MemberRun[],
  { parallel, until, first }: Extract<Step, { step: 'proceed' }>,
  reached: (holds: () => boolean) => Promise<boolean>,
  options: Pick<TogetherOptions, 'clock' | 'signal'>,
): Promise<boolean> {
  const tell = (some: readonly MemberRun[], word: string) =>
    fleet.tell(some, { name: 'proceed', content: `${word}\n` });
  const leader = first && runs.find((one) => one.member.name === first.name);
  const waiting = leader ? [leader, ...runs.filter((one) => one !== leader)] : [...runs];
  let word = '';
  while (waiting.length > 0) {
    let batch = waiting.splice(0, parallel);
    const all = batch;
    if (leader && batch[0] === leader) {
      await tell([leader], word);
      const came = await reached(() => isAt(leader, first.at));
      if (!came && first.at.state !== 'ended') return false;
      const others = [...batch.slice(1), ...waiting];
      if (!came && !(await hasEndedWell(fleet, leader))) {
        // Whoever finishes what it had begun needs what the others have made ready.
        if (leader.outcome?.lost !== undefined) await tell(others, '');
        return false;
      }
      word = (await patiently(leader, options, () => first.word(leader))) ?? (await first.word(leader));
      if (!came) {
        await tell(others, word);
        return false;
      }
      batch = batch.slice(1);
    }
    await tell(batch, word);
    if (until && !(await reached(() => all.every((one) => isAt(one, until))))) return false;
  }
  return true;
}

/** Where another one has failed, the first is asked to stop; its end tells whether it still could. */
async function hasEndedWell(fleet: Fleet, first: MemberRun): Promise<boolean> {
  if (!first.outcome) await fleet.cancel([first]);
  await fleet.until(() => first.outcome !== undefined);
  return succeeded(first.outcome!);
}

/** One that has ended is everywhere: where it has failed, the fleet has. */
function isAt({ phase, state, outcome }: MemberRun, place: Place): boolean {
  if (outcome) return true;
  if (place.phase !== undefined && phase !== place.phase) return hasReached(phase, place.phase);
  // How one ended is known with its outcome alone.
  return place.state === undefined || (place.state !== 'ended' && state === place.state);
}

/**
 * What is under way when the action ends early. After a cancellation those stop that may; the others finish or give back
 * by themselves. Answers what to throw: where things stand, for whoever reads the log of a cancelled run. After any other
 * failure all are asked to stop, rather than left to wait for a word that will not come.
 */
async function abandon(
  fleet: Fleet,
  protocol: Protocol,
  reason: unknown,
  cancelled: boolean,
): Promise<unknown> {
  if (!cancelled) {
    await fleet.cancel();
    return reason;
  }
  const under = fleet.runs.filter((one) => !one.outcome?.result);
  const stopped = under.filter((one) => fleet.runs.length > 1 || (protocol.stops?.(one) ?? true));
  await fleet.cancel(stopped);
  const on = under
    .filter((one) => !stopped.includes(one))
    .map((one) => `${one.member.name} (in ${one.phase || 'preflight'})`);
  const what =
    on.length > 0
      ? `it goes on by itself on ${on.join(', ')}: it finishes, or restores what was before`
      : 'it was asked to stop: what had been changed is restored, unless it had just begun what may not be ended';
  return new Failure('lost', `${messageOf(reason)}; ${what}`, {
    remedy: 'Run the step again with the same deployment-id to see the outcome',
    cause: reason,
  });
}

/** Undoes what went well, where another server failed, each server for itself; notes in the outcomes how that went. */
async function undoOthers(
  members: readonly Member[],
  outcomes: readonly MemberOutcome[],
  { undo }: Protocol,
  options: TogetherOptions,
): Promise<void> {
  if (!undo || outcomes.length === 0 || outcomes.every(succeeded)) return;
  const undoing = outcomes.flatMap((outcome) => {
    const member = members.find((one) => one.name === outcome.name);
    const operation = member && succeeded(outcome) ? undo(member, outcome) : undefined;
    if (!member || !operation) return [];
    options.log.info(`${member.name}: goes back to how it was, because another server failed`);
    return [{ outcome, member: { ...member, operation } }];
  });
  const undone = await runTogether(
    undoing.map(({ member }) => member),
    ALONE,
    { ...options, named: true, aliveEvery: 0 },
  );
  for (const [index, one] of undone.entries()) {
    const undid = succeeded(one);
    undoing[index]!.outcome.undone = undid;
    if (undid) continue;
    options.log.warning(
      `${one.name} could not go back to how it was (${memberFailure(one).message}): run the action again`,
    );
  }
}

/**
 * Tells a run that the runner is there, until it has ended. By the machine's own timers: what a server must hear is no
 * step of a policy that a test's clock could shorten. Answers what ends it.
 */
function signsOfLife(one: MemberRun, every: number): () => void {
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = async (figure: number): Promise<void> => {
    if (over || one.outcome) return;
    // What is not heard now is heard the next time, perhaps by another connection.
    await sendSignOfLife(one.run.session, one.run.reference, figure).catch(() => undefined);
    if (!over) timer = setTimeout(() => void tell(figure + 1), every);
  };
  void tell(1);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
