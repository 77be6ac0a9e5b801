import { formatDuration } from '@deploy-actions/kit';
import { type Sample, bucketLength } from './picture.ts';

/** A time in which fewer requests were sent than the client wanted to. */
export interface Dip {
  /** Milliseconds since the client's first request. */
  from: number;
  to: number;
  /** How many requests fewer were sent. */
  missing: number;
  /** The longest wait for an answer that reached into it, in milliseconds. */
  slowestMs: number;
  /** The step that was under way; empty between two. */
  phase: string;
}

/** Below this share of the wanted rate a bucket of the picture is seen as a dip. */
const SEEN_BELOW = 0.8;

/** Finds the dips of the picture in which `rate` requests a second were wanted, in the order of time. */
export function findDips(
  samples: readonly Sample[],
  end: number,
  rate: number,
  phases: readonly { name: string; from: number; to: number }[],
): Dip[] {
  const bucket = bucketLength(end);
  const wanted = (rate * bucket) / 1000;
  const counts = new Array<number>(Math.max(1, Math.round(end / bucket))).fill(0);
  for (const { at } of samples) counts[Math.min(counts.length - 1, Math.floor(at / bucket))]! += 1;
  const spans: { from: number; to: number; missing: number }[] = [];
  for (const [slot, count] of counts.entries()) {
    if (count >= wanted * SEEN_BELOW) continue;
    const [from, to] = [slot * bucket, (slot + 1) * bucket];
    const before = spans.at(-1);
    if (before?.to === from) {
      before.to = to;
      before.missing += wanted - count;
    } else spans.push({ from, to, missing: wanted - count });
  }
  return spans.map(({ from, to, missing }) => ({
    from,
    to,
    missing: Math.round(missing),
    slowestMs: Math.max(
      0,
      ...samples.filter(({ at, tookMs }) => at < to && at + tookMs > from).map(({ tookMs }) => tookMs),
    ),
    phase: phases.find((phase) => phase.from < to && phase.to > from)?.name ?? '',
  }));
}

/** How many dips are told one by one. */
const MOST_TOLD = 3;

/**
 * Lines that explain the dips, none where there are none. The client keeps its rate as long as one of its connections is
 * free, so that fewer requests always mean that all of them were busy.
 */
export function explainDips(dips: readonly Dip[], client: { rate: number; connections: number }): string[] {
  if (dips.length === 0) return [];
  const told = [...dips]
    .sort((one, other) => other.missing - one.missing)
    .slice(0, MOST_TOLD)
    .sort((one, other) => one.from - other.from);
  return [
    `In a dip fewer than ${client.rate} requests a second were sent: all ${client.connections} connections of the client were busy, as it shares this machine with the server.`,
    ...(dips.length > told.length ? [`The deepest of ${dips.length}:`] : []),
    ...told.map(describeDip),
  ];
}

function describeDip({ from, missing, slowestMs, phase }: Dip): string {
  const step = phase === '' ? '' : `, during "${phase}"`;
  return `At ${Math.round(from / 1000)} s${step}: ${missing} requests fewer, the slowest answer took ${formatDuration(slowestMs)}.`;
}
