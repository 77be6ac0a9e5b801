import { type Check, gitHubFailure } from '@deploy-actions/github';
import { type Clock, Failure, type Log, formatDuration, quote } from '@deploy-actions/kit';
import { type CheckRow, type Verdict, type WantedChecks, judgeChecks, withoutOwn } from './verdict.ts';

/** What GitHub is asked about one commit. */
export interface ChecksWorld {
  runs(): Promise<Check[]>;
  statuses(): Promise<Check[]>;
  clock: Clock;
  log: Pick<Log, 'info'>;
  signal: AbortSignal;
}

export interface ChecksQuestion {
  wanted: WantedChecks;
  /** Milliseconds. */
  timeout: number;
  /** The page of this run, whose own checks are left out. */
  runUrl: string;
  /** The commit, as messages name it. */
  commit: string;
}

export interface ChecksAnswer {
  rows: readonly CheckRow[];
  attempts: number;
  elapsedMs: number;
}

/** Seconds between two looks: two requests each, of the 1,000 that a job's token has in an hour. */
const FIRST = 5000;
const LONGEST = 30_000;

/** Thrown with the checks as they stand. */
export class ChecksFailure extends Failure {
  readonly rows: readonly CheckRow[];
  constructor(failure: Failure, rows: readonly CheckRow[]) {
    super(failure.kind, failure.message, { ...failure, cause: failure.cause });
    this.rows = rows;
  }
}

/**
 * Waits until the checks that are wanted are green. Throws ChecksFailure as soon as one is red, or when the time is over.
 */
export async function awaitChecks(question: ChecksQuestion, world: ChecksWorld): Promise<ChecksAnswer> {
  const { wanted, timeout, runUrl, commit } = question;
  const started = world.clock.now();
  let pause = FIRST;
  for (let attempts = 1; ; attempts += 1) {
    const { others, own } = withoutOwn(await ask(world, commit), runUrl);
    const verdict = judgeChecks(wanted, others);
    const elapsedMs = world.clock.now() - started;
    if (verdict.outcome === 'good') return { rows: verdict.rows, attempts, elapsedMs };
    const failure = verdict.outcome === 'bad' ? red(verdict, commit) : inOwnRun(verdict, own);
    if (failure) throw new ChecksFailure(failure, verdict.rows);
    const left = timeout - elapsedMs;
    if (left <= 0) throw new ChecksFailure(tooLate(verdict, wanted, commit, elapsedMs), verdict.rows);
    world.log.info(
      `Waiting for ${missing(verdict, wanted)} (${formatDuration(elapsedMs)} of ${formatDuration(timeout)})`,
    );
    await world.clock.sleep(Math.min(pause, left), world.signal);
    pause = Math.min(LONGEST, pause * 1.5);
  }
}

async function ask(world: ChecksWorld, commit: string): Promise<Check[]> {
  const part = async (work: () => Promise<Check[]>, what: string, permission: string) => {
    try {
      return await work();
    } catch (error) {
      throw gitHubFailure(error, `${what} of ${commit}`, permission);
    }
  };
  const [runs, statuses] = await Promise.all([
    part(world.runs, 'the checks', 'checks: read'),
    part(world.statuses, 'the statuses', 'statuses: read'),
  ]);
  return [...runs, ...statuses];
}

function red({ rows }: Verdict, commit: string): Failure {
  const bad = rows.filter((row) => row.state === 'bad');
  const list = bad.slice(0, 5).map((row) => `${quote(row.name)} (${row.detail})`);
  const more = bad.length > 5 ? ` and ${bad.length - 5} more` : '';
  return new Failure(
    'unhealthy',
    `${bad.length === 1 ? 'a check' : `${bad.length} checks`} of ${commit} ${bad.length === 1 ? 'is' : 'are'} not green: ${list.join(', ')}${more}`,
    {
      remedy: `Mend ${bad.length === 1 ? 'it' : 'them'} or run ${bad.length === 1 ? 'it' : 'them'} again${bad[0]!.url === '' ? '' : `: ${bad[0]!.url}`}`,
    },
  );
}

/** A check of this very run cannot be waited for by it. */
function inOwnRun({ rows }: Verdict, own: readonly Check[]): Failure | undefined {
  const absent = rows.find((row) => row.state === 'absent' && own.some((check) => check.name === row.name));
  if (absent === undefined) return undefined;
  return new Failure(
    'input',
    `the check ${quote(absent.name)} is a job of this very run, whose own checks are left out`,
    {
      input: 'required-checks',
      remedy: 'Let the job wait for it with `needs:`.',
    },
  );
}

function tooLate(verdict: Verdict, wanted: WantedChecks, commit: string, elapsedMs: number): Failure {
  return new Failure(
    'unhealthy',
    `${commit} has waited ${formatDuration(elapsedMs)} for ${missing(verdict, wanted)}`,
    {
      remedy:
        'Check the spelling of the names, that the checks run for this commit, and whether `checks-timeout` is long enough.',
    },
  );
}

function missing({ rows, ran }: Verdict, { minimum }: WantedChecks): string {
  const open = rows.filter((row) => row.state !== 'good');
  const list = open.slice(0, 5).map((row) => `${quote(row.name)} (${row.detail})`);
  if (open.length > 5) list.push(`${open.length - 5} more`);
  if (minimum !== undefined && ran < minimum) list.push(`${minimum} checks (${ran} ran)`);
  return list.join(', ') || 'any check at all';
}
