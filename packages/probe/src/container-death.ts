import type { Session } from '@deploy-actions/shell';
import { type ContainerScope, type Crash, crashOf } from './container.ts';
import { type ContainerEvent, followContainers } from './container-events.ts';

/** SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH: programs reload, reopen logs or resize, and go on. */
const GOES_ON = new Set(['1', '10', '12', '28']);

/** How a container ended. */
export interface Death {
  id: string;
  name: string;
  service: string;
  /** Date.now() of the engine's clock. */
  at: number;
  exitCode: number;
  outOfMemory: boolean;
  /** Somebody stopped it: `docker stop`, a deployment, `docker kill`. */
  stopped: boolean;
}

/** Reads events in their order and answers a `die` as the death that it was; undefined for any other. */
export function deathReader(): (event: ContainerEvent) => Death | undefined {
  const stopped = new Set<string>();
  const outOfMemory = new Set<string>();
  return ({ action, id, name, service, at, exitCode, signal }) => {
    // `docker stop` and `docker kill` say `kill` first: then somebody stopped it, and it did not crash.
    if (action === 'kill' && !GOES_ON.has(signal)) stopped.add(id);
    if (action === 'oom') outOfMemory.add(id);
    if (action === 'start') {
      stopped.delete(id);
      outOfMemory.delete(id);
    }
    if (action !== 'die') return undefined;
    return { id, name, service, at, exitCode, outOfMemory: outOfMemory.has(id), stopped: stopped.has(id) };
  };
}

/** How it ended, in words without its name. */
export function deathReason({ outOfMemory, exitCode }: Pick<Death, 'outOfMemory' | 'exitCode'>): string {
  return outOfMemory ? 'was killed for lack of memory (OOM)' : `exited with code ${exitCode}`;
}

/**
 * Resolves with the first crash in the scope: of a container that is crashed already, or as soon as the
 * engine tells of one. Resolves undefined when `signal` aborts. Ends after `seconds` at the latest. Throws a Failure when
 * the engine does not answer. `named` are services whose every end is a crash.
 */
export async function watchForCrash(
  session: Session,
  scope: ContainerScope,
  options: { seconds: number; signal: AbortSignal; named: ReadonlySet<string> },
): Promise<Crash | undefined> {
  const { named } = options;
  const read = deathReader();
  const found = new AbortController();
  let since = 0;
  let crash: Crash | undefined;
  const report = (one: Crash | undefined) => {
    if (!one || crash) return;
    crash = one;
    found.abort();
  };
  const signal = AbortSignal.any([options.signal, found.signal]);
  await followContainers(
    session,
    scope,
    { seconds: options.seconds, signal },
    {
      listed(containers, lookedAt) {
        since = lookedAt;
        for (const container of containers) report(crashOf(container, named.has(container.service)));
      },
      event(event) {
        const death = read(event);
        // What ended before the list was made is in the list, or was replaced.
        if (!death || death.stopped || death.at < since) return;
        if (death.exitCode === 0 && !named.has(death.service)) return;
        const { id, name, service } = death;
        report({ id, name, service, reason: deathReason(death) });
      },
    },
  );
  return crash;
}
