/**
 * What went wrong, by whose hand it can be mended. One place (the runner package) turns a kind into the
 * headline that a person reads.
 *
 * - `input`: the workflow or a file of the user's is wrong
 * - `refused`: a server or service said no; the remedy says what to grant
 * - `unhealthy`: it ran and is not well
 * - `remote`: a command failed; the message has its exit code
 * - `lost`: the connection is gone; the remedy says what state the server is in and what a rerun does
 * - `busy`: somebody else holds the lock
 */
export type FailureKind = 'input' | 'refused' | 'unhealthy' | 'remote' | 'lost' | 'busy';

/** A place in a file of the user's; line and column count from 1. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

export interface FailureDetails {
  /** What the reader can do about it, as a sentence. */
  remedy?: string;
  /** The input's name, when one input is to blame. */
  input?: string;
  place?: Place;
  /** Longer evidence (log tails, health logs), shown below the headline. */
  details?: string;
  /** Outputs that hold in spite of the failure. */
  outputs?: Record<string, unknown>;
  cause?: unknown;
}

/** The only error that an action throws on purpose: one sentence, its kind, and what to do. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly remedy: string | undefined;
  readonly input: string | undefined;
  readonly place: Place | undefined;
  readonly details: string | undefined;
  readonly outputs: Record<string, unknown> | undefined;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.remedy = details.remedy;
    this.input = details.input;
    this.place = details.place;
    this.details = details.details;
    this.outputs = details.outputs;
  }
}

/** The message of anything thrown, without a stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '' && error.errors.length > 0) {
    return error.errors.map(messageOf).join('; ');
  }
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}

/** The messages of an error's causes, outermost first, the error itself left out. At most ten. */
export function causesOf(error: unknown): string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < 10) {
    causes.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
