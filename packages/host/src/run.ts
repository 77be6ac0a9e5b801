import type { Clock, FailureCode, FailureKind } from '@deploy-actions/kit';
import type { Session } from '@deploy-actions/shell';
import type { ReadyProgram } from './define-program.ts';

/** A file for the server. */
export interface Upload {
  /** Relative path, `/` between folders; no `..`, no control characters, no backslash. */
  name: string;
  content: Buffer | string;
  /** Default 0o600; folders are made 0700. */
  mode?: number;
}

/** Something that changes the server, as a program that lives there. */
export interface Operation {
  /** `deploy`, `switch`, `rollback`, …: lower-case letters and hyphens. */
  name: string;
  /** The application's folder, as in the input `path`. */
  path: string;
  /** `[a-z0-9][a-z0-9._-]{0,62}` */
  deploymentId: string;
  /**
   * What runs, with its values. They are kept with the run, 0600; the file of the secret ones is removed when the run
   * ends.
   */
  program: ReadyProgram<'operation'>;
  /** Found by the program in `$files/<name>`. */
  files?: readonly Upload[];
  /** A staging folder that `inspect` answered: its files become the run's, below those of `files`. */
  staging?: string;
  /**
   * SHA-256 over what the operation means (not over run attempt, URL or time): the same id again with the
   * same hash reattaches to the running run or reports the succeeded one.
   */
  inputHash: string;
  /**
   * Refuses this run when a later one of the same `key` (repository and workflow) has succeeded. `passes`: its own success does
   * not count for that, so an earlier one may still come after it.
   */
  order?: { key: string; number: number; attempt: number; passes?: boolean };
  allowOlder?: boolean;
  /** Milliseconds to wait for the lock before the run fails as `busy`; default 10 minutes. */
  lockTimeout?: number;
  /** Shown to whoever waits for the lock. */
  holder: { actor: string; runUrl: string };
  /** Installs (true) or removes (false) the `@reboot` line that resumes an unfinished run; undefined: leaves it. */
  resumeOnBoot?: boolean;
}

/** Names one run on one server; plain data, so that it can be kept as an action's state. */
export interface RunReference {
  path: string;
  deploymentId: string;
  operation: string;
  /** 1, 2, …: the how manieth run of this operation under this id. */
  number: number;
  /** Absolute folder on the server. */
  directory: string;
}

/** What a run tells while it goes on, in order. */
export type RunEvent =
  /** A line of output, without its newline, of the program or of a command that it runs. */
  | { type: 'line'; text: string }
  | { type: 'warning'; text: string }
  /** A new phase begins; `at` is in milliseconds since the run began. */
  | { type: 'phase'; name: string; at: number }
  /**
   * `waiting` for the lock, `running`, `ready` (waits for go), `paused` (a test's), `ended`.
   * The same state is told once.
   */
  | { type: 'state'; state: RunState }
  /** The connection dropped and the log is followed anew; nothing of it is lost or told twice. */
  | { type: 'reconnected'; attempt: number };

export const RUN_STATES = ['waiting', 'running', 'ready', 'paused', 'ended'] as const;
export type RunState = (typeof RUN_STATES)[number];

export interface RunResult {
  reference: RunReference;
  outcome: 'succeeded' | 'failed';
  /** Set when it failed. */
  failure?: {
    kind: FailureKind;
    /** Undefined: the server gave none that the table has. */
    code?: FailureCode | undefined;
    message: string;
    remedy?: string;
    details?: string;
  };
  /** What the body gave to `result NAME VALUE`, as the program's parts declare it; also after a failure. */
  fields: Readonly<Record<string, string>>;
  /** In order; the last one's duration ends with the run. Milliseconds. */
  phases: readonly { name: string; ms: number }[];
  /** Milliseconds from start to end on the server, the wait for the lock included. */
  elapsedMs: number;
  /** Set when the run was interrupted and `recover` wrote this result later. */
  recovered: boolean;
  /** False when an earlier run of the same id and input had succeeded already and is only reported. */
  fresh: boolean;
}

export interface FollowOptions {
  clock: Clock;
  onEvent?(event: RunEvent): void;
  /** A new session to the same server, after the old one was lost. Without it a drop ends the following. */
  reopen?(): Promise<Session>;
  /** Milliseconds to keep trying to reconnect before the Failure `lost`; default 2 minutes. */
  reconnectFor?: number;
  /** Milliseconds in which the server must say something, if only that it is there; default a minute. */
  silence?: number;
  /** Stops following (not the run: see cancelRun). */
  signal?: AbortSignal;
}

/** A run that is being followed. */
export interface Run {
  readonly reference: RunReference;
  /** `started` now; `reattached` to a running one; `reported`: had succeeded already. */
  readonly disposition: 'started' | 'reattached' | 'reported';
  /** The session in use: after a reconnect the new one. */
  readonly session: Session;
  /** Resolves when the run has ended, also when it failed (see failureOf). Rejects with a `lost` Failure only. */
  readonly result: Promise<RunResult>;
}
