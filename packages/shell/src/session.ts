import type { Duplex } from 'node:stream';
import type { Clock, Log } from '@deploy-actions/kit';

/** A program for the server: POSIX sh, a constant of ours; everything that varies goes into `args` and `input`. */
export interface Program {
  /** The sh text. It must hold no data: it arrives over stdin, never in the exec string or in any argv. */
  script: string;
  /** `$1`, `$2`, … of the script, byte for byte; NUL is refused. They arrive over stdin too. */
  args?: readonly string[];
  /** What the script finds on its stdin. */
  input?: Buffer | string | Iterable<Buffer> | AsyncIterable<Buffer>;
  /** Called with the bytes as they come; without it they are collected in the outcome. */
  onStdout?(bytes: Buffer): void;
  onStderr?(bytes: Buffer): void;
  /** Milliseconds until the channel is closed and a `remote` Failure thrown; without it whoever calls must end it. */
  timeout?: number;
  /** Milliseconds until a shell that lets us in must have begun the script; default: 60 s. */
  beginWithin?: number;
  signal?: AbortSignal;
  /** Another program will follow this one: its channel is opened meanwhile, which spares two round trips. */
  followed?: boolean;
}

/** How a program ended by itself. Anything else (no numeric exit code) is a `lost` Failure. */
export interface Outcome {
  code: number;
  /** Empty when `onStdout` took the bytes. */
  stdout: Buffer;
  /** Empty when `onStderr` took the bytes. */
  stderr: Buffer;
}

/** By which keys a connection came about: the type and `SHA256:…` of each. */
export interface Proof {
  /** The server's own. */
  hostKey: string;
  /** The line of `known-hosts` that it stands in. */
  line: number;
  /** The user's. */
  key: string;
}

/**
 * One authenticated connection to one server. Tests and the host package know only this interface:
 * `openSession` makes it over SSH, `localSession` runs the same bootstrap in a local shell.
 */
export interface Session {
  /** The server's name for logs: `host`, or `host:port` where that is needed to tell two apart. */
  readonly name: string;
  /** Connections made (a jump host's counts too) and execs begun: what tests and benchmarks hold to the aim. */
  readonly counts: Readonly<{ connections: number; execs: number; forwards: number }>;
  /** Undefined where nothing had to be proven, as in tests. */
  readonly proof?: Proof;
  /** Aborts, with the Failure as its reason, as soon as the connection is gone. */
  readonly gone: AbortSignal;
  /**
   * Runs a program; at most two at once, further ones wait. Answers any numeric exit code, also a failing one.
   * Throws SessionFailure: `lost` when the connection went or no exit code came, `timed-out`, `no-shell`.
   */
  run(program: Program): Promise<Outcome>;
  /**
   * A TCP connection from the server to `host:port` (direct-tcpip): works as a socket for http.
   * Throws SessionFailure `forward-forbidden`, `forward-refused`, `forward-unknown-name` or `forward-failed`.
   */
  forward(host: string, port: number): Promise<Duplex>;
  /** Ends the connection; never throws. */
  close(): Promise<void>;
}

/** What a session needs of the world around it. */
export interface SessionPorts {
  clock: Clock;
  log: Log;
  signal?: AbortSignal;
}
