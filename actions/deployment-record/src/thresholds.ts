import { type Report, formatBytes, formatDuration } from '@deploy-actions/kit';
import type { RecordInputs } from './fields.ts';
import { FEWEST, type Metrics } from './metrics/dora.ts';

export interface Measured {
  /** Milliseconds of all phases together. */
  durationMs: number;
  reports: readonly Report[];
  /** The reports as they were written. */
  wholes: readonly unknown[];
  metrics: Metrics | undefined;
}

type Limits = Pick<RecordInputs, 'max-duration' | 'max-image-size' | 'max-smoke-time' | 'max-rollback-rate'>;

/** Sentences about what is over its limit, and about limits that nothing could be held against: those are no pass. */
export function heldAgainst(limits: Limits, measured: Measured): { over: string[]; unknown: string[] } {
  const [over, unknown]: [string[], string[]] = [[], []];
  const { reports, metrics, durationMs } = measured;
  const time = (name: 'max-duration' | 'max-smoke-time', what: string, ms: number, limit: number): void => {
    if (ms > limit)
      over.push(`${what} took ${formatDuration(ms)}, more than the ${formatDuration(limit)} of \`${name}\``);
  };

  if (limits['max-duration'] !== undefined) {
    if (durationMs === 0)
      unknown.push('`max-duration` is held against nothing: no report tells how long it took');
    time('max-duration', 'The deployment', durationMs, limits['max-duration']);
  }
  if (limits['max-smoke-time'] !== undefined) {
    const smoke = reports.filter(({ kind }) => kind === 'smoke');
    if (smoke.length === 0)
      unknown.push('`max-smoke-time` is held against nothing: there is no report of smoke-run');
    const ms = smoke.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
    time('max-smoke-time', 'The smoke checks', ms, limits['max-smoke-time']);
  }
  const largest = limits['max-image-size'];
  if (largest !== undefined) {
    const images = measured.wholes.flatMap(imageSizes);
    if (images.length === 0)
      unknown.push(
        '`max-image-size` is held against nothing: give the `report-file` of ghcr-verify-image in `reports`',
      );
    for (const { name, bytes } of images) {
      if (bytes > largest)
        over.push(
          `The image ${name} has ${formatBytes(bytes)} compressed, more than the ${formatBytes(largest)} of \`max-image-size\``,
        );
    }
  }
  const rate = limits['max-rollback-rate'];
  if (rate !== undefined) {
    const { count = 0, share } = metrics?.rolledBack ?? {};
    if (metrics === undefined)
      unknown.push('`max-rollback-rate` is held against nothing: the history is not known');
    else if (share === undefined)
      unknown.push(`\`max-rollback-rate\` needs ${FEWEST} deployments, and there are ${metrics.deployments}`);
    else if (share * 100 > rate)
      over.push(
        `${count} of the last ${metrics.deployments} deployments were rolled back (${percentOf(share)}), more than the ${rate} % of \`max-rollback-rate\``,
      );
  }
  return { over, unknown };
}

/** A share as a reader sees it, such as `12 %`. */
export function percentOf(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The sizes that the report file of ghcr-verify-image tells, of each image its largest platform. */
function imageSizes(whole: unknown): { name: string; bytes: number }[] {
  return listOf(fieldsOf(whole)['images']).flatMap((image) => {
    const { names, platforms } = fieldsOf(image);
    const sizes = listOf(platforms)
      .map((platform) => fieldsOf(platform)['compressedBytes'])
      .filter((size): size is number => typeof size === 'number' && Number.isFinite(size));
    const name = listOf(names)
      .filter((one) => typeof one === 'string')
      .join(', ');
    return sizes.length === 0 ? [] : [{ name, bytes: Math.max(...sizes) }];
  });
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
