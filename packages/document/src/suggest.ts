/**
 * The option that a mistyped word most likely means: the same but for case, `-` and `_`, or at most a third
 * of its letters away (insertions, deletions, replacements, swapped neighbours). Undefined when none is near.
 */
export function suggest(word: string, options: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replace(/[-_\s]/g, '');
  const exact = options.find((option) => plain(option) === plain(word));
  if (exact !== undefined) return exact;
  if (word.length > 60) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const option of options) {
    if (option.length > 60) continue;
    const away = distance(word.toLowerCase(), option.toLowerCase());
    if (away < least) {
      best = option;
      least = away;
    }
  }
  return best;
}

/** Damerau-Levenshtein distance, optimal string alignment. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        value = Math.min(value, before[j - 2]! + 1);
      row.push(value);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
