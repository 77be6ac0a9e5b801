import { formatDuration } from '@deploy-actions/kit';
import { type Kind, LINE, TIME, URL_KIND, isId } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { ANSWER_MS, runEntry } from './exec.ts';
import { type Frame, frameReader } from './frames.ts';
import { execScript } from './host-parts.ts';
import { parseResult, runState } from './result.ts';
import type { RunReference, RunResult, RunState } from './run.ts';

export interface HostStatus {
  /** Who holds the lock; undefined when it is free. */
  lock: LockHolder | undefined;
  /** Newest first. */
  runs: RunStatus[];
  /** The last run that succeeded, per order key. */
  order: Record<string, { number: number; attempt: number }>;
}

export interface LockHolder {
  actor: string;
  runUrl: string;
  /** ISO 8601, by the server's clock; empty where it does not say. */
  since: string;
  /** The folder of its run. */
  run: string;
  /** The process of its program where that is still at work. */
  pid: number | undefined;
  /** What its run is at; undefined: it does not say. */
  phase: { name: string; ms: number } | undefined;
  waiting: HolderWaiting | undefined;
}

/** What the run that has the lock waits for. */
export interface HolderWaiting {
  what: string;
  /** Milliseconds since when. */
  ms: number;
  /** Milliseconds after which it is ended by itself; undefined: nothing says. */
  leftMs: number | undefined;
  /** The command by which a person on the server ends it; undefined: there is none. */
  ends: string | undefined;
}

export interface RunStatus {
  reference: RunReference;
  /** `interrupted`: its process is gone and it left no result. */
  state: RunState | 'interrupted';
  /** Set when it has ended; without the fields of its program. */
  result: RunResult | undefined;
  /** ISO 8601, by the server's clock. */
  began: string;
  /** The last event of its journal; empty before the first. */
  lastEvent: string;
}

/** What runs, ran and holds the lock in an application's folder; changes nothing. */
export async function statusOf(session: Session, path: string): Promise<HostStatus> {
  const { hear, status } = statusReader(path);
  await runEntry(session, { script: execScript('_status'), args: [path], timeout: ANSWER_MS }, hear);
  return status();
}

/** The same from what `tell_status` told in a look. Throws on what is no answer of it. */
export function readStatus(path: string, told: string): HostStatus {
  const { hear, status } = statusReader(path);
  frameReader(hear)(Buffer.from(told));
  return status();
}

function statusReader(path: string): { hear(frame: Frame): void; status(): HostStatus } {
  let held = false;
  let holder: Omit<LockHolder, keyof Doing> | undefined;
  const told = new Map<string, string>();
  const order: HostStatus['order'] = {};
  const runs: RunStatus[] = [];
  const hear = ({ type, payload }: Frame) => {
    const text = payload.toString('utf8');
    const current = runs.at(-1);
    switch (type) {
      case 'lock':
        held = text === 'held';
        break;
      case 'holder': {
        const lines = new Map(
          text.split('\n').map((line) => [line.split(' ', 1)[0]!, line.replace(/^\S+ ?/, '')]),
        );
        const of = (key: string) => lines.get(key) ?? '';
        const formed = (key: string, form: Kind<string>) => (form.fits(of(key)) ? of(key) : '');
        holder = {
          actor: formed('actor', LINE).slice(0, 200),
          runUrl: formed('url', URL_KIND),
          since: formed('since', TIME),
          run: referenceOf(path, of('run')) ? of('run') : '',
        };
        break;
      }
      case 'lives':
      case 'phase':
      case 'phasetime':
      case 'waits':
      case 'waited':
      case 'left':
      case 'ends':
        told.set(type, text);
        break;
      case 'order':
        for (const [, key, number, attempt] of text.matchAll(/^([\w.-]{1,100}) (\d{1,15}) (\d{1,15})$/gm)) {
          order[key!] = { number: Number(number), attempt: Number(attempt) };
        }
        break;
      case 'run': {
        const reference = referenceOf(path, text);
        if (reference)
          runs.push({ reference, state: 'waiting', result: undefined, began: '', lastEvent: '' });
        break;
      }
      case 'result':
        if (current) {
          current.result = parseResult(payload, current.reference, false, {});
          current.state = 'ended';
        }
        break;
      case 'state':
        // Empty in the moment in which the program writes it anew.
        if (current && text.trim() !== '')
          current.state = text.trim() === 'interrupted' ? 'interrupted' : runState(text);
        break;
      case 'began':
        if (current && TIME.fits(text)) current.began = text;
        break;
      case 'event':
        if (current) current.lastEvent = /^[\dTZ:-]{20} ([\w:.-]{1,200})$/.exec(text)?.[1] ?? '';
        break;
    }
  };
  const status = (): HostStatus => {
    runs.sort((a, b) => b.began.localeCompare(a.began));
    const who = holder ?? { actor: '', runUrl: '', since: '', run: '' };
    return { lock: held ? { ...who, ...doingOf(told) } : undefined, runs, order };
  };
  return { hear, status };
}

/** Who has the lock, what that run does and what ends it, as a person reads it. */
export function holderText(lock: HostStatus['lock']): string {
  if (!lock) return 'nobody holds the lock';
  const { phase, waiting, pid } = lock;
  const text = [
    `the lock is held by ${lock.actor || 'somebody'}${lock.since ? ` since ${lock.since}` : ''}${lock.runUrl ? ` (${lock.runUrl})` : ''}`,
  ];
  if (phase) text.push(`in the phase ${phase.name} for ${formatDuration(phase.ms)}`);
  if (waiting) text.push(`waiting for ${waiting.what} for ${formatDuration(waiting.ms)}`);
  if (waiting?.leftMs !== undefined)
    text.push(`ended by itself in ${formatDuration(waiting.leftMs)} at the latest`);
  if (waiting?.ends !== undefined) text.push(`to end that now, on the server: ${waiting.ends}`);
  else if (pid !== undefined) text.push(`to ask it to stop, on the server: kill ${pid}`);
  else text.push('its program has died: the next run finishes or reverts what it began');
  return text.join('; ');
}

type Doing = Pick<LockHolder, 'pid' | 'phase' | 'waiting'>;

/** What the server says of the run that has the lock; what has not its form counts as not said. */
function doingOf(told: ReadonlyMap<string, string>): Doing {
  const formed = (name: string, form: RegExp) => {
    const text = told.get(name) ?? '';
    return form.test(text) ? text : undefined;
  };
  const time = (name: string) => {
    const seconds = formed(name, /^\d{1,9}$/);
    return seconds === undefined ? undefined : Number(seconds) * 1000;
  };
  const pid = formed('lives', /^\d{1,9}$/);
  const phase = formed('phase', /^[a-z][a-z-]{0,40}$/);
  const what = formed('waits', /^[\x20-\x7e]{1,200}$/);
  return {
    pid: pid === undefined ? undefined : Number(pid),
    phase: phase === undefined ? undefined : { name: phase, ms: time('phasetime') ?? 0 },
    waiting:
      what === undefined
        ? undefined
        : {
            what,
            ms: time('waited') ?? 0,
            leftMs: time('left'),
            ends: formed('ends', /^[\w./:@ -]{1,200}$/),
          },
  };
}

function referenceOf(path: string, directory: string): RunReference | undefined {
  const runs = `${path}/.deploy/runs/`;
  if (!directory.startsWith(runs)) return undefined;
  const match = /^([^/]+)\/([a-z][a-z-]*)-(\d{1,9})$/.exec(directory.slice(runs.length));
  if (!match || !isId(match[1]!)) return undefined;
  return { path, deploymentId: match[1]!, operation: match[2]!, number: Number(match[3]), directory };
}
