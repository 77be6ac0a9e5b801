/**
 * Services whose image by digest was part of a release that failed and of none that succeeded later: what a deploy
 * warns of. `history` is that of the server, newest last.
 */
export function badImages(
  history: readonly Record<string, unknown>[],
  services: readonly { name: string; image: string }[],
): string[] {
  const bad = new Map<string, string>();
  for (const line of history) {
    const digests =
      typeof line['digests'] === 'object' && line['digests'] !== null ? Object.values(line['digests']) : [];
    for (const digest of digests) {
      if (typeof digest !== 'string') continue;
      if (line['bad'] === true) bad.set(digest, String(line['release']));
      else if (line['outcome'] === 'succeeded') bad.delete(digest);
    }
  }
  return services.flatMap(({ name, image }) => {
    const release = bad.get(image);
    return release === undefined
      ? []
      : [`the image of ${name} was part of the release ${release}, which failed`];
  });
}
