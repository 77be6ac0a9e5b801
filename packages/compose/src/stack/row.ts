/**
 * What becomes of a key of a Compose file in a stack:
 * - `same`: it stands there as it is
 * - `mapped`: what it means is said there in another way
 * - `harmless`: it is left out, and nothing is changed by that
 * - `refused`: `docker stack deploy` would drop or change it, so nothing is deployed
 */
export type Verdict = 'same' | 'mapped' | 'harmless' | 'refused';

export interface Row {
  verdict: Verdict;
  /**
   * For `mapped` what it becomes, for `harmless` why nothing is lost, for `refused` what a stack does instead: the rest of a
   * sentence that begins with the key.
   */
  why: string;
  /** What to write instead of what is refused: a sentence without its full stop. */
  remedy?: string | ((value: unknown, service: string) => string);
  /** Values that ask for what a stack does anyway. Default: empty ones (false, 0, an empty text, list or map). */
  usual?: (value: unknown) => boolean;
}

export type Rows = Readonly<Record<string, Row>>;

export const same: Row = { verdict: 'same', why: '' };

export function mapped(why: string): Row {
  return { verdict: 'mapped', why };
}

export function harmless(why: string): Row {
  return { verdict: 'harmless', why };
}

export function refused(why: string, remedy: Row['remedy'], usual?: Row['usual']): Row {
  return { verdict: 'refused', why, remedy, ...(usual && { usual }) };
}

/** For `usual`: one of these values. */
export function oneOf(...values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}
