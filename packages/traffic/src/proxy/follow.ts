/**
 * Whether a proxy asks a service anew where its name leads: for how many seconds it keeps an address that it has looked
 * up; or why it does not, and what would be right, with the lines to write where that takes more than one.
 */
export type Follow =
  { readonly keep: number } | { readonly why: string; readonly remedy: string; readonly lines?: string };

/** Judges by what a proxy goes by; `names` are those of the service on their common network. */
export type Follows = (told: string, names: readonly string[]) => Follow;

/** Seconds: an address that is kept for longer would hold up each replica for as long. */
export const LONGEST_KEPT = 10;

/** Whether a text names one of these hosts: as a word, with nothing but a scheme, a port or a path around it. */
export function namesOneOf(text: string, names: readonly string[]): boolean {
  return names.some((name) =>
    new RegExp(`(?<![\\w.-])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-]|\\.[\\w-])`, 'i').test(
      text,
    ),
  );
}
