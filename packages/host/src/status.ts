import type { Session } from '@deploy-actions/shell';
import { runEntry } from './exec.ts';
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
  /** ISO 8601, by the server's clock. */
  since: string;
  /** The folder of its run. */
  run: string;
}

export interface RunStatus {
  reference: RunReference;
  /** `interrupted`: its process is gone and it left no result. */
  state: RunState | 'interrupted';
  /** Set when it has ended. */
  result: RunResult | undefined;
  /** ISO 8601, by the server's clock. */
  began: string;
  /** The last event of its journal; empty before the first. */
  lastEvent: string;
}

/** What runs, ran and holds the lock in an application's folder; changes nothing. */
export async function statusOf(session: Session, path: string): Promise<HostStatus> {
  let held = false;
  let holder: LockHolder | undefined;
  const order: HostStatus['order'] = {};
  const runs: RunStatus[] = [];
  await runEntry(session, { script: execScript('_status'), args: [path] }, ({ type, payload }) => {
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
        holder = { actor: of('actor'), runUrl: of('url'), since: of('since'), run: of('run') };
        break;
      }
      case 'order':
        for (const [, key, number, attempt] of text.matchAll(/^(\S+) (\d+) (\d+)$/gm)) {
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
          current.result = parseResult(payload, current.reference, false);
          current.state = 'ended';
        }
        break;
      case 'state':
        // Empty in the moment in which the program writes it anew.
        if (current && text.trim() !== '')
          current.state = text.trim() === 'interrupted' ? 'interrupted' : runState(text);
        break;
      case 'began':
        if (current) current.began = text;
        break;
      case 'event':
        if (current) current.lastEvent = text.replace(/^\S+ /, '');
        break;
    }
  });
  runs.sort((a, b) => b.began.localeCompare(a.began));
  return { lock: held ? (holder ?? { actor: '', runUrl: '', since: '', run: '' }) : undefined, runs, order };
}

function referenceOf(path: string, directory: string): RunReference | undefined {
  const match = /\/([^/]+)\/([a-z][a-z-]*)-(\d+)$/.exec(directory);
  if (!match) return undefined;
  return { path, deploymentId: match[1]!, operation: match[2]!, number: Number(match[3]), directory };
}
