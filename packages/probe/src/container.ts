import { complaintOf } from '@deploy-actions/engine/complaint';
import { CONTAINER_EVIDENCE, LIST_CONTAINERS } from '@deploy-actions/engine/watch';
import { cut } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';

/** Which containers: those of a compose project, all services or some. */
export interface ContainerScope {
  project: string;
  /** Empty: every service. */
  services: readonly string[];
  /** DOCKER_HOST on the server. */
  dockerHost?: string;
}

/** A container as the engine tells of it. */
export interface Container {
  id: string;
  name: string;
  service: string;
  /** The task of a cluster that it is of; undefined of any other. */
  task: string | undefined;
  /** `created`, `running`, `restarting`, `exited`, `dead`, `paused`, `removing` */
  status: string;
  exitCode: number;
  oomKilled: boolean;
  /** The engine's own error, such as a command that does not exist. */
  error: string;
  /** `starting`, `healthy`, `unhealthy`, or undefined without a healthcheck, or where that did not end it. */
  health: string | undefined;
  restarts: number;
  /** `no`, `always`, `unless-stopped`, `on-failure`. */
  restartPolicy: string;
  /** When it was started last, as the engine writes it; empty where it has not said. */
  startedAt: string;
  /** Seconds since it stopped, by the server's own clock; undefined while it runs. */
  stoppedFor: number | undefined;
}

/** The containers of the scope as they are now. Throws a Failure when the engine does not answer. */
export async function listContainers(
  session: Session,
  scope: ContainerScope,
  signal?: AbortSignal,
): Promise<Container[]> {
  const { code, stdout, stderr } = await session.run({
    script: LIST_CONTAINERS.text(),
    args: [scope.dockerHost ?? '', scope.project],
    timeout: 30_000,
    signal,
  });
  if (code !== 0) throw await complaintOf(session, stderr.toString('utf8'), code, scope.dockerHost);
  return inScope(parseList(stdout.toString('utf8').split('\n')), scope);
}

/** Those of the scope's services. */
export function inScope(containers: Container[], scope: ContainerScope): Container[] {
  return scope.services.length === 0
    ? containers
    : containers.filter(({ service }) => scope.services.includes(service));
}

/** What `list_containers` has printed. */
export function parseList(lines: string[]): Container[] {
  const now = Number(lines.find((line) => /^\d+$/.test(line)) ?? 0);
  return lines
    .filter((line) => line.startsWith('{"id":'))
    .map((line) => {
      const raw = JSON.parse(line) as Record<string, unknown>;
      const finished = Date.parse(String(raw['finished'])) / 1000;
      const running = raw['status'] === 'running' || raw['status'] === 'created' || !(finished > 0);
      return {
        id: String(raw['id']),
        name: String(raw['name']).replace(/^\//, ''),
        service: String(raw['service'] ?? ''),
        task: typeof raw['task'] === 'string' && raw['task'] !== '' ? raw['task'] : undefined,
        status: String(raw['status']),
        exitCode: Number(raw['exitCode']),
        oomKilled: raw['oomKilled'] === true,
        error: String(raw['error'] ?? ''),
        health: healthOf(raw, running),
        restarts: Number(raw['restarts']),
        restartPolicy: String(raw['policy'] || 'no'),
        startedAt: String(raw['started'] ?? ''),
        stoppedFor: running ? undefined : now - finished,
      };
    });
}

/** Tries that a healthcheck has by the engine's default. */
const RETRIES = 3;

/**
 * The engine calls every container with a healthcheck unhealthy once it has ended, whatever it has ended by (CloseMonitorChannel in
 * moby's container/health.go): then only what the check itself has found counts.
 */
function healthOf(raw: Readonly<Record<string, unknown>>, running: boolean): string | undefined {
  if (typeof raw['health'] !== 'string') return undefined;
  const failed = Number(raw['failing']) >= (Number(raw['retries']) || RETRIES);
  return running || failed ? raw['health'] : undefined;
}

/** A container that will not become ready by waiting. */
export interface Crash {
  id: string;
  name: string;
  service: string;
  /** One sentence without the container's name, such as `exited with code 1`. */
  reason: string;
}

/** An exit long before this wait is history, not news: an orphan of an older deployment, most often. */
const RECENT_SECONDS = 900;

/** Why a container as it is now is a crashed one; undefined when it is not. */
export function crashOf(container: Container, named: boolean): Crash | undefined {
  const { id, name, service, status, exitCode, oomKilled, error, restarts, stoppedFor } = container;
  const crash = (reason: string): Crash => ({ id, name, service, reason });
  const again = restarts > 0 ? ` (${restarts} ${restarts === 1 ? 'restart' : 'restarts'})` : '';
  if (status === 'restarting') {
    return crash(
      oomKilled
        ? `was killed for lack of memory and is restarting${again}`
        : `exited with code ${exitCode} and is restarting${again}`,
    );
  }
  if (status === 'created' && error !== '') return crash(`could not be started: ${cut(error, 300)}`);
  if (status !== 'exited' && status !== 'dead') return undefined;
  if (!named && (stoppedFor ?? 0) > RECENT_SECONDS) return undefined;
  if (oomKilled) return crash('was killed for lack of memory (OOM)');
  if (error !== '') return crash(`could not be started: ${cut(error, 300)}`);
  if (!named && wasStopped(container)) return undefined;
  return crash(`exited with code ${exitCode}`);
}

/**
 * Whether an exited container ended as it should, or because somebody stopped it: a one-shot service ends with
 * 0; what the engine itself would have restarted was stopped on purpose; so was what a signal of `docker stop`
 * ended. Of a service that a target names an end is an end all the same.
 */
function wasStopped({ exitCode, restartPolicy }: Container): boolean {
  return (
    exitCode === 0 || exitCode === 143 || exitCode === 137 || /^(always|unless-stopped)$/.test(restartPolicy)
  );
}

/** The last 50 log lines and the health log of a container, as text for a person; says so when there are none. */
export async function evidenceOf(
  session: Session,
  scope: ContainerScope,
  container: { id: string; name: string },
): Promise<string> {
  const { code, stdout } = await session.run({
    script: CONTAINER_EVIDENCE.text(),
    args: [scope.dockerHost ?? '', container.id],
    timeout: 20_000,
  });
  if (code !== 0) return `${container.name}: gone already, its log with it`;
  const text = stdout.toString('utf8');
  const end = text.indexOf('\n');
  const log = text.slice(end + 1).trimEnd();
  const parts = [
    log === ''
      ? `${container.name} logged nothing`
      : `last log lines of ${container.name}:\n${indent(cut(log, 12_000))}`,
  ];
  const checks = (JSON.parse(text.slice(0, Math.max(0, end)) || 'null') ?? []) as {
    ExitCode?: number;
    Output?: string;
  }[];
  if (checks.length > 0) {
    const shown = checks
      .slice(-3)
      .map((check) => `exit code ${check.ExitCode}: ${cut((check.Output ?? '').trim(), 500)}`);
    parts.push(`last healthchecks of ${container.name}:\n${indent(shown.join('\n'))}`);
  }
  return parts.join('\n');
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');
}
