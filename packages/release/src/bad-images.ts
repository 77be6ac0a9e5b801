/**
 * Services whose image by digest was part of a release that failed or was rolled back, unless one that was well has had
 * it since: what a deploy warns of. `history` is that of the server, newest last. Only deploys tell digests; other lines
 * name the release, which a deploy has told of before.
 */
export function badImages(
  history: readonly Record<string, unknown>[],
  services: readonly { name: string; image: string }[],
): string[] {
  const bad = new Map<string, string>();
  const known = new Map<string, readonly string[]>();
  let good: readonly string[] = [];
  for (const line of history) {
    const release = String(line['release']);
    const told = digestsOf(line['digests']);
    if (told.length > 0) known.set(release, told);
    const digests = known.get(release) ?? [];
    const { outcome } = line;
    if (line['bad'] === true && outcome === 'rolled-back') {
      // The line of the release that it went back to follows.
      for (const digest of digests) bad.set(digest, `${release}, which was rolled back`);
    } else if (line['bad'] === true) {
      // What it has in common with the release that goes on is not to blame.
      for (const digest of digests) if (!good.includes(digest)) bad.set(digest, `${release}, which failed`);
    } else if (outcome === 'succeeded' || outcome === 'taken-back') {
      for (const digest of digests) bad.delete(digest);
      if (digests.length > 0) good = digests;
    }
  }
  return services.flatMap(({ name, image }) => {
    const release = bad.get(contentOf(image));
    return release === undefined ? [] : [`the image of ${name} was part of the release ${release}`];
  });
}

function digestsOf(told: unknown): string[] {
  if (typeof told !== 'object' || told === null) return [];
  return Object.values(told)
    .filter((digest) => typeof digest === 'string')
    .map(contentOf);
}

/** The same content under another name or tag is the same image. */
function contentOf(image: string): string {
  return image.replace(/^.*@/, '');
}
