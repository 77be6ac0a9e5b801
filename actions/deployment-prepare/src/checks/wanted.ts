import type { BranchRules, RequiredCheck } from '@deploy-actions/github';
import { Failure, quote } from '@deploy-actions/kit';
import type { WantedChecks } from './verdict.ts';

/**
 * The checks that are wanted: the given names, and for `*` those that the branch's rules require. `told` is a sentence for a
 * warning: where the branch's classic protection is not known, what it requires is not known to be none. Throws Failure.
 */
export function wantedChecks(
  given: readonly string[],
  minimum: number | undefined,
  branch: string,
  rules: BranchRules | undefined,
): { wanted: WantedChecks; told: string | undefined } {
  const names: RequiredCheck[] = given
    .filter((name) => name !== '*')
    .map((name) => ({ name, app: undefined }));
  const ruled = rules?.checks ?? [];
  // A rule that names the app is the stricter one.
  const own = names.filter(({ name }) => !ruled.some((one) => one.name === name));
  const unknown = rules?.unknown;
  if (rules !== undefined && ruled.length === 0)
    throw new Failure(
      'refused',
      unknown === undefined
        ? `no rule of the branch ${quote(branch)} requires a check, so \`*\` stands for none`
        : `what the protection of the branch ${quote(branch)} requires is not known: ${unknown}`,
      {
        input: 'required-checks',
        remedy: 'Name the checks, one per line, or give `min-checks`.',
      },
    );
  return {
    wanted: { names: [...ruled, ...own], minimum },
    told:
      unknown === undefined
        ? undefined
        : `What the classic protection of ${quote(branch)} requires is not known (${unknown}); only the checks of its rulesets and those that are named are waited for`,
  };
}
