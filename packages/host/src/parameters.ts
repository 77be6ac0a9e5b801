import { quote } from '@deploy-actions/shell';

/** Names that the host's own parts give a meaning, and that no program's parameter may have. */
export const RESERVED: ReadonlySet<string> = new Set(
  'path run files operation deployment_id lock_timeout holder_actor holder_url order_key order_number order_attempt order_passes allow_older'.split(
    ' ',
  ),
);

/** Shell variables as a file to be sourced: quoted by the one quoting function, so that nothing in them acts. */
export function variables(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${quote([value]) || "''"}\n`)
    .join('');
}
