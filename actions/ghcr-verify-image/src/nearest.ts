/** At most `count` of the existing names, those first that differ least from the wanted one. */
export function nearest(wanted: string, existing: readonly string[], count = 5): string[] {
  return existing
    .map((name) => ({ name, distance: distance(wanted.slice(0, 128), name.slice(0, 128)) }))
    .filter(
      ({ name, distance }) => distance <= Math.max(3, Math.ceil(Math.max(wanted.length, name.length) * 0.6)),
    )
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name);
}

/** Levenshtein distance, where what both begin with weighs for the name. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  let same = 0;
  while (same < Math.min(a.length, b.length) && a[same] === b[same]) same += 1;
  return row[b.length]! - same * 0.1;
}
