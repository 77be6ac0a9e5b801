/** Longest text in a record that sh writes, in UTF-16 units. */
const LONGEST = 300;

/**
 * Text as the inside of a JSON string, for a record that sh writes: sh puts it between two quotes as it is. It is one
 * line, and a longer one is cut.
 */
export function jsonText(text: string): string {
  return JSON.stringify(text.slice(0, LONGEST)).slice(1, -1);
}
