import { type Part, part, withNeeds } from './part.ts';
import { PRELUDE, PROCESSES } from './process-parts.ts';

const ROOM = part(new URL('sh/room.sh', import.meta.url), { needs: [PRELUDE] });
const COMMANDS = part(new URL('sh/commands.sh', import.meta.url), { needs: [PROCESSES] });
const HOLDER = part(new URL('sh/holder.sh', import.meta.url), { needs: [PRELUDE] });
const LOCK = part(new URL('sh/lock.sh', import.meta.url), { needs: [HOLDER, COMMANDS] });
const JOURNAL = part(new URL('sh/journal.sh', import.meta.url), { needs: [COMMANDS, LOCK] });
const LIFE = part(new URL('sh/life.sh', import.meta.url), { needs: [JOURNAL, LOCK, ROOM] });

const FRAMES = part(new URL('sh/frames.sh', import.meta.url), { needs: [PRELUDE] });
const UNWRITTEN = part(new URL('sh/unwritten.sh', import.meta.url), { needs: [FRAMES, ROOM] });
/** `group_is_own`: whether a group holds nobody but one user. */
export const OWN_GROUP = part(new URL('sh/own-group.sh', import.meta.url));
const FOLDERS = part(new URL('sh/folders.sh', import.meta.url), { needs: [UNWRITTEN, OWN_GROUP] });
const RECEIVE = part(new URL('sh/receive.sh', import.meta.url), { needs: [UNWRITTEN] });
const TREE = part(new URL('sh/tree.sh', import.meta.url), { needs: [UNWRITTEN] });
const LOOK = part(new URL('sh/inspection.sh', import.meta.url), { needs: [FOLDERS, RECEIVE, TREE] });
const FOLLOW = part(new URL('sh/follow.sh', import.meta.url), { needs: [FRAMES, PROCESSES] });
const CONTROL = part(new URL('sh/control.sh', import.meta.url), { needs: [FRAMES] });

const STATUS = part(new URL('sh/status.sh', import.meta.url), { needs: [FRAMES, PROCESSES, HOLDER] });
/** `apart`: parts of a look that must not end the rest of it; read by `readApart`, `readRefusal` and `readStatus`. */
export const APART = part(new URL('sh/apart.sh', import.meta.url), { needs: [PRELUDE] });
/** `fit_path` and `tell_status`, for a visit. */
export const FITNESS = part(new URL('sh/fitness.sh', import.meta.url), { needs: [FOLDERS, STATUS] });

/** What each exec of ours carries: the part that has its function, and what that needs. */
const EXECS = {
  _inspect: LOOK,
  _upload: part(new URL('sh/upload.sh', import.meta.url), { needs: [FOLDERS, RECEIVE] }),
  _launch: part(new URL('sh/launch.sh', import.meta.url), { needs: [FOLDERS, RECEIVE, FOLLOW] }),
  _follow: FOLLOW,
  _go: CONTROL,
  _alive: CONTROL,
  _cancel: CONTROL,
  _read_result: CONTROL,
  _status: STATUS,
};

export type Exec = keyof typeof EXECS;

/** The host's parts of an operation; its last line is `OPERATION_END`. */
export const OPERATION_PARTS: readonly Part[] = withNeeds([LIFE]);
export const OPERATION_END = '_program "$@"\n';

/** All execs, for the checks that each of them must pass. */
export const EXEC_NAMES = Object.keys(EXECS) as Exec[];

/** The host's parts of an exec. */
export function execParts(exec: Exec): readonly Part[] {
  return withNeeds([EXECS[exec]]);
}

/** The last lines of an exec: its stdout carries frames alone, whatever else is printed goes to stderr. */
export function execEnd(exec: Exec): string {
  return `exec 3>&1 1>&2\n${exec} "$@"\n`;
}

/** The script of an exec that runs no program of a caller's. */
export function execScript(exec: Exec): string {
  return textOf(execParts(exec)) + execEnd(exec);
}

/** Parts as they are sent. */
export function textOf(parts: readonly Part[]): string {
  return parts.map((one) => one.sent()).join('');
}
