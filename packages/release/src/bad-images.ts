/**
 * Services whose image by digest was part of a release that failed or was rolled back, and of none that is good: what a
 * deploy warns of. `history` is that of the server, newest last. A rollback's mark names the release alone; the deploy
 * of that release has told its digests.
 */
export function badImages(
  history: readonly Record<string, unknown>[],
  services: readonly { name: string; image: string }[],
): string[] {
  const releases = new Map<string, { fate: string; digests: readonly string[] }>();
  for (const line of history) {
    const release = String(line['release']);
    const told = digestsOf(line['digests']);
    const digests = told.length > 0 ? told : (releases.get(release)?.digests ?? []);
    const { outcome } = line;
    if (line['bad'] === true) {
      releases.set(release, { fate: outcome === 'rolled-back' ? 'was rolled back' : 'failed', digests });
    } else if (outcome === 'taken-back' || (outcome === 'succeeded' && told.length > 0)) {
      releases.set(release, { fate: '', digests });
    }
  }
  const all = [...releases].map(([release, known]) => ({ release, ...known }));
  return services.flatMap(({ name, image }) => {
    const having = all.filter(({ digests }) => digests.includes(contentOf(image)));
    const bad = having.at(-1);
    if (bad === undefined || having.some(({ fate }) => fate === '')) return [];
    return [`the image of ${name} was part of the release ${bad.release}, which ${bad.fate}`];
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
