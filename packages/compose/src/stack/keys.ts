import { NESTED_KEYS, RESOURCE_KEYS } from './nested-keys.ts';
import type { Row, Rows } from './row.ts';
import { SERVICE_KEYS } from './service-keys.ts';

/**
 * The one table of what becomes of each key of a Compose file in a stack: by where it stands (`''` is the file itself), and
 * by its name. A key that is not here is refused.
 */
export const STACK_KEYS = {
  ...RESOURCE_KEYS,
  'services.*': SERVICE_KEYS,
  ...NESTED_KEYS,
} satisfies Readonly<Record<string, Rows>>;

export type Section = keyof typeof STACK_KEYS;

/** What becomes of a key; undefined for one that is not known. */
export function rowOf(section: Section, key: string): Row | undefined {
  const rows: Rows = STACK_KEYS[section];
  return Object.hasOwn(rows, key) ? rows[key] : undefined;
}
