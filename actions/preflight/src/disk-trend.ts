import { quantile } from '@deploy-actions/kit';
import type { HistoryEntry } from '@deploy-actions/ledger';

/** Deployments that are looked back on, and the fewest that make a trend: of three differences the middle one is told. */
const LOOKED_BACK = 10;
const FEWEST = 4;

/**
 * About how many more deployments find room, by what the last ones left free: the middle one of their differences, so that
 * one clean-up or one large image is not taken for a rule. Undefined where there are too few, or the disk does not fill.
 *
 * @param free bytes that are free now
 * @param least bytes that must stay free
 */
export function deploymentsUntilFull(
  history: readonly HistoryEntry[],
  free: number,
  least: number,
): number | undefined {
  const left = history
    .flatMap((entry) =>
      entry.operation === 'deploy' && entry.free_bytes !== undefined ? [entry.free_bytes] : [],
    )
    .slice(-LOOKED_BACK);
  const drops = left.slice(1).map((after, index) => left[index]! - after);
  if (left.length < FEWEST) return undefined;
  const middle = quantile(drops, 0.5)!;
  return middle > 0 ? Math.max(0, Math.floor((free - least) / middle)) : undefined;
}
