import { messageOf } from '@deploy-actions/kit';
import { type OwnWork, ownStop, ownWork } from '@deploy-actions/host/own-stops';
import type { ContainerScope, ServerSide } from '@deploy-actions/probe';
import type { Stop, WatchSignals } from './container-signals.ts';

/** Finds out whose doing a stop was. */
export interface StopJudge {
  judge(stop: Stop): void;
  /** Resolves when all stops so far are judged. Never throws. */
  settled(): Promise<void>;
}

/**
 * Asks the server's journals about stops, one question at a time, and tells `signals`: a deployment, a rollback or a timer of
 * ours that was at work in `path` explains a stop, and nothing else does. Without `path` nobody can tell.
 */
export function stopJudge(
  scope: ContainerScope,
  path: string | undefined,
  { session }: Pick<ServerSide, 'session'>,
  signals: () => Pick<WatchSignals, 'stopped'>,
  signal: AbortSignal,
): StopJudge {
  let waiting: Stop[] = [];
  let asked: Promise<void> = Promise.resolve();
  const others = (work: OwnWork[] | string) =>
    path === undefined
      ? 'somebody; where it was a run of ours, name its folder in `path`'
      : typeof work === 'string'
        ? `somebody, and whether a run in ${path} did it is not known: ${work}`
        : `somebody: no run in ${path} was at work that does`;
  const flush = async () => {
    const some = waiting;
    waiting = [];
    if (some.length === 0) return;
    const work = path === undefined ? [] : await read(path);
    for (const stop of some) {
      // An engine that did not say when has said so just now.
      const at = Number.isFinite(stop.at) ? stop.at : Date.now();
      const ours = typeof work === 'string' ? undefined : ownStop(work, scope.project, at);
      signals().stopped(stop, ours === undefined ? { others: others(work) } : { ours });
    }
  };
  const read = async (folder: string): Promise<OwnWork[] | string> => {
    try {
      return (await ownWork(session, folder, signal)) ?? 'its .deploy cannot be read';
    } catch (error) {
      return messageOf(error);
    }
  };
  return {
    judge(stop) {
      waiting = [...waiting, stop];
      asked = asked.then(flush);
    },
    settled: () => asked,
  };
}
