import { type Clock, Failure, messageOf } from '@deploy-actions/kit';
import { type Container, type NodeSession, type StackWatch, listNode } from '@deploy-actions/probe';
import type { TaskSignals } from './task-signals.ts';

/** Milliseconds between two looks: a manager keeps the last ends of each task long enough. */
const LOOK_EVERY = 3000;

/**
 * Looks at a stack until `signal` aborts, and tells the signals of each view. What could not be seen for a while, since the cluster
 * had no leader, goes to `missing`; any other Failure is thrown.
 */
export async function followTasks(
  stack: StackWatch,
  signals: TaskSignals,
  nodes: () => Promise<readonly NodeSession[]>,
  { clock, signal, missing }: { clock: Clock; signal: AbortSignal; missing: (sentence: string) => void },
): Promise<void> {
  let leaderless = false;
  while (!signal.aborted) {
    try {
      await lookOnce(stack, signals, nodes, signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Failure) || error.code !== 'no-quorum') throw error;
      if (!leaderless) missing(`the tasks could not be seen for a while: ${messageOf(error)}`);
      leaderless = true;
    }
    await clock.sleep(LOOK_EVERY, signal).catch(() => undefined);
  }
}

/** One look; where tasks have ended for a reason that only their nodes know, these are asked. */
async function lookOnce(
  stack: StackWatch,
  signals: TaskSignals,
  nodes: () => Promise<readonly NodeSession[]>,
  signal: AbortSignal,
): Promise<void> {
  const view = await stack.look(signal);
  const asked = new Set(signals.unexplained(view));
  const causes = new Map<string, Container>();
  if (asked.size > 0) {
    const found = await Promise.all(
      (await nodes()).map(async ({ session }) =>
        listNode(session, stack.scope, signal).then(
          ({ containers }) => containers,
          () => [],
        ),
      ),
    );
    for (const container of found.flat())
      if (container.task !== undefined && asked.has(container.task)) causes.set(container.task, container);
  }
  signals.view(view, causes);
}
