/** How long the good answers of something took, in whole milliseconds: how many there were, and by when which part had come. */
export interface Latency {
  answers: number;
  p50Ms: number;
  p90Ms: number;
  p95Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** The nearest-rank quantile; undefined for no values. `share` is of 1. */
export function quantile(values: readonly number[], share: number): number | undefined {
  return atRank(ascending(values), share);
}

/** What times in milliseconds say; undefined for fewer than two, which are no distribution. */
export function latencyOf(times: readonly number[]): Latency | undefined {
  if (times.length < 2) return undefined;
  const sorted = ascending(times);
  const at = (share: number) => Math.round(atRank(sorted, share)!);
  return {
    answers: sorted.length,
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    maxMs: at(1),
  };
}

const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);

function atRank(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

const MEMBERS = ['answers', 'p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'maxMs'] as const;

/** A value that somebody wrote as such figures; undefined where it is none, or its parts are not in order. */
export function readLatency(value: unknown): Latency | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const figures = MEMBERS.map((name) => given[name]);
  if (!figures.every((one): one is number => typeof one === 'number' && Number.isFinite(one) && one >= 0))
    return undefined;
  const [answers, ...times] = figures as [number, ...number[]];
  if (times.some((time, index) => index > 0 && time < times[index - 1]!)) return undefined;
  const [p50Ms, p90Ms, p95Ms, p99Ms, maxMs] = times as [number, number, number, number, number];
  return { answers, p50Ms, p90Ms, p95Ms, p99Ms, maxMs };
}
