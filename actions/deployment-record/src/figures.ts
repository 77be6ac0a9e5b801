import { formatDuration } from '@deploy-actions/kit';
import { FEWEST, type Metrics, type Part } from './metrics/dora.ts';
import { percentOf } from './thresholds.ts';

/** The metrics as a reader sees them: DORA's five first. */
export function figuresOf(metrics: Metrics): { name: string; value: string }[] {
  const { deployments, perWeek, leadTimeMs, leadTimeCommits, recoveryMs, recovered } = metrics;
  const part = ({ count, share }: Part) =>
    share === undefined ? `${count} of ${deployments}` : `${percentOf(share)} (${count} of ${deployments})`;
  const since = metrics.since === '' ? '' : ` since ${metrics.since.slice(0, 10)}`;
  return [
    {
      name: 'Deployment frequency',
      value:
        perWeek === undefined
          ? `${deployments}${since}`
          : `${Math.round(perWeek * 10) / 10} a week (${deployments}${since})`,
    },
    {
      name: 'Change lead time',
      value:
        leadTimeMs === undefined
          ? 'not known'
          : `${formatDuration(leadTimeMs)}, median of ${counted(leadTimeCommits, 'commit')}`,
    },
    { name: 'Change fail rate', value: part(metrics.failed) },
    {
      name: 'Failed deployment recovery time',
      value:
        recoveryMs === undefined
          ? 'nothing to recover from'
          : `${formatDuration(recoveryMs)}, median of ${recovered}`,
    },
    { name: 'Deployment rework rate', value: part(metrics.rework) },
    { name: 'Rollback rate', value: part(metrics.rolledBack) },
    { name: 'Attempts that never served', value: String(metrics.attempts) },
  ];
}

/** What figures are of, and why there are no rates where there are none. */
export function aboutFigures({ deployments }: Metrics): string {
  return deployments < FEWEST
    ? `Of ${counted(deployments, 'deployment')}: counts, for rates of fewer than ${FEWEST} mean nothing.`
    : `Of the last ${deployments} deployments.`;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
