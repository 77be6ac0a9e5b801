import { quantile } from '@deploy-actions/kit';

/** The middle one of what was measured: a busy moment of the machine moves it least. 0 of nothing. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5) ?? 0;
}
