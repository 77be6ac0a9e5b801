import {
  type Fleet,
  type Member,
  type MemberOutcome,
  type MemberRun,
  type RunReference,
  openFleet,
  upload,
} from '@deploy-actions/host';
import { type Clock, Failure, messageOf } from '@deploy-actions/kit';
import type { Teller } from './progress.ts';

export interface DeploymentOptions {
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

/**
 * Deploys on all servers: all are made ready before one is changed, a failure restores those that were changed,
 * and only when all are healthy does each hear `go`.
 */
export async function deployFleet(
  members: readonly Member[],
  options: DeploymentOptions,
): Promise<MemberOutcome[]> {
  const { clock, signal, teller } = options;
  const fleet = openFleet({ clock, signal, onEvent: teller.tell, onStart: options.onStart });
  const several = members.length > 1;
  const inOrder = () =>
    members.flatMap((member) => fleet.runs.filter((one) => one.member.name === member.name));
  try {
    await fleet.start(members, several);
    if (several) await goTogether(fleet, inOrder(), options);
    await fleet.until(() => fleet.runs.every(({ outcome }) => outcome !== undefined));
  } catch (error) {
    throw await abandon(fleet, error, signal.aborted);
  } finally {
    await teller.close();
  }
  if (signal.aborted && fleet.runs.some(({ outcome }) => !outcome?.result)) {
    throw await abandon(fleet, signal.reason, true);
  }
  return inOrder().map(({ outcome }) => outcome!);
}

async function goTogether(
  fleet: Fleet,
  inOrder: readonly MemberRun[],
  options: DeploymentOptions,
): Promise<void> {
  const isReady = (one: MemberRun) =>
    one.outcome !== undefined || one.phase === 'ready' || isPast(one, 'ready');
  const isDone = (one: MemberRun) =>
    one.outcome !== undefined || (one.phase === 'all-ready' && one.state === 'ready');
  /** False when one has failed meanwhile. */
  const reached = async (holds: () => boolean) => {
    await fleet.until(() => fleet.failed() || holds());
    return !fleet.failed();
  };
  let schema = 'same';
  const proceed = async (one: MemberRun) => {
    if (one.outcome) return;
    const { path, directory } = one.run.reference;
    await upload(one.run.session, path, directory, [{ name: 'proceed', content: `${schema}\n` }]);
  };
  const changeAll = async (): Promise<boolean> => {
    if (!(await reached(() => inOrder.every(isReady)))) return false;
    const [first, ...others] = inOrder;
    let waiting = [...inOrder];
    if (options.migratesFirst && first) {
      await proceed(first);
      if (!(await reached(() => isDone(first) || isPast(first, 'migrate')))) return false;
      schema = await schemaAfter(first);
      waiting = others;
      if (options.parallel === 1 && !(await reached(() => isDone(first)))) return false;
    }
    while (waiting.length > 0) {
      const batch = waiting.splice(0, options.parallel);
      await Promise.all(batch.map(proceed));
      if (!(await reached(() => batch.every(isDone)))) return false;
    }
    return await reached(() => inOrder.every(isDone));
  };
  if (await changeAll()) await fleet.go();
  else await fleet.cancel();
}

/** What the migrations on the first server did: its program wrote it down. */
async function schemaAfter(one: MemberRun): Promise<string> {
  const { code, stdout } = await one.run.session.run({
    script: 'if [ -f "$1/schema" ]; then cat "$1/schema"; else echo same; fi',
    args: [one.run.reference.directory],
  });
  const word = stdout.toString('utf8').trim();
  return code === 0 && word === 'same' ? 'same' : 'migrated';
}

/**
 * On cancellation: who has changed nothing yet stops; the others finish or restore by themselves. Answers what to
 * throw: where things stand, for whoever reads the log of a cancelled run. After any other failure all are asked to
 * stop, rather than left to wait for a word that will not come.
 */
async function abandon(fleet: Fleet, reason: unknown, aborted: boolean): Promise<unknown> {
  if (!aborted) {
    if (fleet.runs.length > 1) await fleet.cancel();
    return reason;
  }
  const under = fleet.runs.filter((one) => !one.outcome?.result);
  const stopped = under.filter(
    (one) => fleet.runs.length > 1 || one.state === 'waiting' || !isPast(one, 'pull'),
  );
  await fleet.cancel(stopped);
  const on = under
    .filter((one) => !stopped.includes(one))
    .map((one) => `${one.member.name} (in ${one.phase || 'preflight'})`);
  const what =
    on.length > 0
      ? `the deployment goes on by itself on ${on.join(', ')}: it finishes, or restores the release before`
      : 'nothing was changed, or it is being restored now';
  return new Failure('lost', `${messageOf(reason)}; ${what}`, {
    remedy: 'Run the step again with the same deployment-id to see the outcome',
    cause: reason,
  });
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

function isPast({ phase }: MemberRun, place: string): boolean {
  return ORDER.indexOf(phase) > ORDER.indexOf(place);
}
