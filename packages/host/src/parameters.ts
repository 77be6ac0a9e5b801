import { Failure } from '@deploy-actions/kit';
import { quote } from '@deploy-actions/shell';

/** Names that the programs on the server give a meaning. */
const RESERVED = new Set(
  'path run files operation deployment_id run_number lock_timeout holder_actor holder_url order_key order_number order_attempt allow_older'.split(
    ' ',
  ),
);

/** Shell variables as a file to be sourced: quoted by the one quoting function, so that nothing in them acts. */
export function variables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote([value]) || "''"}\n`)
    .join('');
}

/** The same for values of a caller's, whose names must not be ours. */
export function ownVariables(values: Readonly<Record<string, string>> = {}): string {
  for (const name of Object.keys(values)) {
    if (!/^[a-z][a-z0-9_]*$/.test(name) || RESERVED.has(name)) {
      throw new Failure('input', `${JSON.stringify(name)} cannot be a parameter of a program on the server`);
    }
  }
  return variables(values);
}
