import { Failure, messageOf } from '@deploy-actions/kit';
import { failureOf } from './result.ts';
import type { RunResult } from './run.ts';

/** How it went on one server: exactly one of `result` and `lost` is set. */
export interface MemberOutcome {
  name: string;
  result?: RunResult;
  lost?: unknown;
  /** Set where it went well and was undone, because another server failed: whether that went well too. */
  undone?: boolean;
}

export function succeeded(outcome: MemberOutcome): boolean {
  return outcome.result?.outcome === 'succeeded';
}

/**
 * The failure of the first server that failed by itself; what happened on the others stands below. A run that stopped
 * because of another one says so by the field `stopped`. `several`: the failure names its server; a failure may have ended
 * the starting, so that there is only one outcome. Undefined when all is well.
 */
export function fleetFailure(
  outcomes: readonly MemberOutcome[],
  outputs: Record<string, unknown>,
  several = outcomes.length > 1,
): Failure | undefined {
  const failures = outcomes.filter((one) => !succeeded(one));
  if (failures.length === 0) return undefined;
  const own = failures.find((one) => one.result?.fields['stopped'] !== 'true') ?? failures[0]!;
  const failure = memberFailure(own);
  const others = outcomes.filter((one) => one !== own).map((one) => `${one.name}: ${outcomeText(one)}`);
  return new Failure(failure.kind, `${several ? `${own.name}: ` : ''}${failure.message}`, {
    code: failure.code,
    remedy: failure.remedy,
    details: [failure.details, ...others].filter(Boolean).join('\n') || undefined,
    outputs,
    cause: failure.cause,
  });
}

/** The Failure of one server that did not succeed. */
export function memberFailure(outcome: MemberOutcome): Failure {
  if (outcome.result) return failureOf(outcome.result);
  if (outcome.lost instanceof Failure) return outcome.lost;
  return new Failure('lost', `the outcome on ${outcome.name} is not known: ${messageOf(outcome.lost)}`, {
    cause: outcome.lost,
    remedy: 'Run it again: it finishes what was begun, or gives it back.',
  });
}

/** What became of one server, in a few words. */
export function outcomeText(outcome: MemberOutcome): string {
  if (!succeeded(outcome)) return memberFailure(outcome).message;
  if (outcome.undone === undefined) return 'done';
  return outcome.undone ? 'done, and undone because another server failed' : 'done, and could not be undone';
}
