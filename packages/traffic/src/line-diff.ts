import { diffArrays } from 'diff';

/** Most lines that may differ for the smallest difference to be looked for; the work grows with their number. */
const MOST_EDITS = 500;

/**
 * What changes from one text to another: lines with `- ` or `+ ` before them, without those that stay. Texts that
 * have next to nothing in common are all of the one, then all of the other.
 */
export function lineDiff(before: string, after: string): string[] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const changes = diffArrays(a, b, { maxEditLength: MOST_EDITS }) as
    ReturnType<typeof diffArrays> | undefined;
  if (changes === undefined) return [...a.map((line) => `- ${line}`), ...b.map((line) => `+ ${line}`)];
  return changes.flatMap(({ added, removed, value }) =>
    added ? value.map((line) => `+ ${line}`) : removed ? value.map((line) => `- ${line}`) : [],
  );
}
