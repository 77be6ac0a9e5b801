import { type HistoryEntry, contentOf, marksOf } from '@deploy-actions/ledger';

/** What a deploy warns of: services whose image was part of a release that is marked bad. */
export function badImages(
  history: readonly HistoryEntry[],
  services: readonly { name: string; image: string }[],
): string[] {
  const { images } = marksOf(history);
  return services.flatMap(({ name, image }) => {
    const mark = images.get(contentOf(image));
    return mark === undefined
      ? []
      : [`the image of ${name} was part of the release ${mark.release}, which ${mark.fault}`];
  });
}
