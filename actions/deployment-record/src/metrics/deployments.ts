import { type HistoryEntry, movedTraffic } from '@deploy-actions/ledger';

/** What became of one deployment, as the history of its server tells it. */
export type PastOutcome =
  /** It served. */
  | 'success'
  /** It served, and was taken back. */
  | 'rolled-back'
  /** It failed, and the release before it was brought back. */
  | 'restored'
  /** It failed, and nothing was changed or nothing was brought back. */
  | 'failure';

export interface PastDeployment {
  deploymentId: string;
  release: string;
  version: string;
  sha: string;
  actor: string;
  runUrl: string;
  outcome: PastOutcome;
  /** It reached the visitors; an attempt that was restored, or changed nothing, did not. */
  reached: boolean;
  /** Milliseconds since the epoch: when it ended. */
  at: number;
  /** Milliseconds of the deploy; undefined where it is not told. */
  durationMs: number | undefined;
  /** When its failure was over, by a rollback or by the next success; undefined where it is not, or did not fail. */
  recoveredAt: number | undefined;
}

/**
 * The deployments of an environment, oldest first. A deploy in place is one when it ends; with colours it is the switch that
 * brings a release to the visitors, and the steps of a canary are one. What changed nothing is none, and of an attempt that was
 * repeated with the same commit and failed again the last one counts.
 */
export function pastDeployments(history: readonly HistoryEntry[], environment: string): PastDeployment[] {
  const past: PastDeployment[] = [];
  /** How long a release that waits for its switch took to deploy. */
  const prepared = new Map<string, number>();
  let serves = '';
  const last = (release: string) => past.findLast((one) => one.release === release && one.reached);
  const add = (
    entry: HistoryEntry,
    outcome: PastOutcome,
    reached: boolean,
    durationMs: number | undefined,
  ): PastDeployment | undefined => {
    const at = Date.parse(entry.at);
    if (Number.isNaN(at)) return undefined;
    const before = past.at(-1);
    if (before && !reached && !before.reached && entry.sha !== '' && before.sha === entry.sha) past.pop();
    const added: PastDeployment = {
      deploymentId: entry.deployment_id,
      release: entry.release,
      version: entry.version,
      sha: entry.sha,
      actor: entry.actor,
      runUrl: entry.run_url,
      outcome,
      reached,
      at,
      durationMs,
      recoveredAt: undefined,
    };
    past.push(added);
    if (outcome === 'success') recover(past.slice(0, -1), at);
    return added;
  };
  const takeBack = (release: string, at: number): void => {
    const one = last(release);
    if (one === undefined) return;
    one.outcome = 'rolled-back';
    one.recoveredAt = Number.isNaN(at) ? undefined : at;
  };

  for (const entry of history) {
    // Lines of older versions do not say where it was.
    if (environment !== '' && entry.environment !== '' && entry.environment !== environment) continue;
    if (entry.operation === 'deploy') {
      const { outcome, duration_ms } = entry;
      if (outcome === 'unchanged') continue;
      if (outcome !== 'succeeded') {
        const added = add(entry, outcome === 'restored' ? 'restored' : 'failure', false, duration_ms);
        // One that failed in place and was not restored is what the visitors have.
        if (added && outcome === 'failed' && entry.bad && entry.color === '') added.reached = true;
      } else if (entry.color !== '') prepared.set(entry.release, duration_ms);
      else {
        if (entry.release !== serves) add(entry, 'success', true, duration_ms);
        serves = entry.release;
      }
    } else if (entry.operation === 'switch' && movedTraffic(entry)) {
      if (entry.release !== serves && entry.release !== '')
        add(entry, 'success', true, prepared.get(entry.release));
      serves = entry.release;
    } else if (entry.operation === 'confirm' && entry.outcome === 'returned') {
      if (serves !== entry.release) takeBack(serves, Date.parse(entry.at));
      serves = entry.release;
    } else if (entry.operation === 'rollback') {
      const at = Date.parse(entry.at);
      if (entry.outcome === 'rolled-back') takeBack(entry.release, at);
      else if (entry.outcome === 'taken-back') {
        const one = last(entry.release);
        if (one) Object.assign(one, { outcome: 'success', recoveredAt: undefined });
      } else if (entry.outcome === 'succeeded' && entry.release !== '') {
        const left = entry.previous || (serves === entry.release ? '' : serves);
        if (left !== '') takeBack(left, at);
        recover(past, at);
        serves = entry.release;
      }
    }
  }
  return past;
}

/** What is worst for the visitors counts for all. */
const WORST: readonly PastOutcome[] = ['success', 'restored', 'rolled-back', 'failure'];

/**
 * The deployments of several servers, oldest first: what has one id and release on several of them is one deployment, as bad as
 * it went on any. What one server tells of twice stays two.
 */
export function together(servers: readonly (readonly PastDeployment[])[]): PastDeployment[] {
  const all = new Map<string, PastDeployment>();
  for (const [server, past] of servers.entries()) {
    const times = new Map<string, number>();
    for (const one of past) {
      // Without an id nothing says that two are one.
      const name = JSON.stringify(
        one.deploymentId === '' ? [server, one.at] : [one.deploymentId, one.release],
      );
      const time = (times.get(name) ?? 0) + 1;
      times.set(name, time);
      const key = `${time} ${name}`;
      const before = all.get(key);
      all.set(key, before === undefined ? one : joined(before, one));
    }
  }
  return [...all.values()].sort((a, b) => a.at - b.at);
}

function joined(a: PastDeployment, b: PastDeployment): PastDeployment {
  const worst = WORST.indexOf(b.outcome) > WORST.indexOf(a.outcome) ? b : a;
  const failed = [a, b].filter(({ outcome }) => outcome !== 'success');
  const over = failed.map(({ recoveredAt }) => recoveredAt);
  const durations = [a.durationMs, b.durationMs].filter((one) => one !== undefined);
  return {
    ...worst,
    reached: a.reached || b.reached,
    at: Math.max(a.at, b.at),
    durationMs: durations.length === 0 ? undefined : Math.max(...durations),
    recoveredAt:
      failed.length === 0 || over.includes(undefined) ? undefined : Math.max(...over.map((one) => one!)),
  };
}

/** Ends the failures of the deployments that reached the visitors and are not over yet. */
function recover(past: readonly PastDeployment[], at: number): void {
  // When, the line does not say.
  if (Number.isNaN(at)) return;
  for (const one of past)
    if (one.reached && one.outcome !== 'success' && one.recoveredAt === undefined) one.recoveredAt = at;
}
