import { Failure, FieldError, field, type Field } from '@deploy-actions/kit';
import type { Workflow } from './workflow.ts';

/** A value that must not be empty. */
export interface RequiredValue {
  name: string;
  value: string;
}

/**
 * `NAME=value` lines. A value of several lines goes on where a line is no `NAME=` of its own; inside a key's armour every
 * line is the key's. No message shows what stands there, for it is a secret.
 */
export function requiredValues(): Field<RequiredValue[]> {
  return { ...(field(parse) as Field<RequiredValue[]>), empty: () => [] };
}

function parse(text: string): RequiredValue[] {
  const values: RequiredValue[] = [];
  let armoured = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const begun = armoured ? undefined : /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/s.exec(line);
    if (begun) {
      if (values.some((one) => one.name === begun[1]))
        throw new FieldError(`\`${begun[1]}\` is given twice`, { line: index + 1 });
      values.push({ name: begun[1]!, value: begun[2]!.trim() });
    } else if (values.length === 0) {
      if (line.trim() === '' || line.trim().startsWith('#')) continue;
      throw new FieldError('is not NAME=value', { line: index + 1 });
    } else if (line.trim() !== '') values.at(-1)!.value += `\n${line}`;
    if (/-----BEGIN /.test(line)) armoured = true;
    if (/-----END /.test(line)) armoured = false;
  }
  return values;
}

/** One Failure for all values that are empty, with what to look at; undefined when there is none. */
export function emptyValues(
  values: readonly RequiredValue[],
  workflow: Pick<Workflow, 'repository' | 'serverUrl' | 'withheldSecrets'>,
): Failure | undefined {
  const empty = values.filter(({ value }) => value.trim() === '').map(({ name }) => `\`${name}\``);
  if (empty.length === 0) return undefined;
  const withheld = workflow.withheldSecrets();
  const { serverUrl, repository } = workflow;
  return new Failure('input', `${empty.join(', ')} ${empty.length === 1 ? 'is' : 'are'} empty`, {
    input: 'required',
    remedy:
      withheld === undefined
        ? `Set ${empty.length === 1 ? 'it' : 'them'} under ${serverUrl}/${repository}/settings/secrets/actions, check the spelling, and that this job names the \`environment:\` whose secrets it needs.`
        : `${withheld}: run this only for pushes to the repository itself.`,
  });
}
