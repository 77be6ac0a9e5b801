import { emptyValues } from '@deploy-actions/runner/required-values';
import { type Check, type Unseen, type Verdict, failedBy, passed } from './check.ts';

/** What the workflow itself must bring. */
export const WORKFLOW: readonly Check[] = [{ name: 'required', judge: required, judgeUnseen: required }];

function required({ inputs, workflow }: Unseen): Verdict | undefined {
  if (inputs.required.length === 0) return undefined;
  const failure = emptyValues(inputs.required, workflow);
  return failure ? failedBy(failure) : passed(`all ${inputs.required.length} are set`);
}
