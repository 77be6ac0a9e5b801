import {
  type Member,
  type MemberOutcome,
  type Operation,
  changed,
  operationHash,
} from '@deploy-actions/host';
import { parseShare } from '@deploy-actions/ledger';
import { ANY_RELEASE } from '@deploy-actions/traffic';
import type { Decision } from './decision.ts';

const REASON = 'another server failed';

/**
 * The operation that takes a rollback back on a server where it went well; undefined where nothing was changed, or
 * where commands of the user's have changed the data: those cannot be undone from here.
 */
export function takenBack(
  decision: Decision,
  { operation }: Member,
  outcome: MemberOutcome,
): Operation | undefined {
  const parameters = backTo(decision, operation, outcome.result!.fields);
  return (
    parameters && {
      ...operation,
      program: changed(operation.program, { ...parameters, hosts: '1', reason: REASON }),
      inputHash: operationHash([operation.inputHash, 'back']),
    }
  );
}

function backTo(
  decision: Decision,
  operation: Operation,
  fields: Readonly<Record<string, string>>,
): Record<string, string> | undefined {
  if (decision.kind === 'flip') {
    const from = parseShare(fields['from'] ?? '');
    if (fields['changed'] !== 'true' || !from) return undefined;
    return {
      target: from.color,
      steps: String(from.weight),
      expect_slot: ANY_RELEASE,
      marks_bad: '',
      marks_good: decision.fromRelease,
    };
  }
  if (decision.kind !== 'redeploy' || decision.from === '') return undefined;
  const hasHooks = operation.files?.some(({ name }) => name.startsWith('hooks/'));
  if (hasHooks) return undefined;
  return {
    release: decision.from,
    failed_release: decision.release.id,
    database_elsewhere: '',
    takes_back: '1',
  };
}
