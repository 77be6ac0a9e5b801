import { type MemberRun, type PhaseName, type Protocol, afterTheEndOf, isPast } from '@deploy-actions/host';
import { schemaAfter } from '@deploy-actions/release';

/**
 * How several servers deploy together: all are made ready before one is changed, a failure restores those that were
 * changed, and only when all are healthy does each hear `go`. `migratesFirst`: the server that migrates for all;
 * `endsMigrations`: a cancelled run ends a migration that is under way.
 */
export function deployProtocol(
  parallel: number,
  { migratesFirst, endsMigrations }: { migratesFirst: string | undefined; endsMigrations: boolean },
): Protocol {
  const ends: readonly PhaseName[] = [
    'before-up',
    'after-up',
    ...(endsMigrations ? (['migrate'] as const) : []),
  ];
  return {
    steps: [
      { step: 'meet', at: { phase: 'ready' }, go: false },
      {
        step: 'proceed',
        parallel,
        until: HEALTHY,
        ...(migratesFirst === undefined
          ? {}
          : { first: { name: migratesFirst, at: { phase: 'up' }, word: schemaWord } }),
      },
      { step: 'meet', at: HEALTHY, go: true },
    ],
    // Half a deployment is worse than a whole one: what has begun to change a server goes on. A command of the user's is
    // ended: before anything is recreated nothing has changed, and after that the release before is restored.
    stops: ({ state, phase }) =>
      state === 'waiting' || !isPast(phase, 'pull') || ends.some((name) => name === phase),
  };
}

/**
 * How a cluster deploys: all nodes are made ready before anything is changed; then the first server, a manager, goes on by
 * itself to the end; the others hear which release serves then, and which one did before by its record.
 */
export function clusterProtocol(manager: string): Protocol {
  return {
    steps: [
      { step: 'meet', at: { phase: 'ready' }, go: false },
      afterTheEndOf(manager, ['release', 'previous']),
    ],
    stops: ({ state, phase }) =>
      state === 'waiting' || !isPast(phase, 'pull') || phase === 'before-up' || phase === 'after-up',
  };
}

const HEALTHY = { phase: 'all-ready', state: 'ready' } as const;

/** What the migrations on the first server did, for the programs on the others. */
const schemaWord = ({ run }: MemberRun): Promise<string> => schemaAfter(run.session, run.reference.directory);
