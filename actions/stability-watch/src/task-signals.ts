import { type ClusterTask, hasEnded, shouldRun, whereOf } from '@deploy-actions/engine/stack';
import type { Container, StackView, StackWatch } from '@deploy-actions/probe';
import type { Incident, Stop, WatchSignals } from './container-signals.ts';

/** What a watch makes of the tasks of a stack, over all nodes. */
export interface TaskSignals extends WatchSignals {
  /** Tasks that have ended since the last view and whose node should be asked of what. */
  unexplained(view: StackView): string[];
  /** Takes the next view; `causes` has what nodes tell of the containers of ended tasks, by the task. */
  view(view: StackView, causes: ReadonlyMap<string, Container>): void;
  /** Compares with the last view. */
  finish(view: StackView): void;
}

/**
 * Listens to a stack by looking at it again and again: Swarm replaces a task that ends, so each end is a restart, whatever node it
 * was on. One that the cluster was told to stop is no crash; whose doing that was is asked by `onStop`. Pure over the views.
 */
export function taskSignals(
  stack: StackWatch,
  onIncident: (incident: Incident) => void,
  onStop: (stop: Stop) => void,
): TaskSignals {
  const { project } = stack.scope;
  const incidents: Incident[] = [];
  const notes: string[] = [];
  /** Tasks that were to run, and of which no end is known yet. */
  const alive = new Map<string, ClusterTask>();
  const told = new Set<string>();
  /** Services that a program of ours was at work on. */
  const ours = new Set<string>();
  let first: StackView | undefined;
  const tell = (incident: Incident) => {
    incidents.push(incident);
    onIncident(incident);
  };
  const aboutTask = (task: ClusterTask) => ({
    id: task.id,
    name: `${project}_${task.service}.${task.slot}${task.node === '-' ? '' : `@${task.node}`}`,
    service: task.service,
  });
  const aboutService = (service: string) => ({
    id: `${project}_${service}`,
    name: `stack ${project}`,
    service,
  });
  const isDown = (view: StackView, { node }: ClusterTask) =>
    view.nodes.some((one) => one.name === node && !one.isReady);
  const isDrained = (view: StackView, { node }: ClusterTask) =>
    view.nodes.some((one) => one.name === node && !one.isActive);
  const isNews = (task: ClusterTask) =>
    !told.has(task.id) && (alive.has(task.id) || !first!.tasks.some(({ id }) => id === task.id));

  function endOf(task: ClusterTask, view: StackView, cause: Container | undefined): void {
    const about = aboutTask(task);
    if (isDown(view, task) && !hasEnded(task)) {
      told.add(task.id);
      tell({ ...about, reason: `was lost with its node ${task.node}, which is down`, counted: true });
    } else if (hasEnded(task)) {
      told.add(task.id);
      tell({ ...about, ...reasonOf(task, cause) });
    } else if (task.state === 'shutdown' || task.state === 'orphaned') {
      told.add(task.id);
      if (isDrained(view, task))
        tell({
          ...about,
          reason: `was stopped, since its node ${task.node} is drained`,
          counted: true,
          stopped: true,
        });
      else onStop({ ...about, at: Date.parse(task.since) });
    }
    // Else it is still being stopped.
  }

  return {
    incidents,
    notes,
    seen: () => first !== undefined,
    unexplained: (view) =>
      first
        ? view.tasks
            .filter((task) => named(task.service, view) && isNews(task))
            .filter(({ state, exitCode }) => (state === 'failed' && exitCode === 137) || state === 'complete')
            .map(({ id }) => id)
        : [],
    view(view, causes) {
      if (first) {
        for (const task of view.tasks) {
          if (named(task.service, view) && isNews(task) && (!shouldRun(task) || hasEnded(task)))
            endOf(task, view, causes.get(task.id));
        }
        for (const [id, task] of alive) {
          if (told.has(id) || view.tasks.some((one) => one.id === id)) continue;
          told.add(id);
          onStop({ ...aboutTask(task), at: view.now });
        }
      } else {
        first = view;
        for (const service of stack.named(view)) {
          const { word, reason } = stack.weigh(view, service);
          if (word !== 'bad') continue;
          tell({
            ...aboutService(service),
            reason: `${cutName(reason, service)} before the watch began`,
            counted: false,
          });
        }
      }
      // One that is being stopped has not ended yet.
      const stopping = view.tasks.filter(({ id }) => alive.has(id) && !told.has(id));
      alive.clear();
      for (const task of stopping) alive.set(task.id, task);
      for (const task of view.tasks)
        if (shouldRun(task) && named(task.service, view)) alive.set(task.id, task);
    },
    stopped(stop, by) {
      const { id, name, service } = stop;
      if ('ours' in by) {
        ours.add(service);
        notes.push(`${name} (service ${service}) was stopped by ${by.ours}`);
      } else tell({ id, name, service, reason: `was stopped by ${by.others}`, counted: true, stopped: true });
    },
    finish(view) {
      for (const service of stack.named(view)) {
        const { word, reason } = stack.weigh(view, service, { settled: false });
        if (word === 'ok' || incidents.some((one) => one.service === service)) continue;
        // What a program of ours is at work on is its own affair until the cluster gives it up.
        if (word === 'wait' && ours.has(service)) continue;
        tell({ ...aboutService(service), reason: `${cutName(reason, service)} at the end`, counted: false });
      }
    },
    missing() {
      if (!first) return ['the cluster did not tell of its tasks'];
      const held = first.services.map(({ name }) => name);
      const absent = stack.scope.services.filter((one) => !held.includes(one));
      if (absent.length > 0) return absent.map((one) => `stack ${project} has no service ${one}`);
      return held.length > 0 ? [] : [`the cluster has no stack ${project}`];
    },
  };

  function named(service: string, view: StackView): boolean {
    return stack.named(view).includes(service);
  }
}

/** What a weighed service's sentence says without its name. */
function cutName(reason: string, service: string): string {
  return reason.slice(service.length + 1);
}

/** Why a task has ended, and whether it counts as a restart: what is not healthy ends a watch by itself, as on one server. */
function reasonOf(task: ClusterTask, cause: Container | undefined): Pick<Incident, 'reason' | 'counted'> {
  const words = task.words.replace(/^task: /, '');
  const unhealthy = { reason: 'became unhealthy, and was replaced', counted: false };
  if (/unhealthy container/.test(words)) return unhealthy;
  if (cause?.oomKilled) return { reason: 'was killed for lack of memory (OOM)', counted: true };
  if (cause?.health === 'unhealthy') return unhealthy;
  if (task.state === 'rejected') return { reason: `was rejected${whereOf(task)}: ${words}`, counted: true };
  const { exitCode } = task;
  if (task.state === 'failed' && exitCode === 137 && !cause)
    return {
      reason: `exited with code 137; whether for lack of memory is known to its node alone, which \`host\` does not name`,
      counted: true,
    };
  if (exitCode === undefined || (exitCode === 0 && words !== ''))
    return { reason: `could not run: ${words}`, counted: true };
  return { reason: `exited with code ${exitCode}`, counted: true };
}
