import { baseProject } from '@deploy-actions/ledger';
import type { Session } from '@deploy-actions/shell';
import { OWN_STOPS } from './questions.ts';

/** A time in which a program of ours may have stopped containers. */
export interface OwnWork {
  /** As people know it, such as `deploy-1`. */
  name: string;
  /** The project that it is about, a colour's too; undefined: any of this folder. */
  project: string | undefined;
  /** Date.now() of the server's clock. */
  from: number;
  until: number;
}

/** Phases in which a run only looks, waits or fetches images: what stops meanwhile was stopped by somebody else. */
const QUIET = new Set(['preflight', 'pull', 'check', 'ready', 'drain']);
/** Operations that stop nothing. */
const GENTLE = /^backup-\d+$/;
/** The journal knows whole seconds. */
const SECOND = 1000;
/** A timer that has not said that it ends is taken to be at work for so long: the server may have stopped in the middle. */
const LONGEST_TIMER = 600 * SECOND;
/** A program that died may have left a command at work, which its successor ends. */
const LEFTOVERS = 120 * SECOND;

/**
 * When programs of ours in an application's folder were at work that may stop containers, by their journals, over the last
 * day. Undefined where the login user cannot read that. Throws what `session.run` does.
 */
export async function ownWork(
  session: Session,
  path: string,
  signal?: AbortSignal,
): Promise<OwnWork[] | undefined> {
  const { code, stdout } = await session.run({
    script: OWN_STOPS.text(),
    args: [path],
    timeout: 30 * SECOND,
    signal,
  });
  const text = stdout.toString('utf8');
  return code === 0 && text.endsWith('end\n') ? parseOwnWork(text) : undefined;
}

/** The program of ours that may have stopped a container of the project at that time; undefined: none. */
export function ownStop(work: readonly OwnWork[], project: string, at: number): string | undefined {
  return work.find(
    (one) =>
      (one.project === undefined || baseProject(one.project) === baseProject(project)) &&
      one.from <= at &&
      at <= one.until,
  )?.name;
}

/** What `own_stops` has printed, as times. A line of another form says nothing. */
export function parseOwnWork(text: string): OwnWork[] {
  const work: OwnWork[] = [];
  let run:
    | { name: string; project: string | undefined; end: string; lines: [at: number, event: string][] }
    | undefined;
  let timer: OwnWork | undefined;
  const close = () => {
    if (run) work.push(...workOf(run.name, run.project, run.end, run.lines));
    run = undefined;
  };
  for (const line of text.split('\n')) {
    const [, name, end, project] =
      /^run ([a-z][a-z-]{0,40}-\d{1,9}) (\d{1,12}|lives|gone) (\S{1,80})$/.exec(line) ?? [];
    if (name !== undefined) {
      close();
      run = { name, end: end!, project: project === '-' ? undefined : project, lines: [] };
      continue;
    }
    const [, time, event] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ) (\S.*)$/.exec(line) ?? [];
    const at = time === undefined ? NaN : Date.parse(time);
    if (!Number.isFinite(at)) continue;
    const [, which, turn] = /^timer ([a-z]{1,40}) (begins|ends)$/.exec(event!) ?? [];
    if (which === undefined) {
      run?.lines.push([at, event!]);
      continue;
    }
    close();
    if (turn === 'begins') {
      timer = {
        name: `the timer ${which}`,
        project: undefined,
        from: at - SECOND,
        until: at + LONGEST_TIMER,
      };
      work.push(timer);
    } else if (timer) {
      timer.until = at + 2 * SECOND;
      timer = undefined;
    }
  }
  close();
  return work;
}

function workOf(
  name: string,
  project: string | undefined,
  end: string,
  lines: readonly [at: number, event: string][],
): OwnWork[] {
  if (GENTLE.test(name)) return [];
  const last = lines.at(-1)?.[0] ?? 0;
  const ended = end === 'lives' ? Infinity : end === 'gone' ? last + LEFTOVERS : Number(end) * SECOND;
  const work: OwnWork[] = [];
  let since: number | undefined;
  const to = (until: number) => {
    if (since !== undefined) work.push({ name, project, from: since - SECOND, until: until + 2 * SECOND });
    since = undefined;
  };
  for (const [at, event] of lines) {
    const phase = /^phase:(.+)$/.exec(event)?.[1];
    if (phase !== undefined && QUIET.has(phase)) to(at);
    // Without the lock a run waits; `recover` is its going on after a crash, in whatever phase.
    else if (phase !== undefined || event === 'locked' || event === 'recover') since ??= at;
  }
  to(ended);
  return work;
}
