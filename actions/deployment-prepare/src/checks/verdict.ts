import type { Check, RequiredCheck } from '@deploy-actions/github';

/** What must be green before a commit is deployed. */
export interface WantedChecks {
  names: readonly RequiredCheck[];
  /** With it every check counts, and at least this many must have run. */
  minimum: number | undefined;
}

export interface CheckRow {
  name: string;
  state: 'good' | 'bad' | 'pending' | 'absent';
  /** What GitHub says of it, in words. */
  detail: string;
  url: string;
}

export interface Verdict {
  rows: readonly CheckRow[];
  /** How many checks ran and are good; a skipped one proves nothing. */
  ran: number;
  outcome: 'good' | 'bad' | 'waiting';
}

/** The checks that belong to this very run, which would wait for itself, and all others. */
export function withoutOwn(
  checks: readonly Check[],
  runUrl: string,
): { others: Check[]; own: readonly Check[] } {
  const run = runUrl.replace(/\/attempts\/\d+$/, '');
  const isOwn = (check: Check) => run !== '' && (check.url === run || check.url.startsWith(`${run}/`));
  const suites = new Set(checks.filter(isOwn).flatMap((check) => check.suite ?? []));
  const own = (check: Check) => check.suite !== undefined && suites.has(check.suite);
  return { others: checks.filter((check) => !own(check)), own: checks.filter(own) };
}

/**
 * Whether a commit's checks let it pass. Check runs and statuses count together; of a name that is there several times
 * (in several suites, or as both) every one must be good. A name that is asked for and not there is waited for, and none at
 * all is never enough.
 */
export function judgeChecks(wanted: WantedChecks, checks: readonly Check[]): Verdict {
  const named = wanted.names.map((name) =>
    rowOf(
      name,
      checks.filter((check) => matches(name, check)),
    ),
  );
  const rest =
    wanted.minimum === undefined
      ? []
      : checks
          .filter((check) => !wanted.names.some((name) => matches(name, check)))
          .map((check) => rowOf({ name: check.name, app: check.app }, [check]));
  const rows = [...named, ...rest];
  const ran = checks.filter((check) => check.state === 'good' && check.word !== 'skipped').length;
  if (rows.some((row) => row.state === 'bad')) return { rows, ran, outcome: 'bad' };
  const enough = wanted.minimum === undefined || ran >= wanted.minimum;
  const all = rows.length > 0 && rows.every((row) => row.state === 'good');
  return { rows, ran, outcome: all && enough ? 'good' : 'waiting' };
}

function matches(name: RequiredCheck, check: Check): boolean {
  if (check.name !== name.name) return false;
  // A status does not tell which app made it, so it cannot stand for one.
  return name.app === undefined || check.app === name.app;
}

const ORDER = ['bad', 'pending', 'good'] as const;

function rowOf({ name, app }: RequiredCheck, checks: readonly Check[]): CheckRow {
  const worst = [...checks].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))[0];
  if (worst === undefined)
    return {
      name,
      state: 'absent',
      detail: app === undefined ? 'not there' : `not there from app ${app}`,
      url: '',
    };
  return { name, state: worst.state, detail: worst.word, url: worst.url };
}
