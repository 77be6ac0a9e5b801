import { complaintOf } from '@deploy-actions/engine/complaint';
import { EVENT_LABELS, FOLLOW_CONTAINERS } from '@deploy-actions/engine/watch';
import type { Session } from '@deploy-actions/shell';
import { type Container, type ContainerScope, inScope, parseList } from './container.ts';

/** What the engine tells of a container when it happens. */
export interface ContainerEvent {
  /** Such as `die`, `oom`, `kill`, `start` or `health_status`; what follows a colon in it stands in `health`. */
  action: string;
  id: string;
  name: string;
  service: string;
  /** Date.now() of the engine's clock; Infinity where it did not say. */
  at: number;
  /** Of `die`; NaN where it is not told. */
  exitCode: number;
  /** Of `kill`: the signal's number, or empty. */
  signal: string;
  /** Of `health_status`: `healthy` or `unhealthy`. */
  health: string;
}

/** Who listens to a project's containers. */
export interface ContainerListener {
  /** Called once, before any event: the containers of the scope as they are. `lookedAt` is Date.now() of the engine. */
  listed(containers: Container[], lookedAt: number): void;
  /** Events of the last ten minutes come too, as far as the engine remembers them. */
  event(event: ContainerEvent): void;
}

interface RawEvent {
  timeNano?: number;
  Action?: string;
  status?: string;
  id?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> };
}

/**
 * Tells the listener of the scope's containers until `signal` aborts: then it resolves `stopped`. It resolves `ended` when
 * the engine ended its events before, as it does when it is restarted. One program on the server, which ends with the
 * signal, the connection or `seconds`. Throws a Failure when the engine does not answer.
 */
export async function followContainers(
  session: Session,
  scope: ContainerScope,
  options: { seconds: number; signal: AbortSignal },
  listener: ContainerListener,
): Promise<'stopped' | 'ended'> {
  const { signal } = options;
  const listed: string[] = [];
  let lookedAt = 0;
  let listing = true;
  let over: () => void = () => {};
  const ended = new Promise<'ended'>((done) => (over = () => done('ended')));
  const onLine = (line: string) => {
    if (line === 'ended' && !listing) return over();
    if (!listing) {
      const event = readEvent(line);
      if (event && ofScope(event, scope)) listener.event(event);
    } else if (line.startsWith('looked ')) {
      lookedAt = Date.parse(line.slice('looked '.length)) || Date.now();
    } else if (line !== 'listed') {
      listed.push(line);
    } else {
      listing = false;
      listener.listed(inScope(parseList(listed), scope), lookedAt);
    }
  };
  const program = session.run({
    script: FOLLOW_CONTAINERS.text(),
    args: [scope.dockerHost ?? '', scope.project, String(Math.ceil(options.seconds))],
    input: untilOver(signal, ended),
    onStdout: lineReader(onLine),
    // It ends by itself after `seconds`; this is for a server on which nothing ends any more.
    timeout: (options.seconds + 60) * 1000,
  });
  const outcome = await Promise.race([program, ended, aborted(signal)]);
  // What is not waited for ends by its stdin, and nobody asks how.
  if (typeof outcome === 'string' || signal.aborted) {
    void program.catch(() => {});
    return signal.aborted ? 'stopped' : 'ended';
  }
  if (outcome.code !== 0 && listing)
    throw await complaintOf(session, outcome.stderr.toString('utf8'), outcome.code, scope.dockerHost);
  return 'ended';
}

function ofScope(event: ContainerEvent, scope: ContainerScope): boolean {
  return scope.services.length === 0 || scope.services.includes(event.service);
}

/** An event that is about a container of a service; undefined for a line that is none. */
function readEvent(line: string): ContainerEvent | undefined {
  let raw: RawEvent;
  try {
    raw = JSON.parse(line) as RawEvent;
  } catch {
    return undefined;
  }
  const about = raw.Actor?.Attributes ?? {};
  if (about[EVENT_LABELS.oneOff] === 'True') return undefined;
  const [action, health] = (raw.Action ?? raw.status ?? '').split(': ');
  const id = raw.Actor?.ID ?? raw.id ?? '';
  return {
    action: action!,
    health: health ?? '',
    id,
    name: about['name'] ?? id.slice(0, 12),
    service: about[EVENT_LABELS.service] ?? '',
    at: (raw.timeNano ?? Infinity) / 1e6,
    exitCode: Number(about['exitCode'] ?? NaN),
    signal: about['signal'] ?? '',
  };
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((done) => {
    if (signal.aborted) done('stopped');
    signal.addEventListener('abort', () => done('stopped'), { once: true });
  });
}

/** A program's stdin that says nothing and ends when there is no more interest. */
async function* untilOver(signal: AbortSignal, over: Promise<unknown>): AsyncGenerator<Buffer> {
  await Promise.race([aborted(signal), over]);
  yield Buffer.alloc(0);
}

function lineReader(onLine: (line: string) => void): (bytes: Buffer) => void {
  let rest = '';
  return (bytes) => {
    rest += bytes.toString('utf8');
    const lines = rest.split('\n');
    // What has no end is no line of ours.
    rest = lines.pop()!.slice(0, 2 ** 20);
    for (const line of lines) onLine(line);
  };
}
