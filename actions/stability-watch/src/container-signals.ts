import {
  type Container,
  type ContainerListener,
  type ContainerScope,
  crashOf,
  deathReader,
  deathReason,
} from '@deploy-actions/probe';

/** A container that did what none may. */
export interface Incident {
  id: string;
  name: string;
  service: string;
  /** One sentence without its name. */
  reason: string;
  /** Counts towards `max-restarts`; what does not ends the watch by itself. */
  counted: boolean;
  /** It did not end by itself. */
  stopped?: true;
}

/** A container that was stopped from outside; whose doing it was is not in the engine's events. */
export interface Stop extends Pick<Incident, 'id' | 'name' | 'service'> {
  /** Date.now() of the engine's clock; Infinity where it did not say. */
  at: number;
}

/** What a watch has made of what it saw so far. */
export interface WatchSignals {
  /** Whether anything has been listed. */
  seen(): boolean;
  /** Incidents in their order. */
  incidents: readonly Incident[];
  /** What happened and is nobody's fault, each as a sentence. */
  notes: readonly string[];
  /** Takes whose doing a stop was: the program of ours as people know it, or a sentence's end that says it was none. */
  stopped(stop: Stop, by: { ours: string } | { others: string }): void;
  /** What could not be seen of the scope at the start, as sentences. */
  missing(): string[];
}

/** What a watch makes of its containers' events. */
export interface ContainerSignals extends WatchSignals, ContainerListener {
  /** Compares with a list of the end: what the events have not told. */
  finish(containers: readonly Container[]): void;
}

/** Milliseconds in which an OOM event can come after the death that it is about. */
export const CAUSE_COMES_WITHIN = 700;
/** Restart policies whose containers never end by themselves. */
const STAYS = /^(always|unless-stopped)$/;

/**
 * Listens to containers; `onIncident` is called for each one, `onStop` for each that was stopped, whose doing `stopped` is to be
 * told. Pure over the events: no clock, no server.
 */
export function containerSignals(
  scope: ContainerScope,
  onIncident: (incident: Incident) => void,
  onStop: (stop: Stop) => void,
): ContainerSignals {
  const read = deathReader();
  const first = new Map<string, Container>();
  const incidents: Incident[] = [];
  const notes: string[] = [];
  /** Containers whose OOM kill is told and whose death, if it comes, is the same incident. */
  const toldOutOfMemory = new Set<string>();
  /** Containers that a program of ours stopped, and nobody has started since. */
  const ours = new Set<string>();
  const lastStop = new Map<string, Stop>();
  const died = new Map<string, number>();
  /** The last death by SIGKILL that is not explained yet. */
  const deaths = new Map<string, { incident: Incident; at: number }>();
  let listed = false;
  let since = 0;
  const tell = (incident: Incident) => {
    incidents.push(incident);
    onIncident(incident);
  };
  return {
    incidents,
    notes,
    seen: () => listed,
    listed(containers, lookedAt) {
      listed = true;
      since = lookedAt;
      for (const container of containers) {
        first.set(container.id, container);
        const crash = crashOf(container, scope.services.includes(container.service));
        if (crash) tell({ ...crash, reason: `${crash.reason} before the watch began`, counted: false });
        else if (container.status === 'running' && container.health === 'unhealthy')
          tell({ ...idOf(container), reason: 'was unhealthy before the watch began', counted: false });
      }
    },
    event(event) {
      const death = read(event);
      if (event.at < since) return;
      const about = { id: event.id, name: event.name, service: event.service };
      if (event.action === 'health_status' && event.health === 'unhealthy')
        tell({ ...about, reason: 'became unhealthy', counted: false });
      if (event.action === 'start') {
        toldOutOfMemory.delete(event.id);
        ours.delete(event.id);
        lastStop.delete(event.id);
      }
      if (event.action === 'oom' && !toldOutOfMemory.has(event.id)) {
        toldOutOfMemory.add(event.id);
        const last = deaths.get(event.id);
        if (last && event.at - last.at < CAUSE_COMES_WITHIN) {
          last.incident.reason = deathReason({ outOfMemory: true, exitCode: 137 });
          return;
        }
        tell({ ...about, reason: deathReason({ outOfMemory: true, exitCode: 137 }), counted: true });
      }
      if (!death) return;
      died.set(event.id, (died.get(event.id) ?? 0) + 1);
      if (death.stopped) {
        const stop = { ...about, at: event.at };
        lastStop.set(event.id, stop);
        onStop(stop);
        return;
      }
      if (toldOutOfMemory.has(event.id)) return;
      // A one-shot service ends with 0; what the engine starts again was not meant to end.
      const policy = first.get(event.id)?.restartPolicy ?? '';
      if (death.exitCode === 0 && !STAYS.test(policy) && !scope.services.includes(event.service)) return;
      const incident = { ...about, reason: deathReason(death), counted: true };
      if (death.exitCode === 137) deaths.set(event.id, { incident, at: event.at });
      tell(incident);
    },
    stopped(stop, by) {
      const about = { id: stop.id, name: stop.name, service: stop.service };
      if ('ours' in by) {
        // Asked of the server, the answer may come after it was started again.
        if (lastStop.get(stop.id) === stop) ours.add(stop.id);
        notes.push(`${about.name} (service ${about.service}) was stopped by ${by.ours}`);
      } else tell({ ...about, reason: `was stopped by ${by.others}`, counted: true, stopped: true });
    },
    finish(containers) {
      for (const container of containers) {
        const before = first.get(container.id);
        const unseen = before ? container.restarts - before.restarts - (died.get(container.id) ?? 0) : 0;
        if (unseen > 0)
          tell({
            ...idOf(container),
            reason: `was restarted ${unseen} ${unseen === 1 ? 'time' : 'times'}, as the engine counts`,
            counted: true,
          });
        if (container.status === 'running' && container.health === 'unhealthy')
          if (!incidents.some(({ id, counted }) => id === container.id && !counted))
            tell({ ...idOf(container), reason: 'is unhealthy', counted: false });
      }
      const up = new Set(
        containers.filter(({ status }) => status === 'running').map(({ service }) => service),
      );
      const told = new Set(incidents.map(({ service }) => service));
      for (const container of first.values()) {
        const { service, status, restartPolicy, name } = container;
        if (status !== 'running' || up.has(service) || told.has(service) || ours.has(container.id)) continue;
        const now = containers.find(({ id }) => id === container.id);
        if (now?.exitCode === 0 && !STAYS.test(restartPolicy) && !scope.services.includes(service)) continue;
        told.add(service);
        tell({
          id: container.id,
          name,
          service,
          reason: 'ran at the start and does not at the end',
          counted: false,
        });
      }
    },
    missing() {
      if (!listed) return ['the engine did not list the containers'];
      const running = [...first.values()].filter(({ status }) => status === 'running');
      const absent = scope.services.filter((one) => !running.some(({ service }) => service === one));
      if (absent.length > 0)
        return absent.map((one) => `project ${scope.project} runs no container of service ${one}`);
      return running.length > 0 ? [] : [`project ${scope.project} runs no container`];
    },
  };
}

function idOf({ id, name, service }: Container): { id: string; name: string; service: string } {
  return { id, name, service };
}
