import type { PastDeployment } from './deployments.ts';

/** Of fewer deployments than this there are counts and no rates: one of three is no third. */
export const FEWEST = 10;

/** How soon after a failure a deployment counts as made because of it, in milliseconds. */
const REWORK_WITHIN = 24 * 3_600_000;

const WEEK = 7 * 24 * 3_600_000;

/** A part of the deployments; the share is undefined where they are too few. */
export interface Part {
  count: number;
  /** Of 1. */
  share: number | undefined;
}

/**
 * What the last deployments tell: DORA's five metrics as of 2024, and how often a deployment was taken back. They are of one
 * application and no target. Source: dora.dev/guides/dora-metrics.
 */
export interface Metrics {
  /** Deployments that reached the visitors. */
  deployments: number;
  /** Attempts that did not: restored, or failed with nothing changed. */
  attempts: number;
  /** RFC 3339: when the first of them ended; empty where there is none. */
  since: string;
  /** Deployment frequency; undefined where they are too few. */
  perWeek: number | undefined;
  /** Change lead time: milliseconds from a commit to the deployment that brought it, the median; undefined where it is not known. */
  leadTimeMs: number | undefined;
  /** How many commits that is the median of. */
  leadTimeCommits: number;
  /** Change fail rate: of those that reached the visitors, what was taken back or left failing. */
  failed: Part;
  /** Failed deployment recovery time: milliseconds until a rollback or the next success, the median. */
  recoveryMs: number | undefined;
  recovered: number;
  /** Deployment rework rate: what was deployed within a day after one that failed. */
  rework: Part;
  rolledBack: Part;
  /** Milliseconds, the median. */
  durationMs: number | undefined;
}

/** @param leadTimes of single commits, in milliseconds */
export function metricsOf(
  past: readonly PastDeployment[],
  now: number,
  leadTimes: readonly number[] = [],
): Metrics {
  const reached = past.filter((one) => one.reached);
  const enough = reached.length >= FEWEST;
  const part = (some: readonly PastDeployment[]): Part => ({
    count: some.length,
    share: enough ? some.length / reached.length : undefined,
  });
  const first = reached[0]?.at;
  const failed = reached.filter(({ outcome }) => outcome !== 'success');
  const over = failed.flatMap(({ at, recoveredAt }) =>
    recoveredAt === undefined ? [] : [Math.max(0, recoveredAt - at)],
  );
  return {
    deployments: reached.length,
    attempts: past.length - reached.length,
    since: first === undefined ? '' : new Date(first).toISOString(),
    perWeek:
      enough && first !== undefined && now > first ? reached.length / ((now - first) / WEEK) : undefined,
    leadTimeMs: median(leadTimes),
    leadTimeCommits: leadTimes.length,
    failed: part(failed),
    recoveryMs: median(over),
    recovered: over.length,
    rework: part(
      reached.filter((one, index) => {
        const before = reached[index - 1];
        return before !== undefined && before.outcome !== 'success' && one.at - before.at <= REWORK_WITHIN;
      }),
    ),
    rolledBack: part(reached.filter(({ outcome }) => outcome === 'rolled-back')),
    durationMs: median(past.flatMap(({ durationMs }) => (durationMs === undefined ? [] : [durationMs]))),
  };
}

/** Undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 === 1 ? sorted[middle] : Math.round((sorted[middle - 1]! + sorted[middle]!) / 2);
}
