/** Longest text in a record that sh writes, in characters. */
const LONGEST = 300;

/**
 * Text for a JSON string that sh writes: it must need no escaping there (the prelude's `json_safe` refuses the rest).
 * Every other character becomes `_`.
 */
export function jsonText(text: string): string {
  return text.replace(/[^A-Za-z0-9 _.,:/@+=-]/g, '_').slice(0, LONGEST);
}
