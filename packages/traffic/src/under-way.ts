import { type Operation, type TogetherOptions, cancelRun, followRun } from '@deploy-actions/host';
import { isSameRun, underWay } from '@deploy-actions/ledger';
import type { Connecting } from '@deploy-actions/shell';
import { SWITCH_RESULTS } from './program/index.ts';
import { settleInterrupted } from './settle.ts';
import type { SeenServer } from './server.ts';

/** What came of that which was under way or cut off. */
export interface Settled {
  /** There was something: the server looks different by now. */
  changed: boolean;
  /** A switch was stopped, and what it had moved went back. */
  gaveBack: boolean;
}

/**
 * What is under way and stands in the way of a rollback is stopped or waited for (see `underWay`), and what was cut off
 * is finished or given back, before anything is decided. `isNamed`: the user says what to go back to. Throws when the
 * lock is not to be had.
 */
export async function settleUnderWay(
  seen: SeenServer,
  isNamed: boolean,
  about: Pick<Operation, 'deploymentId' | 'lockTimeout' | 'holder'>,
  world: TogetherOptions & Connecting,
): Promise<Settled> {
  const { server, session, look } = seen;
  const reopen = () => world.connect(server);
  const own = { deploymentId: about.deploymentId, runUrl: about.holder.runUrl };
  let [changed, gaveBack] = [false, false];
  for (const run of look.unfinished.filter(({ running }) => running)) {
    const what = underWay(run, own, isNamed);
    if (what === 'leave') continue;
    changed = true;
    const reference = { ...run, path: server.path, number: Number(/\d+$/.exec(run.directory)?.[0]) };
    const whose = isSameRun(run, own) ? 'this workflow run' : run.deploymentId;
    world.log.info(
      `${server.name}: ${what === 'stop' ? 'stops' : 'waits for the end of'} ${run.operation} of ${whose}, which is still under way`,
    );
    if (what === 'stop') await cancelRun(session, reference);
    const result = await followRun(
      session,
      reference,
      {
        clock: world.clock,
        signal: world.signal,
        reopen,
      },
      SWITCH_RESULTS,
    ).result.catch(() => undefined);
    gaveBack ||=
      run.operation === 'switch' &&
      result?.outcome === 'failed' &&
      result.fields['switched_from'] !== undefined;
  }
  const settled = await settleInterrupted(seen, about, reopen, world);
  return { changed: settled || changed, gaveBack };
}
