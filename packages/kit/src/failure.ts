import { FAILURE_KINDS, type FailureCode, type FailureKind, GENERAL_CODES } from './failure-code.ts';

/** A place in a file of the user's; line and column count from 1. */
export interface Place {
  file: string;
  line?: number;
  column?: number;
}

export interface FailureDetails {
  /** Default: the general one of the kind. Code decides by it, and docs/troubleshooting.md has a section for it. */
  code?: FailureCode | undefined;
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

/**
 * The only error that an action throws on purpose: one sentence, its kind, and what to do. Throws a TypeError
 * for a code of another kind.
 */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: FailureCode;
  readonly remedy: string | undefined;
  readonly input: string | undefined;
  readonly place: Place | undefined;
  readonly details: string | undefined;
  readonly outputs: Record<string, unknown> | undefined;

  constructor(kind: FailureKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = details.code ?? GENERAL_CODES[kind];
    if (FAILURE_KINDS[this.code] !== kind) throw new TypeError(`${this.code} is no code of the kind ${kind}`);
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
