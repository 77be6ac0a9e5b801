import {
  type Member,
  type MemberOutcome,
  type Operation,
  changed,
  operationHash,
} from '@deploy-actions/host';
import type { RollbackDecision } from '@deploy-actions/ledger';
import { redeployBack } from '@deploy-actions/release/recorded';
import { flipBack } from '@deploy-actions/traffic';

const REASON = 'another server failed';

/** A decision that one operation carries out: what is brought up first is ready by then. */
export type MovingDecision = Extract<RollbackDecision, { kind: 'flip' | 'redeploy' }>;

/**
 * The operation that takes a rollback back on a server where it went well; undefined where nothing was changed, or
 * where commands of the user's have changed the data: those cannot be undone from here.
 */
export function takenBack(
  decision: MovingDecision,
  { operation }: Member,
  outcome: MemberOutcome,
): Operation | undefined {
  const parameters =
    decision.kind === 'flip' ? flipBack(decision, outcome.result!.fields) : redeployBack(decision, operation);
  return (
    parameters && {
      ...operation,
      program: changed(operation.program, { ...parameters, hosts: '1', reason: REASON }),
      inputHash: operationHash([operation.inputHash, 'back']),
    }
  );
}
