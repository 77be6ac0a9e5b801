/** Answers from which on a p95 says something: of 30 it is the second largest, a coin toss. */
export const P95_ANSWERS = 100;

/** The nearest-rank quantile; undefined for no values. */
export function quantile(values: readonly number[], part: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}
